/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/claim.h>
#include "identity_priv.h"

enum { PREFIX_LEN = 4, SECRET_TEXT_LEN = 26, CHECK_LEN = 2, BODY_LEN = SECRET_TEXT_LEN + CHECK_LEN };

/* The two check characters: the first 10 bits of SHA-256("hf1" || S). */
static hf_err check_chars(const struct hf_claim_secret *s, char chars[static CHECK_LEN])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const hf_bytes parts[] = { HF_STR("hf1"), HF_ARR(s->b) };
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(parts, 2, hash));
	chars[0] = alphabet[hash[0] >> 3];
	chars[1] = alphabet[(hash[0] & 7) << 2 | hash[1] >> 6];
	return HF_OK;
}

hf_err hf_claim_print(const struct hf_claim_secret *s, char text[static HF_CLAIM_TEXT_LEN + 1])
{
	struct hf_out out = { (uint8_t *)text + PREFIX_LEN, SECRET_TEXT_LEN, 0 };
	char chars[CHECK_LEN];

	text[0] = '\0';
	HF_TRY(check_chars(s, chars));
	HF_TRY(hf_base32_encode(HF_ARR(s->b), &out));
	memcpy(text, "HF1:", PREFIX_LEN);
	for (size_t i = PREFIX_LEN; i < PREFIX_LEN + SECRET_TEXT_LEN; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
	memcpy(text + PREFIX_LEN + SECRET_TEXT_LEN, chars, CHECK_LEN);
	text[HF_CLAIM_TEXT_LEN] = '\0';
	return HF_OK;
}

/* What a person means by a character of the code: capital letter or digit of base32, 0 = ignore it. */
static char meant(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	switch (c) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '-':
		return 0;
	case '0':
		return 'O';
	case '1':
		return 'I';
	case '8':
		return 'B';
	default:
		return (char)c;
	}
}

struct typed {
	char text[BODY_LEN];
};
static void wipe_typed(struct typed *t)
{
	hf_wipe(t, sizeof(*t));
}

/* Drop "HF1:" in any case and spelling; typed without it, the code begins at once. */
static hf_bytes skip_prefix(hf_bytes typed)
{
	static const char prefix[PREFIX_LEN] = { 'H', 'F', 'I', ':' }; /* as `meant` gives it */
	size_t n = 0, i = 0;

	for (; i < typed.len && n < PREFIX_LEN; i++) {
		char c = meant(typed.ptr[i]);

		if (c == 0)
			continue;
		if (c != prefix[n])
			return typed;
		n++;
	}
	return n == PREFIX_LEN ? (hf_bytes){ typed.ptr + i, typed.len - i } : typed;
}

static hf_err collect(hf_bytes typed, struct typed *t)
{
	hf_bytes body = skip_prefix(typed);
	size_t n = 0;

	for (size_t i = 0; i < body.len; i++) {
		char c = meant(body.ptr[i]);

		if (c == 0)
			continue;
		if (n == BODY_LEN)
			return HF_ERR_CLAIM_CODE;
		t->text[n++] = c;
	}
	return n == BODY_LEN ? HF_OK : HF_ERR_CLAIM_CODE;
}

static hf_err parse(hf_bytes typed, struct hf_claim_secret *s)
{
	struct typed t HF_AUTO(wipe_typed) = { { 0 } };
	struct hf_out out = HF_OUT(s->b);
	char chars[CHECK_LEN];

	HF_TRY(collect(typed, &t));
	if (hf_base32_decode((hf_bytes){ (const uint8_t *)t.text, SECRET_TEXT_LEN }, &out) != HF_OK)
		return HF_ERR_CLAIM_CODE;
	HF_TRY(check_chars(s, chars));
	if (memcmp(chars, t.text + SECRET_TEXT_LEN, CHECK_LEN) != 0) /* public: it only catches slips */
		return HF_ERR_CLAIM_CHECK;
	return HF_OK;
}

hf_err hf_claim_parse(hf_bytes typed, struct hf_claim_secret *s)
{
	hf_err err;

	memset(s, 0, sizeof(*s));
	err = parse(typed, s);
	if (err != HF_OK)
		hf_claim_wipe(s);
	return err;
}

hf_err hf_claim_derive(const struct hf_claim_secret *s, struct hf_claim_keys *keys)
{
	const hf_bytes none = { NULL, 0 }, ikm = HF_ARR(s->b);

	memset(keys, 0, sizeof(*keys));
	HF_TRY(hf_crypto_hkdf(none, ikm, HF_STR("hf/claim/1/id"), keys->cid, sizeof(keys->cid)));
	HF_TRY(hf_crypto_hkdf(none, ikm, HF_STR("hf/claim/1/mac"), keys->kc.b, HF_KEY_CAP));
	HF_TRY(hf_crypto_hkdf(none, ikm, HF_STR("hf/claim/1/owner"), keys->ko.b, HF_KEY_CAP));
	keys->kc.len = HF_KEY_CAP;
	keys->ko.len = HF_KEY_CAP;
	return HF_OK;
}

hf_err hf_claim_mac(const struct hf_key *kc, enum hf_claim_side side,
		    const uint8_t binding[static HF_CLAIM_BINDING_LEN],
		    const uint8_t hash[static HF_SHA256_LEN], uint8_t mac[static HF_SHA256_LEN])
{
	const hf_bytes parts[] = {
		side == HF_CLAIM_SERVER ? HF_STR("hf-srv") : HF_STR("hf-dev"),
		{ binding, HF_CLAIM_BINDING_LEN },
		{ hash, HF_SHA256_LEN },
	};

	return hf_crypto_hmac((hf_bytes){ kc->b, kc->len }, parts, 3, mac);
}

hf_err hf_claim_check(const struct hf_key *kc, enum hf_claim_side side,
		      const uint8_t binding[static HF_CLAIM_BINDING_LEN],
		      const uint8_t hash[static HF_SHA256_LEN], hf_bytes mac)
{
	uint8_t own[HF_SHA256_LEN];

	HF_TRY(hf_claim_mac(kc, side, binding, hash, own));
	return hf_ct_equal(HF_ARR(own), mac) ? HF_OK : HF_ERR_CLAIM_MAC;
}

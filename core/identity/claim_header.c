/* The two HTTP header values of the claim.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/claim.h>
#include "identity_priv.h"

enum { HAS_ID = 1, HAS_MAC = 2 };

/* Appends go to a copy, so that a failure leaves `out` as it was. */
static hf_err put_param(struct hf_out *out, hf_bytes name, hf_bytes value)
{
	HF_TRY(hf_out_put(out, name));
	return hf_base64url_encode(value, out);
}

hf_err hf_claim_write_authorization(const uint8_t cid[static HF_CLAIM_ID_LEN],
				    const uint8_t mac[static HF_SHA256_LEN], struct hf_out *out)
{
	struct hf_out o = *out;

	HF_TRY(put_param(&o, HF_STR("HF-Claim id="), (hf_bytes){ cid, HF_CLAIM_ID_LEN }));
	HF_TRY(put_param(&o, HF_STR(", mac="), (hf_bytes){ mac, HF_SHA256_LEN }));
	out->len = o.len;
	return HF_OK;
}

hf_err hf_claim_write_info(const uint8_t mac[static HF_SHA256_LEN], struct hf_out *out)
{
	struct hf_out o = *out;

	HF_TRY(put_param(&o, HF_STR("mac="), (hf_bytes){ mac, HF_SHA256_LEN }));
	out->len = o.len;
	return HF_OK;
}

static void skip_blanks(hf_bytes *t)
{
	while (t->len > 0 && (t->ptr[0] == ' ' || t->ptr[0] == '\t')) {
		t->ptr++;
		t->len--;
	}
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Consume `word` (given in lower case) in either case. */
static bool take_word(hf_bytes *t, hf_bytes word)
{
	if (t->len < word.len)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (lower(t->ptr[i]) != word.ptr[i])
			return false;
	t->ptr += word.len;
	t->len -= word.len;
	return true;
}

/* The value up to the next comma or blank, base64url of exactly `n` bytes. */
static hf_err take_value(hf_bytes *t, uint8_t *p, size_t n)
{
	struct hf_out out = { p, n, 0 };
	hf_bytes value = { t->ptr, 0 };

	while (value.len < t->len && t->ptr[value.len] != ',' && t->ptr[value.len] != ' ' &&
	       t->ptr[value.len] != '\t')
		value.len++;
	t->ptr += value.len;
	t->len -= value.len;
	if (hf_base64url_decode(value, &out) != HF_OK || out.len != n)
		return HF_ERR_CLAIM_HEADER;
	return HF_OK;
}

/* One parameter; `seen` refuses the second of a kind. `cid` NULL: only mac is allowed. */
static hf_err take_param(hf_bytes *t, uint8_t *cid, uint8_t *mac, unsigned *seen)
{
	unsigned what = 0;

	if (cid != NULL && take_word(t, HF_STR("id=")))
		what = HAS_ID;
	else if (take_word(t, HF_STR("mac=")))
		what = HAS_MAC;
	if (what == 0 || (*seen & what) != 0)
		return HF_ERR_CLAIM_HEADER;
	*seen |= what;
	return what == HAS_ID ? take_value(t, cid, HF_CLAIM_ID_LEN) : take_value(t, mac, HF_SHA256_LEN);
}

static hf_err read_params(hf_bytes t, uint8_t *cid, uint8_t *mac, unsigned wanted)
{
	unsigned seen = 0;

	for (;;) {
		skip_blanks(&t);
		HF_TRY(take_param(&t, cid, mac, &seen));
		skip_blanks(&t);
		if (t.len == 0)
			return seen == wanted ? HF_OK : HF_ERR_CLAIM_HEADER;
		if (!take_word(&t, HF_STR(",")))
			return HF_ERR_CLAIM_HEADER;
	}
}

hf_err hf_claim_read_authorization(hf_bytes value, uint8_t cid[static HF_CLAIM_ID_LEN],
				   uint8_t mac[static HF_SHA256_LEN])
{
	skip_blanks(&value);
	if (!take_word(&value, HF_STR("hf-claim ")))
		return HF_ERR_CLAIM_HEADER;
	return read_params(value, cid, mac, HAS_ID | HAS_MAC);
}

hf_err hf_claim_read_info(hf_bytes value, uint8_t mac[static HF_SHA256_LEN])
{
	return read_params(value, NULL, mac, HAS_MAC);
}

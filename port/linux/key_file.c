/* key_file.c -- keys in PKCS#8 files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/pki.h>
#include "keyuri_priv.h"

enum { PEM_MAX = 8192 };

struct pem_text {
	uint8_t b[PEM_MAX];
};
static void wipe_text(struct pem_text *text)
{
	hf_wipe(text->b, sizeof(text->b));
}

/* file:///x and file:/x are /x (RFC 8089); everything else is the path as it stands. */
static const char *path_of(const char *rest)
{
	return strncmp(rest, "///", 3) == 0 ? rest + 2 : rest;
}

static hf_err check(const char *rest, struct hf_keyuri_why *why)
{
	const char *path = path_of(rest);

	if (path[0] == '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "file: needs a path");
	if (strncmp(path, "//", 2) == 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "file: names no host");
	return HF_OK;
}

static void close_pem(void *ctx)
{
	hf_pki_key_free(ctx);
}

static hf_err wrap(struct hf_pki_key *pem_key, struct hf_keyuri **key)
{
	struct hf_hwkey hwkey;

	if (hf_pki_key_kind(pem_key) == HF_PKI_KIND_ED25519 || hf_pki_key_hwkey(pem_key, &hwkey) != HF_OK) {
		hf_pki_key_free(pem_key);
		return HF_ERR_KEYURI_CURVE;
	}
	return hf__keyuri_new(&hwkey, close_pem, key);
}

/* A torn file must not send its owner looking for another passphrase. */
static bool is_whole_and_encrypted(hf_bytes pem)
{
	static const char end[] = "-----END ENCRYPTED PRIVATE KEY-----";

	return memmem(pem.ptr, pem.len, end, sizeof(end) - 1) != NULL;
}

static hf_err open_file(const char *rest, hf_bytes passphrase, struct hf_keyuri **key,
			struct hf_keyuri_why *why)
{
	struct pem_text text HF_AUTO(wipe_text) = { { 0 } };
	struct hf_out out = HF_OUT(text.b);
	struct hf_pki_key *pem_key = NULL;
	hf_err err;

	HF_TRY(hf__keyuri_read(path_of(rest), &out, why));
	err = hf_pki_key_read(hf_out_bytes(&out), passphrase, &pem_key);
	if (err == HF_OK)
		return wrap(pem_key, key);
	if (err == HF_ERR_CRYPTO_KEY && is_whole_and_encrypted(hf_out_bytes(&out)))
		err = HF_ERR_KEYURI_PASSPHRASE;
	return hf__keyuri_say(why, err, "%s", path_of(rest));
}

static hf_err generate(const char *rest, int curve, hf_bytes passphrase, struct hf_keyuri **key,
		       struct hf_keyuri_why *why)
{
	struct pem_text text HF_AUTO(wipe_text) = { { 0 } };
	struct hf_pki_key *pem_key HF_AUTO(hf_pki_key_drop) = NULL;
	struct hf_out out = HF_OUT(text.b);
	struct hf_pki_key *kept;

	HF_TRY(hf_pki_key_generate(curve == HF_CURVE_P384 ? HF_PKI_KIND_P384 : HF_PKI_KIND_P256, &pem_key));
	HF_TRY(hf_pki_key_write(pem_key, passphrase, &out));
	HF_TRY(hf__keyuri_create(path_of(rest), hf_out_bytes(&out), why));
	kept = pem_key;
	pem_key = NULL;
	return wrap(kept, key);
}

const struct hf__keyuri_backend hf__key_file = { "file", check, open_file, generate };

/* signer.c -- which back end a URI names, keys in files, and the check of every signature.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/file.h>
#include <hf/pki.h>
#include "signer.h"

static hf_err sign_by_seed(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	return hf_crypto_ed25519_sign(&s->seed, message, sig);
}

static hf_err read_pkcs8(struct signer *s, hf_bytes pem, hf_bytes passphrase)
{
	struct hf_pki_key *key HF_AUTO(hf_pki_key_drop) = NULL;

	HF_TRY(hf_pki_key_read(pem, passphrase, &key));
	if (hf_pki_key_kind(key) != HF_PKI_KIND_ED25519)
		return HF_ERR_SSHKEY_KIND;
	HF_TRY(hf_pki_key_secret(key, &s->seed));
	return hf_crypto_ed25519_public(&s->seed, s->pub);
}

static hf_err open_file(struct signer *s, const char *path, hf_bytes passphrase)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	hf_err err;

	HF_TRY(hf_file_read_secret(path, &text, &s->why));
	if (hf_openssh_is_private(hf_buf_bytes(&text)))
		err = hf_openssh_read_private(hf_buf_bytes(&text), &s->seed, s->pub);
	else
		err = read_pkcs8(s, hf_buf_bytes(&text), passphrase);
	s->back_end = sign_by_seed;
	return err == HF_OK ? HF_OK : hf_why_add(&s->why, err, "%s", path);
}

static hf_err sign_for_cose(void *ctx, const uint8_t *message, size_t n, uint8_t *sig)
{
	return signer_sign(ctx, (hf_bytes){ message, n }, sig);
}

static hf_err open_by_scheme(const char *uri, hf_bytes passphrase, struct signer *s)
{
	if (strncmp(uri, "file:", 5) == 0 && uri[5] != '\0')
		return open_file(s, uri + 5, passphrase);
	if (strncmp(uri, "agent:SHA256:", 13) == 0 && strlen(uri + 6) == HF_OPENSSH_PRINT_LEN)
		return signer_open_agent(s, uri + 6);
	if (strncmp(uri, "exec:", 5) == 0 && uri[5] != '\0')
		return signer_open_exec(s, uri + 5);
	return hf_why_set(&s->why, HF_ERR_SIGNER_URI,
			  "'%s' is no signer: file:PATH, agent:SHA256:FINGERPRINT or exec:PROGRAM", uri);
}

hf_err signer_open(const char *uri, const uint8_t *pub, hf_bytes passphrase, struct signer *s)
{
	hf_err err;

	*s = (struct signer){ 0 };
	if (pub != NULL)
		memcpy(s->pub, pub, sizeof(s->pub));
	else if (strncmp(uri, "exec:", 5) == 0)
		return hf_why_set(&s->why, HF_ERR_SIGNER_URI, "exec: needs --public: which key is it?");
	err = open_by_scheme(uri, passphrase, s);
	if (err == HF_OK && pub != NULL && memcmp(pub, s->pub, sizeof(s->pub)) != 0)
		err = hf_why_set(&s->why, HF_ERR_SIGNER_ABSENT, "%s: another key than --public", uri);
	if (err == HF_OK && hf_crypto_ed25519_check(s->pub) != HF_OK)
		err = hf_why_set(&s->why, HF_ERR_CRYPTO_POINT, "%s", uri);
	if (err == HF_OK)
		err = hf_crypto_kid(HF_ARR(s->pub), s->kid);
	if (err != HF_OK) {
		hf_key_wipe(&s->seed);
		return err;
	}
	s->key = (struct hf_hwkey){ .sign = sign_for_cose, .ctx = s, .curve = HF_CURVE_ED25519 };
	memcpy(s->key.pub, s->pub, sizeof(s->pub));
	return HF_OK;
}

hf_err signer_sign(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	hf_err err = message.len > SIGNER_MESSAGE_MAX ? HF_ERR_BASE_NO_ROOM : s->back_end(s, message, sig);

	if (err == HF_OK && hf_crypto_ed25519_verify(s->pub, message, sig) != HF_OK)
		err = hf_why_set(&s->why, HF_ERR_SIGNER_WRONG, "");
	if (err != HF_OK)
		memset(sig, 0, HF_ED25519_SIG_LEN);
	return err;
}

void signer_close(struct signer *s)
{
	hf_key_wipe(&s->seed);
}

hf_err signer_public(const char *text, uint8_t pub[static HF_ED25519_PUB_LEN], struct hf_why *why)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_OPENSSH_MAX);
	hf_bytes given = { (const uint8_t *)text, strlen(text) };
	hf_err err = HF_OK;

	if (given.len != 2 * (size_t)HF_ED25519_PUB_LEN) {
		HF_TRY(hf_file_read(text, &file, why));
		given = hf_buf_bytes(&file);
	}
	err = hf_openssh_read_public(given, pub);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%.200s: %s", text, hf_err_text(err));
}

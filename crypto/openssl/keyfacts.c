/* keyfacts.c -- keys and certificates that others made, decoded and measured.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <string.h>
#include <time.h>
#include <hf/keyfacts.h>
#include "x509_priv.h"

HF__OSSL_OWNER(free_sig, X509_SIG, X509_SIG_free)

static int alg_of(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return HF_KEYFACTS_RSA;
	case EVP_PKEY_DSA:
		return HF_KEYFACTS_DSA;
	case EVP_PKEY_EC:
		return HF_KEYFACTS_EC;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
	case EVP_PKEY_X25519:
	case EVP_PKEY_X448:
		return HF_KEYFACTS_EDDSA;
	default:
		return HF_KEYFACTS_OTHER;
	}
}

/* Too small to be a key that anybody uses: most likely bytes that happen to decode. */
static bool plausible(const struct hf_keyfacts *f)
{
	unsigned floor = f->alg == HF_KEYFACTS_RSA || f->alg == HF_KEYFACTS_DSA ? 384 : 112;

	return f->alg != HF_KEYFACTS_OTHER && f->bits >= floor;
}

hf_err hf__keyfacts_measure(EVP_PKEY *key, struct hf_keyfacts *out)
{
	uint8_t *der = NULL;
	int n;

	*out = (struct hf_keyfacts){ 0 };
	if (key == NULL)
		return HF_ERR_CRYPTO_KEY;
	out->alg = alg_of(key);
	out->bits = (unsigned)EVP_PKEY_get_bits(key);
	if (!plausible(out)) {
		*out = (struct hf_keyfacts){ 0 };
		return HF_ERR_CRYPTO_KEY;
	}
	n = i2d_PUBKEY(key, &der);
	if (n > 0) {
		hf_bytes part = { der, (size_t)n };

		out->has_spki = hf_crypto_sha256(&part, 1, out->spki_sha256) == HF_OK;
	}
	OPENSSL_free(der);
	return HF_OK;
}

hf_err hf_keyfacts_private(hf_bytes der, struct hf_keyfacts *out)
{
	const uint8_t *at = der.ptr;
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;
	hf_err err = HF_ERR_CRYPTO_KEY;

	*out = (struct hf_keyfacts){ 0 };
	if (der.len == 0 || der.len > HF_KEYFACTS_MAX)
		return err;
	key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	if (key != NULL && at == der.ptr + der.len)
		err = hf__keyfacts_measure(key, out);
	ERR_clear_error();
	return err;
}

bool hf_keyfacts_is_encrypted(hf_bytes der)
{
	const uint8_t *at = der.ptr;
	X509_SIG *sig HF_AUTO(free_sig) = NULL;
	const X509_ALGOR *alg = NULL;
	const ASN1_OCTET_STRING *sealed = NULL;
	int nid;

	if (der.len == 0 || der.len > HF_KEYFACTS_MAX)
		return false;
	sig = d2i_X509_SIG(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (sig == NULL || at != der.ptr + der.len)
		return false;
	X509_SIG_get0(sig, &alg, &sealed);
	nid = OBJ_obj2nid(alg->algorithm);
	return ASN1_STRING_length(sealed) >= 32 &&
	       (nid == NID_pbes2 || EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, NULL, NULL, NULL) == 1);
}

hf_err hf_keyfacts_public(hf_bytes der, struct hf_keyfacts *out)
{
	const uint8_t *at = der.ptr;
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;
	hf_err err = HF_ERR_CRYPTO_KEY;

	*out = (struct hf_keyfacts){ 0 };
	if (der.len == 0 || der.len > HF_KEYFACTS_MAX)
		return err;
	key = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (key != NULL && at == der.ptr + der.len)
		err = hf__keyfacts_measure(key, out);
	ERR_clear_error();
	return err;
}

static void name_of(const X509 *x, char *out, size_t cap)
{
	static const int wanted[] = { NID_commonName, NID_organizationalUnitName, NID_organizationName };

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && out[0] == '\0'; i++)
		if (!hf__x509_name_text(X509_get_subject_name(x), wanted[i], out, cap))
			out[0] = '\0';
}

static bool weak_signature(X509 *x)
{
	int md = NID_undef;

	if (X509_get_signature_info(x, &md, NULL, NULL, NULL) != 1)
		return false;
	return md == NID_md5 || md == NID_sha1 || md == NID_md4 || md == NID_md2 || md == NID_md5_sha1;
}

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

hf_err hf_keyfacts_cert(hf_bytes der, struct hf_certfacts *out)
{
	X509 *x HF_AUTO(hf__x509_free) = der.len <= HF_KEYFACTS_MAX ? hf__x509_parse(der) : NULL;

	*out = (struct hf_certfacts){ 0 };
	if (x == NULL) {
		ERR_clear_error();
		return HF_ERR_CRYPTO_CERT;
	}
	/* A key of a kind that OpenSSL does not know leaves the rest of the certificate readable. */
	if (hf__keyfacts_measure(X509_get0_pubkey(x), &out->key) != HF_OK)
		out->key = (struct hf_keyfacts){ 0 };
	out->not_after = seconds(X509_get0_notAfter(x));
	out->ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
	out->self_issued = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	out->weak_signature = weak_signature(x);
	name_of(x, out->subject, sizeof(out->subject));
	ERR_clear_error();
	return HF_OK;
}

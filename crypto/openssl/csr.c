/* csr.c -- PKCS#10 requests, written by devices.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/obj_mac.h>
#include <string.h>
#include "x509_priv.h"

static bool add_san(X509_REQ *req, const char *uri)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	bool ok = list != NULL && names != NULL && gn != NULL && value != NULL;

	ok = ok && ASN1_STRING_set(value, uri, -1) == 1;
	if (ok) {
		GENERAL_NAME_set0_value(gn, GEN_URI, value);
		value = NULL;
		ok = sk_GENERAL_NAME_push(names, gn) > 0;
		gn = ok ? NULL : gn;
	}
	ok = ok && X509V3_add1_i2d(&list, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
	     X509_REQ_add_extensions(req, list) == 1;
	ASN1_IA5STRING_free(value);
	GENERAL_NAME_free(gn);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return ok;
}

static bool fill(X509_REQ *req, EVP_PKEY *pub, const struct hf_pki_csr_spec *spec)
{
	X509_NAME *subject = X509_REQ_get_subject_name(req);

	if (X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, pub) != 1)
		return false;
	if (spec->cn != NULL && spec->cn[0] != '\0' &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const uint8_t *)spec->cn, -1,
				       -1, 0) != 1)
		return false;
	if (spec->challenge != NULL &&
	    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, MBSTRING_ASC,
				      (const uint8_t *)spec->challenge, -1) != 1)
		return false;
	return spec->uri == NULL || add_san(req, spec->uri);
}

static int i2d_req(const void *req, unsigned char **at)
{
	return i2d_X509_REQ(req, at);
}

hf_err hf_pki_csr_write(const struct hf_pki_csr_spec *spec, const struct hf_hwkey *key, struct hf_out *out)
{
	X509_REQ *req HF_AUTO(hf__x509_req_free) = X509_REQ_new();
	EVP_PKEY *signer HF_AUTO(hf__ossl_pkey_free) = NULL;
	EVP_PKEY *pub HF_AUTO(hf__ossl_pkey_free) = NULL;

	HF_TRY(hf_hwkey_evp(key, &signer));
	HF_TRY(hf__x509_public(key->curve, key->pub, &pub));
	if (req == NULL || !fill(req, pub, spec) || X509_REQ_sign(req, signer, hf__x509_md(key)) <= 0)
		return HF_ERR_CRYPTO_FAILED;
	return hf__x509_put(out, i2d_req, req);
}

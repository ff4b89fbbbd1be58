/* csr.c -- PKCS#10 requests: written by devices, read strictly by the server.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/obj_mac.h>
#include <string.h>
#include "x509_priv.h"

enum { MAX_ATTRIBUTES = 4 };

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

static bool read_challenge(X509_ATTRIBUTE *attribute, struct hf_pki_csr *csr)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	int n;

	if (X509_ATTRIBUTE_count(attribute) != 1 || value == NULL ||
	    (value->type != V_ASN1_PRINTABLESTRING && value->type != V_ASN1_UTF8STRING &&
	     value->type != V_ASN1_IA5STRING))
		return false;
	n = ASN1_STRING_length(value->value.asn1_string);
	if (n <= 0 || n > HF_PKI_CHALLENGE_MAX)
		return false;
	memcpy(csr->challenge, ASN1_STRING_get0_data(value->value.asn1_string), (size_t)n);
	csr->challenge[n] = '\0';
	return memchr(csr->challenge, 0, (size_t)n) == NULL;
}

static void free_extensions(STACK_OF(X509_EXTENSION) * *list)
{
	sk_X509_EXTENSION_pop_free(*list, X509_EXTENSION_free);
}

/* Exactly one list of extensions, and one that decodes: else a damaged request would look like one that asks
 * for no names. */
static bool is_extension_list(X509_REQ *req, X509_ATTRIBUTE *attribute)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	STACK_OF(X509_EXTENSION) * list HF_AUTO(free_extensions) = NULL;

	if (X509_ATTRIBUTE_count(attribute) != 1 || value == NULL || value->type != V_ASN1_SEQUENCE)
		return false;
	list = X509_REQ_get_extensions(req);
	return list != NULL;
}

/* Each attribute once; extensionRequest and challengePassword are understood, changeSubjectName
 * (RFC 6402) is refused because names are never the requester's, others are passed over. */
static bool read_attributes(X509_REQ *req, struct hf_pki_csr *csr)
{
	int n = X509_REQ_get_attr_count(req);
	int extensions = 0;

	if (n > MAX_ATTRIBUTES)
		return false;
	for (int i = 0; i < n; i++) {
		X509_ATTRIBUTE *attribute = X509_REQ_get_attr(req, i);
		const ASN1_OBJECT *kind = X509_ATTRIBUTE_get0_object(attribute);
		int nid = OBJ_obj2nid(kind);
		char oid[64];

		OBJ_obj2txt(oid, sizeof(oid), kind, 1);
		if (strcmp(oid, "1.3.6.1.5.5.7.7.36") == 0 || X509_REQ_get_attr_by_OBJ(req, kind, i) >= 0)
			return false;
		if (nid == NID_pkcs9_challengePassword && !read_challenge(attribute, csr))
			return false;
		if ((nid == NID_ext_req || nid == NID_ms_ext_req) &&
		    (extensions++ > 0 || !is_extension_list(req, attribute)))
			return false;
	}
	return true;
}

static bool read_subject(X509_REQ *req, struct hf_pki_csr *csr)
{
	const X509_NAME *name = X509_REQ_get_subject_name(req);
	int n = X509_NAME_entry_count(name);

	csr->has_subject = n > 0;
	if (!hf__x509_name_text(name, NID_commonName, csr->cn, sizeof(csr->cn)))
		return false;
	csr->plain_names = n == 0 || (n == 1 && csr->cn[0] != '\0');
	return true;
}

static bool read_san(X509_REQ *req, struct hf_pki_csr *csr)
{
	STACK_OF(X509_EXTENSION) * list HF_AUTO(free_extensions) = X509_REQ_get_extensions(req);
	int critical = 0;
	GENERAL_NAMES *names HF_AUTO(hf__general_names_free) =
		list == NULL ? NULL : X509V3_get_d2i(list, NID_subject_alt_name, &critical, NULL);
	int n;

	if (list == NULL)
		return true;
	if (names == NULL)
		return critical == -1;
	n = sk_GENERAL_NAME_num(names);
	csr->has_san = n > 0;
	if (!hf__x509_one_uri(names, csr->uri, sizeof(csr->uri)))
		return false;
	/* strongSwan writes a URI name as one with an empty value: nothing was asked for. */
	if (n == 1 && csr->uri[0] == '\0' && sk_GENERAL_NAME_value(names, 0)->type == GEN_URI)
		csr->has_san = false;
	else if (n > 0)
		csr->plain_names = csr->plain_names && n == 1 && csr->uri[0] != '\0';
	return true;
}

static hf_err read_key(X509_REQ *req, struct hf_pki_csr *csr)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(req);
	uint8_t pub[HF_P384_POINT_LEN];

	if (key == NULL || hf__x509_point(key, pub) != HF_CURVE_P256)
		return HF_ERR_CRYPTO_CSR;
	memcpy(csr->pub, pub, sizeof(csr->pub));
	if (!hf__x509_is_plain_p256(X509_REQ_get_X509_PUBKEY(req), csr->pub))
		return HF_ERR_CRYPTO_CSR;
	return hf_pki_spki_sha256(csr->pub, csr->spki_sha256); /* the point is checked there */
}

static hf_err read_all(X509_REQ *req, struct hf_pki_csr *csr)
{
	if (X509_REQ_get_version(req) != X509_REQ_VERSION_1 ||
	    X509_REQ_get_signature_nid(req) != NID_ecdsa_with_SHA256)
		return HF_ERR_CRYPTO_CSR;
	HF_TRY(read_key(req, csr));
	if (X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1)
		return HF_ERR_CRYPTO_SIGNATURE;
	return read_attributes(req, csr) && read_subject(req, csr) && read_san(req, csr) ? HF_OK
											 : HF_ERR_CRYPTO_CSR;
}

hf_err hf_pki_csr_read(hf_bytes der, struct hf_pki_csr *csr)
{
	const uint8_t *at = der.ptr;
	X509_REQ *req HF_AUTO(hf__x509_req_free) =
		der.len == 0 || der.len > HF_PKI_CSR_MAX ? NULL : d2i_X509_REQ(NULL, &at, (long)der.len);
	hf_err err;

	*csr = (struct hf_pki_csr){ 0 };
	if (req == NULL || at != der.ptr + der.len)
		return HF_ERR_CRYPTO_CSR;
	err = read_all(req, csr);
	if (err == HF_OK)
		err = hf_crypto_sha256(&der, 1, csr->sha256);
	if (err != HF_OK)
		*csr = (struct hf_pki_csr){ 0 };
	return err;
}

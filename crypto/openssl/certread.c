/* certread.c -- what a certificate says, and whether it chains.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509_vfy.h>
#include <string.h>
#include "x509_priv.h"

HF__OSSL_OWNER(free_store, X509_STORE, X509_STORE_free)
HF__OSSL_OWNER(free_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)
HF__OSSL_OWNER(free_eku, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

static bool read_serial(const X509 *x, struct hf_pki_cert *cert)
{
	BIGNUM *n HF_AUTO(hf__ossl_bn_free) = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);

	if (n == NULL || BN_is_negative(n) || BN_is_zero(n) || BN_num_bytes(n) > HF_PKI_SERIAL_LEN)
		return false;
	cert->serial_len = (size_t)BN_num_bytes(n);
	return BN_bn2binpad(n, cert->serial, HF_PKI_SERIAL_LEN) == HF_PKI_SERIAL_LEN;
}

static bool read_time(const ASN1_TIME *at, int64_t *out)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool ok = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, at) == 1;

	ASN1_TIME_free(epoch);
	*out = (int64_t)days * 86400 + seconds;
	return ok;
}

/* False when the extended key usage is there and cannot be read, or is there twice. */
static bool read_usage(X509 *x, unsigned *usage)
{
	int critical = 0;
	EXTENDED_KEY_USAGE *eku HF_AUTO(free_eku) = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);

	*usage = X509_check_ca(x) == 1 ? HF_PKI_USE_CA : 0;
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		char oid[64];

		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1);
		if (strcmp(oid, "1.3.6.1.5.5.7.3.2") == 0)
			*usage |= HF_PKI_USE_CLIENT;
		else if (strcmp(oid, "1.3.6.1.5.5.7.3.1") == 0)
			*usage |= HF_PKI_USE_SERVER;
		else if (strcmp(oid, "1.3.6.1.5.5.7.3.28") == 0)
			*usage |= HF_PKI_USE_RA;
	}
	return eku != NULL || critical == -1;
}

/* One universal TLV inside *at..end: *at moves to its content, and `len` tells how long that is. */
static bool enter(const uint8_t **at, const uint8_t *end, int want, long *len)
{
	int tag = 0, class = 0;

	return (ASN1_get_object(at, len, &tag, &class, end - *at) & 0x81) == 0 && tag == want &&
	       class == V_ASN1_UNIVERSAL;
}

/* SEQUENCE { OID, OCTET STRING handle }, and nothing behind either. */
static bool read_hw_module(const ASN1_STRING *packed, char *out, size_t cap)
{
	const uint8_t *at = ASN1_STRING_get0_data(packed);
	const uint8_t *end = at + ASN1_STRING_length(packed);
	long len = 0;

	if (!enter(&at, end, V_ASN1_SEQUENCE, &len) || at + len != end ||
	    !enter(&at, end, V_ASN1_OBJECT, &len))
		return false;
	at += len;
	if (!enter(&at, end, V_ASN1_OCTET_STRING, &len) || at + len != end)
		return false;
	if (len <= 0 || (size_t)len >= cap || memchr(at, 0, (size_t)len) != NULL)
		return false;
	memcpy(out, at, (size_t)len);
	out[len] = '\0';
	return true;
}

/* otherName 1.3.6.1.5.5.7.8.4; names of other types are passed over. */
static bool read_handle(const GENERAL_NAME *gn, char *out, size_t cap)
{
	const ASN1_TYPE *value = gn->d.otherName->value;
	char oid[64];

	OBJ_obj2txt(oid, sizeof(oid), gn->d.otherName->type_id, 1);
	if (strcmp(oid, "1.3.6.1.5.5.7.8.4") != 0)
		return true;
	return value->type == V_ASN1_SEQUENCE && out[0] == '\0' &&
	       read_hw_module(value->value.sequence, out, cap);
}

/* The first name is kept; each must be text, because a NUL would let two readers see two names. */
static bool read_dns(const ASN1_IA5STRING *name, char *out, size_t cap)
{
	int n = ASN1_STRING_length(name);

	if (n <= 0 || (size_t)n >= cap || memchr(ASN1_STRING_get0_data(name), 0, (size_t)n) != NULL)
		return false;
	if (out[0] == '\0') {
		memcpy(out, ASN1_STRING_get0_data(name), (size_t)n);
		out[n] = '\0';
	}
	return true;
}

static bool read_names(X509 *x, struct hf_pki_cert *cert)
{
	int critical = 0;
	GENERAL_NAMES *names HF_AUTO(hf__general_names_free) =
		X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);

	if (names == NULL)
		return critical == -1; /* absent; anything else is damaged or repeated */
	if (!hf__x509_one_uri(names, cert->uri, sizeof(cert->uri)))
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (gn->type == GEN_OTHERNAME && !read_handle(gn, cert->handle, sizeof(cert->handle)))
			return false;
		if (gn->type == GEN_DNS && !read_dns(gn->d.dNSName, cert->dns, sizeof(cert->dns)))
			return false;
	}
	return true;
}

hf_err hf_pki_cert_read(hf_bytes der, struct hf_pki_cert *cert)
{
	X509 *x HF_AUTO(hf__x509_free) = hf__x509_parse(der);

	*cert = (struct hf_pki_cert){ 0 };
	if (x == NULL || X509_get_version(x) != X509_VERSION_3 || !read_serial(x, cert) ||
	    !read_time(X509_get0_notBefore(x), &cert->not_before) ||
	    !read_time(X509_get0_notAfter(x), &cert->not_after) ||
	    !hf__x509_name_text(X509_get_subject_name(x), NID_commonName, cert->cn, sizeof(cert->cn)) ||
	    !hf__x509_name_text(X509_get_subject_name(x), NID_organizationalUnitName, cert->ou,
				sizeof(cert->ou)) ||
	    !read_names(x, cert) || !read_usage(x, &cert->usage) || X509_get0_pubkey(x) == NULL) {
		*cert = (struct hf_pki_cert){ 0 };
		return HF_ERR_CRYPTO_CERT;
	}
	cert->self_issued = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	cert->curve = hf__x509_point(X509_get0_pubkey(x), cert->pub);
	HF_TRY(hf__x509_spki_hash(X509_get_X509_PUBKEY(x), cert->spki_sha256));
	return hf_crypto_sha256(&der, 1, cert->sha256);
}

static hf_err fill_store(X509_STORE *store, const hf_bytes *anchors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		X509 *anchor HF_AUTO(hf__x509_free) = hf__x509_parse(anchors[i]);

		if (anchor == NULL)
			return HF_ERR_CRYPTO_CERT;
		if (X509_STORE_add_cert(store, anchor) != 1)
			return HF_ERR_CRYPTO_FAILED;
	}
	return HF_OK;
}

/* Expiry of the leaf is noted and passed over; every other error stands. */
static int note_expiry(int ok, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);
	unsigned *marks = X509_STORE_CTX_get_app_data(ctx);

	if (ok || marks == NULL || X509_STORE_CTX_get_error_depth(ctx) != 0)
		return ok;
	if (error != X509_V_ERR_CERT_HAS_EXPIRED && error != X509_V_ERR_CERT_NOT_YET_VALID)
		return 0;
	*marks |= HF_PKI_EXPIRED;
	return 1;
}

hf_err hf_pki_verify(hf_bytes leaf, const hf_bytes *anchors, size_t n_anchors, unsigned usage, int64_t now,
		     unsigned *marks)
{
	X509 *x HF_AUTO(hf__x509_free) = hf__x509_parse(leaf);
	X509_STORE *store HF_AUTO(free_store) = X509_STORE_new();
	X509_STORE_CTX *ctx HF_AUTO(free_store_ctx) = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	unsigned found = 0;

	if (marks != NULL)
		*marks = 0;
	if (x == NULL)
		return HF_ERR_CRYPTO_CERT;
	if (store == NULL || ctx == NULL)
		return HF_ERR_CRYPTO_FAILED;
	HF_TRY(fill_store(store, anchors, n_anchors));
	if (X509_STORE_CTX_init(ctx, store, x, NULL) != 1)
		return HF_ERR_CRYPTO_FAILED;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	if (X509_VERIFY_PARAM_set_purpose(param, usage == HF_PKI_USE_SERVER ? X509_PURPOSE_SSL_SERVER
									    : X509_PURPOSE_SSL_CLIENT) != 1)
		return HF_ERR_CRYPTO_FAILED;
	X509_STORE_CTX_set_app_data(ctx, marks);
	X509_STORE_CTX_set_verify_cb(ctx, note_expiry);
	/* OpenSSL takes a certificate without extended key usage for any purpose; ours always have one. */
	if (X509_verify_cert(ctx) == 1 && read_usage(x, &found) && (found & usage) == usage)
		return HF_OK;
	if (marks != NULL)
		*marks = 0;
	return HF_ERR_CRYPTO_CHAIN;
}

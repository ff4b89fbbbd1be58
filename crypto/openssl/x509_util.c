/* x509_util.c -- small steps shared by the writers and readers of X.509 objects.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <string.h>
#include "x509_priv.h"

X509 *hf__x509_parse(hf_bytes der)
{
	const uint8_t *at = der.ptr;
	X509 *cert;

	if (der.len == 0 || der.len > INT_MAX)
		return NULL;
	cert = d2i_X509(NULL, &at, (long)der.len);
	if (cert != NULL && at != der.ptr + der.len) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* The curve of a key that names it; one spelled out in parameters is another kind of key. */
static int named_curve(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t n = 0;
	int spelled_out = 0;

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &n) != 1)
		return 0;
	if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out) == 1 &&
	    spelled_out != 0)
		return 0;
	if (strcmp(group, "prime256v1") == 0)
		return HF_CURVE_P256;
	return strcmp(group, "secp384r1") == 0 ? HF_CURVE_P384 : 0;
}

int hf__x509_point(const EVP_PKEY *key, uint8_t pub[static HF_P384_POINT_LEN])
{
	int curve = named_curve(key);
	size_t want = curve == HF_CURVE_P256 ? HF_P256_POINT_LEN : HF_P384_POINT_LEN;
	size_t n = 0;

	memset(pub, 0, HF_P384_POINT_LEN);
	if (curve == 0 || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, pub,
							  HF_P384_POINT_LEN, &n) != 1)
		return 0;
	return pub[0] == 4 && n == want ? curve : 0;
}

hf_err hf__x509_spki_hash(const X509_PUBKEY *key, uint8_t out[static HF_SHA256_LEN])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(key, &der);
	hf_bytes part = { der, n > 0 ? (size_t)n : 0 };
	hf_err err = n > 0 ? hf_crypto_sha256(&part, 1, out) : HF_ERR_CRYPTO_FAILED;

	OPENSSL_free(der);
	return err;
}

/* SEQUENCE { SEQUENCE { ecPublicKey, prime256v1 }, BIT STRING of the point to come }. */
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

bool hf__x509_p256_of_spki(hf_bytes spki, uint8_t pub[static HF_P256_POINT_LEN])
{
	if (spki.len != sizeof(p256_head) + HF_P256_POINT_LEN ||
	    memcmp(spki.ptr, p256_head, sizeof(p256_head)) != 0)
		return false;
	memcpy(pub, spki.ptr + sizeof(p256_head), HF_P256_POINT_LEN);
	return true;
}

bool hf__tlv_open(const uint8_t **at, const uint8_t *end, int want_class, int want_tag, const uint8_t **after)
{
	bool nested = want_class != V_ASN1_UNIVERSAL || want_tag == V_ASN1_SEQUENCE || want_tag == V_ASN1_SET;
	long len = 0;
	int tag = 0, class = 0;
	int rc = *at < end ? ASN1_get_object(at, &len, &tag, &class, end - *at) : 0x80;

	if ((rc & 0x80) != 0 || (rc & 1) != 0 || tag != want_tag || class != want_class ||
	    ((rc & V_ASN1_CONSTRUCTED) != 0) != nested || len > end - *at)
		return false;
	*after = *at + len;
	return true;
}

bool hf__tlv_skip(const uint8_t **at, const uint8_t *end, int class, int tag)
{
	const uint8_t *after;

	if (!hf__tlv_open(at, end, class, tag, &after))
		return false;
	*at = after;
	return true;
}

bool hf__x509_name_text(const X509_NAME *name, int nid, char *out, size_t cap)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *text = NULL;
	int n;
	bool fits;

	out[0] = '\0';
	if (at < 0)
		return true;
	if (X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	fits = n >= 0 && (size_t)n < cap && memchr(text, 0, (size_t)n) == NULL;
	if (fits) {
		memcpy(out, text, (size_t)n);
		out[n] = '\0';
	}
	OPENSSL_free(text);
	return fits;
}

bool hf__x509_one_uri(const GENERAL_NAMES *names, char *out, size_t cap)
{
	bool found = false;

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);
		int n;

		if (gn->type != GEN_URI)
			continue;
		n = ASN1_STRING_length(gn->d.uniformResourceIdentifier);
		if (found || n < 0 || (size_t)n >= cap)
			return false;
		memcpy(out, ASN1_STRING_get0_data(gn->d.uniformResourceIdentifier), (size_t)n);
		out[n] = '\0';
		found = true;
		if (memchr(out, 0, (size_t)n) != NULL)
			return false;
	}
	return true;
}

const EVP_MD *hf__x509_md(const struct hf_hwkey *key)
{
	return key->curve == HF_CURVE_P384 ? EVP_sha384() : EVP_sha256();
}

hf_err hf__x509_put(struct hf_out *out, int (*i2d)(const void *, unsigned char **), const void *object)
{
	int n = i2d(object, NULL);
	uint8_t *at = out->ptr + out->len;

	if (n <= 0)
		return HF_ERR_CRYPTO_FAILED;
	if ((size_t)n > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	if (i2d(object, &at) != n)
		return HF_ERR_CRYPTO_FAILED;
	out->len += (size_t)n;
	return HF_OK;
}

void hf_pki_serial_fix(uint8_t serial[static HF_PKI_SERIAL_LEN])
{
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
}

hf_err hf_pki_spki_sha256(const uint8_t pub[static HF_P256_POINT_LEN], uint8_t out[static HF_SHA256_LEN])
{
	const hf_bytes parts[] = { HF_ARR(p256_head), { pub, HF_P256_POINT_LEN } };

	HF_TRY(hf_crypto_p256_check(pub));
	return hf_crypto_sha256(parts, 2, out);
}

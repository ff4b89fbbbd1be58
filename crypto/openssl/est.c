/* est.c -- certs-only objects, CsrAttrs and revocation lists.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <limits.h>
#include <string.h>
#include "x509_priv.h"

HF__OSSL_OWNER(free_crl, X509_CRL, X509_CRL_free)
HF__OSSL_OWNER(free_integer, ASN1_INTEGER, ASN1_INTEGER_free)
HF__OSSL_OWNER(free_time, ASN1_TIME, ASN1_TIME_free)

static int i2d_crl(const void *crl, unsigned char **at)
{
	return i2d_X509_CRL(crl, at);
}

static const uint8_t signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };

static bool skip_signed_data(const uint8_t **at, const uint8_t *end)
{
	if (end - *at < (ptrdiff_t)sizeof(signed_data) || memcmp(*at, signed_data, sizeof(signed_data)) != 0)
		return false;
	*at += sizeof(signed_data);
	return true;
}

/* contentInfo > [0] > SignedData > version, digestAlgorithms, encapContentInfo, [0] certificates. */
static bool find_certificates(const uint8_t **at, const uint8_t *end, const uint8_t **certs_end)
{
	const uint8_t *outer, *inner;

	return hf__tlv_open(at, end, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &outer) && outer == end &&
	       skip_signed_data(at, outer) && hf__tlv_open(at, outer, V_ASN1_CONTEXT_SPECIFIC, 0, &inner) &&
	       hf__tlv_open(at, inner, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &outer) &&
	       hf__tlv_skip(at, outer, V_ASN1_UNIVERSAL, V_ASN1_INTEGER) &&
	       hf__tlv_skip(at, outer, V_ASN1_UNIVERSAL, V_ASN1_SET) &&
	       hf__tlv_skip(at, outer, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) &&
	       hf__tlv_open(at, outer, V_ASN1_CONTEXT_SPECIFIC, 0, certs_end);
}

hf_err hf_pki_certs_only_read(hf_bytes der, hf_bytes certs[static HF_PKI_CERTS_MAX], size_t *n)
{
	const uint8_t *at = der.ptr, *certs_end = NULL;

	*n = 0;
	if (der.len == 0 || der.len > INT_MAX || !find_certificates(&at, der.ptr + der.len, &certs_end))
		return HF_ERR_CRYPTO_CERT;
	while (at < certs_end) {
		const uint8_t *start = at;

		if (*n == HF_PKI_CERTS_MAX ||
		    !hf__tlv_skip(&at, certs_end, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE)) {
			*n = 0;
			return HF_ERR_CRYPTO_CERT;
		}
		certs[(*n)++] = (hf_bytes){ start, (size_t)(at - start) };
	}
	return *n > 0 ? HF_OK : HF_ERR_CRYPTO_CERT;
}

/* ---- written by hand: OpenSSL would decode every certificate, which costs more than signing one ---- */

/* SET {} for digestAlgorithms, SEQUENCE { data } without content (RFC 5652 s5.2.2). */
static const uint8_t before_certs[] = { 0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x0b, 0x06, 0x09,
					0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
static const uint8_t after_certs[] = { 0x31, 0x00 }; /* no signerInfos */

/* Bytes of tag and length in front of `n` bytes of content. */
static size_t head_len(size_t n)
{
	return n < 0x80 ? 2 : n < 0x100 ? 3 : 4;
}

static hf_err put_head(struct hf_out *out, uint8_t tag, size_t n)
{
	uint8_t head[4] = { tag, (uint8_t)n };

	if (n >= 0x100) {
		head[1] = 0x82;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
	} else if (n >= 0x80) {
		head[1] = 0x81;
		head[2] = (uint8_t)n;
	}
	return hf_out_put(out, (hf_bytes){ head, head_len(n) });
}

/* Sum of lengths, or 0 when one is not exactly one SEQUENCE. */
static size_t certs_len(const hf_bytes *certs, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = certs[i].ptr, *after = NULL;

		if (certs[i].len > HF_PKI_CERT_MAX ||
		    !hf__tlv_open(&at, at + certs[i].len, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &after) ||
		    after != certs[i].ptr + certs[i].len)
			return 0;
		sum += certs[i].len;
	}
	return sum;
}

static hf_err put_certs_only(const hf_bytes *certs, size_t n, size_t sum, struct hf_out *out)
{
	size_t signed_len = sizeof(before_certs) + head_len(sum) + sum + sizeof(after_certs);
	size_t explicit_len = head_len(signed_len) + signed_len;

	HF_TRY(put_head(out, 0x30, sizeof(signed_data) + head_len(explicit_len) + explicit_len));
	HF_TRY(hf_out_put(out, HF_ARR(signed_data)));
	HF_TRY(put_head(out, 0xa0, explicit_len));
	HF_TRY(put_head(out, 0x30, signed_len));
	HF_TRY(hf_out_put(out, HF_ARR(before_certs)));
	HF_TRY(put_head(out, 0xa0, sum));
	for (size_t i = 0; i < n; i++)
		HF_TRY(hf_out_put(out, certs[i]));
	return hf_out_put(out, HF_ARR(after_certs));
}

hf_err hf_pki_certs_only_write(const hf_bytes *certs, size_t n, struct hf_out *out)
{
	size_t before = out->len;
	size_t sum;
	hf_err err;

	if (n == 0 || n > HF_PKI_CERTS_MAX)
		return HF_ERR_BASE_MISUSE;
	sum = certs_len(certs, n);
	if (sum == 0)
		return HF_ERR_CRYPTO_CERT;
	err = put_certs_only(certs, n, sum, out);
	if (err != HF_OK)
		out->len = before;
	return err;
}

/* SEQUENCE { SEQUENCE { ecPublicKey, SET { secp256r1 } }, ecdsa-with-SHA256, challengePassword }. */
static const uint8_t csrattrs[] = {
	0x30, 0x2c, 0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x04, 0x03, 0x02, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07,
};
static_assert(sizeof(csrattrs) == 2 + 0x17 + 0x0a + 0x0b, "lengths inside add up");

hf_err hf_pki_csrattrs_write(struct hf_out *out)
{
	return hf_out_put(out, HF_ARR(csrattrs));
}

static bool add_revoked(X509_CRL *crl, const struct hf_pki_revoked *revoked)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	BIGNUM *n HF_AUTO(hf__ossl_bn_free) = BN_bin2bn(revoked->serial, HF_PKI_SERIAL_LEN, NULL);
	ASN1_INTEGER *serial HF_AUTO(free_integer) = n == NULL ? NULL : BN_to_ASN1_INTEGER(n, NULL);
	ASN1_TIME *when HF_AUTO(free_time) = ASN1_TIME_set(NULL, (time_t)revoked->when);

	if (entry != NULL && serial != NULL && when != NULL &&
	    X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, when) == 1 && X509_CRL_add0_revoked(crl, entry) == 1)
		return true;
	X509_REVOKED_free(entry);
	return false;
}

static bool fill_crl(X509_CRL *crl, X509 *ca, uint64_t number, int64_t now, int64_t next)
{
	ASN1_TIME *from HF_AUTO(free_time) = ASN1_TIME_set(NULL, (time_t)now);
	ASN1_TIME *to HF_AUTO(free_time) = ASN1_TIME_set(NULL, (time_t)next);
	ASN1_INTEGER *count HF_AUTO(free_integer) = ASN1_INTEGER_new();
	X509_EXTENSION *aki HF_AUTO(hf__x509_ext_free) = NULL;
	X509V3_CTX ctx;

	if (from == NULL || to == NULL || count == NULL || ASN1_INTEGER_set_uint64(count, number) != 1 ||
	    X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, to) != 1 ||
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, count, 0, 0) != 1)
		return false;
	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	aki = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	return aki != NULL && X509_CRL_add_ext(crl, aki, -1) == 1;
}

hf_err hf_pki_crl_write(hf_bytes issuer, const struct hf_hwkey *key, uint64_t number, int64_t now,
			int64_t next, const struct hf_pki_revoked *revoked, size_t n, struct hf_out *out)
{
	X509 *ca HF_AUTO(hf__x509_free) = hf__x509_parse(issuer);
	X509_CRL *crl HF_AUTO(free_crl) = X509_CRL_new();
	EVP_PKEY *signer HF_AUTO(hf__ossl_pkey_free) = NULL;

	if (ca == NULL)
		return HF_ERR_CRYPTO_CERT;
	HF_TRY(hf_hwkey_evp(key, &signer));
	if (crl == NULL || !fill_crl(crl, ca, number, now, next))
		return HF_ERR_CRYPTO_FAILED;
	for (size_t i = 0; i < n; i++)
		if (!add_revoked(crl, &revoked[i]))
			return HF_ERR_CRYPTO_FAILED;
	X509_CRL_sort(crl);
	if (X509_CRL_sign(crl, signer, hf__x509_md(key)) <= 0)
		return HF_ERR_CRYPTO_FAILED;
	return hf__x509_put(out, i2d_crl, crl);
}

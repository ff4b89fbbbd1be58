/* x509_priv.h -- small steps shared by the writers and readers of X.509 objects.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef X509_PRIV_H
#define X509_PRIV_H
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <hf/hwkey.h>
#include <hf/keyfacts.h>
#include <hf/pki.h>
#include "ossl_priv.h"

HF__OSSL_OWNER(hf__x509_free, X509, X509_free)
HF__OSSL_OWNER(hf__x509_req_free, X509_REQ, X509_REQ_free)
HF__OSSL_OWNER(hf__x509_name_free, X509_NAME, X509_NAME_free)
HF__OSSL_OWNER(hf__x509_ext_free, X509_EXTENSION, X509_EXTENSION_free)
HF__OSSL_OWNER(hf__general_names_free, GENERAL_NAMES, GENERAL_NAMES_free)

/* Exactly one certificate that ends where `der` ends, or NULL. */
X509 *hf__x509_parse(hf_bytes der);
/* Public EVP_PKEY of a point. */
HF_MUST_CHECK hf_err hf__x509_public(int curve, const uint8_t *pub, EVP_PKEY **out);
/* Curve and point of a key: 0 when it is neither P-256 nor P-384 by name. */
int hf__x509_point(const EVP_PKEY *key, uint8_t pub[static HF_P384_POINT_LEN]);
HF_MUST_CHECK hf_err hf__x509_spki_hash(const X509_PUBKEY *key, uint8_t out[static HF_SHA256_LEN]);
/* The point of a SubjectPublicKeyInfo that is exactly P-256 by name; that it lies on the curve is not yet
 * checked. A curve spelled out decodes to the same group, but has not the same bytes. */
bool hf__x509_p256_of_spki(hf_bytes spki, uint8_t pub[static HF_P256_POINT_LEN]);
/* One TLV that lies wholly in *at..end, of definite length, constructed where its kind is: *at moves to its
 * content, *after is behind it. */
bool hf__tlv_open(const uint8_t **at, const uint8_t *end, int class, int tag, const uint8_t **after);
/* The same, and *at moves behind it. */
bool hf__tlv_skip(const uint8_t **at, const uint8_t *end, int class, int tag);
/* The one attribute of this kind, as text without NUL bytes; false when it is repeated or too long. */
bool hf__x509_name_text(const X509_NAME *name, int nid, char *out, size_t cap);
/* The one URI among the names; false when there are two or it is too long. */
bool hf__x509_one_uri(const GENERAL_NAMES *names, char *out, size_t cap);
/* SHA-256 or SHA-384 by the signer's curve. */
const EVP_MD *hf__x509_md(const struct hf_hwkey *key);
/* Kind, size and SPKI digest of any key; `key` NULL or too small is HF_ERR_CRYPTO_KEY. */
HF_MUST_CHECK hf_err hf__keyfacts_measure(EVP_PKEY *key, struct hf_keyfacts *out);
/* Append what an i2d function makes. */
HF_MUST_CHECK hf_err hf__x509_put(struct hf_out *out, int (*i2d)(const void *, unsigned char **),
				  const void *object);
#endif

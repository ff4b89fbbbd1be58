/* pki.h -- certificates, requests and revocation lists: written by profile, read strictly.
 * Promise: a certificate holds what its profile says and nothing a requester chose except the public
 * key; a reader refuses what the profiles never contain. All objects are DER in the caller's memory.
 * Keys sign through struct hf_hwkey only. Times are seconds since 1970.
 * Thread rule: every function may be called from any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PKI_H
#define HF_PKI_H
#include <holdfast/crypto.h>

enum {
	HF_PKI_CERT_MAX = 2048, /* DER of one certificate of ours */
	HF_PKI_CSR_MAX = 4096,
	HF_PKI_SERIAL_LEN = 16, /* first octet 0x40 to 0x7f, so the encoding is always 16 octets */
	HF_PKI_NAME_MAX = 64,
	HF_PKI_URI_MAX = 384,
	HF_PKI_CERTS_MAX = 8, /* in one certs-only object */
	HF_PKI_CHALLENGE_MAX = 255,
};
/* notAfter 99991231235959Z: no well-defined end (RFC 5280 s4.1.2.5). */
#define HF_PKI_FOREVER INT64_C(253402300799)

enum hf_pki_profile {
	HF_PKI_ROOT = 1,      /* self-signed, P-384, pathlen 1 */
	HF_PKI_SUB_CA = 2,    /* pathlen 0: Device-ID, Operational and Station CA */
	HF_PKI_SERVER_CA = 3, /* pathlen 0, critical name constraints: `domain`, and no IP address */
	HF_PKI_SERVER = 4,    /* serverAuth and cmcRA, DNS name `host` */
	HF_PKI_OPERATOR = 5,  /* clientAuth, CN `cn` */
	HF_PKI_STATION = 6,   /* clientAuth, CN `cn`, OU "station" */
	HF_PKI_IDEVID = 7,    /* CN `cn` = handle, hardwareModuleName {oid, handle} */
	HF_PKI_LDEVID = 8,    /* CN `cn` = "hf-" dev, URI `uri` */
};

struct hf_pki_spec {
	enum hf_pki_profile profile;
	int curve; /* of `pub` */
	const uint8_t *pub;
	const uint8_t *serial; /* HF_PKI_SERIAL_LEN octets; see hf_pki_serial_fix */
	int64_t not_before;
	int64_t not_after;
	const char *cn;
	const char *domain; /* SERVER_CA */
	const char *host;   /* SERVER; a second one may follow in `host2` */
	const char *host2;
	const char *oid; /* IDEVID, dotted */
	const char *uri; /* LDEVID */
};

/* Force the first octet into 0x40..0x7f. */
void hf_pki_serial_fix(uint8_t serial[static HF_PKI_SERIAL_LEN]);

/* Append a certificate to `out`. `issuer` is the CA's certificate; empty = self-signed: HF_PKI_ROOT always,
 * HF_PKI_IDEVID where no CA is at hand (production by manifest).
 * Errors: HF_ERR_BASE_MISUSE, HF_ERR_BASE_NO_ROOM, HF_ERR_CRYPTO_CERT (issuer), the key's own. */
HF_MUST_CHECK hf_err hf_pki_issue(const struct hf_pki_spec *spec, hf_bytes issuer,
				  const struct hf_hwkey *issuer_key, struct hf_out *out);

/* The same for a CA that issues often: its certificate is parsed, and compared with its key, once. Borrows
 * `key` until it is freed; any thread. Errors: as above. */
struct hf_pki_issuer;
HF_MUST_CHECK hf_err hf_pki_issuer_new(hf_bytes cert, const struct hf_hwkey *key,
				       struct hf_pki_issuer **issuer);
void hf_pki_issuer_free(struct hf_pki_issuer *issuer);
HF_MUST_CHECK hf_err hf_pki_issue_by(const struct hf_pki_issuer *issuer, const struct hf_pki_spec *spec,
				     struct hf_out *out);

/* struct hf_pki_cert.usage */
enum {
	HF_PKI_USE_CLIENT = 1,
	HF_PKI_USE_SERVER = 2,
	HF_PKI_USE_RA = 4,
	HF_PKI_USE_CA = 8,
};

/* What one certificate says. Strings are NUL-terminated, empty when absent. */
struct hf_pki_cert {
	uint8_t serial[HF_PKI_SERIAL_LEN];  /* right-aligned when shorter */
	size_t serial_len;                  /* 1 to 20 in foreign certificates; above 16 is refused */
	uint8_t sha256[HF_SHA256_LEN];      /* of the DER */
	uint8_t spki_sha256[HF_SHA256_LEN]; /* of the SubjectPublicKeyInfo DER */
	int curve;                          /* 0: another kind of key */
	uint8_t pub[HF_P384_POINT_LEN];
	int64_t not_before;
	int64_t not_after;
	unsigned usage;
	bool self_issued; /* issuer name = subject name */
	char cn[HF_PKI_NAME_MAX + 1];
	char ou[HF_PKI_NAME_MAX + 1];
	char uri[HF_PKI_URI_MAX + 1];     /* the only URI name; two are refused */
	char dns[HF_PKI_URI_MAX + 1];     /* first DNS name */
	char handle[HF_PKI_NAME_MAX + 1]; /* hardwareModuleName serial */
};
/* Exactly one certificate. Errors: HF_ERR_CRYPTO_CERT. */
HF_MUST_CHECK hf_err hf_pki_cert_read(hf_bytes der, struct hf_pki_cert *cert);

/* SHA-256 of the SubjectPublicKeyInfo of a P-256 point. */
HF_MUST_CHECK hf_err hf_pki_spki_sha256(const uint8_t pub[static HF_P256_POINT_LEN],
					uint8_t out[static HF_SHA256_LEN]);

/* Marks of hf_pki_verify. */
enum {
	HF_PKI_EXPIRED = 1, /* now is outside its validity, all else is in order */
};
/* Does `leaf` chain to one of the DER `anchors` (each trusted by itself), strict X.509, and does it name
 * `usage` (HF_PKI_USE_CLIENT or _SERVER) itself? `now` judges validity; expiry of the leaf alone is HF_OK
 * with the mark set when `marks` is given, else refused. Errors: HF_ERR_CRYPTO_CHAIN, HF_ERR_CRYPTO_CERT. */
HF_MUST_CHECK hf_err hf_pki_verify(hf_bytes leaf, const hf_bytes *anchors, size_t n_anchors, unsigned usage,
				   int64_t now, unsigned *marks);

/* ---- PKCS#10 requests (RFC 2986) -------------------------------------------------------------- */

struct hf_pki_csr_spec {
	const char *cn;        /* NULL or empty: empty subject */
	const char *uri;       /* NULL: no SAN */
	const char *challenge; /* challengePassword, NULL: none */
};
HF_MUST_CHECK hf_err hf_pki_csr_write(const struct hf_pki_csr_spec *spec, const struct hf_hwkey *key,
				      struct hf_out *out);

struct hf_pki_csr {
	uint8_t pub[HF_P256_POINT_LEN];
	uint8_t spki_sha256[HF_SHA256_LEN];
	uint8_t sha256[HF_SHA256_LEN]; /* of the DER */
	bool has_subject;              /* a non-empty subject was asked for ... */
	bool has_san;                  /* ... or a non-empty subjectAltName */
	char cn[HF_PKI_NAME_MAX + 1];
	char uri[HF_PKI_URI_MAX + 1];
	bool plain_names; /* subject is one CN at most, SAN one URI at most */
	char challenge[HF_PKI_CHALLENGE_MAX + 1];
};
/* One request, ending where `der` ends: version 0, P-256 by name, point on the curve, ecdsa-with-SHA256,
 * signature verified; changeSubjectName, repeated attributes and trailing bytes refused. Asked-for
 * extensions other than the names are ignored: profiles decide.
 * Errors: HF_ERR_CRYPTO_CSR, HF_ERR_CRYPTO_SIGNATURE, HF_ERR_CRYPTO_POINT. */
HF_MUST_CHECK hf_err hf_pki_csr_read(hf_bytes der, struct hf_pki_csr *csr);

/* ---- EST objects ------------------------------------------------------------------------------- */

/* Degenerate SignedData, certificates only (RFC 8951, RFC 5652 s5.2.2). */
HF_MUST_CHECK hf_err hf_pki_certs_only_write(const hf_bytes *certs, size_t n, struct hf_out *out);
/* Borrowing views into `der`; Errors: HF_ERR_CRYPTO_CERT. */
HF_MUST_CHECK hf_err hf_pki_certs_only_read(hf_bytes der, hf_bytes certs[static HF_PKI_CERTS_MAX], size_t *n);
/* CsrAttrs (RFC 8951 s3.5): ecPublicKey with secp256r1, ecdsa-with-SHA256, challengePassword. */
HF_MUST_CHECK hf_err hf_pki_csrattrs_write(struct hf_out *out);

struct hf_pki_revoked {
	uint8_t serial[HF_PKI_SERIAL_LEN];
	int64_t when;
};
/* CRL version 2 (RFC 5280 s5) for third parties. */
HF_MUST_CHECK hf_err hf_pki_crl_write(hf_bytes issuer, const struct hf_hwkey *key, uint64_t number,
				      int64_t now, int64_t next, const struct hf_pki_revoked *revoked,
				      size_t n, struct hf_out *out);

/* ---- PEM --------------------------------------------------------------------------------------- */

/* RFC 7468 text with this label ("CERTIFICATE", "X509 CRL", ...), LF line ends. */
HF_MUST_CHECK hf_err hf_pki_pem_write(const char *label, hf_bytes der, struct hf_out *out);
/* The first block with this label; `out` gets the DER. Errors: HF_ERR_CRYPTO_CERT when there is none. */
HF_MUST_CHECK hf_err hf_pki_pem_read(const char *label, hf_bytes text, struct hf_out *out);

/* ---- Names ------------------------------------------------------------------------------------- */

enum { HF_PKI_UUID_LEN = 16 };
extern const uint8_t hf_pki_uuid_dns[HF_PKI_UUID_LEN];
/* UUIDv5 of `name` in `space`: vendors in hf_pki_uuid_dns, classes in their vendor. */
HF_MUST_CHECK hf_err hf_pki_uuid5(const uint8_t space[static HF_PKI_UUID_LEN], hf_bytes name,
				  uint8_t out[static HF_PKI_UUID_LEN]);

/* ---- Private keys as PKCS#8 text, encrypted with PBES2 (scrypt, AES-256-CBC) when a passphrase is given. */

enum { HF_PKI_KIND_P256 = 1, HF_PKI_KIND_P384 = 2, HF_PKI_KIND_ED25519 = 3 };
struct hf_pki_key; /* one software private key; wiped by free */
HF_MUST_CHECK hf_err hf_pki_key_generate(int kind, struct hf_pki_key **key);
/* Errors: HF_ERR_CRYPTO_KEY (wrong passphrase or damaged), HF_ERR_BASE_MISUSE. */
HF_MUST_CHECK hf_err hf_pki_key_read(hf_bytes pem, hf_bytes passphrase, struct hf_pki_key **key);
HF_MUST_CHECK hf_err hf_pki_key_write(const struct hf_pki_key *key, hf_bytes passphrase, struct hf_out *pem);
int hf_pki_key_kind(const struct hf_pki_key *key);
/* The EC kinds as the sign callback; borrows `key`. HF_ERR_BASE_MISUSE for Ed25519. */
HF_MUST_CHECK hf_err hf_pki_key_hwkey(struct hf_pki_key *key, struct hf_hwkey *out);
/* Raw secret of the P-256 and Ed25519 kinds. */
HF_MUST_CHECK hf_err hf_pki_key_secret(const struct hf_pki_key *key, struct hf_key *out);
void hf_pki_key_free(struct hf_pki_key *key);
static inline void hf_pki_key_drop(struct hf_pki_key **key)
{
	hf_pki_key_free(*key);
}
#endif

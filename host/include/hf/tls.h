/* tls.h -- TLS contexts exactly as the design wants them: P-256, AES-128-GCM, ECDSA with SHA-256, no
 * auto-chain, no CA names sent, one stateful ticket, strict X.509 on both sides, private keys only
 * through struct hf_hwkey.
 * Promise: verification fails closed. On the server an expired or an unknown self-signed client
 * certificate may be let through *marked*, when the configuration says so: who acts on the peer must
 * look at the marks. A resumed session never ran the verification: authorise again at every request.
 * Making a context makes the process ignore SIGPIPE.
 * Thread rule: a context may be used by many threads after it is made; struct hf_hwkey's sign() is then
 * called from any of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TLS_H
#define HF_TLS_H
#include <holdfast/crypto.h>
#include <hf/why.h>

enum { HF_TLS_X_LEN = 32, HF_TLS_ANCHORS_MAX = 32, HF_TLS_CERT_MAX = 4096 };

struct hf_tls; /* one SSL_CTX, server or client */

enum {
	HF_TLS_MARK_EXPIRED = 1,     /* outside its validity at the moment it is looked at */
	HF_TLS_MARK_SELF_SIGNED = 2, /* chains to nobody: only its key was proved */
	HF_TLS_MARK_RESUMED = 4,     /* resumed session: nothing was verified this time */
};
/* What is known of the other side once the handshake is done. */
struct hf_tls_peer {
	bool has_cert;
	unsigned marks;
	uint8_t x[HF_TLS_X_LEN]; /* RFC 9266 exporter; on TLS 1.2 tls-unique, zero-padded, and x_len tells */
	size_t x_len;            /* 32; 12 on TLS 1.2 */
	int version;             /* 12 or 13 */
	uint8_t cert_sha256[HF_SHA256_LEN];
	size_t cert_len;
	uint8_t cert[HF_TLS_CERT_MAX]; /* DER of the leaf */
};
static inline hf_bytes hf_tls_peer_cert(const struct hf_tls_peer *p)
{
	return (hf_bytes){ p->cert, p->cert_len };
}

struct hf_tls_server_conf {
	const struct hf_hwkey *key; /* borrowed as long as the context lives */
	hf_bytes cert;              /* leaf DER, the only one sent ... */
	hf_bytes chain;             /* ... unless this DER sub-CA is given (compatibility listener) */
	const hf_bytes *anchors;    /* DER CAs that client certificates may chain to (partial chain) */
	size_t n_anchors;           /* 0 = client certificates are not asked for */
	bool require_cert;          /* refuse the handshake without one */
	unsigned pass;              /* HF_TLS_MARK_EXPIRED | _SELF_SIGNED let through, marked */
	bool tls12;                 /* also TLS 1.2: compatibility listener for third parties only */
	unsigned cache;             /* sessions kept; 0 = 20,480 */
	unsigned timeout_s;         /* 0 = 604,800 */
	const char *name;           /* session id context, e.g. "enrol" */
};
/* Errors: HF_ERR_TLS_CONTEXT, HF_ERR_CRYPTO_CERT, HF_ERR_TLS_KEY (key and certificate do not match). */
HF_MUST_CHECK hf_err hf_tls_server_new(const struct hf_tls_server_conf *c, struct hf_tls **out,
				       struct hf_why *why);

struct hf_tls_client_conf {
	hf_bytes anchor;            /* DER of the Server CA, the only trust anchor (partial chain) */
	const char *host;           /* name the server certificate must carry: no wildcard, no CN */
	const struct hf_hwkey *key; /* NULL: no client certificate */
	hf_bytes cert;              /* leaf DER, sent alone */
	int64_t not_before;         /* judge validity at max(clock, this): the time floor; 0 = clock */
};
HF_MUST_CHECK hf_err hf_tls_client_new(const struct hf_tls_client_conf *c, struct hf_tls **out,
				       struct hf_why *why);
void hf_tls_free(struct hf_tls *tls);
/* Client: forget the session kept for resumption (after a promotion of another certificate). */
void hf_tls_forget_session(struct hf_tls *tls);
/* Client: raise the moment used for validity to max(clock, t). */
void hf_tls_set_floor(struct hf_tls *tls, int64_t t);
/* Client: notAfter of the server certificate of the last full handshake, seconds since 1970; 0 = none yet. */
int64_t hf_tls_server_not_after(const struct hf_tls *tls);
#endif

/* tls_priv.h -- shared by tls, http, httpc and mqtt, the only places that see OpenSSL's TLS.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TLS_PRIV_H
#define HF_TLS_PRIV_H
#include <openssl/ssl.h>
#include <pthread.h>
#include <hf/tls.h>

struct hf_tls {
	SSL_CTX *ctx;
	EVP_PKEY *key;
	unsigned pass; /* server: marks let through */
	/* Client only, guarded by `lock`. */
	pthread_mutex_t lock;
	SSL_SESSION *session;
	int64_t floor;
	int64_t server_not_after;
	char host[256];
};

/* What both sides share. */
HF_MUST_CHECK hf_err hf__tls_common(struct hf_tls *tls, bool tls12, const struct hf_hwkey *key, hf_bytes cert,
				    struct hf_why *why);
/* Trust these DER certificates, each for itself; strict checks; `purpose` X509_PURPOSE_SSL_... */
HF_MUST_CHECK hf_err hf__tls_trust(struct hf_tls *tls, const hf_bytes *anchors, size_t n, int purpose,
				   struct hf_why *why);
/* Client: set the moment of verification; before each SSL_new. */
void hf__tls_prepare(struct hf_tls *tls);
/* What is known of the other side after the handshake. */
void hf__tls_peer(const SSL *ssl, struct hf_tls_peer *peer);
/* Words for a failed handshake: HF_ERR_TLS_VERIFY when verification said no, else HF_ERR_TLS_HANDSHAKE. */
hf_err hf__tls_failed(const SSL *ssl, struct hf_why *why);
/* Words for anything else, from OpenSSL's error queue. */
hf_err hf__tls_error(struct hf_why *why, hf_err err, const char *act);
#endif

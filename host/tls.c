/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <hf/hwkey.h>
#include "tls_priv.h"

enum { VERIFY_DEPTH = 3 };

hf_err hf__tls_error(struct hf_why *why, hf_err err, const char *act)
{
	unsigned long code = ERR_get_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return hf_why_set(why, err, "%s: %s", act, text != NULL ? text : "failed");
}

hf_err hf__tls_failed(const SSL *ssl, struct hf_why *why)
{
	long verdict = SSL_get_verify_result(ssl);

	if (verdict == X509_V_OK)
		return hf__tls_error(why, HF_ERR_TLS_HANDSHAKE, "TLS handshake");
	ERR_clear_error();
	return hf_why_set(why, HF_ERR_TLS_VERIFY, "certificate of the other side: %s",
			  X509_verify_cert_error_string(verdict));
}

static void x509_free(X509 **x)
{
	X509_free(*x);
}

static X509 *read_cert(hf_bytes der)
{
	const uint8_t *p = der.ptr;
	X509 *x = der.len > 0 && der.len <= HF_TLS_CERT_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (x != NULL && p != der.ptr + der.len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static hf_err set_protocol(SSL_CTX *ctx, bool tls12, struct hf_why *why)
{
	bool ok = SSL_CTX_set_min_proto_version(ctx, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
		  SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
		  SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1 &&
		  SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256") == 1 &&
		  SSL_CTX_set1_groups_list(ctx, "P-256") == 1 &&
		  SSL_CTX_set1_sigalgs_list(ctx, "ECDSA+SHA256") == 1 &&
		  SSL_CTX_set1_client_sigalgs_list(ctx, "ECDSA+SHA256") == 1;

	if (!ok)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "TLS settings");
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Without NO_AUTO_CHAIN OpenSSL sends whatever its trust store holds. */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return HF_OK;
}

static hf_err use_key(struct hf_tls *tls, const struct hf_hwkey *key, hf_bytes cert, struct hf_why *why)
{
	X509 *x HF_AUTO(x509_free) = read_cert(cert);
	hf_err err;

	if (x == NULL)
		return hf_why_set(why, HF_ERR_CRYPTO_CERT, "own certificate does not parse");
	err = hf_hwkey_evp(key, &tls->key);
	if (err != HF_OK)
		return hf_why_add(why, err, "private key");
	if (SSL_CTX_use_certificate(tls->ctx, x) != 1)
		return hf__tls_error(why, HF_ERR_CRYPTO_CERT, "own certificate");
	if (SSL_CTX_use_PrivateKey(tls->ctx, tls->key) != 1 || SSL_CTX_check_private_key(tls->ctx) != 1)
		return hf__tls_error(why, HF_ERR_TLS_KEY, "private key");
	return HF_OK;
}

hf_err hf__tls_common(struct hf_tls *tls, bool tls12, const struct hf_hwkey *key, hf_bytes cert,
		      struct hf_why *why)
{
	/* OpenSSL writes with write(): a peer that went away would kill the process. */
	(void)signal(SIGPIPE, SIG_IGN);
	tls->ctx = SSL_CTX_new(TLS_method());
	if (tls->ctx == NULL)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "TLS context");
	if (SSL_CTX_set_app_data(tls->ctx, tls) != 1)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "TLS context");
	HF_TRY(set_protocol(tls->ctx, tls12, why));
	return key == NULL ? HF_OK : use_key(tls, key, cert, why);
}

hf_err hf__tls_trust(struct hf_tls *tls, const hf_bytes *anchors, size_t n, int purpose, struct hf_why *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls->ctx);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->ctx);

	for (size_t i = 0; i < n; i++) {
		X509 *x HF_AUTO(x509_free) = read_cert(anchors[i]);

		if (x == NULL)
			return hf_why_set(why, HF_ERR_CRYPTO_CERT, "trust anchor %zu does not parse", i);
		if (X509_STORE_add_cert(store, x) != 1)
			return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "trust anchor");
	}
	SSL_CTX_set_verify_depth(tls->ctx, VERIFY_DEPTH);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT) != 1 ||
	    X509_VERIFY_PARAM_set_purpose(param, purpose) != 1)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "verification settings");
	return HF_OK;
}

static void read_binding(const SSL *ssl, struct hf_tls_peer *peer)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	bool first_is_mine = SSL_is_server(ssl) == SSL_session_reused((SSL *)(uintptr_t)ssl);

	peer->version = SSL_version(ssl) == TLS1_3_VERSION ? 13 : 12;
	if (peer->version == 13) {
		if (SSL_export_keying_material((SSL *)(uintptr_t)ssl, peer->x, HF_TLS_X_LEN, label,
					       sizeof(label) - 1, (const uint8_t *)"", 0, 1) == 1)
			peer->x_len = HF_TLS_X_LEN;
		return;
	}
	/* tls-unique (RFC 5929 s3.1): the first Finished, the client's unless the session was resumed. */
	peer->x_len = first_is_mine ? SSL_get_finished(ssl, peer->x, HF_TLS_X_LEN)
				    : SSL_get_peer_finished(ssl, peer->x, HF_TLS_X_LEN);
}

static unsigned marks_of(const SSL *ssl, const X509 *cert)
{
	unsigned marks = 0;

	if (X509_cmp_time(X509_get0_notAfter(cert), NULL) <= 0 ||
	    X509_cmp_time(X509_get0_notBefore(cert), NULL) > 0)
		marks |= HF_TLS_MARK_EXPIRED;
	if (SSL_get_verify_result(ssl) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	    X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0)
		marks |= HF_TLS_MARK_SELF_SIGNED;
	return marks;
}

void hf__tls_peer(const SSL *ssl, struct hf_tls_peer *peer)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	uint8_t *p = peer->cert;
	hf_bytes der;
	int len;

	*peer = (struct hf_tls_peer){ 0 };
	read_binding(ssl, peer);
	if (SSL_session_reused((SSL *)(uintptr_t)ssl))
		peer->marks |= HF_TLS_MARK_RESUMED;
	if (cert == NULL)
		return;
	len = i2d_X509(cert, NULL);
	if (len <= 0 || len > HF_TLS_CERT_MAX)
		return;
	peer->cert_len = (size_t)i2d_X509(cert, &p);
	der = hf_tls_peer_cert(peer);
	peer->has_cert = hf_crypto_sha256(&der, 1, peer->cert_sha256) == HF_OK;
	peer->marks |= marks_of(ssl, cert);
}

void hf_tls_free(struct hf_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_SESSION_free(tls->session);
	SSL_CTX_free(tls->ctx);
	EVP_PKEY_free(tls->key);
	(void)pthread_mutex_destroy(&tls->lock);
	free(tls);
}

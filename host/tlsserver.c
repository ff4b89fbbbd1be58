/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include "tls_priv.h"

enum { CACHE = 20480, TIMEOUT_S = 604800 };

/* Says no unless the configuration lets this one flaw of the leaf pass marked; the marks themselves are
 * read from the certificate later, so they also hold for resumed sessions. */
static int on_verify(int ok, X509_STORE_CTX *sc)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(sc, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct hf_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (ok)
		return 1;
	if (X509_STORE_CTX_get_error_depth(sc) != 0)
		return 0;
	switch (X509_STORE_CTX_get_error(sc)) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return (tls->pass & HF_TLS_MARK_EXPIRED) != 0;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return (tls->pass & HF_TLS_MARK_SELF_SIGNED) != 0;
	default:
		return 0;
	}
}

static hf_err set_sessions(SSL_CTX *ctx, const struct hf_tls_server_conf *c, struct hf_why *why)
{
	size_t len = strlen(c->name);

	/* One stateful ticket: a stateless one would carry the client certificate, twice. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
	(void)SSL_CTX_sess_set_cache_size(ctx, c->cache != 0 ? c->cache : CACHE);
	(void)SSL_CTX_set_timeout(ctx, c->timeout_s != 0 ? c->timeout_s : TIMEOUT_S);
	if (SSL_CTX_set_num_tickets(ctx, 1) != 1 || len > SSL_MAX_SID_CTX_LENGTH ||
	    SSL_CTX_set_session_id_context(ctx, (const uint8_t *)c->name, (unsigned)len) != 1)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "session settings");
	return HF_OK;
}

static hf_err add_chain(SSL_CTX *ctx, hf_bytes der, struct hf_why *why)
{
	const uint8_t *p = der.ptr;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	if (x != NULL && SSL_CTX_add0_chain_cert(ctx, x) == 1)
		return HF_OK;
	X509_free(x);
	return hf_why_set(why, HF_ERR_CRYPTO_CERT, "chain certificate does not parse");
}

static hf_err fill(struct hf_tls *tls, const struct hf_tls_server_conf *c, struct hf_why *why)
{
	int mode = SSL_VERIFY_PEER | (c->require_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);

	tls->pass = c->pass;
	HF_TRY(hf__tls_common(tls, c->tls12, c->key, c->cert, why));
	HF_TRY(set_sessions(tls->ctx, c, why));
	if (c->chain.len > 0)
		HF_TRY(add_chain(tls->ctx, c->chain, why));
	if (c->n_anchors == 0)
		return HF_OK;
	HF_TRY(hf__tls_trust(tls, c->anchors, c->n_anchors, X509_PURPOSE_SSL_CLIENT, why));
	SSL_CTX_set_verify(tls->ctx, mode, on_verify);
	return HF_OK;
}

hf_err hf_tls_server_new(const struct hf_tls_server_conf *c, struct hf_tls **out, struct hf_why *why)
{
	struct hf_tls *tls = calloc(1, sizeof(*tls));
	hf_err err;

	*out = NULL;
	if (tls == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	(void)pthread_mutex_init(&tls->lock, NULL);
	err = c->key == NULL || c->name == NULL || c->n_anchors > HF_TLS_ANCHORS_MAX
		      ? hf_why_set(why, HF_ERR_BASE_MISUSE, "TLS server without key or name")
		      : fill(tls, c, why);
	if (err != HF_OK) {
		hf_tls_free(tls);
		return err;
	}
	*out = tls;
	return HF_OK;
}

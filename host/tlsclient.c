/* Sessions: the newest one is kept and offered at the start of every handshake on the context. This works
 * for libraries too that make their own SSL and know nothing of resumption.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tls_priv.h"

static struct hf_tls *of_ssl(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct hf_tls *tls = of_ssl(ssl);

	(void)pthread_mutex_lock(&tls->lock);
	SSL_SESSION_free(tls->session);
	tls->session = session; /* we keep the reference: 1 */
	(void)pthread_mutex_unlock(&tls->lock);
	return 1;
}

static void on_info(const SSL *ssl, int where, int ret)
{
	struct hf_tls *tls = of_ssl(ssl);

	(void)ret;
	if ((where & SSL_CB_HANDSHAKE_START) == 0 || SSL_get_state(ssl) != TLS_ST_BEFORE)
		return;
	(void)pthread_mutex_lock(&tls->lock);
	if (tls->session != NULL)
		(void)SSL_set_session((SSL *)(uintptr_t)ssl, tls->session);
	(void)pthread_mutex_unlock(&tls->lock);
}

static int64_t to_unix(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Only looks: what OpenSSL decided stands. */
static int on_verify(int ok, X509_STORE_CTX *sc)
{
	struct hf_tls *tls = of_ssl(X509_STORE_CTX_get_ex_data(sc, SSL_get_ex_data_X509_STORE_CTX_idx()));
	const X509 *cert = X509_STORE_CTX_get_current_cert(sc);

	if (ok && cert != NULL && X509_STORE_CTX_get_error_depth(sc) == 0) {
		(void)pthread_mutex_lock(&tls->lock);
		tls->server_not_after = to_unix(X509_get0_notAfter(cert));
		(void)pthread_mutex_unlock(&tls->lock);
	}
	return ok;
}

void hf__tls_prepare(struct hf_tls *tls)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->ctx);
	int64_t now = (int64_t)time(NULL);

	(void)pthread_mutex_lock(&tls->lock);
	if (tls->floor > now)
		X509_VERIFY_PARAM_set_time(param, (time_t)tls->floor);
	else
		(void)X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_USE_CHECK_TIME);
	(void)pthread_mutex_unlock(&tls->lock);
}

void hf_tls_set_floor(struct hf_tls *tls, int64_t t)
{
	(void)pthread_mutex_lock(&tls->lock);
	if (t > tls->floor)
		tls->floor = t;
	(void)pthread_mutex_unlock(&tls->lock);
}

int64_t hf_tls_server_not_after(const struct hf_tls *tls)
{
	struct hf_tls *t = (struct hf_tls *)(uintptr_t)tls;
	int64_t v;

	(void)pthread_mutex_lock(&t->lock);
	v = t->server_not_after;
	(void)pthread_mutex_unlock(&t->lock);
	return v;
}

void hf_tls_forget_session(struct hf_tls *tls)
{
	(void)pthread_mutex_lock(&tls->lock);
	SSL_SESSION_free(tls->session);
	tls->session = NULL;
	(void)pthread_mutex_unlock(&tls->lock);
}

static hf_err fill(struct hf_tls *tls, const struct hf_tls_client_conf *c, struct hf_why *why)
{
	X509_VERIFY_PARAM *param;

	tls->floor = c->not_before;
	memcpy(tls->host, c->host, strlen(c->host) + 1);
	HF_TRY(hf__tls_common(tls, false, c->key, c->cert, why));
	HF_TRY(hf__tls_trust(tls, &c->anchor, 1, X509_PURPOSE_SSL_SERVER, why));
	param = SSL_CTX_get0_param(tls->ctx);
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_host(param, c->host, 0) != 1)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "host name");
	SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, on_verify);
	(void)SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls->ctx, on_new_session);
	SSL_CTX_set_info_callback(tls->ctx, on_info);
	return HF_OK;
}

hf_err hf_tls_client_new(const struct hf_tls_client_conf *c, struct hf_tls **out, struct hf_why *why)
{
	struct hf_tls *tls;
	hf_err err;

	*out = NULL;
	if (c->host == NULL || c->host[0] == 0 || strlen(c->host) >= sizeof(tls->host))
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "TLS client without a host name");
	tls = calloc(1, sizeof(*tls));
	if (tls == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	(void)pthread_mutex_init(&tls->lock, NULL);
	err = fill(tls, c, why);
	if (err != HF_OK) {
		hf_tls_free(tls);
		return err;
	}
	*out = tls;
	return HF_OK;
}

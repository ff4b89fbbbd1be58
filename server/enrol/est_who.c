/* est_who.c -- who asks, for which line, with what proof; then the request itself. In this order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include <hf/log.h>
#include "est_priv.h"

/* What our own trouble looks like from outside. */
int hf__est_status(hf_err err)
{
	hf_log_why(HF_LOG_ERR, "enrol", "store", err, NULL);
	return 503;
}

static hf_err get_line(struct hf_db *db, void *ctx)
{
	struct hf_product_row *line = ctx;
	char name[HF_STORE_NAME_CAP];

	memcpy(name, line->line, sizeof(name));
	return hf_product_get(db, name, line);
}

int hf__est_line(struct hf__est *e, const char *label)
{
	const char *name = label ? label : e->p->conf.default_line;

	if (e->p->conf.compat && label && strcmp(label, e->p->conf.default_line) != 0)
		return 404;
	if (!name[0] || strlen(name) >= sizeof(e->line.line))
		return 404;
	memcpy(e->line.line, name, strlen(name) + 1);
	hf_err err = hf_store_read(e->p->conf.store, get_line, &e->line);
	if (err == HF_ERR_STORE_ABSENT)
		return 404;
	return err == HF_OK ? 0 : hf__est_status(err);
}

struct look {
	struct hf__est *e;
	struct hf_shown shown;
};

static hf_err look_up(struct hf_db *db, void *ctx)
{
	struct look *l = ctx;
	struct hf_claim_row c = { .kc_len = 0 };

	HF_TRY(hf_identify(db, &l->shown, &l->e->who));
	if (!l->e->has_claim)
		return HF_OK;
	hf_err err = hf_claim_get(db, l->e->cid, &c);
	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	if (c.locked_until > hf_db_now(db))
		c.kc_len = 0; /* a locked claim is checked like an unknown one */
	memcpy(l->e->kc, c.kc, sizeof(l->e->kc));
	l->e->kc_len = c.kc_len;
	return HF_OK;
}

int hf__est_identify(struct hf__est *e)
{
	const struct hf_tls_peer *peer = e->http->peer;
	struct hf_pki_cert cert;
	struct look l = { .e = e };

	if (peer->has_cert) {
		l.shown = (struct hf_shown){ .has_cert = true,
					     .expired = (peer->marks & HF_TLS_MARK_EXPIRED) != 0,
					     .self_signed = (peer->marks & HF_TLS_MARK_SELF_SIGNED) != 0,
					     .cn = cert.cn,
					     .ou = cert.ou };
		if (hf_pki_cert_read(hf_tls_peer_cert(peer), &cert) != HF_OK)
			return 403;
		l.shown.not_after = cert.not_after;
		memcpy(l.shown.sha256, peer->cert_sha256, HF_SHA256_LEN);
		memcpy(l.shown.spki_sha256, cert.spki_sha256, HF_SHA256_LEN);
	}
	hf_err err = hf_store_read(e->p->conf.store, look_up, &l);
	return err == HF_OK ? 0 : hf__est_status(err);
}

static hf_err count_wrong(struct hf_db *db, void *ctx)
{
	return hf_claim_wrong(db, ctx);
}

/* Unknown, locked and wrong cost the same: one check by the ca process, one write. */
static int check_claim(struct hf__est *e)
{
	const struct hf_tls_peer *peer = e->http->peer;
	hf_err err = hf_ca_claim_check(e->p->conf.ca, (hf_bytes){ e->kc, e->kc_len }, HF_ARR(e->cid),
				       HF_ARR(peer->x), HF_ARR(e->csr_sha256), HF_ARR(e->mac));

	if (err == HF_OK)
		return 0;
	if (err != HF_ERR_CLAIM_MAC)
		return hf__est_status(err);
	err = hf_store_write(e->p->conf.store, count_wrong, e->cid);
	return err == HF_OK ? 403 : hf__est_status(err);
}

int hf__est_proofs(struct hf__est *e)
{
	const char *value = hf_http_header(e->http, "Authorization");

	if (!value || e->renew)
		return 0;
	if (hf_http_header_n(e->http, "Authorization") != 1)
		return 400;
	if (e->p->conf.compat) {
		if (hf__est_basic(value, e->code) != HF_OK)
			return 401;
		e->has_code = true;
		return 0;
	}
	if (hf_claim_read_authorization((hf_bytes){ (const uint8_t *)value, strlen(value) }, e->cid,
					e->mac) != HF_OK)
		return 403; /* another scheme, or a broken header */
	if (e->http->peer->x_len != HF_CLAIM_BINDING_LEN)
		return 403;
	e->has_claim = true;
	return 0;
}

static int check_names(struct hf__est *e)
{
	const struct hf_pki_csr *r = &e->parsed;
	const char *want = e->who.cert.dev;
	struct hf_buf uri HF_AUTO(hf_buf_free) = HF_BUF(512);

	if (!e->renew)
		return 0;
	if (r->has_subject &&
	    (!r->plain_names || strncmp(r->cn, "hf-", 3) != 0 || strcmp(r->cn + 3, want) != 0))
		return 403;
	if (!r->has_san)
		return 0;
	if (hf_buf_printf(&uri, "spiffe://%s/d/%s", e->p->conf.domain, want) != HF_OK)
		return 503;
	return r->plain_names && strcmp(r->uri, hf_buf_text(&uri)) == 0 ? 0 : 403;
}

static int check_binding(struct hf__est *e)
{
	if (e->parsed.challenge[0])
		return hf__est_binds(e->parsed.challenge, e->http->peer) ? 0 : 403;
	/* A station vouches for the request by its own signature. */
	return e->line.pop_required && e->who.kind != HF_WHO_STATION ? 403 : 0;
}

/* Authenticate, then parse. */
int hf__est_read_csr(struct hf__est *e)
{
	hf_bytes der;
	int status = e->has_claim ? check_claim(e) : 0;

	if (status)
		return status;
	der = hf_out_bytes(&e->csr);
	if (hf_pki_csr_read(der, &e->parsed) != HF_OK)
		return 400;
	status = check_names(e);
	return status ? status : check_binding(e);
}

/* role_enrol.c -- the process behind the EST listeners; it also sweeps once a minute.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <hf/enrolproc.h>
#include <hf/fleet.h>
#include <hf/log.h>
#include <hf/pki.h>
#include <hf/sandbox.h>
#include "server.h"

/* The ca process opens its key files first; each costs a deliberate fraction of a second. */
enum { CA_WAIT_MS = 120000, TLS_KEY_TIMEOUT_MS = 5000, SWEEP_MS = 60000, CERTS = HF_TLS_ANCHORS_MAX + 8 };

struct certs {
	uint8_t mem[CERTS][HF_PKI_CERT_MAX];
	hf_bytes view[CERTS];
	size_t n;
};
struct enrol_role {
	const struct server *s;
	int nudge_fd;
	struct hf_ca ca;
	struct hf_ipc_key tls_key;
	struct certs certs;
	hf_bytes anchors[HF_TLS_ANCHORS_MAX];
	size_t n_anchors;
	hf_bytes cacerts[HF_PKI_CERTS_MAX];
	size_t n_cacerts;
	struct server_op_cas op;
	struct hf_tls *tls, *compat_tls;
	struct hf_store *store;
	struct hf_enrolproc *est, *compat;
	struct hf_loop *loop;
	struct hf_timer sweep;
};

static hf_err take_cert(struct enrol_role *r, const char *name, hf_bytes *out, struct hf_why *why)
{
	struct certs *c = &r->certs;

	if (c->n == CERTS)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "more certificates than %d", (int)CERTS);
	struct hf_out der = HF_OUT(c->mem[c->n]);
	HF_TRY(server_cert(r->s, name, &der, why));
	*out = hf_out_bytes(&der);
	c->n++;
	return HF_OK;
}

static hf_err add_anchor(struct enrol_role *r, const char *name, struct hf_why *why)
{
	if (r->n_anchors == HF_TLS_ANCHORS_MAX)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "more CAs than %d", (int)HF_TLS_ANCHORS_MAX);
	HF_TRY(take_cert(r, name, &r->anchors[r->n_anchors], why));
	r->n_anchors++;
	return HF_OK;
}

static hf_err add_cacert(struct enrol_role *r, const char *name, struct hf_why *why)
{
	HF_TRY(take_cert(r, name, &r->cacerts[r->n_cacerts], why));
	r->n_cacerts++;
	return HF_OK;
}

/* Every generation may authenticate devices; third parties are told of the newest, how it and the one before
 * vouch for each other (RFC 7030 s4.1.3), that one, and the root. */
static hf_err take_op_cas(struct enrol_role *r, struct hf_why *why)
{
	unsigned last = hf_deploy_op_generation(r->s->dir);
	char name[HF_DEPLOY_OP_NAME_CAP];

	HF_TRY(server_read_op_cas(r->s, &r->op, why));
	for (; r->n_anchors < r->op.n; r->n_anchors++)
		r->anchors[r->n_anchors] = r->op.list[r->n_anchors];
	r->cacerts[r->n_cacerts++] = r->anchors[0];
	if (last > 1) {
		hf_deploy_op_name(name, last, ".old-with-new.crt");
		HF_TRY(add_cacert(r, name, why));
		hf_deploy_op_name(name, last, ".new-with-old.crt");
		HF_TRY(add_cacert(r, name, why));
		r->cacerts[r->n_cacerts++] = r->anchors[1];
	}
	return add_cacert(r, "root/root.crt", why);
}

static hf_err add_line(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	struct enrol_role *r = ctx;
	char name[96];

	if (!server_has_ca(r->s, line->line))
		return HF_OK;
	snprintf(name, sizeof(name), "ca/deviceid-%s.crt", line->line);
	return add_anchor(r, name, why);
}

static hf_err open_tls(struct enrol_role *r, struct hf_why *why)
{
	hf_bytes server_ca = { NULL, 0 };
	struct hf_tls_server_conf c = { .key = &r->tls_key.key,
					.anchors = r->anchors,
					.name = "enrol",
					.pass = HF_TLS_MARK_EXPIRED | HF_TLS_MARK_SELF_SIGNED };

	HF_TRY(hf_ipc_new(NET_FD_CA, &r->ca.ipc));
	HF_TRY(hf_ipc_key_open(&r->tls_key, r->ca.ipc, HF_CA_TLS_ENROL, CA_WAIT_MS));
	r->tls_key.timeout_ms = TLS_KEY_TIMEOUT_MS;
	HF_TRY(take_cert(r, "tls/enrol.crt", &c.cert, why));
	HF_TRY(take_cert(r, "ca/server.crt", &server_ca, why));
	HF_TRY(take_op_cas(r, why));
	HF_TRY(add_anchor(r, "ca/station.crt", why));
	HF_TRY(server_lines(r->s, add_line, r, why));
	c.n_anchors = r->n_anchors;
	HF_TRY(hf_tls_server_new(&c, &r->tls, why));
	if (r->s->deploy.compat_listen[0] == '\0')
		return HF_OK;
	c.chain = server_ca; /* third parties do not know our sub-CA */
	c.tls12 = r->s->deploy.compat_tls == 1;
	c.name = "compat";
	return hf_tls_server_new(&c, &r->compat_tls, why);
}

static hf_err listen_at(struct enrol_role *r, const char *where, bool compat, struct hf_enrolproc **out,
			struct hf_why *why)
{
	const struct hf_deploy *d = &r->s->deploy;
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_enrolproc_conf c = { .store = r->store,
				       .ca = &r->ca,
				       .addr = host,
				       .domain = d->domain,
				       .tls = compat ? r->compat_tls : r->tls,
				       .workers = (unsigned)d->workers,
				       .default_line = compat ? d->compat_line : d->default_line,
				       .compat = compat,
				       .cacerts = r->cacerts,
				       .n_cacerts = r->n_cacerts };

	if (!hf_deploy_split_listen(where, host, &c.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s: not ADDRESS:PORT", where);
	return hf_enrolproc_new(&c, out, why);
}

static void swept(void *ctx, hf_err err)
{
	(void)ctx;
	if (err != HF_OK)
		hf_log_why(HF_LOG_WARN, "enrol", "sweep", err, NULL);
}

static void sweep(void *ctx)
{
	struct enrol_role *r = ctx;

	if (hf_store_post(r->store, hf_fleet_sweep, swept, NULL) != HF_OK ||
	    hf_timer_start(&r->sweep, SWEEP_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "enrol", "sweep", "not queued");
}

static hf_err open_role(struct enrol_role *r, struct hf_why *why)
{
	HF_TRY(open_tls(r, why));
	HF_TRY(server_store(r->s, &r->nudge_fd, &r->store, why));
	HF_TRY(listen_at(r, r->s->deploy.est_listen, false, &r->est, why));
	if (r->compat_tls)
		HF_TRY(listen_at(r, r->s->deploy.compat_listen, true, &r->compat, why));
	HF_TRY(hf_loop_new(&r->loop));
	return hf_timer_init(&r->sweep, r->loop, sweep, r);
}

static hf_err serve(struct enrol_role *r, struct hf_why *why)
{
	HF_TRY(server_sandbox(r->s, HF_SANDBOX_SERVER_NET, false, why));
	HF_TRY(server_sync_lines(r->s, r->store, why));
	HF_TRY(hf_enrolproc_start(r->est, why));
	if (r->compat)
		HF_TRY(hf_enrolproc_start(r->compat, why));
	HF_TRY(hf_timer_start(&r->sweep, 1000));
	return server_loop(r->loop);
}

int role_enrol(const struct server *s)
{
	static struct enrol_role r;
	struct hf_why why = { 0 };

	r.s = s;
	r.nudge_fd = NET_FD_NUDGE;
	hf_err err = open_role(&r, &why);
	if (err == HF_OK)
		err = serve(&r, &why);
	hf_enrolproc_free(r.est);
	hf_enrolproc_free(r.compat);
	if (r.loop)
		hf_timer_close(&r.sweep);
	hf_tls_free(r.tls);
	hf_tls_free(r.compat_tls);
	hf_store_close(r.store);
	hf_ipc_free(r.ca.ipc);
	hf_loop_free(r.loop);
	return err == HF_OK ? 0 : server_fail("enrol", err, &why);
}

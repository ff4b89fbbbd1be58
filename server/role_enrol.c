/* role_enrol.c -- the process that gives devices their certificates, and its listener for third parties.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/ca.h>
#include <hf/enrolproc.h>
#include <hf/pki.h>
#include <hf/sandbox.h>
#include "server.h"

enum { TLS_KEY_TIMEOUT_MS = 5000 };

struct anchors {
	const struct server *s;
	uint8_t mem[HF_TLS_ANCHORS_MAX][HF_PKI_CERT_MAX];
	hf_bytes list[HF_TLS_ANCHORS_MAX];
	size_t n;
};
struct enrol_role {
	int nudge_fd;
	struct hf_ca ca;
	struct hf_ipc_key tls_key;
	struct hf_store *store;
	struct hf_tls *tls, *compat_tls;
	struct hf_enrolproc *est, *compat;
	struct hf_loop *loop;
	uint8_t leaf_mem[HF_PKI_CERT_MAX], op_mem[HF_PKI_CERT_MAX], root_mem[HF_PKI_CERT_MAX],
		server_mem[HF_PKI_CERT_MAX];
	struct hf_out leaf, op, root, server;
};

static hf_err add_anchor(struct anchors *a, const char *name, struct hf_why *why)
{
	struct hf_out der;

	if (a->n == HF_TLS_ANCHORS_MAX)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "more than %d product lines with factory CAs",
				  HF_TLS_ANCHORS_MAX - 2);
	der = HF_OUT(a->mem[a->n]);
	HF_TRY(server_cert(a->s, name, &der, why));
	a->list[a->n++] = hf_out_bytes(&der);
	return HF_OK;
}

static hf_err add_line(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	struct anchors *a = ctx;
	char name[96];

	if (!server_has_ca(a->s, line->line))
		return HF_OK;
	snprintf(name, sizeof(name), "ca/deviceid-%s.crt", line->line);
	return add_anchor(a, name, why);
}

static hf_err read_certs(const struct server *s, struct enrol_role *r, struct hf_why *why)
{
	r->leaf = HF_OUT(r->leaf_mem);
	r->op = HF_OUT(r->op_mem);
	r->root = HF_OUT(r->root_mem);
	r->server = HF_OUT(r->server_mem);
	HF_TRY(server_cert(s, "tls/enrol.crt", &r->leaf, why));
	HF_TRY(server_cert(s, "ca/op.crt", &r->op, why));
	HF_TRY(server_cert(s, "root/root.crt", &r->root, why));
	return server_cert(s, "ca/server.crt", &r->server, why);
}

/* What is expired, or known by its key alone, passes the handshake marked; the fleet's door decides. */
static hf_err open_tls(const struct server *s, struct enrol_role *r, struct hf_why *why)
{
	struct anchors *a HF_AUTO(hf_auto_free) = calloc(1, sizeof(*a));
	struct hf_tls_server_conf conf = { .key = &r->tls_key.key,
					   .name = "enrol",
					   .pass = HF_TLS_MARK_EXPIRED | HF_TLS_MARK_SELF_SIGNED };

	if (a == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "enrol");
	a->s = s;
	HF_TRY(add_anchor(a, "ca/op.crt", why));
	HF_TRY(add_anchor(a, "ca/station.crt", why));
	HF_TRY(server_lines(s, add_line, a, why));
	conf.cert = hf_out_bytes(&r->leaf);
	conf.anchors = a->list;
	conf.n_anchors = a->n;
	HF_TRY(hf_ipc_key_open(&r->tls_key, r->ca.ipc, HF_CA_TLS_ENROL, TLS_KEY_TIMEOUT_MS));
	HF_TRY(hf_tls_server_new(&conf, &r->tls, why));
	if (s->deploy.compat_listen[0] == '\0')
		return HF_OK;
	conf.chain = hf_out_bytes(&r->server);
	conf.tls12 = s->deploy.compat_tls == 1;
	conf.name = "compat";
	return hf_tls_server_new(&conf, &r->compat_tls, why);
}

static hf_err open_listener(const struct server *s, struct enrol_role *r, bool compat,
			    struct hf_enrolproc **out, struct hf_why *why)
{
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_enrolproc_conf conf = { .store = r->store,
					  .ca = &r->ca,
					  .tls = compat ? r->compat_tls : r->tls,
					  .addr = host,
					  .workers = (unsigned)s->deploy.workers,
					  .domain = s->deploy.domain,
					  .default_line =
						  compat ? s->deploy.compat_line : s->deploy.default_line,
					  .compat = compat,
					  .op_ca = hf_out_bytes(&r->op),
					  .root = hf_out_bytes(&r->root) };

	if (!hf_deploy_split_listen(compat ? s->deploy.compat_listen : s->deploy.est_listen, host,
				    &conf.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s", compat ? "compat-listen" : "est-listen");
	return hf_enrolproc_new(&conf, out, why);
}

static hf_err open_all(const struct server *s, struct enrol_role *r, struct hf_why *why)
{
	HF_TRY(hf_ipc_new(NET_FD_CA, &r->ca.ipc));
	HF_TRY(server_store(s, &r->nudge_fd, &r->store, why));
	HF_TRY(server_sync_lines(s, r->store, why));
	HF_TRY(read_certs(s, r, why));
	HF_TRY(open_tls(s, r, why));
	HF_TRY(open_listener(s, r, false, &r->est, why));
	if (s->deploy.compat_listen[0] != '\0')
		HF_TRY(open_listener(s, r, true, &r->compat, why));
	return hf_loop_new(&r->loop);
}

static void close_all(struct enrol_role *r)
{
	hf_enrolproc_free(r->compat);
	hf_enrolproc_free(r->est);
	hf_tls_free(r->compat_tls);
	hf_tls_free(r->tls);
	hf_store_close(r->store);
	hf_ipc_free(r->ca.ipc);
	hf_loop_free(r->loop);
}

int role_enrol(const struct server *s)
{
	struct enrol_role r = { .nudge_fd = NET_FD_NUDGE };
	struct hf_why why = { 0 };
	hf_err err = open_all(s, &r, &why);

	if (err == HF_OK)
		err = server_sandbox(s, HF_SANDBOX_SERVER_NET, false, &why);
	if (err == HF_OK)
		err = hf_enrolproc_start(r.est, &why);
	if (err == HF_OK && r.compat != NULL)
		err = hf_enrolproc_start(r.compat, &why);
	if (err == HF_OK)
		err = server_loop(r.loop);
	close_all(&r);
	return err == HF_OK ? 0 : server_fail("enrol", err, &why);
}

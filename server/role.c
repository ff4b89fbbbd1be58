/* role.c -- the processes: open, enter the sandbox, then serve.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/apiproc.h>
#include <hf/busproc.h>
#include <hf/ca.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/pki.h>
#include <hf/proc.h>
#include <hf/sandbox.h>
#include "server.h"

enum { PASSPHRASE_MAX = 1024, TLS_KEY_TIMEOUT_MS = 5000, POLICY_MAX = 4096 };

/* ---- ca ---- */

static hf_err read_passphrase(struct hf_buf *out, struct hf_why *why)
{
	uint8_t *at = NULL;
	ssize_t n;

	HF_TRY(hf_buf_reserve(out, PASSPHRASE_MAX, &at));
	n = pread(CA_FD_PASSPHRASE, at, PASSPHRASE_MAX, 0); /* the offset is shared with an earlier `ca` */
	close(CA_FD_PASSPHRASE);
	if (n < 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "passphrase");
	hf_buf_commit(out, (size_t)n);
	return HF_OK;
}

int role_ca(const struct server *s)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(PASSPHRASE_MAX);
	struct hf_caproc_conf conf = { .dir = s->dir,
					.enrol_fd = CA_FD_ENROL,
					.api_fd = CA_FD_API,
					.device_fd = CA_FD_DEVICE };
	struct hf_caproc *ca = NULL;
	struct hf_loop *loop = NULL;
	struct hf_why why = { 0 };
	hf_err err = read_passphrase(&passphrase, &why);

	conf.passphrase = hf_buf_bytes(&passphrase);
	if (err == HF_OK)
		err = hf_caproc_new(&conf, &ca, &why);
	hf_buf_free(&passphrase);
	if (err == HF_OK)
		err = hf_loop_new(&loop);
	if (err == HF_OK)
		err = server_sandbox(s, HF_SANDBOX_SERVER_CA, false, &why);
	if (err == HF_OK)
		err = hf_caproc_prove(ca, &why);
	if (err == HF_OK)
		err = hf_caproc_start(ca, loop);
	if (err == HF_OK)
		err = server_loop(loop);
	hf_caproc_free(ca);
	hf_loop_free(loop);
	return err == HF_OK ? 0 : server_fail("ca", err, &why);
}

/* ---- api ---- */

struct api_role {
	int nudge_fd;
	struct hf_ca ca;
	struct hf_ipc_key tls_key;
	struct hf_store *store;
	struct hf_tls *tls;
	struct hf_api *api;
	struct hf_loop *loop;
	struct hf_buf policy;
};

static hf_err open_api_tls(const struct server *s, struct api_role *r, struct hf_why *why)
{
	uint8_t leaf_mem[HF_PKI_CERT_MAX], ca_mem[HF_PKI_CERT_MAX];
	struct hf_out leaf = HF_OUT(leaf_mem), ca = HF_OUT(ca_mem);
	hf_bytes anchor;
	struct hf_tls_server_conf conf = { .key = &r->tls_key.key,
					   .anchors = &anchor,
					   .n_anchors = 1,
					   .name = "api",
					   .pass = HF_TLS_MARK_EXPIRED };

	HF_TRY(server_cert(s, "tls/api.crt", &leaf, why));
	HF_TRY(server_cert(s, "ca/station.crt", &ca, why));
	anchor = hf_out_bytes(&ca);
	conf.cert = hf_out_bytes(&leaf);
	HF_TRY(hf_ipc_key_open(&r->tls_key, r->ca.ipc, HF_CA_TLS_API, TLS_KEY_TIMEOUT_MS));
	return hf_tls_server_new(&conf, &r->tls, why);
}

static hf_err open_api(const struct server *s, struct api_role *r, struct hf_why *why)
{
	char host[HF_DEPLOY_HOST_MAX], path[HF_DEPLOY_PATH_MAX];
	struct hf_api_conf conf = {
		.addr = host, .workers = (unsigned)s->deploy.workers, .ca = &r->ca, .version = SERVER_VERSION
	};

	HF_TRY(hf_ipc_new(NET_FD_CA, &r->ca.ipc));
	HF_TRY(server_store(s, &r->nudge_fd, &r->store, why));
	HF_TRY(open_api_tls(s, r, why));
	HF_TRY(hf_deploy_path(path, s->dir, "trust/policy-1.cose", why));
	HF_TRY(hf_file_read(path, &r->policy, why));
	if (!hf_deploy_split_listen(s->deploy.api_listen, host, &conf.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "api-listen");
	conf.store = r->store;
	conf.tls = r->tls;
	conf.policy = hf_buf_bytes(&r->policy);
	HF_TRY(hf_api_new(&conf, &r->api, why));
	return hf_loop_new(&r->loop);
}

int role_api(const struct server *s)
{
	struct api_role r = { .nudge_fd = NET_FD_NUDGE, .policy = HF_BUF(POLICY_MAX) };
	struct hf_why why = { 0 };
	hf_err err = open_api(s, &r, &why);

	if (err == HF_OK)
		err = server_sandbox(s, HF_SANDBOX_SERVER_NET, false, &why);
	if (err == HF_OK)
		err = hf_api_start(r.api, &why);
	if (err == HF_OK)
		err = server_loop(r.loop);
	hf_api_free(r.api);
	hf_tls_free(r.tls);
	hf_store_close(r.store);
	hf_ipc_free(r.ca.ipc);
	hf_loop_free(r.loop);
	hf_buf_free(&r.policy);
	return err == HF_OK ? 0 : server_fail("api", err, &why);
}

/* ---- bus ---- */

int role_bus(const struct server *s)
{
	struct hf_busproc_conf conf = {
		.nudge_fd = BUS_FD_NUDGE,
		.bus = { .mqtt_socket = s->mqtt_socket, .plugin_socket = s->plugin_socket, .plugin_fd = -1 }
	};
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_busproc *bus = NULL;
	struct hf_store *store = NULL;
	struct hf_loop *loop = NULL;
	struct hf_why why = { 0 };
	hf_err err = server_store(s, NULL, &store, &why);

	conf.store = store;
	if (err == HF_OK && !hf_deploy_split_listen(s->deploy.device_listen, host, &conf.device_port))
		err = hf_why_set(&why, HF_ERR_DEPLOY_VALUE, "device-listen");
	if (err == HF_OK)
		err = hf_loop_new(&loop);
	if (err == HF_OK)
		err = server_sandbox(s, HF_SANDBOX_SERVER_BUS, true, &why);
	if (err == HF_OK)
		err = hf_busproc_new(loop, &conf, &bus);
	if (err == HF_OK)
		err = server_loop(loop);
	hf_busproc_free(bus);
	hf_store_close(store);
	hf_loop_free(loop);
	return err == HF_OK ? 0 : server_fail("bus", err, &why);
}

/* ---- table ---- */

static const struct {
	const char *name;
	const char *log_name;
	int (*run)(const struct server *s);
} roles[] = {
	{ "ca", "holdfastd[ca]", role_ca },
	{ "enrol", "holdfastd[enrol]", role_enrol },
	{ "api", "holdfastd[api]", role_api },
	{ "device", "holdfastd[device]", role_device },
	{ "bus", "holdfastd[bus]", role_bus },
};

int server_role(const struct server *s, const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i].name, role) != 0)
			continue;
		hf_log_open(roles[i].log_name, (int)s->deploy.log_level);
		if (hf_proc_child_begin() != HF_OK)
			return 1; /* the supervisor is gone already */
		return roles[i].run(s);
	}
	fprintf(stderr, "holdfastd: %s: no such role\n", role);
	return 2;
}

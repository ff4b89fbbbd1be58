/* role_device.c -- the process behind the listener where devices fetch bundles.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/ca.h>
#include <hf/deviceproc.h>
#include <hf/pki.h>
#include <hf/sandbox.h>
#include "server.h"

/* The ca process opens its key files first; each costs a deliberate fraction of a second. */
enum { CA_WAIT_MS = 120000, TLS_KEY_TIMEOUT_MS = 5000 };

struct device_role {
	int nudge_fd;
	struct hf_ca ca;
	struct hf_ipc_key tls_key;
	struct hf_tls *tls;
	struct hf_store *store;
	struct hf_deviceproc *device;
	struct hf_loop *loop;
};

static hf_err open_tls(const struct server *s, struct device_role *r, struct hf_why *why)
{
	uint8_t leaf_mem[HF_PKI_CERT_MAX];
	struct hf_out leaf = HF_OUT(leaf_mem);
	struct server_op_cas op = { .n = 0 };
	struct hf_tls_server_conf conf = {
		.key = &r->tls_key.key, .anchors = op.list, .name = "device"
	};

	HF_TRY(hf_ipc_new(NET_FD_CA, &r->ca.ipc));
	HF_TRY(hf_ipc_key_open(&r->tls_key, r->ca.ipc, HF_CA_TLS_ENROL, CA_WAIT_MS));
	r->tls_key.timeout_ms = TLS_KEY_TIMEOUT_MS;
	HF_TRY(server_cert(s, "tls/enrol.crt", &leaf, why));
	HF_TRY(server_read_op_cas(s, &op, why));
	conf.n_anchors = op.n;
	conf.cert = hf_out_bytes(&leaf);
	return hf_tls_server_new(&conf, &r->tls, why);
}

static hf_err open_role(const struct server *s, struct device_role *r, struct hf_why *why)
{
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_deviceproc_conf conf = { .addr = host, .workers = (unsigned)s->deploy.workers };

	HF_TRY(open_tls(s, r, why));
	HF_TRY(server_store(s, &r->nudge_fd, &r->store, why));
	if (!hf_deploy_split_listen(s->deploy.device_listen, host, &conf.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "device-listen");
	conf.store = r->store;
	conf.tls = r->tls;
	HF_TRY(hf_deviceproc_new(&conf, &r->device, why));
	return hf_loop_new(&r->loop);
}

int role_device(const struct server *s)
{
	struct device_role r = { .nudge_fd = NET_FD_NUDGE };
	struct hf_why why = { 0 };
	hf_err err = open_role(s, &r, &why);

	if (err == HF_OK)
		err = server_sandbox(s, HF_SANDBOX_SERVER_NET, false, &why);
	if (err == HF_OK)
		err = hf_deviceproc_start(r.device, &why);
	if (err == HF_OK)
		err = server_loop(r.loop);
	hf_deviceproc_free(r.device);
	hf_tls_free(r.tls);
	hf_store_close(r.store);
	hf_ipc_free(r.ca.ipc);
	hf_loop_free(r.loop);
	return err == HF_OK ? 0 : server_fail("device", err, &why);
}

/* keyproc: all private keys of the device, and every decision that needs one. It opens records and sockets,
 * enters its sandbox (no network, files below the state directory only), then reads its first message.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/file.h>
#include <hf/log.h>
#include <hf/proc.h>
#include <hf/sandbox.h>
#include <stdlib.h>
#include <string.h>

static hf_err tls_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_pub(body, key_find, ctx, reply);
}

static hf_err tls_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_sign(body, key_find, ctx, reply);
}

static const struct hf_ipc_op net_ops[] = {
	{ MSG_WANT, 0, 0, key_on_want },
	{ MSG_CSR, HF_CLAIM_BINDING_LEN, HF_CLAIM_BINDING_LEN, key_on_csr },
	{ MSG_CERT, 1, HF_RENEW_CERT_CAP + 64, key_on_cert },
	{ MSG_EST_END, 1, 32, key_on_est_end },
	{ MSG_SESSION, 1, 32, key_on_session },
	{ MSG_SESSION_END, 0, 0, key_on_session_end },
	{ MSG_PULL, 0, 0, key_on_pull },
	{ MSG_SENT, 1, 32, key_on_sent },
	{ MSG_DOWN, 1, AGENT_TOPIC_CAP + AGENT_PAYLOAD_CAP + 16, key_on_down },
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, tls_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, tls_sign },
};
static const struct hf_ipc_op app_ops[] = {
	{ MSG_APP_TELE, 1, AGENT_PAYLOAD_CAP, key_on_app_tele },
	{ MSG_APP_STATUS, 0, 0, key_on_app_status },
	{ MSG_APP_POLL, 0, 0, key_on_app_poll },
	{ MSG_APP_DATA, 1, AGENT_PAYLOAD_CAP, key_on_app_data },
	{ MSG_APP_OPS, 1, 4096, key_on_app_ops },
	{ MSG_APP_RESULT, 1, HF_RECEIPT_MAX_RESULT_LEN + 64, key_on_app_result },
	{ MSG_APP_CONFIG, 1, KEY_SETTING_NAME_MAX, key_on_app_config },
};
enum { N_NET_OPS = sizeof(net_ops) / sizeof(net_ops[0]), N_APP_OPS = sizeof(app_ops) / sizeof(app_ops[0]) };

void key_look(struct keyproc *k)
{
	/* A full queue means that a look is waiting there already. */
	(void)!hf_ipc_notify(k->look, MSG_LOOK, (hf_bytes){ NULL, 0 });
}

static void on_timer(void *ctx)
{
	key_identity_tick(ctx);
}

static hf_err open_files(struct keyproc *k, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	hf_err err;

	k->provision_file = HF_BUF(HF_PROVISION_CEILING);
	HF_TRY(hf_path_join(path, sizeof(path), k->agent->dir, "provision.hfp"));
	HF_TRY(hf_file_read(path, &k->provision_file, why));
	err = hf_provision_read(hf_buf_bytes(&k->provision_file), &k->provision);
	if (err != HF_OK)
		return hf_why_add(why, err, "%s", path);
	HF_TRY(hf_path_join(path, sizeof(path), k->agent->dir, "records"));
	err = hf_linux_open(&k->port, path);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s: %s", path, hf_err_text(err));
	k->port.build_s = AGENT_BUILD_S;
	k->port.clock = (enum hf_linux_clock)k->agent->conf.clock;
	return HF_OK;
}

static hf_err open_loop(struct keyproc *k)
{
	HF_TRY(hf_loop_new(&k->loop));
	HF_TRY(hf_timer_init(&k->timer, k->loop, on_timer, k));
	HF_TRY(hf_ipc_new(KEY_FD_LOOK, &k->look));
	HF_TRY(hf_ipc_new(KEY_FD_DELIVER, &k->deliver));
	return hf_ipc_new(KEY_FD_DO, &k->todo);
}

/* A simulated TPM is reached by a socket that may have to be opened again. */
static unsigned powers(const struct keyproc *k)
{
	if (k->tpm == NULL)
		return HF_SANDBOX_AGENT_KEY;
	return strstr(k->agent->conf.key, "swtpm") != NULL ? HF_SANDBOX_AGENT_KEY_SWTPM
							   : HF_SANDBOX_AGENT_KEY_TPM;
}

static hf_err enter_sandbox(const struct keyproc *k, struct hf_why *why)
{
	char records[AGENT_PATH_CAP];
	const struct hf_sandbox_path paths[] = { { records, true } };
	const struct hf_sandbox s = {
		.powers = powers(k),
		.user = k->agent->conf.user[0] != '\0' ? k->agent->conf.user : NULL,
		.paths = paths,
		.n_paths = 1,
		.max_fds = 64,
	};

	HF_TRY(hf_path_join(records, sizeof(records), k->agent->dir, "records"));
	return hf_sandbox_enter(&s, why);
}

static void on_closed(void *ctx)
{
	(void)ctx; /* the supervisor keeps the other end; it closes only when everything ends */
}

static hf_err serve(struct keyproc *k, struct hf_why *why)
{
	const struct hf_ipc_table net = { net_ops, N_NET_OPS, k }, app = { app_ops, N_APP_OPS, k };

	HF_TRY(open_loop(k));
	HF_TRY(open_files(k, why));
	HF_TRY(key_backend_open(k, why));
	HF_TRY(enter_sandbox(k, why));
	HF_TRY(key_identity_open(k, why));
	HF_TRY(key_cmd_open(k, why));
	HF_TRY(key_up_open(k));
	HF_TRY(hf_ipc_serve_start(&k->from_net, k->loop, KEY_FD_NET, &net, on_closed));
	HF_TRY(hf_ipc_serve_start(&k->from_app, k->loop, KEY_FD_APP, &app, on_closed));
	key_identity_tick(k);
	key_look(k);
	return hf_loop_run(k->loop);
}

int agent_keyproc(const struct agent *a)
{
	static struct keyproc k; /* large; wiped by the end of the process, never swapped into a core file */
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	k.agent = a;
	k.port = HF_LINUX_PORT_NONE;
	err = serve(&k, &why);
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "key", "start", err, &why);
	hf_wipe(&k, sizeof(k));
	return 1;
}

/* log_witness.c -- the two processes of `holdfast log witness`: DIR holds witness.key, log.pub,
 * listen and the state.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/lognote.h>
#include <hf/logwitness.h>
#include <hf/sandbox.h>
#include <hf/openssh.h>
#include "log.h"

const struct cli_opt cli_log_witness_opts[] = {
	{ "log-key", "KEY", "first start: public key of the log it watches, a file or hexadecimal" },
	{ "listen", "ADDR:PORT", "first start: loopback address and port (default 127.0.0.1:7391)" },
	{ "role", "ROLE", "which of the two processes this is; given by the program to itself" },
	{ 0 },
};

static bool path_in(char out[static HF_LOG_PATH_MAX], const char *dir, const char *name)
{
	return hf_path_join(out, HF_LOG_PATH_MAX, dir, name) == HF_OK ||
	       cli_fail("%s: path is too long", dir) == CLI_DONE;
}

static int refuse(hf_err err, const struct hf_why *why)
{
	hf_log_why(HF_LOG_ERR, "witness", "not started", err, why);
	return CLI_FAILED;
}

static int run_key(const char *dir, int fd)
{
	struct hf_logwitness w = { .last = { 0 } };
	const struct hf_sandbox_path path = { dir, true };
	const struct hf_sandbox box = { .powers = HF_SANDBOX_WITNESS_KEY, .paths = &path, .n_paths = 1 };
	char key[HF_LOG_PATH_MAX], log[HF_LOG_PATH_MAX];
	struct hf_why why = { 0 };
	hf_err err;

	if (!path_in(key, dir, "witness.key") || !path_in(log, dir, "log.pub") ||
	    !path_in(w.path, dir, "state") || !log_key_read(log, w.log))
		return CLI_FAILED;
	err = hf_openssh_load(key, &w.seed, w.pub, &why);
	if (err == HF_OK)
		err = hf_logwitness_open(&w, &why);
	if (err == HF_OK)
		err = hf_sandbox_enter(&box, &why);
	if (err == HF_OK)
		err = hf_logwitness_serve(&w, fd);
	hf_key_wipe(&w.seed);
	return err == HF_ERR_IPC_CLOSED ? CLI_DONE : refuse(err, &why);
}

static hf_err open_front(const char *dir, int fd, struct hf_witness_front *f, struct hf_http **http,
			 struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(100);
	char path[HF_LOG_PATH_MAX], host[HF_DEPLOY_HOST_MAX];
	struct hf_http_conf conf = { .addr = host,
				     .plain = true,
				     .workers = 1,
				     .body_max = HF_NOTE_REQUEST_MAX,
				     .routes = hf_witness_routes,
				     .n_routes = 1,
				     .ctx = f };
	const struct hf_sandbox box = { .powers = HF_SANDBOX_WITNESS_FRONT };
	struct hf_ipc *ipc = NULL;

	HF_TRY(hf_path_join(path, sizeof(path), dir, "listen"));
	HF_TRY(hf_file_read(path, &text, why));
	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.ptr[text.len - 1] = '\0';
	if (!hf_deploy_split_listen(hf_buf_text(&text), host, &conf.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s", path);
	HF_TRY(hf_http_new(&conf, http, why));
	HF_TRY(hf_ipc_new(fd, &ipc));
	HF_TRY(hf_witness_front_open(f, ipc));
	HF_TRY(hf_sandbox_enter(&box, why));
	return hf_http_start(*http, why);
}

static int run_front(const char *dir, int fd)
{
	struct hf_witness_front f = { .ipc = NULL };
	struct hf_http *http = NULL;
	struct hf_why why = { 0 };
	hf_err err = open_front(dir, fd, &f, &http, &why);
	int rc;

	if (err == HF_OK)
		hf_log(HF_LOG_INFO, "witness", "up", "port=%u", hf_http_port(http));
	rc = err == HF_OK ? log_wait() : refuse(err, &why);
	hf_http_free(http);
	hf_ipc_free(f.ipc);
	return rc;
}

static hf_err make(const char *dir, const char *listen_at, const uint8_t *log, struct hf_why *why)
{
	struct hf_buf secret HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_OPENSSH_MAX);
	struct hf_key seed HF_AUTO(hf_key_wipe) = { .len = 0 };
	uint8_t pub[HF_ED25519_PUB_LEN];
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_dir_create(dir, 0700, why));
	HF_TRY(hf_crypto_ed25519_generate(&seed, pub));
	HF_TRY(hf_openssh_write_private(&seed, &secret));
	HF_TRY(hf_path_join(path, sizeof(path), dir, "log.pub"));
	HF_TRY(hf_openssh_write_public(log, "log", &text));
	HF_TRY(hf_file_create(path, hf_buf_bytes(&text), 0644, why));
	hf_buf_reset(&text);
	HF_TRY(hf_path_join(path, sizeof(path), dir, "witness.pub"));
	HF_TRY(hf_openssh_write_public(pub, "witness", &text));
	HF_TRY(hf_file_create(path, hf_buf_bytes(&text), 0644, why));
	hf_buf_reset(&text);
	HF_TRY(hf_path_join(path, sizeof(path), dir, "listen"));
	HF_TRY(hf_buf_printf(&text, "%s\n", listen_at));
	HF_TRY(hf_file_create(path, hf_buf_bytes(&text), 0644, why));
	HF_TRY(hf_path_join(path, sizeof(path), dir, "witness.key"));
	return hf_file_create(path, hf_buf_bytes(&secret), 0600, why);
}

int cli_log_witness(const struct cli_args *args)
{
	static const char *const verb[] = { "log", "witness", NULL };
	static const struct log_role roles[2] = { { "key", run_key }, { "front", run_front } };
	const char *dir = args->args[0], *key = cli_option(args, "log-key"), *at = cli_option(args, "listen");
	char path[HF_LOG_PATH_MAX], host[HF_DEPLOY_HOST_MAX];
	uint8_t log[HF_ED25519_PUB_LEN];
	uint16_t port;
	struct hf_why why = { 0 };

	if (!path_in(path, dir, "witness.key"))
		return CLI_USAGE;
	if (at != NULL && !hf_deploy_split_listen(at, host, &port))
		return cli_usage("log witness: --listen %s: not ADDRESS:PORT", at);
	if (key == NULL && !hf_file_exists(path))
		return cli_usage("log witness: the first start needs --log-key");
	if (key == NULL || hf_file_exists(path))
		return log_run(args, verb, dir, roles, NULL);
	if (!log_key_read(key, log))
		return CLI_FAILED;
	if (make(dir, at != NULL ? at : "127.0.0.1:7391", log, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why));
	cli_say(args, "holdfast: witness made in %s; its key is %s/witness.pub; start it without --log-key",
		dir, dir);
	return CLI_DONE;
}

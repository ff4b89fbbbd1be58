/* common.c -- what the roles share: files of the deployment, the store, the sandbox, the loop.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <hf/ca.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/pki.h>
#include <hf/sandbox.h>
#include "server.h"

enum { PEM_CEILING = 8192 };

hf_err server_open(struct server *s, const char *dir, struct hf_why *why)
{
	char *whole HF_AUTO(hf_auto_free) = NULL;

	HF_TRY(hf_deploy_read(dir, &s->deploy, why));
	whole = realpath(dir, NULL);
	if (whole == NULL || strlen(whole) >= sizeof(s->dir))
		return hf_why_errno(why, HF_ERR_DEPLOY_VALUE, "%s", dir);
	snprintf(s->dir, sizeof(s->dir), "%s", whole);
	HF_TRY(hf_deploy_path(s->store, s->dir, "store/holdfast.db", why));
	HF_TRY(hf_deploy_path(s->mqtt_socket, s->dir, "run/mqtt.sock", why));
	HF_TRY(hf_deploy_path(s->plugin_socket, s->dir, "run/plugin.sock", why));
	if (strlen(s->plugin_socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE,
				  "%s is too long for a Unix socket; use a shorter DIR", s->plugin_socket);
	return server_judge(s, why);
}

int server_fail(const char *act, hf_err err, const struct hf_why *why)
{
	hf_log_why(HF_LOG_ERR, "start", act, err, why);
	return 1;
}

hf_err server_cert(const struct server *s, const char *name, struct hf_out *der, struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(PEM_CEILING);
	char path[HF_DEPLOY_PATH_MAX];
	hf_err err;

	HF_TRY(hf_deploy_path(path, s->dir, name, why));
	HF_TRY(hf_file_read(path, &pem, why));
	err = hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), der);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

hf_err server_read_op_cas(const struct server *s, struct server_op_cas *out, struct hf_why *why)
{
	unsigned last = hf_deploy_op_generation(s->dir);
	char name[HF_DEPLOY_OP_NAME_CAP];

	out->n = 0;
	HF_TRY(hf_ca_op_check(s->dir, why));
	for (unsigned n = last; n > 0 && n + HF_DEPLOY_OP_LIVE > last; n--) {
		struct hf_out der = HF_OUT(out->mem[out->n]);

		hf_deploy_op_name(name, n, ".crt");
		HF_TRY(server_cert(s, name, &der, why));
		out->list[out->n++] = hf_out_bytes(&der);
	}
	return HF_OK;
}

static int is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".conf") == 0;
}

static hf_err visit(const struct server *s, const char *name, server_line_fn each, void *ctx,
		    struct hf_why *why)
{
	char relative[300], path[HF_DEPLOY_PATH_MAX];
	struct hf_deploy_line line;

	snprintf(relative, sizeof(relative), "products/%.255s", name);
	HF_TRY(hf_deploy_path(path, s->dir, relative, why));
	HF_TRY(hf_deploy_line_read(path, &line, why));
	if (strncmp(name, line.line, strlen(line.line)) != 0 ||
	    strcmp(name + strlen(line.line), ".conf") != 0)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s: line = %s: must be the name of the file",
				  path, line.line);
	return each(ctx, &line, why);
}

hf_err server_lines(const struct server *s, server_line_fn each, void *ctx, struct hf_why *why)
{
	struct dirent **entries = NULL;
	char path[HF_DEPLOY_PATH_MAX];
	hf_err err = hf_deploy_path(path, s->dir, "products", why);
	int n = err == HF_OK ? scandir(path, &entries, is_conf, alphasort) : 0;

	if (n < 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
	for (int i = 0; i < n; i++) {
		if (err == HF_OK)
			err = visit(s, entries[i]->d_name, each, ctx, why);
		free(entries[i]);
	}
	free(entries);
	return err;
}

bool server_has_ca(const struct server *s, const char *line)
{
	char name[96], path[HF_DEPLOY_PATH_MAX];

	snprintf(name, sizeof(name), "ca/deviceid-%s.crt", line);
	return hf_deploy_path(path, s->dir, name, NULL) == HF_OK && hf_file_exists(path);
}

static void nudge(void *ctx)
{
	const int *fd = ctx;

	/* A full queue means that a nudge is on its way already. */
	if (*fd >= 0 && send(*fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

hf_err server_store(const struct server *s, int *nudge_fd, struct hf_store **store, struct hf_why *why)
{
	const struct hf_store_conf conf = { .path = s->store,
					    .after_commit = nudge_fd == NULL ? NULL : nudge,
					    .after_ctx = nudge_fd };

	return hf_store_open(&conf, store, why);
}

hf_err server_sandbox(const struct server *s, unsigned powers, bool writes_run, struct hf_why *why)
{
	char store[HF_DEPLOY_PATH_MAX], run[HF_DEPLOY_PATH_MAX];
	const struct hf_sandbox_path paths[] = {
		{ store, true },
		{ run, writes_run },
		{ s->dir, false },
		{ "/etc", false },
		{ "/dev/urandom", false },
		{ "/usr/share/zoneinfo", false },
		{ s->deploy.token_dir, true }, /* last: for the keys' process only, and only when set */
	};
	bool tokens = powers == HF_SANDBOX_SERVER_CA && s->deploy.token_dir[0] != '\0';
	const struct hf_sandbox sandbox = { .powers = powers,
					    .user = s->deploy.user[0] != '\0' ? s->deploy.user : NULL,
					    .paths = paths,
					    .n_paths = sizeof(paths) / sizeof(paths[0]) - (tokens ? 0 : 1) };

	HF_TRY(hf_deploy_path(store, s->dir, "store", why));
	HF_TRY(hf_deploy_path(run, s->dir, "run", why));
	return hf_sandbox_enter(&sandbox, why);
}

static void stop(void *ctx, int signo)
{
	(void)signo;
	hf_loop_stop(ctx);
}

hf_err server_loop(struct hf_loop *loop)
{
	struct hf_sig term = { 0 }, interrupt = { 0 };
	hf_err err = hf_sig_open(&term, loop, SIGTERM, stop, loop);

	if (err == HF_OK)
		err = hf_sig_open(&interrupt, loop, SIGINT, stop, loop);
	if (err == HF_OK)
		err = hf_loop_run(loop);
	hf_sig_close(&term);
	hf_sig_close(&interrupt);
	return err;
}

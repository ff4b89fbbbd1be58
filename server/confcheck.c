/* confcheck.c -- what a value of holdfast.conf names must be there, before any process is started.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/keyuri.h>
#include "server.h"

static hf_err refuse(struct hf_why *why, const char *key, const char *value, const char *words)
{
	return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s = %s: %s", key, value, words);
}

static hf_err judge_key(const struct server *s, const char *key, const char *uri, struct hf_why *why)
{
	char full[HF_DEPLOY_PATH_MAX];
	struct hf_keyuri_why words = { "" };

	HF_TRY(hf_deploy_uri(full, s->dir, uri, why));
	if (hf_keyuri_check(full, &words) == HF_OK)
		return HF_OK;
	return refuse(why, key, uri, words.text);
}

static hf_err judge_program(const char *key, const char *path, int mode, struct hf_why *why)
{
	if (path[0] == '\0' || access(path, mode) == 0)
		return HF_OK;
	return refuse(why, key, path, "cannot be used: no such file, or not allowed");
}

static hf_err judge_line_key(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	hf_err err = line->ca_key[0] == '\0' ? HF_OK : judge_key(ctx, "ca-key", line->ca_key, why);

	return err == HF_OK ? HF_OK : hf_why_add(why, err, "products/%s.conf", line->line);
}

struct wanted {
	const char *line;
	bool found;
};

static hf_err look(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	struct wanted *wanted = ctx;

	(void)why;
	wanted->found = wanted->found || strcmp(line->line, wanted->line) == 0;
	return HF_OK;
}

static hf_err judge_line(const struct server *s, const char *key, const char *line, struct hf_why *why)
{
	struct wanted wanted = { line, false };

	if (line[0] == '\0')
		return HF_OK;
	HF_TRY(server_lines(s, look, &wanted, why));
	return wanted.found ? HF_OK : refuse(why, key, line, "no such product line");
}

static hf_err judge_all(const struct server *s, struct hf_why *why)
{
	const struct hf_deploy *d = &s->deploy;

	HF_TRY(judge_key(s, "root-key", d->root_key, why));
	HF_TRY(judge_key(s, "server-ca-key", d->server_ca_key, why));
	HF_TRY(judge_key(s, "op-ca-key", d->op_ca_key, why));
	HF_TRY(judge_key(s, "station-ca-key", d->station_ca_key, why));
	HF_TRY(judge_line(s, "default-line", d->default_line, why));
	HF_TRY(judge_line(s, "compat-line", d->compat_line, why));
	HF_TRY(judge_program("mosquitto", d->mosquitto, X_OK, why));
	HF_TRY(judge_program("plugin", d->plugin, R_OK, why));
	if (d->user[0] != '\0' && getpwnam(d->user) == NULL)
		return refuse(why, "user", d->user, "no such user");
	return HF_OK;
}

hf_err server_judge(const struct server *s, struct hf_why *why)
{
	hf_err err;

	HF_TRY(server_lines(s, judge_line_key, (void *)(uintptr_t)s, why));
	err = judge_all(s, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s/holdfast.conf", s->dir);
}

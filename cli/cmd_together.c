/* cmd_together.c -- commands that several people sign: new, sign, send.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include "command.h"
#include "hfd.h"
#include "print.h"

enum { WAIT_MAX_S = 86400 };

const struct cli_opt command_new_opts[] = {
	{ "out", "FILE", "write it there (required)" }, LIFE, CLASS, FORCE, WHO, { 0 }
};
const struct cli_opt command_sign_opts[] = {
	{ "code", "CODE", "the 8 characters that show you have read it (default: ask)" }, WHO, { 0 }
};
const struct cli_opt command_send_opts[] = { WAIT, WHO, { 0 } };

static void report_new(const struct cli_args *args, const char *out, hf_bytes inner)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &text };
	struct hf_command c;
	char code[9];

	cli_say(args,
		"Signed by you. Next: holdfast command sign %s (by another operator), then command send.",
		out);
	if (!args->json || hf_command_read(inner, &c) != HF_OK || hf_command_code(c.payload, code) != HF_OK)
		return;
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "file", out);
	hf_json_put_text(&j, "code", code);
	hf_json_close(&j);
	if (hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

static bool begin(struct session *s, const struct command_order *o, const char *out, struct mission *m)
{
	if (!session_open_key(s) || !command_is_safe(s, o) || !mission_begin(s, o->dev, m))
		return false;
	return mission_deadline(m, o->cls, o->life_s, COMMAND_WAIT_S) &&
	       mission_sign(m, o->op, o->cls, hf_out_bytes(&o->args), o->life_s, false) &&
	       hfd_keep_reply(m) && hfd_write(out, o->dev, hf_out_bytes(&m->inner), true);
}

int command_new(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	static struct mission m;
	struct session s;
	struct command_order o;
	bool ok;

	if (!command_read_order(args, &o))
		return CLI_USAGE;
	if (out == NULL)
		return cli_usage("command new: --out FILE is needed");
	if (hf_file_exists(out))
		return cli_fail("%s exists already; nothing was changed", out);
	if (!session_open(args, &s))
		return session_refused(args);
	ok = begin(&s, &o, out, &m);
	if (ok)
		report_new(args, out, hf_out_bytes(&m.inner));
	mission_end(&m);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- sign ---------------------------------------------------------------------------------------- */

static bool was_read(const struct cli_args *args, const struct hf_command *c)
{
	char code[9];

	if (hf_command_code(c->payload, code) != HF_OK)
		return false;
	hfd_show(c, stderr);
	return cli_typed(args, code, "command");
}

static bool has_signed(const struct session *s, const struct hf_command *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (hf_bytes_equal(c->kid[i], HF_ARR(s->kid)))
			return true;
	return false;
}

static bool cosign(struct session *s, const char *path, const struct hfd *h)
{
	uint8_t mem[MISSION_INNER_MAX];
	struct hf_out out = HF_OUT(mem);
	hf_err err;

	if (!session_open_key(s))
		return false;
	if (hf_policy_find(&s->policy, HF_ARR(s->kid)) < 0)
		return cli_fail("your key is not in the trust policy") == CLI_DONE;
	if (has_signed(s, &h->c))
		return cli_fail("you have signed it already; another operator must") == CLI_DONE;
	err = hf_command_cosign(h->c.inner, &s->key.key, &out);
	if (err != HF_OK)
		return cli_fail("sign: %s", hf_err_text(err)) == CLI_DONE;
	return hfd_write(path, h->dev, hf_out_bytes(&out), false);
}

int command_sign(const struct cli_args *args)
{
	struct hfd h HF_AUTO(hfd_drop) = { 0 };
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return session_refused(args);
	ok = hfd_read(args->args[0], &h) && was_read(args, &h.c) && cosign(&s, args->args[0], &h);
	if (ok)
		cli_say(args, "Signed by you; it has %zu signatures now.", h.c.n + 1);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- send ---------------------------------------------------------------------------------------- */

static bool is_complete(const struct session *s, const struct hfd *h)
{
	struct hf_command c;
	hf_key_set signers = 0;
	hf_err err = hf_command_verify(h->c.inner, &s->policy, session_text(h->dev), &c, &signers);

	if (err != HF_OK)
		return cli_fail("its signatures: %s", hf_err_text(err)) == CLI_DONE;
	if (c.claims.exp <= (uint64_t)time(NULL))
		return cli_fail(
			       "it was valid until a moment that has passed; begin again with command new") ==
		       CLI_DONE;
	if (hf_verdict_is_yes(hf_command_quorum_met(&s->policy, c.claims.cls, signers, (uint64_t)time(NULL))))
		return true;
	return cli_fail("too few of the right people signed: class %s, %zu signature%s",
			mission_class_word(c.claims.cls), c.n, c.n == 1 ? "" : "s") == CLI_DONE;
}

static bool load_mission(struct session *s, const struct hfd *h, struct mission *m)
{
	*m = (struct mission){ .s = s, .cls = h->c.claims.cls };
	m->inner = HF_OUT(m->inner_mem);
	memcpy(m->cti, h->c.claims.cti, sizeof(m->cti));
	hfd_take_reply(m);
	return hf_out_put(&m->inner, h->c.inner) == HF_OK && trust_update(s, h->dev, &m->t) &&
	       ledger_load(s, h->dev, &m->book);
}

static int send_file(struct session *s, const struct hfd *h, long wait_s, unsigned *status)
{
	static struct mission_outcome out;
	static struct mission m;
	char path[SESSION_PATH_MAX];
	int rc = CLI_FAILED;

	if (is_complete(s, h) && load_mission(s, h, &m) && mission_send(&m) &&
	    mission_wait(&m, wait_s, &out)) {
		rc = mission_report(&m, &out, wait_s);
		if (out.found)
			*status = out.r.status;
		if (out.found && out.r.status != HF_STATUS_ACCEPTED && hfd_reply_path(s, m.cti, path))
			(void)unlink(path);
	}
	mission_end(&m);
	return rc;
}

int command_send(const struct cli_args *args)
{
	struct hfd h HF_AUTO(hfd_drop) = { 0 };
	struct session s;
	unsigned status = 0;
	int rc = CLI_FAILED;
	long wait_s;

	if (!cli_number(args, "wait", 0, WAIT_MAX_S, COMMAND_WAIT_S, &wait_s))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	if (hfd_read(args->args[0], &h))
		rc = send_file(&s, &h, wait_s, &status);
	session_close(&s);
	return rc;
}

bool command_release(const struct cli_args *args, const char *file)
{
	struct hfd h HF_AUTO(hfd_drop) = { 0 };
	struct session s;
	unsigned status = HF_STATUS_UNKNOWN; /* until the device has said more */

	if (!session_open(args, &s))
		return session_refused(args) == CLI_DONE;
	if (hfd_read(file, &h) &&
	    (strcmp(h.dev, args->args[0]) != 0 || !hf_bytes_equal(h.c.claims.op, HF_STR("release"))))
		(void)cli_fail("%s is not the command 'release' to %s", file, args->args[0]);
	else if (h.dev[0] != '\0')
		(void)send_file(&s, &h, COMMAND_WAIT_S, &status);
	session_close(&s);
	return status == HF_STATUS_ACCEPTED || status == HF_STATUS_DONE;
}

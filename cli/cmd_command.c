/* cmd_command.c -- commands: one person at once, or several one after the other.
 * A file between people (.hfd) is deterministic CBOR: ["hfd1", dev, bstr inner]; it holds no secret.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <holdfast/cbor.h>
#include "mission.h"
#include "print.h"
#include "verbs.h"

enum { LIFE_S = 600, WAIT_S = 30, WAIT_MAX_S = 86400, HFD_CEILING = MISSION_INNER_MAX + 64, DAY_S = 86400 };

#define WHO \
	{ \
		"passphrase-file", "FILE", "of your key; mode 0600 (default: operator.conf's, else ask)" \
	}
#define LIFE \
	{ \
		"life", "SECONDS", "how long it may be executed (default 600)" \
	}
#define CLASS \
	{ \
		"class", "CLASS", "read, act, danger or erase: for operations of an application" \
	}
#define WAIT \
	{ \
		"wait", "SECONDS", "for the receipt (default 30)" \
	}
#define FORCE \
	{ \
		"force", NULL, "also danger to a quarantined device" \
	}

static const struct cli_opt run_opts[] = { LIFE, CLASS, WAIT, FORCE, WHO, { 0 } };
static const struct cli_opt new_opts[] = {
	{ "out", "FILE", "write it there (required)" }, LIFE, CLASS, FORCE, WHO, { 0 }
};
static const struct cli_opt sign_opts[] = {
	{ "code", "CODE", "the 8 characters that show you have read it (default: ask)" }, WHO, { 0 }
};
static const struct cli_opt send_opts[] = { WAIT, WHO, { 0 } };
static const struct cli_opt cancel_opts[] = { WAIT, WHO, { 0 } };
static const struct cli_opt list_opts[] = { WHO, { 0 } };

static int cmd_run(const struct cli_args *args);
static int cmd_new(const struct cli_args *args);
static int cmd_sign(const struct cli_args *args);
static int cmd_send(const struct cli_args *args);
static int cmd_cancel(const struct cli_args *args);
static int cmd_list(const struct cli_args *args);
static int cmd_ops(const struct cli_args *args);

const struct cli_verb cli_command_verbs[] = {
	{ .name = "run",
	  .run = cmd_run,
	  .args = "DEV OPERATION [NAME=VALUE ...]",
	  .min_args = 2,
	  .max_args = CLI_MAX_ARGS,
	  .opts = run_opts,
	  .summary = "sign alone, send, wait for the receipt",
	  .text = "For operations that one person may order. Exit status 0: the device says it was done, and "
		  "its\n"
		  "receipt was verified. No receipt does not mean that it was not executed." },
	{ .name = "new",
	  .run = cmd_new,
	  .args = "DEV OPERATION [NAME=VALUE ...]",
	  .min_args = 2,
	  .max_args = CLI_MAX_ARGS,
	  .opts = new_opts,
	  .summary = "sign as the first of several, into a file" },
	{ .name = "sign",
	  .run = cmd_sign,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = sign_opts,
	  .summary = "read what a file orders, and sign it too" },
	{ .name = "send",
	  .run = cmd_send,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = send_opts,
	  .summary = "seal a signed file to its device and send it" },
	{ .name = "cancel",
	  .run = cmd_cancel,
	  .args = "DEV [ID]",
	  .min_args = 1,
	  .max_args = 2,
	  .opts = cancel_opts,
	  .summary = "withdraw what is queued, and burn the number of what is on its way",
	  .text = "Withdraws ID from the server when it is given; then sends a 'nop' with a higher number, "
		  "after which\n"
		  "the device refuses every earlier command of yours that it has not yet started." },
	{ .name = "list",
	  .run = cmd_list,
	  .args = "DEV",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = list_opts,
	  .summary = "list the commands of a device and how far they are" },
	{ .name = "ops", .run = cmd_ops, .args = "", .summary = "list the operations every agent knows" },
	{ 0 },
};

/* What run and new are asked for. */
struct order {
	const char *dev, *op;
	unsigned cls;
	long life_s, wait_s;
	uint8_t args_mem[MISSION_ARGS_MAX];
	struct hf_out args;
};

static bool read_class(const struct cli_args *args, const struct mission_op *op, struct order *o)
{
	const char *word = cli_option(args, "class");

	o->cls = op != NULL ? op->cls : word != NULL ? mission_class(word) : 0;
	if (o->cls != 0 && (op == NULL || word == NULL || mission_class(word) == op->cls))
		return true;
	if (op != NULL)
		(void)cli_usage("%s is of class %s", op->name, mission_class_word(op->cls));
	else if (word != NULL)
		(void)cli_usage("--class: read, act, danger or erase, not '%s'", word);
	else
		(void)cli_usage("%s is no operation of the agent ('holdfast command ops'); for one of an "
				"application give "
				"--class",
				o->op);
	return false;
}

static bool read_order(const struct cli_args *args, struct order *o)
{
	const struct mission_op *op;

	*o = (struct order){ .dev = args->args[0], .op = args->args[1] };
	o->args = HF_OUT(o->args_mem);
	op = mission_find_op(o->op);
	if (strlen(o->op) > HF_COMMAND_MAX_OP_LEN || o->op[0] == '\0') {
		(void)cli_usage("an operation has 1 to %d characters", HF_COMMAND_MAX_OP_LEN);
		return false;
	}
	return session_is_dev(o->dev) && read_class(args, op, o) &&
	       cli_number(args, "life", 1, o->cls == HF_COMMAND_ERASE ? 400L * DAY_S : DAY_S, LIFE_S,
			  &o->life_s) &&
	       cli_number(args, "wait", 0, WAIT_MAX_S, WAIT_S, &o->wait_s) &&
	       mission_args(op, args->args + 2, args->n_args - 2, &o->args);
}

/* Danger to a device that is under suspicion wants a second thought. */
static bool is_safe(struct session *s, const struct order *o)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	char path[64];

	if (o->cls < HF_COMMAND_DANGER || cli_flag(s->args, "force"))
		return true;
	snprintf(path, sizeof(path), "/v1/devices/%s", o->dev);
	if (!session_get(s, path, &j))
		return false;
	if (strcmp(hf_json_text(hf_json_get(j, "state"), ""), "quarantined") != 0)
		return true;
	return cli_fail("%s is quarantined; --force orders it all the same", o->dev) == CLI_DONE;
}

static bool may_alone(const struct session *s, const struct order *o)
{
	if (mission_alone(s, o->cls))
		return true;
	return cli_fail("%s is of class %s, which the policy does not let you order alone; use 'holdfast "
			"command new'",
			o->op, mission_class_word(o->cls)) == CLI_DONE;
}

static bool sign_and_send(struct mission *m, const struct order *o, struct mission_outcome *out)
{
	if (!mission_sign(m, o->op, o->cls, hf_out_bytes(&o->args), o->life_s, true) || !mission_send(m))
		return false;
	return mission_wait(m, o->wait_s, out);
}

/* The device had seen a higher number of mine (another workstation): once more, except danger. */
static bool should_repeat(struct mission *m, const struct order *o, const struct mission_outcome *out)
{
	if (!out->found || out->r.status != HF_STATUS_REFUSED || o->cls >= HF_COMMAND_DANGER)
		return false;
	if (out->r.reason != HF_REASON_REPLAY && out->r.reason != HF_REASON_EPOCH)
		return false;
	memcpy(m->rep, out->r.rep, sizeof(m->rep));
	m->high = out->r.high;
	return true;
}

static int cmd_run(const struct cli_args *args)
{
	static struct mission_outcome out;
	static struct mission m;
	struct session s;
	struct order o;
	int rc = CLI_FAILED;

	if (!read_order(args, &o))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	if (session_open_key(&s) && may_alone(&s, &o) && is_safe(&s, &o) && mission_begin(&s, o.dev, &m) &&
	    mission_deadline(&m, o.cls, o.life_s, o.wait_s) && sign_and_send(&m, &o, &out)) {
		bool again = should_repeat(&m, &o, &out);

		if (!again || sign_and_send(&m, &o, &out))
			rc = mission_report(&m, &out, o.wait_s);
	}
	mission_end(&m);
	session_close(&s);
	return rc;
}

/* ---- files between people ------------------------------------------------------------------------ */

static bool write_hfd(const char *path, const char *dev, hf_bytes inner, bool fresh)
{
	uint8_t mem[HFD_CEILING];
	struct hf_out out = HF_OUT(mem);
	struct hf_why why = { 0 };
	struct hf_cborw w;
	hf_err err;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_text(&w, HF_STR("hfd1"));
	hf_cbor_put_text(&w, session_text(dev));
	hf_cbor_put_bytes(&w, inner);
	err = hf_cbor_finish(&w);
	if (err == HF_OK)
		err = fresh ? hf_file_create(path, hf_out_bytes(&out), 0644, &why)
			    : hf_file_replace(path, hf_out_bytes(&out), 0644, &why);
	return err == HF_OK ||
	       cli_fail("%s", why.text[0] != '\0' ? hf_why_text(&why) : hf_err_text(err)) == CLI_DONE;
}

struct hfd {
	struct hf_buf file;
	char dev[HF_DEV_LEN + 1];
	struct hf_command c;
};

static void hfd_drop(struct hfd *h)
{
	hf_buf_free(&h->file);
}

static bool read_hfd(const char *path, struct hfd *h)
{
	struct hf_why why = { 0 };
	struct hf_cborr r;
	hf_bytes dev, inner;

	h->file = HF_BUF(HFD_CEILING);
	if (hf_file_read(path, &h->file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	hf_cbor_reader(&r, hf_buf_bytes(&h->file));
	hf_cbor_expect_array(&r, 3);
	hf_cbor_expect_text(&r, HF_STR("hfd1"));
	hf_cbor_read_text(&r, &dev);
	hf_cbor_read_bytes(&r, &inner);
	if (hf_cbor_done(&r) != HF_OK || dev.len != HF_DEV_LEN || hf_command_read(inner, &h->c) != HF_OK ||
	    !hf_bytes_equal(dev, h->c.claims.aud))
		return cli_fail("%s: no command file", path) == CLI_DONE;
	memcpy(h->dev, dev.ptr, HF_DEV_LEN);
	h->dev[HF_DEV_LEN] = '\0';
	return true;
}

/* Everything shown comes from the signed claims, nothing from the file around them. */
static void show_claims(const struct hf_command *c, FILE *to)
{
	struct hf_buf args HF_AUTO(hf_buf_free) = HF_BUF(16384);
	char when[32];

	fprintf(to, "device      %.*s\noperation   %.*s\n", (int)c->claims.aud.len,
		(const char *)c->claims.aud.ptr, (int)c->claims.op.len, (const char *)c->claims.op.ptr);
	fprintf(to, "arguments   %s\n",
		print_cbor(c->claims.args, &args) == HF_OK ? hf_buf_text(&args) : "?");
	fprintf(to, "class       %s\nuntil       %s UTC\nsignatures  %zu\n",
		mission_class_word(c->claims.cls), session_time((int64_t)c->claims.exp, when), c->n);
}

/* The reply key of a command whose receipt is fetched by another run of this program. */
static bool reply_path(const struct session *s, const uint8_t *cti, char path[static SESSION_PATH_MAX])
{
	char name[64] = "commands/";

	for (size_t i = 0; i < HF_COMMAND_CTI_LEN; i++)
		snprintf(name + 9 + 2 * i, 3, "%02x", cti[i]);
	return session_path(s, name, path);
}

static bool keep_reply(const struct mission *m)
{
	char folder[SESSION_PATH_MAX], path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(m->s, "commands", folder) || !reply_path(m->s, m->cti, path))
		return false;
	if (hf_dir_create(folder, 0700, &why) == HF_OK &&
	    hf_file_create(path, (hf_bytes){ m->reply.b, m->reply.len }, 0600, &why) == HF_OK)
		return true;
	return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

/* Absent for everybody but the one who began the command: then the result stays sealed. */
static void take_reply(struct mission *m)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_KEY_CAP);
	char path[SESSION_PATH_MAX];

	if (!reply_path(m->s, m->cti, path) || hf_file_read_secret(path, &file, NULL) != HF_OK ||
	    file.len != 32)
		return;
	memcpy(m->reply.b, file.ptr, 32);
	m->reply.len = 32;
}

/* The code lets a co-signer compare what was agreed on with what the file says. */
static void report_new(const struct cli_args *args, const char *out, hf_bytes inner)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &text };
	struct hf_command c;
	char code[9];

	cli_say(args, "Signed by you. Next: holdfast command sign %s (by another operator), then command send.",
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

static int cmd_new(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	static struct mission m;
	struct session s;
	struct order o;
	bool ok;

	if (!read_order(args, &o))
		return CLI_USAGE;
	if (out == NULL)
		return cli_usage("command new: --out FILE is needed");
	if (hf_file_exists(out))
		return cli_fail("%s exists already; nothing was changed", out);
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	ok = session_open_key(&s) && is_safe(&s, &o) && mission_begin(&s, o.dev, &m) &&
	     mission_deadline(&m, o.cls, o.life_s, WAIT_S) &&
	     mission_sign(&m, o.op, o.cls, hf_out_bytes(&o.args), o.life_s, false) && keep_reply(&m) &&
	     write_hfd(out, o.dev, hf_out_bytes(&m.inner), true);
	if (ok)
		report_new(args, out, hf_out_bytes(&m.inner));
	mission_end(&m);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- sign ---------------------------------------------------------------------------------------- */

static bool was_read(const struct cli_args *args, const struct hf_command *c)
{
	const char *given = cli_option(args, "code");
	char code[9], typed[32] = "";

	if (hf_command_code(c->payload, code) != HF_OK)
		return false;
	show_claims(c, stderr);
	if (given == NULL) {
		fprintf(stderr, "To sign, type %s: ", code);
		if (fgets(typed, sizeof(typed), stdin) == NULL)
			typed[0] = '\0';
		typed[strcspn(typed, "\n")] = '\0';
		given = typed;
	}
	if (strcmp(given, code) == 0)
		return true;
	return cli_fail("that is not the code of this command (%s); nothing was signed", code) == CLI_DONE;
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
	return write_hfd(path, h->dev, hf_out_bytes(&out), false);
}

static int cmd_sign(const struct cli_args *args)
{
	struct hfd h HF_AUTO(hfd_drop) = { 0 };
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	ok = read_hfd(args->args[0], &h) && was_read(args, &h.c) && cosign(&s, args->args[0], &h);
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
	take_reply(m);
	return hf_out_put(&m->inner, h->c.inner) == HF_OK && trust_update(s, h->dev, &m->t);
}

static int cmd_send(const struct cli_args *args)
{
	static struct mission_outcome out;
	static struct mission m;
	struct hfd h HF_AUTO(hfd_drop) = { 0 };
	char path[SESSION_PATH_MAX];
	struct session s;
	int rc = CLI_FAILED;
	long wait_s;

	if (!cli_number(args, "wait", 0, WAIT_MAX_S, WAIT_S, &wait_s))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	if (read_hfd(args->args[0], &h) && is_complete(&s, &h) && load_mission(&s, &h, &m) &&
	    mission_send(&m) && mission_wait(&m, wait_s, &out)) {
		rc = mission_report(&m, &out, wait_s);
		if (out.found && out.r.status != HF_STATUS_ACCEPTED && reply_path(&s, m.cti, path))
			(void)unlink(path);
	}
	mission_end(&m);
	session_close(&s);
	return rc;
}

/* ---- cancel, list, ops --------------------------------------------------------------------------- */

static bool withdraw(struct session *s, const char *dev, const char *cti)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/devices/%s/commands/%s", dev, cti);
	return session_delete(s, path, NULL, NULL);
}

/* Sixteen bytes as base64url. */
static bool is_cti(const char *text)
{
	uint8_t mem[HF_COMMAND_CTI_LEN];
	struct hf_out raw = HF_OUT(mem);

	return strlen(text) == MISSION_CTI_TEXT - 1 &&
	       hf_base64url_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &raw) == HF_OK;
}

static int cmd_cancel(const struct cli_args *args)
{
	static struct mission_outcome out;
	static struct mission m;
	struct order o = { .dev = args->args[0], .op = "nop", .cls = HF_COMMAND_ACT, .life_s = LIFE_S };
	const char *cti = args->n_args == 2 ? args->args[1] : NULL;
	struct session s;
	int rc = CLI_FAILED;

	o.args = HF_OUT(o.args_mem);
	if (!session_is_dev(o.dev) || !cli_number(args, "wait", 0, WAIT_MAX_S, WAIT_S, &o.wait_s) ||
	    !mission_args(NULL, NULL, 0, &o.args))
		return CLI_USAGE;
	if (cti != NULL && !is_cti(cti))
		return cli_usage("'%s' is no id of a command: 22 characters are needed", cti);
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	if (session_open_key(&s) && may_alone(&s, &o) && (cti == NULL || withdraw(&s, o.dev, cti)) &&
	    mission_begin(&s, o.dev, &m) && mission_deadline(&m, o.cls, o.life_s, o.wait_s) &&
	    sign_and_send(&m, &o, &out))
		rc = mission_report(&m, &out, o.wait_s);
	mission_end(&m);
	session_close(&s);
	return rc;
}

static void print_row(const struct hf_json *c)
{
	char when[32];

	printf("%-22s %-10s %s  %s\n", hf_json_text(hf_json_get(c, "cti"), "?"),
	       hf_json_text(hf_json_get(c, "state"), "?"),
	       session_time(hf_json_int(hf_json_get(c, "created"), 0), when),
	       hf_json_text(hf_json_get(c, "by"), "?"));
}

static int cmd_list(const struct cli_args *args)
{
	struct session s;
	char path[64];
	int rc;

	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	snprintf(path, sizeof(path), "/v1/devices/%s/commands", args->args[0]);
	rc = print_list(&s, path, print_row);
	session_close(&s);
	return rc;
}

static int cmd_ops(const struct cli_args *args)
{
	if (args->json)
		printf("[");
	for (const struct mission_op *op = mission_ops; op->name != NULL; op++) {
		if (args->json)
			printf("%s{\"operation\":\"%s\",\"class\":\"%s\"}", op == mission_ops ? "" : ",",
			       op->name, mission_class_word(op->cls));
		else
			printf("%-14s %-7s %.*s%s%.*s\n", op->name, mission_class_word(op->cls),
			       op->arg[0] != NULL ? (int)strcspn(op->arg[0], ":") : 0,
			       op->arg[0] != NULL ? op->arg[0] : "", op->arg[1] != NULL ? ", " : "",
			       op->arg[1] != NULL ? (int)strcspn(op->arg[1], ":") : 0,
			       op->arg[1] != NULL ? op->arg[1] : "");
	}
	if (args->json)
		puts("]");
	return CLI_DONE;
}

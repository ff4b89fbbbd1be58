/* cmd_command.c -- commands: one person at once, or several one after the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <holdfast/cbor.h>
#include "command.h"
#include "print.h"
#include "verbs.h"

enum { LIFE_S = 600, WAIT_MAX_S = 86400, DAY_S = 86400 };

static const struct cli_opt run_opts[] = { LIFE, CLASS, WAIT, FORCE, WHO, { 0 } };
static const struct cli_opt cancel_opts[] = { WAIT, WHO, { 0 } };
static const struct cli_opt list_opts[] = { WHO, { 0 } };

static int cmd_run(const struct cli_args *args);
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
	  .run = command_new,
	  .args = "DEV OPERATION [NAME=VALUE ...]",
	  .min_args = 2,
	  .max_args = CLI_MAX_ARGS,
	  .opts = command_new_opts,
	  .summary = "sign as the first of several, into a file" },
	{ .name = "sign",
	  .run = command_sign,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = command_sign_opts,
	  .summary = "read what a file orders, and sign it too" },
	{ .name = "send",
	  .run = command_send,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = command_send_opts,
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
	{ .name = "receipts",
	  .run = command_receipts,
	  .args = "DEV",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = command_receipts_opts,
	  .summary = "check that no receipt was held back, repeated or replaced",
	  .text = "Every receipt carries its number and the hash of the one before it. Exit status 1: some\n"
		  "are missing, or the server shows what the device did not sign. What you have seen is\n"
		  "kept in your operator folder; --recover lets the device send its last 64 once more." },
	{ .name = "ops", .run = cmd_ops, .args = "", .summary = "list the operations every agent knows" },
	{ 0 },
};

static bool read_class(const struct cli_args *args, const struct mission_op *op, struct command_order *o)
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

bool command_read_order(const struct cli_args *args, struct command_order *o)
{
	const struct mission_op *op;

	*o = (struct command_order){ .dev = args->args[0], .op = args->args[1] };
	o->args = HF_OUT(o->args_mem);
	op = mission_find_op(o->op);
	if (strlen(o->op) > HF_COMMAND_MAX_OP_LEN || o->op[0] == '\0') {
		(void)cli_usage("an operation has 1 to %d characters", HF_COMMAND_MAX_OP_LEN);
		return false;
	}
	return session_is_dev(o->dev) && read_class(args, op, o) &&
	       cli_number(args, "life", 1, o->cls == HF_COMMAND_ERASE ? 400L * DAY_S : DAY_S, LIFE_S,
			  &o->life_s) &&
	       cli_number(args, "wait", 0, WAIT_MAX_S, COMMAND_WAIT_S, &o->wait_s) &&
	       mission_args(op, args->args + 2, args->n_args - 2, &o->args);
}

/* Danger to a device that is under suspicion wants a second thought. */
bool command_is_safe(struct session *s, const struct command_order *o)
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

static bool may_alone(const struct session *s, const struct command_order *o)
{
	if (mission_alone(s, o->cls))
		return true;
	return cli_fail("%s is of class %s, which the policy does not let you order alone; use 'holdfast "
			"command new'",
			o->op, mission_class_word(o->cls)) == CLI_DONE;
}

static bool give(struct mission *m, const struct command_order *o, struct mission_outcome *out)
{
	return mission_order(m, o->op, o->cls, hf_out_bytes(&o->args), o->life_s, o->wait_s, out);
}

static int cmd_run(const struct cli_args *args)
{
	static struct mission_outcome out;
	static struct mission m;
	struct session s;
	struct command_order o;
	int rc = CLI_FAILED;

	if (!command_read_order(args, &o))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	if (session_open_key(&s) && may_alone(&s, &o) && command_is_safe(&s, &o) &&
	    mission_begin(&s, o.dev, &m) && mission_deadline(&m, o.cls, o.life_s, o.wait_s) &&
	    give(&m, &o, &out))
		rc = mission_report(&m, &out, o.wait_s);
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

static bool cancel(struct session *s, const struct command_order *o, const char *cti, struct mission *m,
		   struct mission_outcome *out)
{
	if (!session_open_key(s) || !may_alone(s, o) || (cti != NULL && !withdraw(s, o->dev, cti)))
		return false;
	return mission_begin(s, o->dev, m) && mission_deadline(m, o->cls, o->life_s, o->wait_s) &&
	       give(m, o, out);
}

static int cmd_cancel(const struct cli_args *args)
{
	static struct mission_outcome out;
	static struct mission m;
	struct command_order o = {
		.dev = args->args[0], .op = "nop", .cls = HF_COMMAND_ACT, .life_s = LIFE_S
	};
	const char *cti = args->n_args == 2 ? args->args[1] : NULL;
	struct session s;
	int rc = CLI_FAILED;

	o.args = HF_OUT(o.args_mem);
	if (!session_is_dev(o.dev) || !cli_number(args, "wait", 0, WAIT_MAX_S, COMMAND_WAIT_S, &o.wait_s) ||
	    !mission_args(NULL, NULL, 0, &o.args))
		return CLI_USAGE;
	if (cti != NULL && !is_cti(cti))
		return cli_usage("'%s' is no id of a command: 22 characters are needed", cti);
	if (!session_open(args, &s))
		return session_refused(args);
	if (cancel(&s, &o, cti, &m, &out))
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
		return session_refused(args);
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

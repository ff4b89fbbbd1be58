/* cmd_device.c -- devices: claim, list, look, throw out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "command.h"
#include "print.h"
#include "verbs.h"

enum { LABEL_MAX = 128, REASON_MAX = 128 };

static const struct cli_opt plain_opts[] = { WHO, { 0 } };
static const struct cli_opt list_opts[] = {
	{ "line", "LINE", "only this product line" },
	{ "state", "STATE", "only made, claimed, active, quarantined, revoked or released ones" },
	WHO,
	{ 0 }
};
static const struct cli_opt reason_opts[] = { { "reason", "TEXT", "goes into the event journal" },
					      WHO,
					      { 0 } };
static const struct cli_opt release_opts[] = {
	{ "command", "FILE", "the command 'release', signed by all who must (command new, command sign)" },
	{ "without-device", NULL, "it can no longer answer: end the binding on the server alone" },
	{ "reason", "TEXT", "goes into the event journal" },
	WHO,
	{ 0 }
};
static const struct cli_opt quarantine_opts[] = {
	{ "reason", "TEXT", "goes into the event journal" },
	{ "lift", NULL, "end it: the claim is armed again, no certificate is revived" },
	WHO,
	{ 0 }
};
static const struct cli_opt set_opts[] = { { "label", "TEXT", "your own name for it" },
					   { "budget", "CLASS", "low, normal or high: how much it may send" },
					   WHO,
					   { 0 } };

static int cmd_list(const struct cli_args *args);
static int cmd_show(const struct cli_args *args);
static int cmd_set(const struct cli_args *args);
static int cmd_revoke(const struct cli_args *args);
static int cmd_quarantine(const struct cli_args *args);
static int cmd_release(const struct cli_args *args);
static int cmd_retire(const struct cli_args *args);
static int cmd_rearm(const struct cli_args *args);

#define ONE_DEV .args = "DEV", .min_args = 1, .max_args = 1
const struct cli_verb cli_device_verbs[] = {
	{ .name = "claim",
	  .run = cli_cmd_claim,
	  .args = "CODE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_claim_opts,
	  .summary = "make the device with this label yours",
	  .text = "CODE is printed on the device: HF1:... The code itself never leaves this machine; what is "
		  "sent\n"
		  "proves it to the server, what is kept here proves the device's keys to you." },
	{ .name = "vouch",
	  .run = cli_cmd_vouch,
	  ONE_DEV,
	  .opts = cli_vouch_opts,
	  .summary = "sign for the other operators which keys of it you have accepted" },
	{ .name = "trust",
	  .run = cli_cmd_trust,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .summary = "accept a device's keys, as another operator vouches for them",
	  .text = "One person reads the claim code and proves the device's keys. The others take over that\n"
		  "result: it must be signed by an operator of your trust policy. What you have accepted\n"
		  "already is never replaced." },
	{ .name = "list", .run = cmd_list, .args = "", .opts = list_opts, .summary = "list your devices" },
	{ .name = "show",
	  .run = cmd_show,
	  ONE_DEV,
	  .opts = plain_opts,
	  .summary = "show one device and what you know of it" },
	{ .name = "set", .run = cmd_set, ONE_DEV, .opts = set_opts, .summary = "change its label or budget" },
	{ .name = "quarantine",
	  .run = cmd_quarantine,
	  ONE_DEV,
	  .opts = quarantine_opts,
	  .summary = "stop it until you decided, or lift that" },
	{ .name = "revoke",
	  .run = cmd_revoke,
	  ONE_DEV,
	  .opts = reason_opts,
	  .summary = "throw it out for ever, at once" },
	{ .name = "release",
	  .run = cmd_release,
	  ONE_DEV,
	  .opts = release_opts,
	  .summary = "give it away: it erases what is yours, its certificates die",
	  .text = "The device obeys a signed command, then the server forgets the binding; its next owner\n"
		  "gets it under another name. You may know the code on its label: that counts again only\n"
		  "for one hour after 'holdfast-agent reset' at the device." },
	{ .name = "retire",
	  .run = cmd_retire,
	  ONE_DEV,
	  .opts = reason_opts,
	  .summary = "end of life: revoked, and the journal says why" },
	{ .name = "rearm",
	  .run = cmd_rearm,
	  ONE_DEV,
	  .opts = reason_opts,
	  .summary = "your word that its next enrolment may replace the binding" },
	{ .name = "look",
	  .run = cli_cmd_look,
	  .args = "DEV D",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_look_opts,
	  .summary = "let it fetch a release, verify it and report; nothing is installed" },
	{ .name = "data",
	  .run = cli_cmd_data,
	  .args = "DEV",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_data_opts,
	  .summary = "read what it sealed for you" },
	{ 0 },
};

static void print_row(const struct hf_json *d)
{
	printf("%-16s %-11s %-4s %-16s %s\n", hf_json_text(hf_json_get(d, "dev"), "?"),
	       hf_json_text(hf_json_get(d, "state"), "?"),
	       hf_json_bool(hf_json_get(d, "connected"), false) ? "up" : "-",
	       hf_json_text(hf_json_get(d, "line"), "?"), hf_json_text(hf_json_get(d, "label"), ""));
}

/* False after an error was printed: the value of an option is not one of the words. */
static bool is_one_of(const struct cli_args *args, const char *name, const char *const *words,
		      const char *all)
{
	const char *value = cli_option(args, name);

	if (value == NULL)
		return true;
	for (; *words != NULL; words++)
		if (strcmp(*words, value) == 0)
			return true;
	cli_usage("--%s: %s is needed, not '%s'", name, all, value);
	return false;
}

/* The path with its filters, or false after the usage error. */
static bool list_path(const struct cli_args *args, char *path, size_t cap)
{
	static const char *const states[] = { "made",    "claimed",  "active", "quarantined",
					      "revoked", "released", NULL };
	const char *line = cli_option(args, "line"), *state = cli_option(args, "state");

	if (line != NULL && !hf_deploy_is_name(line)) {
		(void)cli_usage("--line: a name of a-z, 0-9 and '-' is needed, not '%s'", line);
		return false;
	}
	if (!is_one_of(args, "state", states, "made, claimed, active, quarantined, revoked or released"))
		return false;
	snprintf(path, cap, "/v1/devices%s%s%s%s", line != NULL ? "?line=" : "", line != NULL ? line : "",
		 state == NULL  ? ""
		 : line != NULL ? "&state="
				: "?state=",
		 state != NULL ? state : "");
	return true;
}

static int cmd_list(const struct cli_args *args)
{
	struct session s;
	char path[256];
	int rc;

	if (!list_path(args, path, sizeof(path)))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	rc = print_list(&s, path, print_row);
	session_close(&s);
	return rc;
}

static void print_trust(const struct trust *t)
{
	uint8_t kid[HF_KID_LEN] = { 0 };

	if (!t->known) {
		puts("endorsed       not yet known to you");
		return;
	}
	(void)!hf_crypto_kid(HF_ARR(t->e.signing), kid);
	printf("endorsed       generation %u, signing key ", t->e.gen);
	for (size_t i = 0; i < HF_KID_LEN; i++)
		printf("%02x", kid[i]);
	puts("");
}

static bool show(struct session *s, const char *dev)
{
	static const char *const names[] = { "dev",       "line",    "state",  "label", "reason",
					     "connected", "address", "budget", NULL };
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	const struct hf_json *cert;
	char path[64], when[32];
	struct trust t;

	snprintf(path, sizeof(path), "/v1/devices/%s", dev);
	if (!session_get(s, path, &j) || !trust_load(s, dev, &t))
		return false;
	if (s->args->json) {
		print_json(j);
		return true;
	}
	print_object(j, names);
	printf("last seen      %s\n", session_time(hf_json_int(hf_json_get(j, "last_seen"), 0), when));
	cert = hf_json_get(j, "certificate");
	if (!hf_json_is_null(cert))
		printf("certificate    %s, until %s\n", hf_json_text(hf_json_get(cert, "state"), "?"),
		       session_time(hf_json_int(hf_json_get(cert, "not_after"), 0), when));
	print_trust(&t);
	return true;
}

static int cmd_show(const struct cli_args *args)
{
	struct session s;
	bool ok;

	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	ok = show(&s, args->args[0]);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- changes ------------------------------------------------------------------------------------- */

static bool post_reason(struct session *s, const char *dev, const char *act, const char *reason)
{
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	char path[80];

	snprintf(path, sizeof(path), "/v1/devices/%s/%s", dev, act);
	if (!session_post_text(s, path, "reason", reason, &answer))
		return false;
	if (s->args->json)
		print_json(answer);
	else
		cli_say(s->args, "%s is %s (journal row %llu).", dev,
			hf_json_text(hf_json_get(answer, "state"), "?"), (unsigned long long)s->audit);
	return true;
}

static int change(const struct cli_args *args, const char *act, const char *standard)
{
	const char *reason = cli_option(args, "reason");
	struct session s;
	bool ok;

	if (reason == NULL)
		reason = standard;
	if (reason[0] == '\0' || strlen(reason) > REASON_MAX)
		return cli_usage("device: --reason has 1 to %d bytes", REASON_MAX);
	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	ok = post_reason(&s, args->args[0], act, reason);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

static int cmd_revoke(const struct cli_args *args)
{
	return change(args, "revoke", "revoked by its owner");
}

static int cmd_retire(const struct cli_args *args)
{
	return change(args, "revoke", "retired");
}

static int cmd_release(const struct cli_args *args)
{
	const char *file = cli_option(args, "command");

	if ((file != NULL) == cli_flag(args, "without-device"))
		return cli_usage("device release: either --command FILE or --without-device is needed");
	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (file != NULL && !command_release(args, file))
		return CLI_FAILED;
	return change(args, "release", "released by its owner");
}

static int cmd_rearm(const struct cli_args *args)
{
	return change(args, "rearm", "armed again by its owner");
}

static int cmd_quarantine(const struct cli_args *args)
{
	return cli_flag(args, "lift") ? change(args, "lift", "lifted by its owner")
				      : change(args, "quarantine", "stopped by its owner");
}

static bool put_settings(struct session *s, const char *dev)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	struct hf_json_out j = { .buf = &body };
	char path[64], etag[64];
	const char *found;

	snprintf(path, sizeof(path), "/v1/devices/%s", dev);
	if (!session_get(s, path, NULL))
		return false;
	found = hf_httpc_header(&s->res, "ETag");
	snprintf(etag, sizeof(etag), "%s", found != NULL ? found : "");
	hf_json_open(&j, NULL, '{');
	if (cli_option(s->args, "label") != NULL)
		hf_json_put_text(&j, "label", cli_option(s->args, "label"));
	if (cli_option(s->args, "budget") != NULL)
		hf_json_put_text(&j, "budget", cli_option(s->args, "budget"));
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_fail("device set: value is too long") == CLI_DONE;
	if (!session_put_match(s, path, etag, hf_buf_bytes(&body), &answer))
		return false;
	if (s->args->json)
		print_json(answer);
	return true;
}

static int cmd_set(const struct cli_args *args)
{
	static const char *const budgets[] = { "low", "normal", "high", NULL };
	struct session s;
	bool ok;

	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (cli_option(args, "label") == NULL && cli_option(args, "budget") == NULL)
		return cli_usage("device set: give --label or --budget");
	if (!is_one_of(args, "budget", budgets, "low, normal or high"))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	ok = put_settings(&s, args->args[0]);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

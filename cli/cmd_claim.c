/* cmd_claim.c -- make a device yours by the code on its label.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <holdfast/claim.h>
#include "trust.h"
#include "verbs.h"

enum {
	WAIT_DEFAULT_S = 90, /* a device asks a minute after it was refused */
	WAIT_MAX_S = 86400,
	POLL_MS = 500,
	LABEL_MAX = 128,
};

const struct cli_opt cli_claim_opts[] = {
	{ "label", "TEXT", "your own name for it" },
	{ "line", "LINE", "its product line, when the code alone does not tell" },
	{ "wait", "SECONDS", "wait until it has enrolled and proved its keys (default 90; 0: do not wait)" },
	WHO,
	{ 0 }
};

static bool send_claim(struct session *s, const struct hf_claim_keys *keys)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_hex(&j, "cid", HF_ARR(keys->cid));
	hf_json_put_bytes(&j, "kc", (hf_bytes){ keys->kc.b, keys->kc.len });
	if (cli_option(s->args, "line") != NULL)
		hf_json_put_text(&j, "line", cli_option(s->args, "line"));
	if (cli_option(s->args, "label") != NULL)
		hf_json_put_text(&j, "label", cli_option(s->args, "label"));
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_fail("device claim: --label or --line is too long") == CLI_DONE;
	return session_post(s, "/v1/claim", "application/json", hf_buf_bytes(&body), NULL);
}

/* Wait until the claim is bound; dev is empty when the time is over. */
static bool wait_bound(struct session *s, const struct hf_claim_keys *keys, long wait_s,
		       char dev[static HF_DEV_LEN + 1])
{
	uint64_t until = hf_now_ms() + (uint64_t)wait_s * 1000;
	char path[64] = "/v1/claims/";

	dev[0] = '\0';
	for (size_t i = 0; i < HF_CLAIM_ID_LEN; i++)
		snprintf(path + 11 + 2 * i, 3, "%02x", keys->cid[i]);
	for (;;) {
		struct hf_json *j HF_AUTO(session_json_drop) = NULL;

		if (!session_get(s, path, &j))
			return false;
		snprintf(dev, HF_DEV_LEN + 1, "%s", hf_json_text(hf_json_get(j, "dev"), ""));
		if (dev[0] != '\0' || hf_now_ms() >= until)
			return true;
		(void)usleep(POLL_MS * 1000);
	}
}

/* The device proves its keys by its first endorsement, which follows its first connection. */
static bool wait_endorsed(struct session *s, const char *dev, uint64_t until)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/devices/%s/endorsements", dev);
	for (;;) {
		struct hf_json *j HF_AUTO(session_json_drop) = NULL;
		struct trust t;

		if (!session_get(s, path, &j))
			return false;
		if (hf_json_n(hf_json_get(j, "items")) > 0)
			return trust_update(s, dev, &t);
		if (hf_now_ms() >= until)
			return cli_fail("%s enrolled and has not proved its keys yet; 'holdfast device show "
					"%s' later",
					dev, dev) == CLI_DONE;
		(void)usleep(POLL_MS * 1000);
	}
}

static void report(const struct session *s, const char *dev)
{
	if (s->args->json)
		printf("{\"dev\":%s%s%s,\"audit\":%llu}\n", dev[0] != '\0' ? "\"" : "",
		       dev[0] != '\0' ? dev : "null", dev[0] != '\0' ? "\"" : "",
		       (unsigned long long)s->audit);
	else if (dev[0] != '\0')
		printf("%s\n", dev);
	else
		cli_say(s->args,
			"The device has 24 hours to enrol. It asks at its start, then after a minute, later "
			"once an hour;\n'holdfast-agent poll' on it asks at once. The same claim again, or "
			"'holdfast device list', shows it.");
}

static bool claim(struct session *s, const struct hf_claim_keys *keys, long wait_s)
{
	uint64_t until = hf_now_ms() + (uint64_t)wait_s * 1000;
	char dev[HF_DEV_LEN + 1] = "";

	/* Kept first: a claim that was sent and forgotten here could never be verified. */
	if (!session_connect(s) || !trust_keep_claim(s, keys) || !send_claim(s, keys))
		return false;
	if (wait_s > 0) {
		cli_say(s->args, "Claimed; waiting for the device (at most %ld s) ...", wait_s);
		if (!wait_bound(s, keys, wait_s, dev) ||
		    (dev[0] != '\0' && !wait_endorsed(s, dev, until)))
			return false;
	}
	report(s, dev);
	return true;
}

int cli_cmd_claim(const struct cli_args *args)
{
	struct hf_claim_secret secret HF_AUTO(hf_claim_wipe) = { { 0 } };
	struct hf_claim_keys keys HF_AUTO(hf_claim_keys_wipe) = { .kc = { .len = 0 } };
	const char *line = cli_option(args, "line"), *label = cli_option(args, "label");
	struct session s;
	long wait_s;
	hf_err err;
	bool ok;

	if (!cli_number(args, "wait", 0, WAIT_MAX_S, WAIT_DEFAULT_S, &wait_s))
		return CLI_USAGE;
	if ((line != NULL && !hf_deploy_is_name(line)) || (label != NULL && strlen(label) > LABEL_MAX))
		return cli_usage("device claim: --line is a name, --label has at most %d bytes", LABEL_MAX);
	err = hf_claim_parse(session_text(args->args[0]), &secret);
	if (err == HF_OK)
		err = hf_claim_derive(&secret, &keys);
	if (err != HF_OK)
		return cli_usage("device claim: %s; it looks like HF1:AAQEAYEAUDAOCAJBIFQYDIOB4LKX",
				 hf_err_text(err));
	if (!session_open(args, &s))
		return session_refused(args);
	ok = claim(&s, &keys, wait_s);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* cmd_event.c -- the event journal and the state of the control plane.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "print.h"
#include "session.h"
#include "verbs.h"

enum { WAIT_S = 25 };

static const struct cli_opt list_opts[] = { { "device", "DEV", "only what concerns this device" },
					    { "follow", NULL,
					      "go on with what happens from now; end it with Ctrl-C" },
					    WHO,
					    { 0 } };
const struct cli_opt cli_status_opts[] = { WHO, { 0 } };

static int cmd_list(const struct cli_args *args);

const struct cli_verb cli_event_verbs[] = {
	{ .name = "list",
	  .run = cmd_list,
	  .args = "",
	  .opts = list_opts,
	  .summary = "list the event journal, or follow it" },
	{ 0 },
};

static void print_row(const struct hf_json *e)
{
	struct hf_buf detail HF_AUTO(hf_buf_free) = HF_BUF(65536);
	char when[32];

	if (hf_json_print(hf_json_get(e, "detail"), &detail) != HF_OK)
		hf_buf_reset(&detail);
	printf("%6lld %s %-6s %-20s %-16s %-12s %s\n", (long long)hf_json_int(hf_json_get(e, "id"), 0),
	       session_time(hf_json_int(hf_json_get(e, "at"), 0), when),
	       hf_json_text(hf_json_get(e, "level"), "?"), hf_json_text(hf_json_get(e, "kind"), "?"),
	       hf_json_text(hf_json_get(e, "dev"), "-"), hf_json_text(hf_json_get(e, "actor"), "?"),
	       hf_buf_text(&detail));
	fflush(stdout);
}

static void print_events(const struct session *s, const struct hf_json *items)
{
	for (size_t i = 0; i < hf_json_n(items); i++) {
		if (s->args->json)
			print_json(hf_json_at(items, i));
		else
			print_row(hf_json_at(items, i));
		fflush(stdout);
	}
}

/* One JSON value per line when followed: the list has no end. */
static bool follow(struct session *s, const char *filter)
{
	char cursor[128] = "", path[320];

	for (;;) {
		struct hf_json *j HF_AUTO(session_json_drop) = NULL;
		const char *next;

		snprintf(path, sizeof(path), "/v1/events?limit=200&wait=%d%s%s%s", WAIT_S, filter,
			 cursor[0] != '\0' ? "&cursor=" : "", cursor);
		if (!session_get(s, path, &j))
			return false;
		print_events(s, hf_json_get(j, "items"));
		next = hf_json_text(hf_json_get(j, "next"), NULL);
		if (next != NULL)
			snprintf(cursor, sizeof(cursor), "%s", next);
	}
}

static int cmd_list(const struct cli_args *args)
{
	const char *dev = cli_option(args, "device");
	char filter[48] = "", path[96];
	struct session s;
	int rc;

	if (dev != NULL && !session_is_dev(dev))
		return CLI_USAGE;
	if (dev != NULL)
		snprintf(filter, sizeof(filter), "&dev=%s", dev);
	if (!session_open(args, &s))
		return session_refused(args);
	snprintf(path, sizeof(path), "/v1/events%s%s", filter[0] != '\0' ? "?" : "",
		 filter[0] != '\0' ? filter + 1 : "");
	if (cli_flag(args, "follow"))
		rc = follow(&s, filter) ? CLI_DONE : CLI_FAILED;
	else
		rc = print_list(&s, path, print_row);
	session_close(&s);
	return rc;
}

int cli_cmd_status(const struct cli_args *args)
{
	static const char *const names[] = { "version", "operator", "account",     "admin", "connected",
					     "devices", "events",   "events_hash", NULL };
	struct hf_json *j = NULL;
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return session_refused(args);
	ok = session_get(&s, "/v1/status", &j);
	if (ok && args->json)
		print_json(j);
	else if (ok)
		print_object(j, names);
	hf_json_free(j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

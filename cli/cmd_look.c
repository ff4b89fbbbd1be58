/* cmd_look.c -- `holdfast device look`: a device fetches a release, verifies it and says what it found.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/json.h>
#include "print.h"
#include "session.h"
#include "verbs.h"

enum { D_TEXT_LEN = 64 };

const struct cli_opt cli_look_opts[] = {
	WHO,
	{ 0 },
};

static bool is_digest(const char *text)
{
	return strlen(text) == D_TEXT_LEN && strspn(text, "0123456789abcdef") == D_TEXT_LEN;
}

static bool post_look(struct session *s, const char *dev, const char *d)
{
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "/v1/devices/%s/look", dev);
	if (!session_post_text(s, path, "release", d, &answer))
		return false;
	if (s->args->json)
		print_json(answer);
	else
		cli_say(s->args, "%s is told to look at %.8s... (journal row %llu).", dev, d,
			(unsigned long long)s->audit);
	return true;
}

int cli_cmd_look(const struct cli_args *args)
{
	struct session s;
	bool ok;

	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (!is_digest(args->args[1]))
		return cli_usage("device look: D is the release's digest, 64 digits of 0-9 and a-f");
	if (!session_open(args, &s))
		return session_refused(args);
	ok = post_look(&s, args->args[0], args->args[1]);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

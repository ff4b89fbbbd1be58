/* cmd_audit_feed.c -- `holdfast audit feed`: advisories in, and how old they are. It opens no socket: how
 * the files come here is the operator's business.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <hf/feed.h>
#include <hf/render.h>
#include <hf/file.h>
#include <hf/json.h>
#include "audit_place.h"
#include "verbs.h"

enum { DAY_S = 86400, FEED_DIR_MODE = 0755, JSON_CEILING = 1 << 20 };

static const struct cli_opt import_opts[] = {
	{ "feed", "FILE", "the feed (default: $XDG_DATA_HOME/holdfast/feed.db)" },
	{ "source", "NAME", "name of the source (default: after what the files hold)" },
	{ "allow-shrink", "REASON",
	  "accept fewer or older records than before; the reason is kept and shown" },
	{ 0 },
};
static const struct cli_opt status_opts[] = {
	{ "feed", "FILE", "the feed (default: $XDG_DATA_HOME/holdfast/feed.db)" },
	{ 0 },
};

/* Make the folder of the standard place; a folder that was named must be there. */
static hf_err make_folder(const char *path)
{
	char dir[CLI_PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(dir))
		return HF_ERR_FILE_PATH;
	memcpy(dir, path, len + 1);
	for (char *slash = strchr(dir + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(dir, FEED_DIR_MODE);
		*slash = '/';
	}
	return HF_OK;
}

static int cmd_import(const struct cli_args *args)
{
	struct hf_feed_import in = { .source = cli_option(args, "source"),
				     .allow_shrink = cli_option(args, "allow-shrink"),
				     .paths = args->args,
				     .n_paths = (size_t)args->n_args,
				     .now_s = (uint64_t)time(NULL) };
	struct hf_feed_source source;
	struct hf_why why = { 0 };
	char place[CLI_PATH_MAX];
	hf_err err = audit_feed_place(cli_option(args, "feed"), place, &why);

	in.db = place;
	if (err == HF_OK && cli_option(args, "feed") == NULL)
		err = make_folder(place);
	if (err == HF_OK)
		err = hf_feed_import(&in, &source, &why);
	if (err != HF_OK) {
		cli_fail("audit feed import: %s", why.text[0] != '\0' ? why.text : hf_err_text(err));
		return CLI_AUDIT_ERROR;
	}
	cli_say(args, "holdfast: %s: %llu records, newest %s", source.name, (unsigned long long)source.count,
		source.newest[0] != '\0' ? source.newest : "of unknown age");
	return CLI_DONE;
}

static void print_source(const struct hf_feed_source *s, bool stale)
{
	printf("%-12s %-7s %9llu records, newest %-20s %s\n", s->name, s->kind, (unsigned long long)s->count,
	       s->newest[0] != '\0' ? s->newest : "unknown", stale ? "STALE" : "fresh");
	if (s->shrink[0] != '\0')
		printf("%-12s accepted although it shrank: %s\n", "", s->shrink);
}

static hf_err print_status(const struct cli_args *args, const struct hf_feed *feed, bool *fresh)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(JSON_CEILING);
	struct hf_json_out j = { .buf = &text };
	size_t n = hf_feed_n_sources(feed);

	*fresh = n > 0;
	hf_json_open(&j, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		const struct hf_feed_source *s = hf_feed_source(feed, i);
		bool stale = hf_feed_is_stale(s, (uint64_t)time(NULL) / DAY_S, 0);

		*fresh = *fresh && !stale;
		hf_render_source(&j, s, stale);
		if (!args->json)
			print_source(s, stale);
	}
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	if (args->json)
		printf("%s\n", hf_buf_text(&text));
	return HF_OK;
}

static int cmd_status(const struct cli_args *args)
{
	struct hf_feed *feed = NULL;
	struct hf_why why = { 0 };
	char place[CLI_PATH_MAX];
	bool fresh = false;
	hf_err err = audit_feed_place(cli_option(args, "feed"), place, &why);

	if (err == HF_OK)
		err = hf_feed_open(place, &feed, &why);
	if (err == HF_OK)
		err = print_status(args, feed, &fresh);
	hf_feed_close(feed);
	if (err == HF_OK)
		return fresh ? CLI_DONE : CLI_AUDIT_INCOMPLETE;
	cli_fail("audit feed status: %s", why.text[0] != '\0' ? why.text : hf_err_text(err));
	return err == HF_ERR_FILE_ABSENT ? CLI_AUDIT_INCOMPLETE : CLI_AUDIT_ERROR;
}

const struct cli_verb cli_audit_feed_verbs[] = {
	{ .name = "import",
	  .run = cmd_import,
	  .args = "PATH...",
	  .min_args = 1,
	  .max_args = CLI_MAX_ARGS,
	  .opts = import_opts,
	  .summary = "put advisories from files or folders into the feed",
	  .text = "Reads OSV, the Debian tracker, CVE 5, NVD 2.0, CISA KEV and EPSS as their makers publish "
		  "them; "
		  "content tells which. A source with fewer records than before, an older newest record or a "
		  "lost "
		  "signature is refused with exit status 3.",
	  .usage = CLI_AUDIT_ERROR },
	{ .name = "status",
	  .run = cmd_status,
	  .args = "",
	  .opts = status_opts,
	  .summary = "show how old every source is; 0 fresh, 2 stale or missing",
	  .usage = CLI_AUDIT_ERROR },
	{ 0 },
};

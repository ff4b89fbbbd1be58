/* feed_tool -- a feed database for tests, without the command line: import FILES, or match components.
 *	feed_tool DB import SOURCE PATH...     prints the number of records
 *	feed_tool DB match                     lines "scheme<TAB>key<TAB>version" in; affected ids out
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/feed.h>

static int import(char **argv, int argc)
{
	struct hf_feed_import in = { .db = argv[1],
				     .source = argv[3],
				     .paths = (const char *const *)argv + 4,
				     .n_paths = (size_t)argc - 4,
				     .now_s = (uint64_t)time(NULL) };
	struct hf_feed_source source;
	struct hf_why why = { 0 };

	if (hf_feed_import(&in, &source, &why) != HF_OK) {
		fprintf(stderr, "feed_tool: %s\n", hf_why_text(&why));
		return 3;
	}
	printf("%s %llu %s\n", source.kind, (unsigned long long)source.count, source.newest);
	return 0;
}

static hf_err hit(void *ctx, const struct hf_vuln_hit *h)
{
	(void)ctx;
	if (h->status == HF_VULN_AFFECTED)
		printf("%s ", h->id);
	return HF_OK;
}

static int ask(struct hf_feed *feed, char *line)
{
	struct hf_component c = { .n_keys = 1 };
	struct hf_feed_match match = { NULL, hit };
	char *key = strchr(line, '\t'), *version = key ? strchr(key + 1, '\t') : NULL;
	bool known;

	if (!version)
		return 2;
	*key++ = 0;
	*version++ = 0;
	version[strcspn(version, "\n")] = 0;
	c.scheme = (unsigned)atoi(line);
	c.version = (hf_bytes){ (const uint8_t *)version, strlen(version) };
	(void)snprintf(c.key[0], sizeof(c.key[0]), "%s", key);
	if (hf_feed_match(feed, &c, &match, &known) != HF_OK)
		return 3;
	printf("%s\n", known ? "." : "unknown");
	return 0;
}

static int match_all(const char *db)
{
	struct hf_why why = { 0 };
	struct hf_feed *feed;
	char line[1024];
	int status = 0;

	if (hf_feed_open(db, &feed, &why) != HF_OK) {
		fprintf(stderr, "feed_tool: %s\n", hf_why_text(&why));
		return 3;
	}
	while (status == 0 && fgets(line, sizeof(line), stdin))
		status = ask(feed, line);
	hf_feed_close(feed);
	return status;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[2], "import") == 0)
		return import(argv, argc);
	return argc == 3 && strcmp(argv[2], "match") == 0 ? match_all(argv[1]) : 2;
}

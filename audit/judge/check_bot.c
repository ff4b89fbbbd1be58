/* check_bot.c -- is the image infected, and how easily would it be?
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "check_util.h"

extern const struct hf_rule hf_rules_bot[];
extern const size_t hf_n_rules_bot;

enum { WEAK_ENOUGH = 2, XOR_ENOUGH = 3, SCANNER_ENOUGH = 2 };

/* Hits of the classes that one file has. */
struct tally {
	unsigned strong, weak, xored, watchdog, scanner;
	const struct hf_fact *first; /* what to show */
};

static void count(struct tally *t, const struct hf_fact *f)
{
	unsigned *const slots[] = { [HF_HITC_BOT] = &t->strong,
				    [HF_HITC_BOTWEAK] = &t->weak,
				    [HF_HITC_BOTXOR] = &t->xored,
				    [HF_HITC_WATCHDOG] = &t->watchdog,
				    [HF_HITC_TELSCAN] = &t->scanner };
	uint64_t class = f->num[HF_HIT_CLASS];

	if (class >= sizeof(slots) / sizeof(slots[0]) || slots[class] == NULL)
		return;
	++*slots[class];
	if (t->first == NULL || class == HF_HITC_BOT)
		t->first = f;
}

/* Calls `judge` once for every file that has hits, in order. */
static void each_file(struct hf_case *c, const struct hf_rule *rule,
		      void (*judge)(struct hf_case *, const struct hf_rule *, const struct tally *))
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f, *last = NULL;

	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		size_t first = 0, n;
		struct tally t = { 0 };

		if (last != NULL && hf_bytes_equal(last->path, f->path))
			continue;
		last = f;
		n = hf_model_of(m, HF_FACT_HIT, f->path, &first);
		for (size_t k = first; k < first + n; k++)
			count(&t, hf_model_at(m, HF_FACT_HIT, k));
		judge(c, rule, &t);
	}
}

static struct hf__chk_where at_first(const struct tally *t)
{
	return (struct hf__chk_where){ .path = t->first->path,
				       .offset = t->first->num[HF_HIT_OFFSET],
				       .length = t->first->num[HF_HIT_LENGTH],
				       .key = t->first->text[HF_HIT_NAME] };
}

static void judge_literals(struct hf_case *c, const struct hf_rule *rule, const struct tally *t)
{
	struct hf__chk_where at;

	if (t->first == NULL)
		return;
	if (t->strong == 0 && t->weak < WEAK_ENOUGH && t->xored < XOR_ENOUGH) {
		hf_pass(c, rule);
		return;
	}
	at = at_first(t);
	hf__chk_report(c, rule, &at, "%.*s; %u strong, %u weak, %u disguised literals of bots",
		       HF__CHK_ARG(t->first->text[HF_HIT_NAME], 60u), t->strong, t->weak, t->xored);
}

static void judge_scanner(struct hf_case *c, const struct hf_rule *rule, const struct tally *t)
{
	struct hf__chk_where at;

	if (t->first == NULL)
		return;
	if (t->watchdog == 0 || t->scanner < SCANNER_ENOUGH) {
		hf_pass(c, rule);
		return;
	}
	at = at_first(t);
	at.key = HF_STR("scanner");
	hf__chk_report(c, rule, &at, "holds the watchdog open and talks to telnet logins (%u phrases)",
		       t->scanner);
}

/* What was not read may hold anything: said once for each such file. */
static void unread(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	if (f->num[HF_FILE_TYPE] == HF_NODE_FILE && f->text[HF_FILE_SHA256].len == 0)
		hf_unknown(c, rule, f->path, "the content could not be read");
}

static void run_literals(struct hf_case *c, const struct hf_rule *rule)
{
	each_file(c, rule, judge_literals);
	unread(c, rule);
}

static void run_scanner(struct hf_case *c, const struct hf_rule *rule)
{
	each_file(c, rule, judge_scanner);
	unread(c, rule);
}

/* A program that fetches files by an unattended command. */
static const struct hf_fact *fetcher_in(const struct hf_model *m, hf_bytes tree)
{
	static const char *const tools[] = { "wget", "tftp", "nc", "netcat", "ncat", "ftpget", NULL };
	static const char *const bins[] = { "/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", NULL };

	for (size_t i = 0; tools[i] != NULL; i++)
		for (size_t k = 0; bins[k] != NULL; k++) {
			char name[64];
			int n = snprintf(name, sizeof(name), "%s%s", bins[k], tools[i]);
			hf_bytes b = { (const uint8_t *)name, n > 0 ? (size_t)n : 0 };
			const struct hf_fact *f = hf_model_resolve(m, tree, b);

			if (f != NULL)
				return f;
		}
	return NULL;
}

static bool is_scratch(hf_bytes place)
{
	static const char *const places[] = {
		"/tmp", "/var", "/var/tmp", "/run", "/dev/shm", "/var/run", NULL
	};

	return hf_span_in(place, places);
}

static void run_dropper(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f, *tool;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		struct hf__chk_where at = { .path = f->path, .key = f->text[HF_SETTING_NAME] };

		if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_MOUNT || !is_scratch(f->text[HF_SETTING_NAME]))
			continue;
		at.offset = f->num[HF_SETTING_OFFSET];
		tool = fetcher_in(m, hf__chk_tree(f->path));
		if (f->num[HF_SETTING_STATE] == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, "the options of the mount cannot be read");
		else if (tool == NULL || f->num[HF_SETTING_STATE] == HF_STATE_YES)
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%.*s is there, and programs may run from %.*s",
				       HF__CHK_ARG(tool->text[HF_FILE_NAME], 60u),
				       HF__CHK_ARG(f->text[HF_SETTING_NAME], 60u));
	}
}

const struct hf_rule hf_rules_bot[] = {
	{ "BOT-001", HF_SEV_CRITICAL, 506, "a program holds the phrases of a known bot",
	  "do not ship the image; find out how the file came into the build, and build anew from clean "
	  "sources",
	  "EN303645:5.7-1", run_literals },
	{ "BOT-002", HF_SEV_CRITICAL, 506,
	  "a program keeps the watchdog from firing and scans for telnet logins",
	  "do not ship the image; find out how the file came into the build", "EN303645:5.7-1", run_scanner },
	{ "BOT-003", HF_SEV_MEDIUM, 1125, "a dropper would find all it needs",
	  "mount scratch folders with noexec,nosuid,nodev, or leave out wget, tftp and nc", "EN303645:5.6-5",
	  run_dropper },
};
const size_t hf_n_rules_bot = sizeof(hf_rules_bot) / sizeof(hf_rules_bot[0]);

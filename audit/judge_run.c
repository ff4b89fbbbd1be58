/* judge_run.c -- the judge's process: it opens what the operator named (feed, trust policy), seals itself,
 * takes facts until every side is complete, and answers with the report. It never sees a byte of an image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <hf/feed.h>
#include <hf/file.h>
#include <hf/model.h>
#include <hf/render.h>
#include <hf/sandbox.h>
#include <holdfast/statement.h>
#include "audit_judge.h"

enum { IN_CEILING = 1 << 20, READ_STEP = 1 << 18, SIDES = 2, DAY_S = 86400, OUTPUT_CEILING = 512 << 20 };

struct judge {
	const struct hf_audit_opts *opts;
	int from, to;
	struct hf_model *model[SIDES];
	size_t n_sides, complete;
	struct hf_buf in;
	struct hf_buf statement, trust; /* read before sealing */
	struct hf_baseline baseline;
	struct hf_feed *feed;
	struct hf_why why;
};

/* ---- before sealing ---- */

/* Files that the policy names may be absent: then nobody signed. */
static void open_files(struct judge *j)
{
	j->statement = HF_BUF(HF_STATEMENT_MAX_LEN);
	j->trust = HF_BUF(HF_STATEMENT_MAX_LEN);
	if (j->opts->trust == NULL || j->opts->policy->trust_policy == NULL)
		return;
	if (hf_file_read(j->opts->trust, &j->statement, NULL) != HF_OK ||
	    hf_file_read(j->opts->policy->trust_policy, &j->trust, NULL) != HF_OK)
		hf_buf_reset(&j->statement);
}

/* The whole file in memory, pages read as they are asked for: a sealed process opens nothing. */
static hf_err open_feed(struct judge *j)
{
	int fd HF_AUTO(hf_fd_close) = -1;
	struct stat st;
	void *p;

	if (j->opts->feed == NULL)
		return HF_OK;
	fd = open(j->opts->feed, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return hf_why_errno(&j->why, HF_ERR_AUDIT_INPUT, "%s", j->opts->feed);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return hf_why_errno(&j->why, HF_ERR_AUDIT_INPUT, "%s", j->opts->feed);
	return hf_feed_open_bytes((hf_bytes){ p, (size_t)st.st_size }, &j->feed, &j->why);
}

static hf_err seal(struct judge *j)
{
	const struct hf_sandbox box = { .powers = HF_SANDBOX_AUDIT, .no_files = true };
	int keep[] = { STDERR_FILENO, j->from, j->to };

	hf__keep_only(keep, sizeof(keep) / sizeof(keep[0]));
	open_files(j);
	HF_TRY(open_feed(j));
	return hf_sandbox_enter(&box, &j->why);
}

/* ---- facts ---- */

static hf_err take_frames(struct judge *j)
{
	size_t at = 0;

	while (j->in.len - at >= HF__FRAME_HEAD) {
		size_t len = hf_get_be32(j->in.ptr + at);
		struct hf_fact fact;

		if (len > HF_FACT_MAX_LEN)
			return HF_ERR_FACT_SHAPE;
		if (j->in.len - at - HF__FRAME_HEAD < len)
			break;
		HF_TRY(hf_fact_decode((hf_bytes){ j->in.ptr + at + HF__FRAME_HEAD, len }, &fact));
		at += HF__FRAME_HEAD + len;
		if (j->complete == j->n_sides)
			return HF_ERR_FACT_SHAPE;
		if (fact.kind == HF_FACT_DONE)
			j->complete++;
		else
			HF_TRY(hf_model_add(j->model[j->complete], &fact));
	}
	hf_buf_consume(&j->in, at);
	return HF_OK;
}

static hf_err take_facts(struct judge *j)
{
	j->in = HF_BUF(IN_CEILING);
	for (size_t i = 0; i < j->n_sides; i++)
		HF_TRY(hf_model_new(&j->model[i]));
	for (;;) {
		uint8_t *where;
		ssize_t n;

		HF_TRY(hf_buf_reserve(&j->in, READ_STEP, &where));
		n = read(j->from, where, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		hf_buf_commit(&j->in, (size_t)n);
		HF_TRY(take_frames(j));
	}
	hf_buf_free(&j->in);
	return j->complete == j->n_sides ? HF_OK : HF_ERR_AUDIT_PROCESS; /* main ended early: no verdict */
}

/* ---- verdict ---- */

static bool are_signed(const struct judge *j)
{
	int64_t now = (int64_t)(j->opts->today * DAY_S);

	return j->statement.len > 0 && hf_waivers_signed(hf_buf_bytes(&j->statement), hf_buf_bytes(&j->trust),
							 j->opts->policy->sha256, now) == HF_OK;
}

static hf_err render(struct judge *j, struct hf_case *c, const struct hf_gate *gate, bool is_signed,
		     struct hf_audit_result *out)
{
	const struct hf_format *format = hf_format_find(j->opts->format);
	struct hf_rendering in = { .model = j->model[j->n_sides - 1],
				   .outcome = hf_case_outcome(c),
				   .gate = gate,
				   .policy = j->opts->policy,
				   .feed = j->feed,
				   .today = j->opts->today,
				   .now = j->opts->now,
				   .version = j->opts->version,
				   .file_name = j->opts->file_name,
				   .waivers_signed = is_signed };

	if (format == NULL)
		return HF_ERR_BASE_MISUSE;
	return format->render(&in, &out->output[0], j->opts->companions ? &out->output[1] : NULL);
}

/* What advisories say of one side. */
static hf_err match(struct judge *j, size_t side, struct hf_case **out)
{
	struct hf_case_opts opts = {
		.model = j->model[side], .policy = j->opts->policy, .feed = j->feed, .today = j->opts->today
	};

	HF_TRY(hf_case_new(&opts, out));
	return hf_case_run(*out, "VULN");
}

/* A comparison shows what is new, not all that was there before. */
static hf_err run_checks(struct judge *j, struct hf_case *c)
{
	if (j->n_sides == 1 && !j->opts->recheck)
		return hf_case_run(c, NULL);
	HF_TRY(hf_case_run(c, "SCAN"));
	if (j->opts->recheck)
		return hf_case_run(c, "VULN");
	HF_TRY(hf_case_run(c, "REPRO"));
	return hf_case_run(c, "SURF");
}

static bool is_feed_stale(const struct judge *j)
{
	size_t n = hf_feed_n_sources(j->feed);

	for (size_t i = 0; i < n; i++)
		if (hf_feed_is_stale(hf_feed_source(j->feed, i), j->opts->today,
				     j->opts->policy->max_feed_age_days))
			return true;
	return n == 0;
}

static hf_err decide(struct judge *j, struct hf_case *c, struct hf_audit_result *out)
{
	struct hf_gate_opts opts = { .feed_stale = is_feed_stale(j), .waivers_signed = are_signed(j) };
	struct hf_gate gate = { 0 };

	if (j->opts->baseline.len > 0) {
		HF_TRY(hf_baseline_read(j->opts->baseline, &j->baseline));
		opts.baseline = &j->baseline;
	}
	HF_TRY(run_checks(j, c));
	HF_TRY(hf_gate_judge(c, &opts, &gate));
	out->status = gate.status;
	return render(j, c, &gate, opts.waivers_signed, out);
}

static hf_err judge(struct judge *j, struct hf_audit_result *out)
{
	struct hf_case_opts opts = { .model = j->model[j->n_sides - 1],
				     .policy = j->opts->policy,
				     .feed = j->feed,
				     .today = j->opts->today };
	struct hf_case *c = NULL, *matched[SIDES] = { NULL, NULL };
	hf_err err = HF_OK;

	for (size_t i = 0; i < j->n_sides; i++)
		HF_TRY(hf_model_seal(j->model[i]));
	for (size_t i = 0; i < SIDES && j->n_sides == SIDES && err == HF_OK; i++)
		err = match(j, i, &matched[i]);
	if (err == HF_OK && j->n_sides == SIDES) {
		opts.before = j->model[0];
		opts.before_outcome = hf_case_outcome(matched[0]);
		opts.after_outcome = hf_case_outcome(matched[1]);
	}
	if (err == HF_OK)
		err = hf_case_new(&opts, &c);
	if (err == HF_OK)
		err = decide(j, c, out);
	hf_case_free(c);
	hf_case_free(matched[0]);
	hf_case_free(matched[1]);
	return err;
}

/* ---- answer ---- */

static hf_err answer(struct judge *j, uint8_t tag, hf_bytes bytes)
{
	uint8_t head[1 + HF__FRAME_HEAD] = { tag };

	hf_put_be32(head + 1, (uint32_t)bytes.len);
	HF_TRY(hf_fd_write_all(j->to, HF_ARR(head), NULL));
	return hf_fd_write_all(j->to, bytes, NULL);
}

static hf_err answer_all(struct judge *j, struct hf_audit_result *result)
{
	uint8_t status = (uint8_t)result->status;

	for (unsigned i = 0; i < HF_AUDIT_OUTPUTS; i++) {
		hf_bytes rest = hf_buf_bytes(&result->output[i]);

		while (rest.len > 0) {
			size_t n = rest.len < HF__CHUNK ? rest.len : HF__CHUNK;

			HF_TRY(answer(j, (uint8_t)i, (hf_bytes){ rest.ptr, n }));
			rest.ptr += n;
			rest.len -= n;
		}
	}
	return answer(j, HF__TAG_END, (hf_bytes){ &status, 1 });
}

static hf_err fail(struct judge *j, hf_err err)
{
	const char *words = hf_why_text(&j->why);

	if (j->why.text[0] == '\0')
		words = hf_err_text(err);
	return answer(j, HF__TAG_ERROR, (hf_bytes){ (const uint8_t *)words, strlen(words) });
}

/* Not _exit: with AddressSanitizer it makes calls that a sealed process may not. */
static void end(int status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

void hf__judge_run(const struct hf_audit_opts *opts, int from_main, int to_main)
{
	static struct judge j;
	struct hf_audit_result result = { 0 };
	hf_err err;

	j.opts = opts;
	j.from = from_main;
	j.to = to_main;
	j.n_sides = opts->n_first < opts->n_paths ? 2 : 1;
	for (size_t i = 0; i < HF_AUDIT_OUTPUTS; i++)
		result.output[i] = HF_BUF(OUTPUT_CEILING);
	err = seal(&j);
	if (err == HF_OK)
		err = take_facts(&j);
	if (err == HF_OK)
		err = judge(&j, &result);
	err = err == HF_OK ? answer_all(&j, &result) : fail(&j, err);
	end(err == HF_OK ? 0 : 1);
}

/* judge_run.c -- the judge's process: it opens what the operator named (feed, trust policy), seals itself,
 * takes facts until every side is complete, and answers with the report. It never sees a byte of an image.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
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

static hf_err seal(struct judge *j)
{
	const struct hf_sandbox box = { .powers = HF_SANDBOX_AUDIT, .no_files = true };
	long max = sysconf(_SC_OPEN_MAX);

	for (int fd = 0; fd < max; fd++)
		if (fd != j->from && fd != j->to && fd != STDERR_FILENO)
			(void)close(fd);
	open_files(j);
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
				   .today = j->opts->today,
				   .now = j->opts->now,
				   .version = j->opts->version,
				   .file_name = j->opts->file_name,
				   .waivers_signed = is_signed };

	if (format == NULL)
		return HF_ERR_BASE_MISUSE;
	return format->render(&in, &out->output[0], j->opts->companions ? &out->output[1] : NULL);
}

static hf_err judge(struct judge *j, struct hf_audit_result *out)
{
	struct hf_case_opts opts = { .model = j->model[j->n_sides - 1],
				     .policy = j->opts->policy,
				     .today = j->opts->today };
	struct hf_gate_opts gate_opts = { .feed_stale = true, .waivers_signed = are_signed(j) };
	struct hf_gate gate = { 0 };
	struct hf_case *c = NULL;
	hf_err err;

	if (j->opts->baseline.len > 0) {
		HF_TRY(hf_baseline_read(j->opts->baseline, &j->baseline));
		gate_opts.baseline = &j->baseline;
	}
	for (size_t i = 0; i < j->n_sides; i++)
		HF_TRY(hf_model_seal(j->model[i]));
	HF_TRY(hf_case_new(&opts, &c));
	err = hf_case_run(c, NULL);
	if (err == HF_OK)
		err = hf_gate_judge(c, &gate_opts, &gate);
	if (err == HF_OK)
		err = render(j, c, &gate, gate_opts.waivers_signed, out);
	out->status = gate.status;
	hf_case_free(c);
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

	for (uint8_t i = 0; i < HF_AUDIT_OUTPUTS; i++) {
		hf_bytes rest = hf_buf_bytes(&result->output[i]);

		while (rest.len > 0) {
			size_t n = rest.len < HF__CHUNK ? rest.len : HF__CHUNK;

			HF_TRY(answer(j, i, (hf_bytes){ rest.ptr, n }));
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

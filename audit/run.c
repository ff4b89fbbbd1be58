/* run.c -- a whole run: judge first, so that it inherits no descriptor of an input; then each side is
 * scanned.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>
#include "audit_judge.h"
#include "engine.h"

enum { OUTPUT_CEILING = 512 << 20 };

static void lower(uint64_t wanted, uint64_t *cap)
{
	if (wanted != 0)
		*cap = wanted;
}

static struct hf_walk_caps caps_of(const struct hf_auditpolicy *policy)
{
	struct hf_walk_caps caps = hf_walk_caps_default;
	const struct hf_auditpolicy_caps *p = &policy->caps;

	lower(p->files, &caps.files);
	lower(p->bytes, &caps.bytes);
	lower(p->file_bytes, &caps.file_bytes);
	if (p->depth != 0)
		caps.depth = (unsigned)p->depth;
	if (p->ratio != 0)
		caps.ratio = (unsigned)p->ratio;
	if (p->seconds != 0)
		caps.seconds = (unsigned)p->seconds;
	return caps;
}

static hf_err scan_side(const struct hf_audit_opts *opts, struct hf__engine *engine, struct hf__judge *judge,
			size_t first, size_t n, struct hf_why *why)
{
	const struct hf_fact_sink sink = { judge, hf__judge_put };
	struct hf__scan_opts scan = { .n_inputs = n,
				      .jobs = opts->jobs,
				      .caps = caps_of(opts->policy),
				      .engine = engine,
				      .reader_memory = opts->reader_memory };
	hf_err err = hf__inputs_open(opts->paths + first, n, &scan.inputs, why);

	if (err == HF_OK)
		err = hf__scan(&scan, &sink, why);
	hf__inputs_close(scan.inputs, n);
	return err == HF_OK ? hf__judge_side_done(judge) : err;
}

static hf_err run(const struct hf_audit_opts *opts, struct hf__judge *judge, struct hf_audit_result *out,
		  struct hf_why *why)
{
	struct hf__engine engine HF_AUTO(hf__engine_free) = { 0 };

	/* First: it makes OpenSSL ready, which a sealed judge could not. */
	HF_TRY(hf__engine_new(opts->policy, opts->recheck, &engine, why));
	HF_TRY(hf__judge_start(opts, judge, why));
	HF_TRY(scan_side(opts, &engine, judge, 0, opts->n_first, why));
	if (opts->n_first < opts->n_paths)
		HF_TRY(scan_side(opts, &engine, judge, opts->n_first, opts->n_paths - opts->n_first, why));
	return hf__judge_result(judge, out, why);
}

hf_err hf_audit_run(const struct hf_audit_opts *opts, struct hf_audit_result *out, struct hf_why *why)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct hf__judge judge = { .to = -1, .from = -1 };
	hf_err err;

	*out = (struct hf_audit_result){ .status = HF_AUDIT_ERROR };
	for (size_t i = 0; i < HF_AUDIT_OUTPUTS; i++)
		out->output[i] = HF_BUF(OUTPUT_CEILING);
	if (opts->n_paths == 0 || opts->n_paths > HF_AUDIT_INPUTS_MAX || opts->n_first > opts->n_paths ||
	    opts->n_first == 0 || opts->jobs == 0 || opts->jobs > HF_AUDIT_JOBS_MAX)
		return HF_ERR_BASE_MISUSE;
	(void)sigaction(SIGPIPE, &ignore, &before); /* a judge that died is an error, not our end */
	err = run(opts, &judge, out, why);
	hf__judge_end(&judge);
	(void)sigaction(SIGPIPE, &before, NULL);
	if (err != HF_OK)
		out->status = HF_AUDIT_ERROR;
	return err;
}

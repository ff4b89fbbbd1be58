/* cron.c -- what runs by the clock: crontabs and the folders of scripts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

enum { LINES_MAX = 4096 };

/* System tables name a user in the sixth field. */
static bool names_user(const struct hf__scan_job *job)
{
	return hf_span_is(job->name, "/etc/crontab") || hf_span_find(job->name, "/cron.d/") != SIZE_MAX;
}

static bool is_table(const struct hf__scan_job *job)
{
	return names_user(job) || hf_span_find(job->name, "/crontabs/") != SIZE_MAX ||
	       (hf_span_find(job->name, "/spool/cron/") != SIZE_MAX);
}

static bool is_cron_script(const struct hf__scan_job *job)
{
	static const char *const folders[] = { "/cron.hourly/",  "/cron.daily/", "/cron.weekly/",
					       "/cron.monthly/", "/periodic/",   NULL };

	for (size_t i = 0; folders[i] != NULL; i++)
		if (hf_span_find(job->name, folders[i]) != SIZE_MAX)
			return true;
	return false;
}

static hf_err put_line(struct hf__scan_job *job, hf_bytes line)
{
	struct hf__scan_service s = { .source = HF_SOURCE_CRON, .unit = job->base, .where = line };
	hf_bytes rest = line, word;
	unsigned times = hf_span_begins(line, "@") ? 1 : 5;

	for (unsigned i = 0; i < times; i++)
		if (!hf__scan_word(&rest, &word))
			return HF_OK;
	s.when = (hf_bytes){ line.ptr, (size_t)(word.ptr + word.len - line.ptr) };
	if (names_user(job) && !hf__scan_word(&rest, &s.user))
		return HF_OK;
	s.command = hf_span_trim(rest);
	return s.command.len > 0 ? hf__scan_put_service(job, &s) : HF_OK;
}

static bool is_assignment(hf_bytes line)
{
	hf_bytes name, value;

	return line.ptr[0] != '*' && line.ptr[0] != '@' && (line.ptr[0] < '0' || line.ptr[0] > '9') &&
	       hf__scan_pair(line, '=', &name, &value);
}

hf_err hf__scan_cron(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	if (is_cron_script(job)) {
		struct hf__scan_service s = { .source = HF_SOURCE_CRON,
					      .unit = job->base,
					      .command = job->base,
					      .where = hf_span_upto(job->text, 1) };

		s.flags = hf__scan_fetches_and_runs(job->text) ? HF_SERVICEF_FETCHRUN : 0;
		return hf__scan_put_service(job, &s);
	}
	if (!is_table(job))
		return HF_OK;
	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len > 0 && line.ptr[0] != '#' && !is_assignment(line))
			HF_TRY(put_line(job, line));
	}
	return HF_OK;
}

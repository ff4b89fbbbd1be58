/* problem.c -- the one table of problems (RFC 9457): code, status, title.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include "api_priv.h"

static const struct {
	int status;
	const char *code;
	const char *title;
} problems[] = {
	[API_BAD_REQUEST] = { 400, "AP1", "The request is not well formed" },
	[API_FORBIDDEN] = { 403, "AP2", "Not allowed" },
	[API_NOT_FOUND] = { 404, "AP3", "Not there, or not yours" },
	[API_METHOD] = { 405, "AP4", "Not possible here" },
	[API_CONFLICT] = { 409, "AP5", "The state does not allow it" },
	[API_STALE] = { 412, "AP6", "The row has another version" },
	[API_TOO_LARGE] = { 413, "AP7", "The body is too large" },
	[API_UNSUPPORTED] = { 415, "AP8", "Another content type is wanted" },
	[API_OTHER_BODY] = { 422, "AP9", "The key was used with another request" },
	[API_NO_MATCH] = { 428, "AP10", "If-Match is missing" },
	[API_TOO_MANY] = { 429, "AP11", "Slow down" },
	[API_INTERNAL] = { 500, "AP12", "Something failed here" },
	[API_BUSY] = { 503, "AP13", "Try again" },
	[API_NO_KEY] = { 400, "AP14", "Idempotency-Key is missing or not well formed" },
	[API_RUNNING] = { 409, "AP15", "The same request is still running" },
};

int api_problem_status(enum api_problem problem)
{
	return problems[problem].status;
}

hf_err api_problem_print(enum api_problem problem, const char *instance, const char *detail,
			 struct hf_buf *out)
{
	struct hf_json_out j = { .buf = out };
	char type[64];

	snprintf(type, sizeof(type), "urn:holdfast:problem:%s", problems[problem].code);
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "type", type);
	hf_json_put_text(&j, "title", problems[problem].title);
	hf_json_put_uint(&j, "status", (uint64_t)problems[problem].status);
	if (detail != NULL && detail[0] != '\0')
		hf_json_put_text(&j, "detail", detail);
	if (instance != NULL)
		hf_json_put_text(&j, "instance", instance);
	hf_json_put_text(&j, "code", problems[problem].code);
	hf_json_close(&j);
	return hf_json_end(&j);
}

hf_err api_refuse(struct api_call *c, enum api_problem problem, const char *format, ...)
{
	va_list ap;

	c->problem = problem;
	va_start(ap, format);
	vsnprintf(c->detail, sizeof(c->detail), format, ap);
	va_end(ap);
	return HF_ERR_API_REFUSED;
}

hf_err api_refuse_store(struct api_call *c, hf_err err)
{
	switch (err) {
	case HF_ERR_STORE_ABSENT:
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	case HF_ERR_STORE_EXISTS:
		return api_refuse(c, API_CONFLICT, "it exists already");
	case HF_ERR_STORE_STALE:
		return api_refuse(c, API_STALE, "%s", "");
	case HF_ERR_STORE_LIMIT:
		return api_refuse(c, API_TOO_MANY, "too many are open");
	case HF_ERR_FLEET_STATE:
	case HF_ERR_FLEET_CLAIMED:
	case HF_ERR_FLEET_ORDER:
		return api_refuse(c, API_CONFLICT, "%s", hf_err_text(err));
	case HF_ERR_FLEET_PROOF:
		return api_refuse(c, API_FORBIDDEN, "%s", hf_err_text(err));
	case HF_ERR_STORE_BUSY:
		return api_refuse(c, API_BUSY, "the registry is busy");
	case HF_ERR_STORE_FULL:
		return api_refuse(c, API_BUSY, "the disk is full; make room on the server");
	default:
		return api_refuse(c, API_INTERNAL, "%s", hf_err_text(err));
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

static bool is_plain(hf_bytes version)
{
	for (size_t i = 0; i < version.len; i++)
		if (version.ptr[i] < 0x20)
			return false;
	return version.len <= 256;
}

/* "0" and "" both mean: from the beginning. */
static hf_bytes lower(hf_bytes from)
{
	return hf_span_is(from, "0") || hf_span_is(from, "*") ? (hf_bytes){ 0 } : from;
}

hf_err hf__range_put(struct hf_buf *ranges, const struct hf__range *r)
{
	hf_bytes from = r->end == '.' ? r->from : lower(r->from);

	if (!is_plain(r->from) || !is_plain(r->to))
		return HF_OK;
	return hf_buf_printf(ranges, "%c%.*s\t%c%.*s\n", r->affected ? 'a' : 'u', (int)from.len,
			     from.len > 0 ? (const char *)from.ptr : "", r->end, (int)r->to.len,
			     r->to.len > 0 ? (const char *)r->to.ptr : "");
}

bool hf__range_next(hf_bytes *ranges, struct hf__range *r)
{
	hf_bytes to;

	while (ranges->len > 0) {
		hf_bytes line = hf__before(*ranges, '\n', ranges);
		hf_bytes from = hf__before(line, '\t', &to);

		if (from.len == 0 || to.len == 0)
			continue;
		r->affected = from.ptr[0] == 'a';
		r->from = hf_span_from(from, 1);
		r->end = (char)to.ptr[0];
		r->to = hf_span_from(to, 1);
		return true;
	}
	return false;
}

static bool holds(const struct hf__range *r, unsigned scheme, hf_bytes version)
{
	if (r->end == '.')
		return hf_version_compare(scheme, version, r->from) == 0;
	if (r->from.len > 0 && hf_version_compare(scheme, version, r->from) < 0)
		return false;
	if (r->end == '*')
		return true;
	int order = hf_version_compare(scheme, version, r->to);
	return order < 0 || (r->end == '=' && order == 0);
}

bool hf__ranges_say(hf_bytes ranges, unsigned scheme, hf_bytes version, hf_bytes *fixed)
{
	struct hf__range r;

	*fixed = (hf_bytes){ 0 };
	while (hf__range_next(&ranges, &r)) {
		if (!holds(&r, scheme, version))
			continue;
		if (r.affected && r.end == '<')
			*fixed = r.to;
		return r.affected;
	}
	return false;
}

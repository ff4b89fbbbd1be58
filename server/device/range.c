/* range.c -- see range.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "range.h"

enum { DIGITS_MAX = 15 };

/* Decimal digits; *found says whether there were any. NULL when there are too many. */
static const char *take_number(const char *p, uint64_t *value, bool *found)
{
	size_t n = strspn(p, "0123456789");

	*value = 0;
	*found = n > 0;
	if (n > DIGITS_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++)
		*value = *value * 10 + (uint64_t)(p[i] - '0');
	return p + n;
}

/* The last `n` bytes. */
static enum hf__range suffix(uint64_t n, uint64_t len, uint64_t *first, uint64_t *last)
{
	if (n == 0 || len == 0)
		return HF__RANGE_NONE;
	*first = n < len ? len - n : 0;
	*last = len - 1;
	return HF__RANGE_PART;
}

struct spec {
	uint64_t from, to;
	bool has_from, has_to;
};

/* bytes=[from]-[to], one of them at least, in order. */
static bool read_spec(const char *p, struct spec *s)
{
	if (strncmp(p, "bytes=", 6) != 0)
		return false;
	p = take_number(p + 6, &s->from, &s->has_from);
	if (p == NULL || *p != '-')
		return false;
	p = take_number(p + 1, &s->to, &s->has_to);
	if (p == NULL || *p != '\0')
		return false;
	return s->has_from ? !s->has_to || s->to >= s->from : s->has_to;
}

enum hf__range hf__range_of(const char *value, uint64_t len, uint64_t *first, uint64_t *last)
{
	struct spec s = { .from = 0 };

	*first = 0;
	*last = len == 0 ? 0 : len - 1;
	if (value == NULL || !read_spec(value, &s))
		return HF__RANGE_WHOLE;
	if (!s.has_from)
		return suffix(s.to, len, first, last);
	if (s.from >= len)
		return HF__RANGE_NONE;
	*first = s.from;
	if (s.has_to && s.to < *last)
		*last = s.to;
	return HF__RANGE_PART;
}

bool hf__etag_listed(const char *value, const char *etag)
{
	size_t n = strlen(etag);

	if (value == NULL)
		return false;
	if (strcmp(value, "*") == 0)
		return true;
	for (const char *p = value; *p != '\0';) {
		p += strspn(p, " \t,");
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (strncmp(p, etag, n) == 0 && (p[n] == '\0' || strchr(" \t,", p[n]) != NULL))
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

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

enum hf__range hf__range_of(const char *value, uint64_t len, uint64_t *first, uint64_t *last)
{
	bool from = false, to = false;
	const char *p = value;

	*first = 0;
	*last = len == 0 ? 0 : len - 1;
	if (p == NULL || strncmp(p, "bytes=", 6) != 0)
		return HF__RANGE_WHOLE;
	uint64_t a = 0, b = 0;
	p = take_number(p + 6, &a, &from);
	if (p == NULL || *p != '-')
		return HF__RANGE_WHOLE;
	p = take_number(p + 1, &b, &to);
	if (p == NULL || *p != '\0' || (!from && !to) || (from && to && b < a))
		return HF__RANGE_WHOLE;
	if (!from)
		return suffix(b, len, first, last);
	if (a >= len)
		return HF__RANGE_NONE;
	*first = a;
	if (to && b < *last)
		*last = b;
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

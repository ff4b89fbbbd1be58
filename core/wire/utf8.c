/* utf8.c -- is this UTF-8 (RFC 3629)? No overlong form, no surrogate, nothing above U+10FFFF.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

struct lead {
	uint8_t first, last; /* lead bytes of this row */
	uint8_t low, high;   /* allowed second byte */
	uint8_t n;           /* bytes after the lead */
};

/* RFC 3629 s4, the table of well-formed sequences. */
static const struct lead leads[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 0 }, { 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

static const struct lead *find_lead(uint8_t c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

static bool follows(const struct lead *lead, const uint8_t *p)
{
	if (lead->n > 0 && (p[0] < lead->low || p[0] > lead->high))
		return false;
	for (size_t i = 1; i < lead->n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

bool hf__wire_is_utf8(hf_bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		const struct lead *lead = find_lead(text.ptr[at]);

		if (lead == NULL || lead->n > text.len - at - 1 || !follows(lead, text.ptr + at + 1))
			return false;
		at += 1u + lead->n;
	}
	return true;
}

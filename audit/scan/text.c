/* text.c -- small steps over borrowed text; nothing is copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include "scan_priv.h"

bool hf__scan_word(hf_bytes *rest, hf_bytes *word)
{
	size_t n = 0;
	uint8_t quote;

	*rest = hf_span_trim(*rest);
	*word = (hf_bytes){ 0 };
	if (rest->len == 0)
		return false;
	quote = rest->ptr[0];
	if (quote == '"' || quote == '\'') {
		const uint8_t *end = memchr(rest->ptr + 1, quote, rest->len - 1);

		n = end == NULL ? rest->len - 1 : (size_t)(end - rest->ptr) - 1;
		*word = (hf_bytes){ rest->ptr + 1, n };
		*rest = hf_span_from(*rest, n + 2);
		return true;
	}
	while (n < rest->len && !hf_span_blank(rest->ptr[n]) && rest->ptr[n] != '\n')
		n++;
	*word = hf_span_upto(*rest, n);
	*rest = hf_span_from(*rest, n + 1);
	return true;
}

bool hf__scan_number(hf_bytes b, uint64_t *out)
{
	uint64_t v = 0;

	*out = 0;
	if (b.len == 0 || b.len > 19)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.ptr[i] < '0' || b.ptr[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(b.ptr[i] - '0');
	}
	*out = v;
	return true;
}

hf_bytes hf__scan_unquote(hf_bytes b)
{
	if (b.len >= 2 && (b.ptr[0] == '"' || b.ptr[0] == '\'') && b.ptr[b.len - 1] == b.ptr[0])
		return (hf_bytes){ b.ptr + 1, b.len - 2 };
	return b;
}

bool hf__scan_pair(hf_bytes line, uint8_t sep, hf_bytes *name, hf_bytes *value)
{
	const uint8_t *at = line.len > 0 ? memchr(line.ptr, sep, line.len) : NULL;

	*name = (hf_bytes){ 0 };
	*value = (hf_bytes){ 0 };
	if (at == NULL)
		return false;
	*name = hf_span_trim(hf_span_upto(line, (size_t)(at - line.ptr)));
	*value = hf_span_trim(hf_span_from(line, (size_t)(at - line.ptr) + 1));
	return true;
}

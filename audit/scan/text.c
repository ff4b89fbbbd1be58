/* text.c -- small steps over borrowed text; nothing is copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include "scan_priv.h"

bool hf__scan_is(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && (b.len == 0 || memcmp(b.ptr, text, b.len) == 0);
}

bool hf__scan_is_nocase(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && (b.len == 0 || strncasecmp((const char *)b.ptr, text, b.len) == 0);
}

bool hf__scan_starts(hf_bytes b, const char *text)
{
	return b.len >= strlen(text) && hf__scan_is(hf__scan_first(b, strlen(text)), text);
}

bool hf__scan_ends(hf_bytes b, const char *text)
{
	return b.len >= strlen(text) && hf__scan_is(hf__scan_from(b, b.len - strlen(text)), text);
}

size_t hf__scan_find(hf_bytes b, const char *needle)
{
	const uint8_t *at = b.len > 0 ? memmem(b.ptr, b.len, needle, strlen(needle)) : NULL;

	return at == NULL ? SIZE_MAX : (size_t)(at - b.ptr);
}

bool hf__scan_in(hf_bytes b, const char *const *names)
{
	for (; *names != NULL; names++)
		if (hf__scan_is(b, *names))
			return true;
	return false;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

hf_bytes hf__scan_trim(hf_bytes b)
{
	while (b.len > 0 && blank(b.ptr[0]))
		b = hf__scan_from(b, 1);
	while (b.len > 0 && blank(b.ptr[b.len - 1]))
		b.len--;
	return b;
}

bool hf__scan_part(hf_bytes *rest, uint8_t sep, hf_bytes *part)
{
	const uint8_t *end;

	*part = (hf_bytes){ 0 };
	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, sep, rest->len);
	part->ptr = rest->ptr;
	part->len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
	*rest = hf__scan_from(*rest, part->len + 1);
	return true;
}

bool hf__scan_line(hf_bytes *rest, hf_bytes *line)
{
	if (!hf__scan_part(rest, '\n', line))
		return false;
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool hf__scan_word(hf_bytes *rest, hf_bytes *word)
{
	size_t n = 0;
	uint8_t quote;

	*rest = hf__scan_trim(*rest);
	*word = (hf_bytes){ 0 };
	if (rest->len == 0)
		return false;
	quote = rest->ptr[0];
	if (quote == '"' || quote == '\'') {
		const uint8_t *end = memchr(rest->ptr + 1, quote, rest->len - 1);

		n = end == NULL ? rest->len - 1 : (size_t)(end - rest->ptr) - 1;
		*word = (hf_bytes){ rest->ptr + 1, n };
		*rest = hf__scan_from(*rest, n + 2);
		return true;
	}
	while (n < rest->len && !blank(rest->ptr[n]) && rest->ptr[n] != '\n')
		n++;
	*word = hf__scan_first(*rest, n);
	*rest = hf__scan_from(*rest, n + 1);
	return true;
}

hf_bytes hf__scan_base(hf_bytes path)
{
	const uint8_t *slash = path.len > 0 ? memrchr(path.ptr, '/', path.len) : NULL;

	return slash == NULL ? path : hf__scan_from(path, (size_t)(slash - path.ptr) + 1);
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
	*name = hf__scan_trim(hf__scan_first(line, (size_t)(at - line.ptr)));
	*value = hf__scan_trim(hf__scan_from(line, (size_t)(at - line.ptr) + 1));
	return true;
}

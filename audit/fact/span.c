/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include <hf/span.h>

bool hf_span_is(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && (b.len == 0 || memcmp(b.ptr, text, b.len) == 0);
}

bool hf_span_is_nocase(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && (b.len == 0 || strncasecmp((const char *)b.ptr, text, b.len) == 0);
}

bool hf_span_begins(hf_bytes b, const char *text)
{
	return b.len >= strlen(text) && hf_span_is(hf_span_upto(b, strlen(text)), text);
}

bool hf_span_ends(hf_bytes b, const char *text)
{
	return b.len >= strlen(text) && hf_span_is(hf_span_from(b, b.len - strlen(text)), text);
}

size_t hf_span_find(hf_bytes b, const char *needle)
{
	const uint8_t *at = b.len > 0 ? memmem(b.ptr, b.len, needle, strlen(needle)) : NULL;

	return at == NULL ? SIZE_MAX : (size_t)(at - b.ptr);
}

bool hf_span_has(hf_bytes b, const char *needle)
{
	return hf_span_find(b, needle) != SIZE_MAX;
}

bool hf_span_in(hf_bytes b, const char *const *names)
{
	for (; *names != NULL; names++)
		if (hf_span_is(b, *names))
			return true;
	return false;
}

int hf_span_order(hf_bytes a, hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

hf_bytes hf_span_from(hf_bytes b, size_t n)
{
	return n >= b.len ? (hf_bytes){ 0 } : (hf_bytes){ b.ptr + n, b.len - n };
}

hf_bytes hf_span_upto(hf_bytes b, size_t n)
{
	return (hf_bytes){ b.ptr, n < b.len ? n : b.len };
}

bool hf_span_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

hf_bytes hf_span_trim(hf_bytes b)
{
	while (b.len > 0 && hf_span_blank(b.ptr[0]))
		b = hf_span_from(b, 1);
	while (b.len > 0 && hf_span_blank(b.ptr[b.len - 1]))
		b.len--;
	return b;
}

hf_bytes hf_span_base(hf_bytes path)
{
	const uint8_t *slash = path.len > 0 ? memrchr(path.ptr, '/', path.len) : NULL;

	return slash == NULL ? path : hf_span_from(path, (size_t)(slash - path.ptr) + 1);
}

bool hf_span_part(hf_bytes *rest, uint8_t sep, hf_bytes *part)
{
	const uint8_t *end;

	*part = (hf_bytes){ 0 };
	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, sep, rest->len);
	*part = hf_span_upto(*rest, end == NULL ? rest->len : (size_t)(end - rest->ptr));
	*rest = hf_span_from(*rest, part->len + 1);
	return true;
}

bool hf_span_line(hf_bytes *rest, hf_bytes *line)
{
	if (!hf_span_part(rest, '\n', line))
		return false;
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

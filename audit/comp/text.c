/* Lines, fields and words of databases that are texts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

hf_bytes hf__from(hf_bytes b, size_t n)
{
	if (n == 0)
		return b;
	if (n >= b.len)
		return (hf_bytes){ 0 };
	return (hf_bytes){ b.ptr + n, b.len - n };
}

hf_bytes hf__upto(hf_bytes b, size_t n)
{
	return (hf_bytes){ b.ptr, b.len < n ? b.len : n };
}

bool hf__begins(hf_bytes b, const char *text)
{
	size_t n = strlen(text);

	return b.len >= n && memcmp(b.ptr, text, n) == 0;
}

bool hf__ends(hf_bytes b, const char *text)
{
	size_t n = strlen(text);

	return b.len >= n && memcmp(b.ptr + (b.len - n), text, n) == 0;
}

bool hf__is(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && hf__begins(b, text);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

hf_bytes hf__trim(hf_bytes b)
{
	while (b.len > 0 && is_blank(b.ptr[0]))
		b = hf__from(b, 1);
	while (b.len > 0 && is_blank(b.ptr[b.len - 1]))
		b.len--;
	return b;
}

hf_bytes hf__before(hf_bytes b, char sign, hf_bytes *rest)
{
	const uint8_t *at = b.len > 0 ? memchr(b.ptr, sign, b.len) : NULL;
	size_t n = at ? (size_t)(at - b.ptr) : b.len;

	*rest = at ? hf__from(b, n + 1) : (hf_bytes){ 0 };
	return hf__upto(b, n);
}

bool hf__line(hf_bytes *rest, hf_bytes *line)
{
	if (rest->len == 0)
		return false;
	*line = hf__before(*rest, '\n', rest);
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool hf__field(hf_bytes line, const char *name, hf_bytes *value)
{
	size_t n = strlen(name);

	if (line.len <= n || line.ptr[n] != ':' || !hf__begins(line, name))
		return false;
	*value = hf__trim(hf__from(line, n + 1));
	return true;
}

static size_t word_len(hf_bytes b)
{
	size_t n = 0;

	while (n < b.len && !is_blank(b.ptr[n]) && !strchr("(|<>=~:[", b.ptr[n]))
		n++;
	return n;
}

void hf__depend_names(hf_bytes depends, char separator, struct hf_out *out)
{
	while (depends.len > 0) {
		hf_bytes one = hf__trim(hf__before(depends, separator, &depends));
		hf_bytes name = hf__upto(one, word_len(one));

		if (name.len == 0 || name.ptr[0] == '!')
			continue;
		if (out->cap - out->len < name.len + 1)
			return;
		if (out->len > 0)
			out->ptr[out->len++] = ' ';
		memcpy(out->ptr + out->len, name.ptr, name.len);
		out->len += name.len;
	}
}

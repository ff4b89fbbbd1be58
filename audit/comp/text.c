/* Lines, fields and words of databases that are texts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

hf_bytes hf__before(hf_bytes b, char sign, hf_bytes *rest)
{
	const uint8_t *at = b.len > 0 ? memchr(b.ptr, sign, b.len) : NULL;
	size_t n = at ? (size_t)(at - b.ptr) : b.len;

	*rest = at ? hf_span_from(b, n + 1) : (hf_bytes){ 0 };
	return hf_span_upto(b, n);
}

bool hf__field(hf_bytes line, const char *name, hf_bytes *value)
{
	size_t n = strlen(name);

	if (line.len <= n || line.ptr[n] != ':' || !hf_span_begins(line, name))
		return false;
	*value = hf_span_trim(hf_span_from(line, n + 1));
	return true;
}

static size_t word_len(hf_bytes b)
{
	size_t n = 0;

	while (n < b.len && !hf_span_blank(b.ptr[n]) && !strchr("(|<>=~:[", b.ptr[n]))
		n++;
	return n;
}

void hf__depend_names(hf_bytes depends, char separator, struct hf_out *out)
{
	while (depends.len > 0) {
		hf_bytes one = hf_span_trim(hf__before(depends, separator, &depends));
		hf_bytes name = hf_span_upto(one, word_len(one));

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

/* jsonwalk.c -- see jsonwalk.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "jsonwalk.h"

static hf_bytes skip_blanks(hf_bytes b)
{
	while (b.len > 0 && (b.ptr[0] == ' ' || b.ptr[0] == '\t' || b.ptr[0] == '\n' || b.ptr[0] == '\r'))
		b = hf_span_from(b, 1);
	return b;
}

/* Length of the string at the front with both quotes; 0 when it does not end. */
static size_t string_len(hf_bytes b)
{
	for (size_t i = 1; i < b.len; i++)
		if (b.ptr[i] == '\\')
			i++;
		else if (b.ptr[i] == '"')
			return i + 1;
	return 0;
}

static size_t scalar_len(hf_bytes b)
{
	size_t n = 0;

	while (n < b.len && b.ptr[n] != ',' && b.ptr[n] != ']' && b.ptr[n] != '}' && b.ptr[n] != ' ' &&
	       b.ptr[n] != '\n' && b.ptr[n] != '\r' && b.ptr[n] != '\t')
		n++;
	return n;
}

/* An object or array: brackets must pair, strings are stepped over. */
static size_t nested_len(hf_bytes b)
{
	uint8_t closing[HF__JSON_DEPTH];
	unsigned depth = 0;

	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.ptr[i];

		if (c == '"') {
			size_t n = string_len(hf_span_from(b, i));

			if (n == 0)
				return 0;
			i += n - 1;
		} else if (c == '{' || c == '[') {
			if (depth == HF__JSON_DEPTH)
				return 0;
			closing[depth++] = c == '{' ? '}' : ']';
		} else if (c == '}' || c == ']') {
			if (closing[depth - 1] != c) /* depth is at least 1: the first byte opened one */
				return 0;
			if (--depth == 0)
				return i + 1;
		}
	}
	return 0;
}

bool hf__scan_json_value(hf_bytes *rest, hf_bytes *value)
{
	hf_bytes b = skip_blanks(*rest);
	size_t n;

	*value = (hf_bytes){ 0 };
	if (b.len == 0)
		return false;
	if (b.ptr[0] == '"')
		n = string_len(b);
	else if (b.ptr[0] == '{' || b.ptr[0] == '[')
		n = nested_len(b);
	else
		n = scalar_len(b);
	if (n == 0)
		return false;
	*value = hf_span_upto(b, n);
	*rest = skip_blanks(hf_span_from(b, n));
	return true;
}

bool hf__scan_json_open(hf_bytes value, struct hf__scan_json_walk *w)
{
	*w = (struct hf__scan_json_walk){ 0 };
	if (value.len < 2 || (value.ptr[0] != '{' && value.ptr[0] != '['))
		return false;
	w->close = value.ptr[0] == '{' ? '}' : ']';
	w->rest = skip_blanks(hf_span_from(value, 1));
	return true;
}

bool hf__scan_json_next(struct hf__scan_json_walk *w, hf_bytes *name, hf_bytes *value)
{
	*name = (hf_bytes){ 0 };
	*value = (hf_bytes){ 0 };
	if (w->rest.len > 0 && w->rest.ptr[0] == ',')
		w->rest = skip_blanks(hf_span_from(w->rest, 1));
	if (w->rest.len == 0 || w->rest.ptr[0] == w->close)
		return false;
	if (w->close == '}') {
		hf_bytes quoted;

		if (w->rest.ptr[0] != '"' || !hf__scan_json_value(&w->rest, &quoted) || w->rest.len == 0 ||
		    w->rest.ptr[0] != ':')
			return false;
		*name = (hf_bytes){ quoted.ptr + 1, quoted.len - 2 };
		w->rest = hf_span_from(w->rest, 1);
	}
	return hf__scan_json_value(&w->rest, value);
}

bool hf__scan_json_member(hf_bytes object, const char *name, hf_bytes *value)
{
	struct hf__scan_json_walk w;
	hf_bytes key;

	*value = (hf_bytes){ 0 };
	if (object.len == 0 || object.ptr[0] != '{' || !hf__scan_json_open(object, &w))
		return false;
	while (hf__scan_json_next(&w, &key, value))
		if (hf_span_is(key, name))
			return true;
	*value = (hf_bytes){ 0 };
	return false;
}

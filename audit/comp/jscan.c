/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/span.h>
#include "jscan.h"

struct hf__json hf__json_start(hf_bytes text, struct hf_out arena)
{
	return (struct hf__json){ .p = text.ptr, .end = text.ptr + text.len, .arena = arena };
}

static uint8_t peek(struct hf__json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
		j->p++;
	return j->p < j->end && !j->bad ? *j->p : 0;
}

static bool bad(struct hf__json *j)
{
	j->bad = true;
	j->p = j->end;
	return false;
}

static bool take(struct hf__json *j, char c)
{
	if (peek(j) != (uint8_t)c)
		return bad(j);
	j->p++;
	return true;
}

/* The bytes between the quotes, escapes as they stand. */
static bool raw_text(struct hf__json *j, hf_bytes *raw, bool *escaped)
{
	*escaped = false;
	*raw = (hf_bytes){ 0 };
	if (!take(j, '"'))
		return false;
	const uint8_t *begin = j->p;
	while (j->p < j->end && *j->p != '"') {
		if (*j->p == '\\') {
			*escaped = true;
			j->p++;
		}
		if (j->p < j->end)
			j->p++;
	}
	if (j->p >= j->end)
		return bad(j);
	*raw = (hf_bytes){ begin, (size_t)(j->p - begin) };
	j->p++;
	return true;
}

static uint32_t hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - (uint32_t)'0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10 : 16;
}

static bool hex4(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
	*out = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		uint32_t v = hex_value(p[i]);

		if (v == 16)
			return false;
		*out = *out << 4 | v;
	}
	return true;
}

static void put_utf8(struct hf_out *o, uint32_t c)
{
	uint8_t *p = o->ptr + o->len;
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i > 1; i--, c >>= 6)
		p[i - 1] = (uint8_t)(0x80 | (c & 0x3f));
	p[0] = (uint8_t)(lead[n] | c);
	o->len += n;
}

/* \uXXXX behind its backslash and u; a pair of surrogates is one character, half a pair is U+FFFD. */
static bool put_u(struct hf_out *o, const uint8_t **p, const uint8_t *end)
{
	uint32_t c, low;

	if (!hex4(*p, end, &c))
		return false;
	*p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
	    hex4(*p + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		*p += 6;
	}
	put_utf8(o, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return true;
}

static bool put_escape(struct hf_out *o, const uint8_t **p, const uint8_t *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (*p >= end)
		return false;
	uint8_t c = *(*p)++;
	if (c == 'u')
		return put_u(o, p, end);
	at = memchr(from, c, sizeof(from) - 1);
	if (at == NULL)
		return false;
	o->ptr[o->len++] = (uint8_t)to[at - from];
	return true;
}

/* An escape is never shorter than what it stands for, so the raw length is room enough. */
static bool unescape(struct hf__json *j, hf_bytes raw, hf_bytes *out)
{
	struct hf_out *o = &j->arena;
	size_t begin = o->len;
	const uint8_t *p = raw.ptr, *end = raw.ptr + raw.len;

	if (o->cap - o->len < raw.len)
		return bad(j);
	while (p < end) {
		if (*p != '\\') {
			o->ptr[o->len++] = *p++;
			continue;
		}
		p++;
		if (!put_escape(o, &p, end))
			return bad(j);
	}
	*out = (hf_bytes){ o->ptr + begin, o->len - begin };
	return true;
}

static bool read_text(struct hf__json *j, hf_bytes *out)
{
	bool escaped;

	if (!raw_text(j, out, &escaped))
		return false;
	return escaped ? unescape(j, *out, out) : true;
}

bool hf__json_text(struct hf__json *j, hf_bytes *out)
{
	*out = (hf_bytes){ 0 };
	if (peek(j) == '"')
		return read_text(j, out);
	hf__json_skip(j);
	return false;
}

static bool is_scalar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
	       c == 'E';
}

static hf_bytes scalar(struct hf__json *j)
{
	const uint8_t *begin = j->p;

	while (j->p < j->end && is_scalar(*j->p))
		j->p++;
	return (hf_bytes){ begin, (size_t)(j->p - begin) };
}

bool hf__json_number(struct hf__json *j, hf_bytes *out)
{
	uint8_t c = peek(j);

	*out = (hf_bytes){ 0 };
	if (c != '-' && (c < '0' || c > '9')) {
		hf__json_skip(j);
		return false;
	}
	*out = scalar(j);
	return true;
}

void hf__json_bool(struct hf__json *j, bool *out)
{
	uint8_t c = peek(j);

	if (c == 't' || c == 'f')
		*out = c == 't';
	hf__json_skip(j);
}

/* A container is skipped by counting brackets: what is inside is not looked at, only its texts are. */
static void skip_container(struct hf__json *j)
{
	unsigned depth = 0;
	hf_bytes raw;
	bool escaped;

	do {
		uint8_t c = peek(j);

		if (c == '"') {
			(void)raw_text(j, &raw, &escaped);
			continue;
		}
		if (c == 0) {
			(void)bad(j);
			return;
		}
		j->p++;
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		if (depth + j->depth > HF__JSON_DEPTH)
			(void)bad(j);
	} while (depth > 0 && !j->bad);
}

void hf__json_skip(struct hf__json *j)
{
	hf_bytes raw;
	bool escaped;
	uint8_t c = peek(j);

	if (c == '{' || c == '[')
		skip_container(j);
	else if (c == '"')
		(void)raw_text(j, &raw, &escaped);
	else if (c == 0 || scalar(j).len == 0)
		(void)bad(j);
}

bool hf__json_take(struct hf__json *j, hf_bytes name, const struct hf__json_want *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hf_span_is(name, rows[i].name)) {
			(void)hf__json_text(j, rows[i].to);
			return true;
		}
	return false;
}

bool hf__json_enter(struct hf__json *j, char kind)
{
	if (peek(j) != (uint8_t)kind) {
		hf__json_skip(j);
		return false;
	}
	if (j->depth >= HF__JSON_DEPTH)
		return bad(j);
	j->p++;
	j->depth++;
	j->begun &= ~((uint64_t)1 << j->depth);
	return true;
}

/* Behind a value: a comma and another one, or the end of the container. */
static bool goes_on(struct hf__json *j, char end)
{
	uint64_t bit = (uint64_t)1 << j->depth;

	if (peek(j) == (uint8_t)end) {
		j->p++;
		j->depth--;
		return false;
	}
	if ((j->begun & bit) && !take(j, ','))
		return false;
	j->begun |= bit;
	return peek(j) != 0 ? true : bad(j);
}

bool hf__json_member(struct hf__json *j, hf_bytes *name)
{
	return goes_on(j, '}') && read_text(j, name) && take(j, ':');
}

bool hf__json_item(struct hf__json *j)
{
	return goes_on(j, ']');
}

bool hf__json_is_whole(struct hf__json *j)
{
	return peek(j) == 0 && !j->bad && j->p == j->end && j->depth == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>
#include <hf/json.h>

static void keep(struct hf_json_out *j, hf_err err)
{
	if (j->err == HF_OK)
		j->err = err;
}

static bool is_utf8_tail(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* The rows of RFC 3629 s4: first byte, range of the second byte, length. */
static const struct {
	uint8_t first_min, first_max, second_min, second_max, len;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Length of the UTF-8 character at p, 0 when it is none. p ends in NUL, which is no later byte of any. */
static size_t utf8_len(const uint8_t *p)
{
	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++)
		if (p[0] >= utf8_rows[i].first_min && p[0] <= utf8_rows[i].first_max)
			return p[1] >= utf8_rows[i].second_min && p[1] <= utf8_rows[i].second_max &&
					       is_utf8_tail(p + 2, utf8_rows[i].len - 2u) ?
				       utf8_rows[i].len :
				       0;
	return 0;
}

/* Foreign bytes that are not UTF-8 become the replacement character: the text stays valid JSON. */
static void put_quoted(struct hf_json_out *j, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	keep(j, hf_buf_puts(j->buf, "\""));
	while (*p != 0 && j->err == HF_OK) {
		size_t n = utf8_len(p);

		if (n == 0)
			keep(j, hf_buf_puts(j->buf, "\xef\xbf\xbd"));
		else if (*p == '"' || *p == '\\')
			keep(j, hf_buf_printf(j->buf, "\\%c", *p));
		else if (*p < 0x20 || *p == 0x7f)
			keep(j, hf_buf_printf(j->buf, "\\u%04x", *p));
		else
			keep(j, hf_buf_put(j->buf, (hf_bytes){ p, n }));
		p += n == 0 ? 1 : n;
	}
	keep(j, hf_buf_puts(j->buf, "\""));
}

static void begin_value(struct hf_json_out *j, const char *name)
{
	bool in_object = j->depth > 0 && j->kind[j->depth - 1] == '{';

	if (in_object != (name != NULL) || (j->depth == 0 && j->more[0]))
		keep(j, HF_ERR_BASE_MISUSE);
	if (j->err != HF_OK)
		return;
	if (j->more[j->depth])
		keep(j, hf_buf_puts(j->buf, ","));
	j->more[j->depth] = true;
	if (name != NULL) {
		put_quoted(j, name);
		keep(j, hf_buf_puts(j->buf, ":"));
	}
}

static void put_value(struct hf_json_out *j, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void put_value(struct hf_json_out *j, const char *name, const char *fmt, ...)
{
	va_list ap;

	begin_value(j, name);
	if (j->err != HF_OK)
		return;
	va_start(ap, fmt);
	keep(j, hf_buf_vprintf(j->buf, fmt, ap));
	va_end(ap);
}

void hf_json_open(struct hf_json_out *j, const char *name, char kind)
{
	if (j->depth >= HF_JSON_DEPTH_MAX || (kind != '{' && kind != '['))
		keep(j, HF_ERR_BASE_MISUSE);
	put_value(j, name, "%c", kind);
	if (j->err != HF_OK)
		return;
	j->kind[j->depth++] = kind;
	j->more[j->depth] = false;
}

void hf_json_close(struct hf_json_out *j)
{
	if (j->depth == 0)
		keep(j, HF_ERR_BASE_MISUSE);
	if (j->err != HF_OK)
		return;
	j->depth--;
	keep(j, hf_buf_puts(j->buf, j->kind[j->depth] == '{' ? "}" : "]"));
}

void hf_json_put_text(struct hf_json_out *j, const char *name, const char *text)
{
	if (text == NULL) {
		hf_json_put_null(j, name);
		return;
	}
	begin_value(j, name);
	if (j->err == HF_OK)
		put_quoted(j, text);
}

static void put_coded(struct hf_json_out *j, const char *name, hf_bytes b, size_t room,
		      hf_err (*encode)(hf_bytes in, struct hf_out *out))
{
	struct hf_out out = { .cap = room };

	put_value(j, name, "\"");
	if (j->err == HF_OK)
		keep(j, hf_buf_reserve(j->buf, room, &out.ptr));
	if (j->err == HF_OK)
		keep(j, encode(b, &out));
	if (j->err != HF_OK)
		return;
	hf_buf_commit(j->buf, out.len);
	keep(j, hf_buf_puts(j->buf, "\""));
}

void hf_json_put_bytes(struct hf_json_out *j, const char *name, hf_bytes b)
{
	put_coded(j, name, b, b.len / 3 * 4 + 4, hf_base64url_encode);
}

void hf_json_put_hex(struct hf_json_out *j, const char *name, hf_bytes b)
{
	put_coded(j, name, b, b.len * 2, hf_hex_encode);
}

void hf_json_put_uint(struct hf_json_out *j, const char *name, uint64_t v)
{
	put_value(j, name, "%llu", (unsigned long long)v);
}

void hf_json_put_int(struct hf_json_out *j, const char *name, int64_t v)
{
	put_value(j, name, "%lld", (long long)v);
}

void hf_json_put_bool(struct hf_json_out *j, const char *name, bool v)
{
	put_value(j, name, "%s", v ? "true" : "false");
}

void hf_json_put_null(struct hf_json_out *j, const char *name)
{
	put_value(j, name, "null");
}

void hf_json_put_raw(struct hf_json_out *j, const char *name, hf_bytes json)
{
	put_value(j, name, "%s", "");
	if (j->err == HF_OK)
		keep(j, hf_buf_put(j->buf, json));
}

hf_err hf_json_end(struct hf_json_out *j)
{
	if (j->depth != 0)
		keep(j, HF_ERR_BASE_MISUSE);
	return j->err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "toml.h"

enum { TEXT_MAX = 4096, DATE_LEN = 10 };

static hf_err bad(struct hf_why *why, const char *words)
{
	return hf_why_set(why, HF_ERR_TOML_SYNTAX, "%s", words);
}

static void skip(hf_bytes *at, size_t n)
{
	at->ptr += n;
	at->len -= n;
}

static bool begins(hf_bytes at, const char *word)
{
	size_t len = strlen(word);

	return at.len >= len && memcmp(at.ptr, word, len) == 0;
}

void hf__toml_blanks(hf_bytes *at)
{
	while (at->len > 0 && (at->ptr[0] == ' ' || at->ptr[0] == '\t'))
		skip(at, 1);
}

static bool put(struct hf_out *out, uint8_t c)
{
	return hf_out_put(out, (hf_bytes){ &c, 1 }) == HF_OK;
}

/* \uXXXX. Surrogates and NUL are no characters of a text. */
static bool put_code(hf_bytes *at, struct hf_out *out)
{
	uint8_t two[2];
	struct hf_out code = HF_OUT(two);
	unsigned c;

	if (at->len < 4 || hf_hex_decode((hf_bytes){ at->ptr, 4 }, &code) != HF_OK)
		return false;
	c = hf_get_be16(two);
	skip(at, 4);
	if (c < 0x20 || c == 0x7f || (c >= 0xd800 && c <= 0xdfff))
		return false;
	if (c < 0x80)
		return put(out, (uint8_t)c);
	if (c < 0x800)
		return put(out, (uint8_t)(0xc0 | c >> 6)) && put(out, (uint8_t)(0x80 | (c & 0x3f)));
	return put(out, (uint8_t)(0xe0 | c >> 12)) && put(out, (uint8_t)(0x80 | (c >> 6 & 0x3f))) &&
	       put(out, (uint8_t)(0x80 | (c & 0x3f)));
}

static bool put_escape(hf_bytes *at, struct hf_out *out)
{
	static const char from[] = "\"\\nt", to[] = "\"\\\n\t";
	const char *found;
	uint8_t c;

	if (at->len == 0)
		return false;
	c = at->ptr[0];
	skip(at, 1);
	if (c == 'u')
		return put_code(at, out);
	found = c == 0 ? NULL : strchr(from, c);
	return found != NULL && put(out, (uint8_t)to[found - from]);
}

static hf_err take_character(hf_bytes *at, uint8_t quote, struct hf_out *text, struct hf_why *why)
{
	uint8_t c = at->ptr[0];
	bool ok;

	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return bad(why, "text does not end in its line, or holds a control character");
	skip(at, 1);
	ok = c == '\\' && quote == '"' ? put_escape(at, text) : put(text, c);
	return ok ? HF_OK : bad(why, "escape that is not known, or text of more than 4096 bytes");
}

hf_err hf__toml_text(hf_bytes *at, struct hf__arena *arena, const char **out, struct hf_why *why)
{
	uint8_t room[TEXT_MAX], quote;
	struct hf_out text = HF_OUT(room);

	*out = "";
	if (at->len == 0 || (at->ptr[0] != '"' && at->ptr[0] != '\''))
		return bad(why, "a text in quotes is needed");
	quote = at->ptr[0];
	skip(at, 1);
	while (at->len > 0 && at->ptr[0] != quote)
		HF_TRY(take_character(at, quote, &text, why));
	if (at->len == 0)
		return bad(why, "text does not end");
	skip(at, 1);
	return hf__arena_text(arena, hf_out_bytes(&text), out);
}

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

bool hf__toml_days(unsigned year, unsigned month, unsigned day, int64_t *days)
{
	int64_t sum = 0;

	*days = 0;
	if (year < 1970 || year > 9999 || month < 1 || month > 12)
		return false;
	if (day < 1 || day > month_days(year, month))
		return false;
	for (unsigned y = 1970; y < year; y++)
		sum += is_leap(y) ? 366 : 365;
	for (unsigned m = 1; m < month; m++)
		sum += month_days(year, m);
	*days = sum + day - 1;
	return true;
}

static bool digits(const uint8_t *p, size_t n, unsigned *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*v = *v * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

static bool is_date(hf_bytes at)
{
	return at.len >= DATE_LEN && at.ptr[4] == '-' && at.ptr[7] == '-';
}

static hf_err read_date(hf_bytes *at, struct hf__arena *arena, struct hf__toml_pair *pair, struct hf_why *why)
{
	unsigned year, month, day;
	bool ok = digits(at->ptr, 4, &year) && digits(at->ptr + 5, 2, &month) && digits(at->ptr + 8, 2, &day);

	if (!ok || !hf__toml_days(year, month, day, &pair->number))
		return bad(why, "there is no such date");
	pair->type = HF__TOML_DATE;
	HF_TRY(hf__arena_text(arena, (hf_bytes){ at->ptr, DATE_LEN }, &pair->text));
	skip(at, DATE_LEN);
	return HF_OK;
}

static unsigned digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 99;
}

static hf_err read_number(hf_bytes *at, struct hf__toml_pair *pair, struct hf_why *why)
{
	unsigned base = begins(*at, "0x") ? 16 : begins(*at, "0o") ? 8 : 10;
	size_t n = 0;
	bool leading_zero;

	if (base != 10)
		skip(at, 2);
	leading_zero = base == 10 && at->len > 1 && at->ptr[0] == '0' && digit_value(at->ptr[1]) < 10;
	pair->type = HF__TOML_INT;
	pair->number = 0;
	for (; at->len > 0 && digit_value(at->ptr[0]) < base; n++) {
		int64_t digit = digit_value(at->ptr[0]);

		if (pair->number > (INT64_MAX - digit) / (int64_t)base)
			return bad(why, "number is too large");
		pair->number = pair->number * (int64_t)base + digit;
		skip(at, 1);
	}
	return n == 0 || leading_zero ? bad(why, "not a value") : HF_OK;
}

/* Between the items of a list: blanks, line ends and comments. */
static void skip_lines(hf_bytes *at, unsigned *line)
{
	for (;;) {
		hf__toml_blanks(at);
		if (at->len > 0 && at->ptr[0] == '#')
			while (at->len > 0 && at->ptr[0] != '\n')
				skip(at, 1);
		if (at->len > 0 && at->ptr[0] == '\r')
			skip(at, 1);
		if (at->len == 0 || at->ptr[0] != '\n')
			return;
		skip(at, 1);
		(*line)++;
	}
}

static hf_err read_items(hf_bytes *at, unsigned *line, struct hf__arena *arena, const char **items, size_t *n,
			 struct hf_why *why)
{
	*n = 0;
	skip_lines(at, line);
	while (at->len > 0 && at->ptr[0] != ']') {
		if (*n == HF__TOML_LIST_MAX)
			return hf_why_set(why, HF_ERR_TOML_LIMIT, "list of more than %d texts",
					  HF__TOML_LIST_MAX);
		HF_TRY(hf__toml_text(at, arena, &items[(*n)++], why));
		skip_lines(at, line);
		if (at->len == 0 || (at->ptr[0] != ',' && at->ptr[0] != ']'))
			return bad(why, "a comma or ] is missing in the list");
		if (at->ptr[0] == ',')
			skip(at, 1);
		skip_lines(at, line);
	}
	return at->len > 0 ? HF_OK : bad(why, "list does not end");
}

static hf_err read_list(hf_bytes *at, unsigned *line, struct hf__arena *arena, struct hf__toml_pair *pair,
			struct hf_why *why)
{
	const char *items[HF__TOML_LIST_MAX];
	size_t n;
	void *kept;

	skip(at, 1);
	HF_TRY(read_items(at, line, arena, items, &n, why));
	skip(at, 1);
	HF_TRY(hf__arena_take(arena, (n + 1) * sizeof(items[0]), &kept));
	memcpy(kept, items, n * sizeof(items[0]));
	pair->type = HF__TOML_LIST;
	pair->list = (struct hf_texts){ kept, n, true };
	return HF_OK;
}

hf_err hf__toml_value(hf_bytes *at, unsigned *line, struct hf__arena *arena, struct hf__toml_pair *pair,
		      struct hf_why *why)
{
	bool yes = begins(*at, "true"), no = begins(*at, "false");

	if (at->len == 0)
		return bad(why, "a value is missing");
	if (yes || no) {
		skip(at, yes ? 4 : 5);
		pair->type = HF__TOML_BOOL;
		pair->number = yes;
		return HF_OK;
	}
	if (at->ptr[0] == '[')
		return read_list(at, line, arena, pair, why);
	if (is_date(*at) && at->ptr[0] != '"' && at->ptr[0] != '\'')
		return read_date(at, arena, pair, why);
	if (at->ptr[0] >= '0' && at->ptr[0] <= '9')
		return read_number(at, pair, why);
	pair->type = HF__TOML_TEXT;
	return hf__toml_text(at, arena, &pair->text, why);
}

/* Orders of versions as upstream projects write them: semver, Linux, and the habits of everybody else.
 * In all of them a missing part is 0: "1.2" and "1.2.0" are one version.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "version_priv.h"

enum { RANK_WORD_FIRST = 1, RANK_ZERO = 16, RANK_LETTERS, RANK_NUMBER, RANK_ALL };

static bool is_separator(uint8_t c)
{
	return !hf__is_digit(c) && !hf__is_letter(c);
}

static struct hf__token zero(bool end)
{
	return (struct hf__token){ .rank = RANK_ZERO, .end = end };
}

static struct hf__token number(struct hf__cursor *c)
{
	hf_bytes digits = hf__take(&c->rest, hf__is_digit);

	if (hf__is_zero(digits))
		return zero(false);
	return (struct hf__token){ .rank = RANK_NUMBER, .by = HF__DIGITS, .text = digits };
}

/* "v1.2" is "1.2". */
static hf_bytes without_v(hf_bytes v)
{
	if (v.len > 1 && (v.ptr[0] == 'v' || v.ptr[0] == 'V') && hf__is_digit(v.ptr[1]))
		return hf__skip(v, 1);
	return v;
}

static bool is_word(hf_bytes text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < n && i < text.len; i++)
		if ((text.ptr[i] | 0x20) != word[i])
			return false;
	return text.len == n;
}

static int word_rank(hf_bytes text)
{
	static const char *const before[] = { "dev", "alpha", "beta", "pre", "preview", "test", "rc" };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (is_word(text, before[i]))
			return RANK_WORD_FIRST + (int)i;
	return RANK_LETTERS;
}

static struct hf__token generic_next(struct hf__cursor *c)
{
	(void)hf__take(&c->rest, is_separator);
	if (c->rest.len == 0)
		return zero(true);
	if (hf__is_digit(c->rest.ptr[0]))
		return number(c);
	hf_bytes letters = hf__take(&c->rest, hf__is_letter);
	int rank = word_rank(letters);
	if (rank != RANK_LETTERS)
		return (struct hf__token){ .rank = rank };
	return (struct hf__token){ .rank = rank, .by = HF__BYTES, .text = letters };
}

int hf__version_generic(hf_bytes a, hf_bytes b)
{
	return hf__order(without_v(a), without_v(b), generic_next);
}

static bool is_core(uint8_t c)
{
	return c != '-' && c != '+';
}

static bool is_not_dot(uint8_t c)
{
	return c != '.';
}

static bool is_not_plus(uint8_t c)
{
	return c != '+';
}

static bool all_digits(hf_bytes text)
{
	return text.len > 0 && hf__take(&text, hf__is_digit).len > 0 && text.len == 0;
}

static hf_bytes take_dotted(hf_bytes *rest)
{
	hf_bytes part = hf__take(rest, is_not_dot);

	if (rest->len > 0)
		*rest = hf__skip(*rest, 1);
	return part;
}

static struct hf__token core_next(struct hf__cursor *c)
{
	if (c->rest.len == 0)
		return zero(true);
	hf_bytes part = take_dotted(&c->rest);
	if (part.len == 0 || (all_digits(part) && hf__is_zero(part)))
		return zero(false);
	if (all_digits(part))
		return (struct hf__token){ .rank = RANK_NUMBER, .by = HF__DIGITS, .text = part };
	if (part.len == 1 && part.ptr[0] == '*')
		return (struct hf__token){ .rank = RANK_ALL };
	return (struct hf__token){ .rank = RANK_LETTERS, .by = HF__BYTES, .text = part };
}

/* Semver 2.0 s11.4: numbers before texts, fewer fields before more. */
static struct hf__token prerelease_next(struct hf__cursor *c)
{
	enum { FIELD_END, FIELD_NUMBER, FIELD_TEXT };

	if (c->rest.len == 0)
		return (struct hf__token){ .rank = FIELD_END, .end = true };
	hf_bytes part = take_dotted(&c->rest);
	if (all_digits(part))
		return (struct hf__token){ .rank = FIELD_NUMBER, .by = HF__DIGITS, .text = part };
	return (struct hf__token){ .rank = FIELD_TEXT, .by = HF__BYTES, .text = part };
}

int hf__version_semver(hf_bytes a, hf_bytes b)
{
	a = without_v(a);
	b = without_v(b);
	hf_bytes core_a = hf__take(&a, is_core), core_b = hf__take(&b, is_core);
	hf_bytes pre_a = hf__take(&a, is_not_plus), pre_b = hf__take(&b, is_not_plus);
	int order = hf__order(core_a, core_b, core_next);

	if (order != 0)
		return order;
	if (pre_a.len == 0 || pre_b.len == 0)
		return (pre_a.len == 0) - (pre_b.len == 0);
	return hf__order(hf__skip(pre_a, 1), hf__skip(pre_b, 1), prerelease_next);
}

static bool is_linux_core(uint8_t c)
{
	return hf__is_digit(c) || c == '.' || c == '*';
}

/* "-rc7" behind the numbers; what vendors append is not the kernel's version. */
static hf_bytes rc_of(hf_bytes rest, bool *is_rc)
{
	static const char mark[] = "-rc";

	*is_rc = rest.len > sizeof(mark) - 1 && memcmp(rest.ptr, mark, sizeof(mark) - 1) == 0 &&
		 hf__is_digit(rest.ptr[sizeof(mark) - 1]);
	if (!*is_rc)
		return (hf_bytes){ 0 };
	rest = hf__skip(rest, sizeof(mark) - 1);
	return hf__take(&rest, hf__is_digit);
}

int hf__version_linux(hf_bytes a, hf_bytes b)
{
	bool is_a, is_b;

	a = without_v(a);
	b = without_v(b);
	hf_bytes core_a = hf__take(&a, is_linux_core), core_b = hf__take(&b, is_linux_core);
	hf_bytes rc_a = rc_of(a, &is_a), rc_b = rc_of(b, &is_b);
	int order = hf__order(core_a, core_b, core_next);

	if (order != 0)
		return order;
	if (is_a != is_b)
		return is_a ? -1 : 1;
	return hf__digits_order(rc_a, rc_b);
}

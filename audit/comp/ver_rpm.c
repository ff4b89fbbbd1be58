/* rpm's order: runs of digits or letters; everything else only separates, but `~` stands before the end and
 * `^` behind it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "version_priv.h"

enum { RANK_TILDE, RANK_END, RANK_CARET, RANK_LETTERS, RANK_NUMBER };

static bool is_separator(uint8_t c)
{
	return !hf__is_digit(c) && !hf__is_letter(c) && c != '~' && c != '^';
}

static struct hf__token next(struct hf__cursor *c)
{
	(void)hf__take(&c->rest, is_separator);
	if (c->rest.len == 0)
		return (struct hf__token){ .rank = RANK_END, .end = true };
	uint8_t first = c->rest.ptr[0];
	if (hf__is_digit(first))
		return (struct hf__token){ .rank = RANK_NUMBER,
					   .by = HF__DIGITS,
					   .text = hf__take(&c->rest, hf__is_digit) };
	if (hf__is_letter(first))
		return (struct hf__token){ .rank = RANK_LETTERS,
					   .by = HF__BYTES,
					   .text = hf__take(&c->rest, hf__is_letter) };
	c->rest = hf__skip(c->rest, 1);
	return (struct hf__token){ .rank = first == '~' ? RANK_TILDE : RANK_CARET };
}

int hf__version_rpm(hf_bytes a, hf_bytes b)
{
	bool has_a, has_b;
	int order = hf__digits_order(hf__take_epoch(&a), hf__take_epoch(&b));
	hf_bytes release_a = hf__cut_last_hyphen(&a, &has_a);
	hf_bytes release_b = hf__cut_last_hyphen(&b, &has_b);

	if (order == 0)
		order = hf__order(a, b, next);
	if (order != 0)
		return order;
	if (has_a != has_b)
		return has_a ? 1 : -1;
	return hf__order(release_a, release_b, next);
}

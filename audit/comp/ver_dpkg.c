/* Debian Policy s5.6.12. Non-digits and digits alternate, non-digits first: a stream of one token per
 * non-digit, a token where the run ends, and a number (empty = 0).
 * SPDX-License-Identifier: Apache-2.0 */
#include "version_priv.h"

enum { RANK_TILDE = -1, RANK_RUN_END = 0, RANK_OTHER = 256 };
enum { IN_RUN = 0, IN_NUMBER = 1 };

static int sign_rank(uint8_t c)
{
	if (c == '~')
		return RANK_TILDE;
	return hf__is_letter(c) ? c : RANK_OTHER + c;
}

static struct hf__token next(struct hf__cursor *c)
{
	if (c->state == IN_NUMBER) {
		hf_bytes number = hf__take(&c->rest, hf__is_digit);

		c->state = IN_RUN;
		return (struct hf__token){ .by = HF__DIGITS, .text = number, .end = c->rest.len == 0 };
	}
	if (c->rest.len == 0 || hf__is_digit(c->rest.ptr[0])) {
		c->state = IN_NUMBER;
		return (struct hf__token){ .rank = RANK_RUN_END, .end = c->rest.len == 0 };
	}
	int rank = sign_rank(c->rest.ptr[0]);
	c->rest = hf__skip(c->rest, 1);
	return (struct hf__token){ .rank = rank };
}

int hf__version_dpkg(hf_bytes a, hf_bytes b)
{
	bool found;
	int order = hf__digits_order(hf__take_epoch(&a), hf__take_epoch(&b));
	hf_bytes revision_a = hf__cut_last_hyphen(&a, &found);
	hf_bytes revision_b = hf__cut_last_hyphen(&b, &found);

	if (order == 0)
		order = hf__order(a, b, next);
	if (order == 0)
		order = hf__order(revision_a, revision_b, next);
	return order;
}

/* Alpine's order, as apk-tools 3 has it: digits{.digits} letter {_suffix digits} ~hash -rN. What does not fit
 * ends the text as "invalid", which stands before a valid end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "version_priv.h"

/* Ranks of tokens at one place, lowest first; suffixes before a release have their own rank each. */
enum {
	RANK_ALPHA,
	RANK_BETA,
	RANK_PRE,
	RANK_RC,
	RANK_INVALID,
	RANK_END,
	RANK_REVISION,
	RANK_HASH,
	RANK_SUFFIX_NUMBER,
	RANK_CVS,
	RANK_SVN,
	RANK_GIT,
	RANK_HG,
	RANK_P,
	RANK_LETTER,
	RANK_FRACTION, /* ".07": compared as text, so before every number without leading zero */
	RANK_NUMBER,
};
/* How far the grammar has come. */
enum {
	AT_START,
	AT_NUMBER,
	AT_LETTER,
	AT_LETTER_NUMBER,
	AT_SUFFIX,
	AT_SUFFIX_NUMBER,
	AT_HASH,
	AT_REVISION,
	AT_INVALID,
};

static bool is_small(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_hex(uint8_t c)
{
	return hf__is_digit(c) || (c >= 'a' && c <= 'f');
}

static struct hf__token invalid(struct hf__cursor *c)
{
	c->state = AT_INVALID;
	return (struct hf__token){ .rank = RANK_INVALID, .end = true };
}

static struct hf__token number(struct hf__cursor *c, int rank)
{
	return (struct hf__token){ .rank = rank, .by = HF__DIGITS, .text = hf__take(&c->rest, hf__is_digit) };
}

static struct hf__token fraction(struct hf__cursor *c)
{
	if (c->rest.ptr[0] != '0')
		return number(c, RANK_NUMBER);
	return (struct hf__token){ .rank = RANK_FRACTION,
				   .by = HF__BYTES,
				   .text = hf__take(&c->rest, hf__is_digit) };
}

static struct hf__token suffix(struct hf__cursor *c)
{
	static const struct {
		const char *word;
		int rank;
	} table[] = {
		{ "alpha", RANK_ALPHA }, { "beta", RANK_BETA }, { "pre", RANK_PRE },
		{ "rc", RANK_RC },       { "cvs", RANK_CVS },   { "svn", RANK_SVN },
		{ "git", RANK_GIT },     { "hg", RANK_HG },     { "p", RANK_P },
	};

	c->rest = hf__skip(c->rest, 1);
	hf_bytes word = hf__take(&c->rest, is_small);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (word.len != strlen(table[i].word) || memcmp(word.ptr, table[i].word, word.len) != 0)
			continue;
		c->state = AT_SUFFIX;
		return (struct hf__token){ .rank = table[i].rank };
	}
	return invalid(c);
}

/* "-r", "-r7"; "-rx" is nonsense. */
static struct hf__token revision(struct hf__cursor *c)
{
	if (c->rest.len < 2 || c->rest.ptr[1] != 'r' ||
	    (c->rest.len > 2 && c->rest.ptr[2] != '-' && !hf__is_digit(c->rest.ptr[2])))
		return invalid(c);
	c->rest = hf__skip(c->rest, 2);
	c->state = AT_REVISION;
	return number(c, RANK_REVISION);
}

static struct hf__token hash(struct hf__cursor *c)
{
	c->rest = hf__skip(c->rest, 1);
	c->state = AT_HASH;
	return (struct hf__token){ .rank = RANK_HASH, .by = HF__BYTES, .text = hf__take(&c->rest, is_hex) };
}

static struct hf__token digits(struct hf__cursor *c)
{
	if (c->state != AT_SUFFIX && c->state != AT_LETTER)
		return invalid(c);
	c->state++; /* the number that belongs to it: "_p2", and "6.0p2" as apk-tools 2 has it */
	return number(c, RANK_SUFFIX_NUMBER);
}

static struct hf__token letter(struct hf__cursor *c)
{
	hf_bytes text = { c->rest.ptr, 1 };

	c->state = AT_LETTER;
	c->rest = hf__skip(c->rest, 1);
	return (struct hf__token){ .rank = RANK_LETTER, .by = HF__BYTES, .text = text };
}

static struct hf__token dot(struct hf__cursor *c)
{
	if (c->state != AT_NUMBER || c->rest.len < 2 || !hf__is_digit(c->rest.ptr[1]))
		return invalid(c);
	c->rest = hf__skip(c->rest, 1);
	return fraction(c);
}

static struct hf__token part(struct hf__cursor *c)
{
	uint8_t first = c->rest.ptr[0];

	if (first == '.')
		return dot(c);
	if (is_small(first))
		return c->state == AT_NUMBER ? letter(c) : invalid(c);
	if (hf__is_digit(first))
		return digits(c);
	if (first == '_')
		return c->state <= AT_SUFFIX_NUMBER ? suffix(c) : invalid(c);
	if (first == '~')
		return c->state <= AT_SUFFIX_NUMBER ? hash(c) : invalid(c);
	return first == '-' && c->state <= AT_HASH ? revision(c) : invalid(c);
}

static struct hf__token next(struct hf__cursor *c)
{
	if (c->state == AT_START) {
		c->state = AT_NUMBER; /* a missing first number is 0 */
		return number(c, RANK_NUMBER);
	}
	if (c->state == AT_INVALID)
		return invalid(c);
	if (c->rest.len == 0)
		return (struct hf__token){ .rank = RANK_END, .end = true };
	return part(c);
}

int hf__version_apk(hf_bytes a, hf_bytes b)
{
	return hf__order(a, b, next);
}

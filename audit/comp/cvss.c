/* The base score of a CVSS 3.x vector (first.org, CVSS v3.1 specification s7.1), times ten.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "feed_priv.h"

enum { AV, AC, PR, UI, SCOPE, C, I, A, METRICS };

static bool metric_of(hf_bytes part, unsigned *metric, char *value)
{
	static const char *const names[METRICS] = { "AV", "AC", "PR", "UI", "S", "C", "I", "A" };
	hf_bytes rest, name = hf__before(part, ':', &rest);

	for (*metric = 0; *metric < METRICS; ++*metric)
		if (hf_span_is(name, names[*metric]) && rest.len == 1) {
			*value = (char)rest.ptr[0];
			return true;
		}
	return false;
}

/* Weights are positive, so 0 says: no such value. */
static double weight(unsigned metric, char value, bool changed)
{
	static const struct {
		uint8_t metric;
		char value;
		double weight, changed;
	} table[] = {
		{ AV, 'N', 0.85, 0.85 }, { AV, 'A', 0.62, 0.62 }, { AV, 'L', 0.55, 0.55 },
		{ AV, 'P', 0.2, 0.2 },   { AC, 'L', 0.77, 0.77 }, { AC, 'H', 0.44, 0.44 },
		{ PR, 'N', 0.85, 0.85 }, { PR, 'L', 0.62, 0.68 }, { PR, 'H', 0.27, 0.5 },
		{ UI, 'N', 0.85, 0.85 }, { UI, 'R', 0.62, 0.62 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].metric == metric && table[i].value == value)
			return changed ? table[i].changed : table[i].weight;
	return 0;
}

static double loss(char value)
{
	return value == 'H' ? 0.56 : value == 'L' ? 0.22 : 0;
}

/* Appendix A: the smallest number with one decimal that is not less. */
static unsigned roundup(double score)
{
	long hundred_thousandths = lround(score * 100000);

	return (unsigned)((hundred_thousandths + 9999) / 10000);
}

static unsigned score(const char v[static METRICS])
{
	bool changed = v[SCOPE] == 'C';
	double exploit = 8.22;
	double iss = 1 - (1 - loss(v[C])) * (1 - loss(v[I])) * (1 - loss(v[A]));
	double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;

	for (unsigned m = AV; m <= UI; m++)
		exploit *= weight(m, v[m], changed);
	if (impact <= 0 || exploit <= 0)
		return 0;
	return roundup(fmin(10, (changed ? 1.08 : 1) * (impact + exploit)));
}

unsigned hf__cvss3(hf_bytes vector)
{
	char value[METRICS] = { 0 }, v;
	unsigned metric;
	hf_bytes rest;

	if (!hf_span_begins(vector, "CVSS:3."))
		return 0;
	(void)hf__before(vector, '/', &rest);
	while (rest.len > 0)
		if (metric_of(hf__before(rest, '/', &rest), &metric, &v))
			value[metric] = v;
	for (metric = 0; metric < METRICS; metric++)
		if (value[metric] == 0)
			return 0;
	return score(value);
}

/* "7.5" -> 75 */
unsigned hf__tenths(hf_bytes number)
{
	unsigned whole = 0, tenth = 0;
	size_t i = 0;

	for (; i < number.len && i < 3 && number.ptr[i] >= '0' && number.ptr[i] <= '9'; i++)
		whole = whole * 10 + (number.ptr[i] - '0');
	if (i + 1 < number.len && number.ptr[i] == '.' && number.ptr[i + 1] >= '0' &&
	    number.ptr[i + 1] <= '9')
		tenth = number.ptr[i + 1] - '0';
	return whole > 10 ? 0 : whole * 10 + tenth;
}

/* A word instead of a number: the lowest score of its band. */
unsigned hf__severity_word(hf_bytes word)
{
	static const struct {
		const char *word;
		unsigned score;
	} table[] = { { "LOW", 1 },        { "MODERATE", 40 }, { "MEDIUM", 40 },
		      { "IMPORTANT", 70 }, { "HIGH", 70 },     { "CRITICAL", 90 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (hf__is_nocase(word, table[i].word))
			return table[i].score;
	return 0;
}

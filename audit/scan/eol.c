/* eol.c -- looks a version up in data/audit/eol.txt, which is compiled in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "automaton.h"
#include "eol.h"
#include "eol.inc"

/* Civil date to days since 1970, proleptic Gregorian. */
static uint64_t days(uint64_t y, uint64_t m, uint64_t d)
{
	uint64_t a = (14 - m) / 12, years = y + 4800 - a, months = m + 12 * a - 3;

	return d + (153 * months + 2) / 5 + 365 * years + years / 4 - years / 100 + years / 400 - 32045 -
	       2440588;
}

/* "2024-12-05" */
static uint64_t read_date(hf_bytes text)
{
	uint64_t y = 0, m = 0, d = 0;

	if (text.len != 10 || !hf__scan_number(hf_span_upto(text, 4), &y) ||
	    !hf__scan_number((hf_bytes){ text.ptr + 5, 2 }, &m) ||
	    !hf__scan_number((hf_bytes){ text.ptr + 8, 2 }, &d) || m < 1 || m > 12)
		return 0;
	return days(y, m, d);
}

static uint64_t look_up(hf_bytes branch)
{
	uint8_t list[sizeof(eol)];
	hf_bytes rest, line, name;

	for (size_t i = 0; i < sizeof(eol); i++)
		list[i] = eol[i] ^ HF__DISGUISE;
	rest = HF_ARR(list);
	while (hf_span_line(&rest, &line))
		if (hf__scan_word(&line, &name) && hf_bytes_equal(name, branch))
			return read_date(hf_span_trim(line));
	return 0;
}

static size_t digits(hf_bytes b)
{
	size_t n = 0;

	while (n < b.len && b.ptr[n] >= '0' && b.ptr[n] <= '9')
		n++;
	return n;
}

uint64_t hf__scan_eol_of(hf_bytes version)
{
	size_t major = digits(version), minor;
	uint64_t day;

	if (major == 0 || major >= version.len || version.ptr[major] != '.')
		return 0;
	minor = digits(hf_span_from(version, major + 1));
	day = look_up(hf_span_upto(version, major + 1 + minor));
	return day != 0 ? day : look_up(hf_span_upto(version, major));
}

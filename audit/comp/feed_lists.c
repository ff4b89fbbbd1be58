/* The two lists that rank: CISA's catalogue of exploited vulnerabilities, and FIRST's EPSS scores.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

enum { CSV_CELLS = 16 };

static hf_bytes cell_text(hf_bytes cell)
{
	cell = hf_span_trim(cell);
	if (cell.len >= 2 && cell.ptr[0] == '"')
		return hf_span_upto(hf_span_from(cell, 1), cell.len - 2);
	return cell;
}

/* Where the cell that begins at `at` ends: a comma, a line end or the end; quoted ones are text. */
static size_t cell_end(hf_bytes text, size_t at)
{
	bool quoted = false;

	for (; at < text.len; at++) {
		uint8_t c = text.ptr[at];

		if (c == '"')
			quoted = !quoted;
		if (!quoted && (c == ',' || c == '\n'))
			break;
	}
	return at;
}

/* One record of RFC 4180; quoted cells may hold line ends. Doubled quotes stay: no cell we use has any. */
static size_t csv_record(hf_bytes *rest, hf_bytes cell[static CSV_CELLS])
{
	size_t n = 0, begin = 0, end;

	for (;;) {
		end = cell_end(*rest, begin);
		if (n < CSV_CELLS)
			cell[n++] = cell_text(hf_span_upto(hf_span_from(*rest, begin), end - begin));
		if (end >= rest->len || rest->ptr[end] == '\n')
			break;
		begin = end + 1;
	}
	*rest = hf_span_from(*rest, end + 1);
	return n;
}

static size_t column(const hf_bytes *head, size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && !hf_span_is(head[i], name))
		i++;
	return i;
}

hf_err hf__read_kev_csv(struct hf__store *s, hf_bytes text)
{
	hf_bytes cell[CSV_CELLS];
	size_t n = csv_record(&text, cell);
	size_t id = column(cell, n, "cveID"), added = column(cell, n, "dateAdded");
	size_t due = column(cell, n, "dueDate");

	if (id >= n || added >= n || due >= n)
		return HF_ERR_FEED_FORMAT;
	while (text.len > 0) {
		n = csv_record(&text, cell);
		if (n <= id || n <= added || n <= due || !hf__is_cve(cell[id]))
			continue;
		HF_TRY(hf__store_kev(s, cell[id], cell[due]));
		hf__store_count(s, cell[added]);
	}
	return HF_OK;
}

static hf_err read_kev_item(struct hf__json *j, struct hf__store *s)
{
	hf_bytes name, id = { 0 }, added = { 0 }, due = { 0 };

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "cveID"))
			(void)hf__json_text(j, &id);
		else if (hf_span_is(name, "dateAdded"))
			(void)hf__json_text(j, &added);
		else if (hf_span_is(name, "dueDate"))
			(void)hf__json_text(j, &due);
		else
			hf__json_skip(j);
	if (!hf__is_cve(id))
		return HF_OK;
	hf__store_count(s, added);
	return hf__store_kev(s, id, due);
}

hf_err hf__read_kev_json(struct hf__store *s, hf_bytes text)
{
	uint8_t room[HF__ARENA];
	struct hf__json j = hf__json_start(text, HF_OUT(room));
	hf_bytes name;

	if (!hf__json_enter(&j, '{'))
		return HF_ERR_FEED_FORMAT;
	while (hf__json_member(&j, &name)) {
		if (!hf_span_is(name, "vulnerabilities"))
			hf__json_skip(&j);
		else if (hf__json_enter(&j, '['))
			while (hf__json_item(&j)) {
				HF_TRY(read_kev_item(&j, s));
				j.arena.len = 0;
			}
	}
	return hf__json_is_whole(&j) ? HF_OK : HF_ERR_FEED_FORMAT;
}

/* "0.00042" -> 42 */
static unsigned hundred_thousandths(hf_bytes number)
{
	unsigned value = 0, whole = number.len > 0 && number.ptr[0] == '1';
	hf_bytes decimals;

	(void)hf__before(number, '.', &decimals);
	for (size_t i = 0; i < 5; i++) {
		unsigned digit = i < decimals.len && decimals.ptr[i] >= '0' && decimals.ptr[i] <= '9'
					 ? decimals.ptr[i] - '0'
					 : 0;

		value = value * 10 + digit;
	}
	return whole ? 100000 : value;
}

/* "#model_version:v2023.03.01,score_date:2026-07-16T00:00:00+0000" */
static hf_bytes score_date(hf_bytes line)
{
	static const char mark[] = "score_date:";

	for (size_t i = 0; i + sizeof(mark) - 1 <= line.len; i++)
		if (memcmp(line.ptr + i, mark, sizeof(mark) - 1) == 0)
			return hf_span_from(line, i + sizeof(mark) - 1);
	return (hf_bytes){ 0 };
}

hf_err hf__read_epss(struct hf__store *s, hf_bytes text)
{
	hf_bytes cell[CSV_CELLS], date = { 0 };
	size_t n, id, score;

	if (hf_span_begins(text, "#"))
		date = score_date(hf__before(text, '\n', &text));
	n = csv_record(&text, cell);
	id = column(cell, n, "cve");
	score = column(cell, n, "epss");
	if (id >= n || score >= n)
		return HF_ERR_FEED_FORMAT;
	while (text.len > 0) {
		n = csv_record(&text, cell);
		if (n <= id || n <= score || !hf__is_cve(cell[id]))
			continue;
		HF_TRY(hf__store_epss(s, cell[id], hundred_thousandths(cell[score])));
		hf__store_count(s, date);
	}
	return HF_OK;
}

/* One pass over the loaded parts of a program finds every signature's literal; around it the whole text is
 * compared. Literals are searched by Wu and Manber: the last two bytes of a window say how far it moves on.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "signature.h"

enum { WINDOW = 5, VERSION_MAX = 48, FOUND_MAX = 64, MATCH_MAX = 256 };

struct row {
	const char *name, *purl, *cpe, *licence;
	unsigned how;
	const char *before, *after, *witness;
};
static const struct row rows[] = {
#include "signatures.inc"
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), PATTERNS = 2 * ROWS };

/* ---- patterns: the literal of each row, then the witnesses ---- */
struct pattern {
	const char *text;
	size_t len;
};

static struct pattern pattern_of(size_t i)
{
	const struct row *r = &rows[i % ROWS];
	const char *text = i >= ROWS ? r->witness : strlen(r->before) >= WINDOW ? r->before : r->after;
	size_t len = strlen(text);

	if (i < ROWS && text == r->after)
		len = strcspn(text, "%");
	return (struct pattern){ text, len };
}

static unsigned block(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

void hf__search_init(struct hf__search *s)
{
	memset(s->shift, WINDOW - 1, sizeof(s->shift));
	memset(s->first, 0xff, sizeof(s->first));
	for (size_t i = PATTERNS; i > 0; i--) {
		struct pattern p = pattern_of(i - 1);

		if (p.len < WINDOW)
			continue;
		for (size_t k = 0; k + 2 <= WINDOW; k++) {
			unsigned b = block((const uint8_t *)p.text + k);
			uint8_t shift = (uint8_t)(WINDOW - 2 - k);

			if (shift < s->shift[b])
				s->shift[b] = shift;
		}
		s->first[block((const uint8_t *)p.text + WINDOW - 2)] = (int16_t)(i - 1);
	}
}

/* ---- the version and what stands around it ---- */
struct found {
	size_t row, begin, len; /* the whole match */
	hf_bytes version;
};
struct finder {
	hf_bytes bytes; /* the whole file */
	size_t n;
	struct found at[FOUND_MAX];
	bool witness[ROWS];
};

static bool is_version_sign(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
	       c == '+' || c == '~' || c == '-';
}

/* From the first byte on: a digit, then signs of versions, a dot among them, none of the marks at the end. */
static hf_bytes version_at(hf_bytes b)
{
	size_t n = 0;

	if (b.len > 1 && b.ptr[0] == 'v')
		b = hf_span_from(b, 1);
	while (n < b.len && n < VERSION_MAX && is_version_sign(b.ptr[n]))
		n++;
	while (n > 0 && strchr(".+~-", b.ptr[n - 1]))
		n--;
	if (n == 0 || b.ptr[0] < '0' || b.ptr[0] > '9' || memchr(b.ptr, '.', n) == NULL)
		return (hf_bytes){ 0 };
	return (hf_bytes){ b.ptr, n };
}

/* Backwards from `end`: for texts that name the version first. */
static hf_bytes version_before(hf_bytes file, size_t end)
{
	size_t begin = end;

	while (begin > 0 && end - begin < VERSION_MAX && is_version_sign(file.ptr[begin - 1]))
		begin--;
	hf_bytes v = version_at(hf_span_upto(hf_span_from(file, begin), end - begin));
	return v.len == end - begin ? v : (hf_bytes){ 0 };
}

/* The text behind the version: literal bytes and %d. Returns its length, or -1. */
static int tail_len(hf_bytes rest, const char *after)
{
	size_t at = 0;

	while (*after) {
		if (after[0] == '%' && after[1] == 'd') {
			size_t begin = at;

			while (at < rest.len && rest.ptr[at] >= '0' && rest.ptr[at] <= '9')
				at++;
			if (at == begin)
				return -1;
			after += 2;
		} else if (at >= rest.len || rest.ptr[at++] != (uint8_t)*after++) {
			return -1;
		}
	}
	return (int)at;
}

/* A list of patterns of versions ("OpenSSH_6.6*,OpenSSH_6.7*") is no version, a format ("%s") neither. */
static bool ends_well(hf_bytes rest)
{
	return rest.len == 0 || !strchr("*,%\\_|[", rest.ptr[0]) || rest.ptr[0] == 0 ||
	       (rest.ptr[0] == '_' && rest.len > 1 && rest.ptr[1] >= 'A' && rest.ptr[1] <= 'Z');
}

static bool is_known(const struct finder *x, size_t row, hf_bytes version)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(rows[x->at[i].row].name, rows[row].name) == 0 &&
		    strcmp(rows[x->at[i].row].witness, rows[row].witness) == 0 &&
		    hf_bytes_equal(x->at[i].version, version))
			return true;
	return false;
}

/* The version beside the literal at `at`, and where the whole text begins. */
static hf_bytes version_beside(const struct finder *x, const struct row *r, size_t at, size_t *begin)
{
	size_t before = strlen(r->before);
	hf_bytes v;

	*begin = at;
	if (before >= WINDOW)
		return version_at(hf_span_from(x->bytes, at + before));
	v = version_before(x->bytes, at);
	if (v.len == 0)
		return v;
	*begin = (size_t)(v.ptr - x->bytes.ptr) - before;
	if (at < v.len + before || memcmp(v.ptr - before, r->before, before) != 0)
		return (hf_bytes){ 0 };
	return v;
}

static void try_row(struct finder *x, size_t row, size_t at)
{
	const struct row *r = &rows[row];
	size_t begin;
	hf_bytes version = version_beside(x, r, at, &begin);

	if (version.len == 0 || x->n >= FOUND_MAX || is_known(x, row, version))
		return;
	size_t end = (size_t)(version.ptr - x->bytes.ptr) + version.len;
	int tail = tail_len(hf_span_from(x->bytes, end), r->after);
	if (tail < 0 || (r->after[0] == 0 && !ends_well(hf_span_from(x->bytes, end))))
		return;
	x->at[x->n++] = (struct found){ row, begin, end + (size_t)tail - begin, version };
}

/* All patterns whose window ends in this block; they are not many, so all are compared. */
static void try_patterns(struct finder *x, size_t first, size_t at)
{
	for (size_t i = first; i < PATTERNS; i++) {
		struct pattern p = pattern_of(i);

		if (p.len < WINDOW || x->bytes.len - at < p.len ||
		    memcmp(x->bytes.ptr + at, p.text, p.len) != 0)
			continue;
		if (i >= ROWS)
			x->witness[i - ROWS] = true;
		else
			try_row(x, i, at);
	}
}

static void search(const struct hf__search *s, struct finder *x, size_t begin, size_t len)
{
	size_t at = begin + WINDOW, end = begin + len;

	while (at <= end) {
		unsigned b = block(x->bytes.ptr + at - 2);

		if (s->shift[b] > 0) {
			at += s->shift[b];
			continue;
		}
		try_patterns(x, (size_t)s->first[b], at - WINDOW);
		at++;
	}
}

/* ---- facts ---- */
static hf_bytes text_bytes(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

static bool is_contained(const struct finder *x, const struct found *found)
{
	return rows[found->row].how == HF_HOW_CONTAINS || x->witness[found->row];
}

/* Of the rows of one component that say the same version, the one that contains it speaks. */
static bool speaks(const struct finder *x, const struct found *found)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct found *o = &x->at[i];

		if (o == found || strcmp(rows[o->row].name, rows[found->row].name) != 0 ||
		    !hf_bytes_equal(o->version, found->version))
			continue;
		if (is_contained(x, o) != is_contained(x, found) ? is_contained(x, o) : o < found)
			return false;
	}
	return true;
}

static hf_err put_found(const struct hf__file *f, const struct finder *x, const struct found *found)
{
	const struct row *r = &rows[found->row];
	struct hf_fact fact = { .kind = HF_FACT_VERSION, .path = f->path };

	fact.num[HF_VERSION_OFFSET] = found->begin;
	fact.num[HF_VERSION_LEN] = found->len;
	fact.num[HF_VERSION_HOW] = is_contained(x, found) ? HF_HOW_CONTAINS : HF_HOW_BUILT_AGAINST;
	fact.text[HF_VERSION_COMPONENT] = text_bytes(r->name);
	fact.text[HF_VERSION_TEXT] = found->version;
	fact.text[HF_VERSION_MATCH] =
		hf_span_upto(hf_span_from(f->bytes, found->begin),
			     found->len < MATCH_MAX ? found->len : MATCH_MAX);
	fact.text[HF_VERSION_PURL] = text_bytes(r->purl);
	fact.text[HF_VERSION_CPE] = text_bytes(r->cpe);
	fact.text[HF_VERSION_LICENCE] = text_bytes(r->licence);
	return f->sink->put(f->sink->ctx, &fact);
}

hf_err hf__read_versions(const struct hf__search *s, const struct hf__file *f)
{
	struct finder x = { .bytes = f->bytes };
	struct hf__ranges ranges;
	bool busybox = false;

	if (!hf__elf_ranges(f->bytes, &ranges)) {
		ranges.n = 1;
		ranges.at[0].begin = 0;
		ranges.at[0].len = f->bytes.len;
	}
	for (size_t i = 0; i < ranges.n; i++)
		search(s, &x, ranges.at[i].begin, ranges.at[i].len);
	for (size_t i = 0; i < x.n; i++) {
		if (speaks(&x, &x.at[i]))
			HF_TRY(put_found(f, &x, &x.at[i]));
		busybox |= strcmp(rows[x.at[i].row].name, "busybox") == 0;
	}
	return busybox ? hf__read_applets(f) : HF_OK;
}

hf_bytes hf_comp_known_cpe(hf_bytes name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (hf_span_is(name, rows[i].name))
			return text_bytes(rows[i].cpe);
	return (hf_bytes){ 0 };
}

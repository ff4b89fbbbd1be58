/* capability.c -- the kinds are rows of one table; their numbers stand in the binary form and never change.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "capability.h"

static const struct {
	const char *name;
	unsigned number, words; /* number of words after the name */
} kinds[] = {
	{ "listen", 1, 4 },     /* protocol address port program */
	{ "outbound", 2, 2 },   /* host-or-address program */
	{ "http", 3, 2 },       /* route-or-header program */
	{ "account", 4, 4 },    /* name uid shell password|locked */
	{ "key", 5, 3 },        /* authorized|private|host path fingerprint */
	{ "privileged", 6, 2 }, /* path setuid|setgid|capabilities */
	{ "executable", 7, 1 }, /* path */
	{ "module", 8, 1 },     /* kernel module */
	{ "device", 9, 1 },     /* path */
	{ "hook", 10, 2 },      /* init|cron|udev path */
	{ "debug", 11, 1 },     /* interface */
	{ "import", 12, 2 },    /* binary exec|net|raw|ptrace|mount */
};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Printable without a space, one space between words. */
static bool has_words(hf_bytes t, unsigned words)
{
	unsigned spaces = 0;

	for (size_t i = 0; i < t.len; i++) {
		bool space = t.ptr[i] == ' ';

		if (t.ptr[i] < 0x20 || t.ptr[i] == 0x7f ||
		    (space && (i == 0 || i + 1 == t.len || t.ptr[i + 1] == ' ')))
			return false;
		spaces += space ? 1 : 0;
	}
	return t.len > 0 && t.len <= CAPABILITY_LINE_MAX && spaces + 1 == words;
}

static hf_err parse_line(hf_bytes line, struct capability *c)
{
	for (size_t k = 0; k < N_KINDS; k++) {
		size_t len = strlen(kinds[k].name);

		if (line.len <= len || memcmp(line.ptr, kinds[k].name, len) != 0 || line.ptr[len] != ' ')
			continue;
		*c = (struct capability){ kinds[k].number, { line.ptr + len + 1, line.len - len - 1 } };
		return has_words(c->words, kinds[k].words) ? HF_OK : HF_ERR_CAPABILITY_LINE;
	}
	return HF_ERR_CAPABILITY_LINE;
}

/* Order of the binary form: by kind, then shorter words, then bytewise. */
static int compare(const void *left, const void *right)
{
	const struct capability *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->words.len != b->words.len)
		return a->words.len < b->words.len ? -1 : 1;
	return memcmp(a->words.ptr, b->words.ptr, a->words.len);
}

static void sort_distinct(struct capability_set *set)
{
	size_t n = 0;

	if (set->n > 0)
		qsort(set->line, set->n, sizeof(set->line[0]), compare);
	for (size_t i = 0; i < set->n; i++)
		if (n == 0 || compare(&set->line[n - 1], &set->line[i]) != 0)
			set->line[n++] = set->line[i];
	set->n = n;
}

hf_err capability_parse(hf_bytes text, struct capability_set *set, struct hf_why *why)
{
	unsigned number = 0;

	set->n = 0;
	while (text.len > 0) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		hf_bytes line = { text.ptr, end == NULL ? text.len : (size_t)(end - text.ptr) };

		number++;
		text = (hf_bytes){ text.ptr + line.len, text.len - line.len };
		if (end != NULL)
			text = (hf_bytes){ text.ptr + 1, text.len - 1 };
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (set->n == CAPABILITY_LINES_MAX)
			return hf_why_set(why, HF_ERR_CAPABILITY_LIMIT, "line %u: at most %d capabilities",
					  number, CAPABILITY_LINES_MAX);
		if (parse_line(line, &set->line[set->n++]) != HF_OK)
			return hf_why_set(why, HF_ERR_CAPABILITY_LINE,
					  "line %u: no capability: a kind and its words are needed", number);
	}
	sort_distinct(set);
	return HF_OK;
}

hf_err capability_write(const struct capability_set *set, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, 2);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR("hf/capabilities/1"));
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_array(&w, set->n);
	for (size_t i = 0; i < set->n; i++) {
		hf_cbor_put_array(&w, 2);
		hf_cbor_put_uint(&w, set->line[i].kind);
		hf_cbor_put_text(&w, set->line[i].words);
	}
	return hf_cbor_finish(&w);
}

static bool is_good(const struct capability_set *set, size_t i)
{
	const struct capability *c = &set->line[i];

	return c->kind >= 1 && c->kind <= N_KINDS && has_words(c->words, kinds[c->kind - 1].words) &&
	       (i == 0 || compare(c - 1, c) < 0);
}

hf_err capability_read(hf_bytes in, struct capability_set *set)
{
	struct hf_cborr r;
	size_t n = 0;

	set->n = 0;
	hf_cbor_reader(&r, in);
	hf_cbor_expect_map(&r, 2);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR("hf/capabilities/1"));
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && i < CAPABILITY_LINES_MAX && hf_cbor_error(&r) == HF_OK; i++) {
		uint64_t kind = 0;

		hf_cbor_expect_array(&r, 2);
		hf_cbor_read_uint_max(&r, N_KINDS, &kind);
		hf_cbor_read_text(&r, &set->line[i].words);
		hf_cbor_end(&r);
		set->line[i].kind = (unsigned)kind;
		if (hf_cbor_error(&r) == HF_OK && !is_good(set, i))
			hf_cbor_reader_fail(&r, HF_ERR_CAPABILITY_SHAPE);
	}
	if (hf_cbor_done(&r) != HF_OK)
		return HF_ERR_CAPABILITY_SHAPE;
	set->n = n;
	return HF_OK;
}

hf_err capability_print(const struct capability *c, struct hf_buf *out)
{
	return hf_buf_printf(out, "%s %.*s", kinds[c->kind - 1].name, (int)c->words.len,
			     (const char *)c->words.ptr);
}

bool capability_has(const struct capability_set *set, const struct capability *c)
{
	return set->n > 0 && bsearch(c, set->line, set->n, sizeof(*c), compare) != NULL;
}

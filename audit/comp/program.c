/* Programs as far as components need them: which bytes are loaded, BusyBox's applet table, and the list of
 * files that a build compiled.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "jscan.h"
#include "signature.h"

/* ---- ELF ---- */
struct reader {
	hf_bytes file;
	bool big;
};

/* An integer of `n` bytes at `at`; 0 outside. */
static uint64_t number(const struct reader *r, uint64_t at, size_t n)
{
	uint64_t v = 0;

	if (at > r->file.len || r->file.len - at < n)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | r->file.ptr[at + (r->big ? i : n - 1 - i)];
	return v;
}

/* Where the fields of a header lie in files of 32 and of 64 bits. */
struct layout {
	uint8_t word, table, size, n, begin, len;
};
static const struct layout narrow = { 4, 28, 42, 44, 4, 16 }, wide = { 8, 32, 54, 56, 8, 32 };

static void add_range(const struct reader *r, const struct layout *l, uint64_t at, struct hf__ranges *out)
{
	enum { PT_LOAD = 1 };
	uint64_t begin = number(r, at + l->begin, l->word), len = number(r, at + l->len, l->word);

	if (number(r, at, 4) != PT_LOAD || begin >= r->file.len)
		return;
	out->at[out->n].begin = (size_t)begin;
	out->at[out->n++].len = (size_t)(len < r->file.len - begin ? len : r->file.len - begin);
}

bool hf__elf_ranges(hf_bytes file, struct hf__ranges *out)
{
	enum { HEADER_LEN = 52 };
	struct reader r = { .file = file };

	out->n = 0;
	if (file.len < HEADER_LEN || memcmp(file.ptr, "\177ELF", 4) != 0)
		return false;
	const struct layout *l = file.ptr[4] == 2 ? &wide : &narrow;
	r.big = file.ptr[5] == 2;
	uint64_t table = number(&r, l->table, l->word), size = number(&r, l->size, 2),
		 n = number(&r, l->n, 2);
	for (uint64_t i = 0; i < n && out->n < HF__RANGES_CAP; i++)
		add_range(&r, l, table + i * size, out);
	return out->n > 0; /* object files and liars are searched whole */
}

/* ---- BusyBox ---- */
enum { APPLET_NAME_MAX = 24, APPLETS_MIN = 8, TABLE_MAX = 32768 };

static bool is_applet_name(hf_bytes name)
{
	if (name.len == 0 || name.len > APPLET_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789_.-[", name.ptr[i], 40))
			return false;
	return true;
}

static bool rises(hf_bytes a, hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.ptr, b.ptr, n);

	return order < 0 || (order == 0 && a.len < b.len);
}

struct table {
	size_t begin, len, n;
	bool has_itself; /* "busybox" is an applet of every BusyBox */
};

/* The longest run of NUL-ended names in rising order, with "busybox" among them. */
static struct table find_table(hf_bytes file)
{
	struct table best = { 0 }, run = { 0 };
	hf_bytes last = { 0 };

	for (size_t at = 0; at < file.len;) {
		const uint8_t *end = memchr(file.ptr + at, 0, file.len - at);
		size_t len = end ? (size_t)(end - file.ptr) - at : file.len - at;
		hf_bytes name = { file.ptr + at, len };

		if (!is_applet_name(name) || (run.n > 0 && !rises(last, name)))
			run = (struct table){ .begin = at };
		if (is_applet_name(name)) {
			run.n++;
			run.len = at + len + 1 - run.begin;
			run.has_itself |= hf_span_is(name, "busybox");
			if (run.has_itself && run.n > best.n && end != NULL)
				best = run;
		} else {
			run.begin = at + len + 1;
		}
		last = name;
		at += len + 1;
	}
	return best;
}

hf_err hf__read_applets(const struct hf__file *f)
{
	struct hf_fact fact = { .kind = HF_FACT_APPLETS, .path = f->path };
	struct table t = find_table(f->bytes);

	if (t.n < APPLETS_MIN || t.len > TABLE_MAX)
		return HF_OK;
	fact.num[HF_APPLETS_OFFSET] = t.begin;
	fact.num[HF_APPLETS_LEN] = t.len;
	fact.text[HF_APPLETS_NAMES] = (hf_bytes){ f->bytes.ptr + t.begin, t.len };
	return f->sink->put(f->sink->ctx, &fact);
}

/* ---- what a build compiled ---- */
static hf_err put_compiled(const struct hf__file *f, struct hf__json *j)
{
	struct hf_fact fact = { .kind = HF_FACT_COMPILED, .path = f->path };
	hf_bytes name, file = { 0 };

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "file"))
			(void)hf__json_text(j, &file);
		else
			hf__json_skip(j);
	fact.text[HF_COMPILED_FILE] = hf_span_upto(file, HF__FIELD_MAX);
	j->arena.len = 0;
	return file.len > 0 ? f->sink->put(f->sink->ctx, &fact) : HF_OK;
}

hf_err hf__read_compile_commands(const struct hf__file *f)
{
	uint8_t room[HF__FIELD_MAX];
	struct hf__json j = hf__json_start(f->bytes, HF_OUT(room));

	if (!hf__json_enter(&j, '['))
		return HF_OK;
	while (hf__json_item(&j))
		HF_TRY(put_compiled(f, &j));
	return hf__json_is_whole(&j) ? HF_OK : hf__put_problem(f, "compile_commands.json is damaged");
}

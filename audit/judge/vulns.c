/* What advisories say about the parts of a model, and what proves that it does not count here.
 * Order of the noise killers: the distribution's judgement, the order of versions (both in the feed), proofs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/components.h>
#include <hf/span.h>
#include "applets.h"

static const struct hf_vex_reason no_applet = { "vulnerable_code_not_present", "code_not_present",
						"the applet is not in the BusyBox of this tree" };
static const struct hf_vex_reason not_compiled = { "vulnerable_code_not_present", "code_not_present",
						   "its source files were not compiled" };
static const struct hf_vex_reason not_there = { "component_not_present", "code_not_present",
						"no file of the package is in the image" };
static const struct hf_vex_reason unimportant = { NULL, NULL, "the distribution sees no security effect" };
static const struct hf_vex_reason no_dsa = { NULL, NULL,
					     "the distribution sees a minor fault without advisory" };
static const struct hf_vex_reason undetermined = { NULL, NULL, "the distribution has not determined it yet" };

static hf_bytes tree_of(const struct hf_model *m, const struct hf_fact *f)
{
	const struct hf_fact *file = hf_model_file(m, f->path);

	return file != NULL ? file->text[HF_FILE_TREE] : (hf_bytes){ 0 };
}

/* ---- BusyBox: the applet table of every BusyBox of the tree ---- */
static bool has_applet(hf_bytes names, const char *applet)
{
	size_t begin = 0;

	for (size_t i = 0; i < names.len; i++) {
		if (names.ptr[i] != 0)
			continue;
		if (hf_span_is((hf_bytes){ names.ptr + begin, i - begin }, applet))
			return true;
		begin = i + 1;
	}
	return false;
}

/* Every BusyBox must show its table: one without could have the applet. */
static bool all_have_tables(const struct hf_model *m, hf_bytes tree)
{
	size_t n = hf_model_n(m, HF_FACT_VERSION), first;

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_VERSION, i);

		if (hf_span_is(f->text[HF_VERSION_COMPONENT], "busybox") &&
		    hf_bytes_equal(tree_of(m, f), tree) &&
		    hf_model_of(m, HF_FACT_APPLETS, f->path, &first) == 0)
			return false;
	}
	return true;
}

static const struct hf_fact *prove_no_applet(const struct hf_model *m, const struct hf_part *p,
					     const char *cve)
{
	const char *const *applets = hf__applets_of_cve(cve);
	const struct hf_fact *proof = NULL;
	size_t n = hf_model_n(m, HF_FACT_APPLETS);

	if (!hf_span_is(p->source, "busybox") || applets == NULL || !all_have_tables(m, p->tree))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_APPLETS, i);

		if (!hf_bytes_equal(tree_of(m, f), p->tree))
			continue;
		for (const char *const *a = applets; *a != NULL; a++)
			if (has_applet(f->text[HF_APPLETS_NAMES], *a))
				return NULL;
		proof = f;
	}
	return proof;
}

/* ---- kernel: source files that the build did not compile ---- */
static bool ends_in(hf_bytes path, hf_bytes file)
{
	if (path.len < file.len || memcmp(path.ptr + path.len - file.len, file.ptr, file.len) != 0)
		return false;
	return path.len == file.len || path.ptr[path.len - file.len - 1] == '/';
}

static const struct hf_fact *find_compiled(const struct hf_model *m, hf_bytes file)
{
	size_t n = hf_model_n(m, HF_FACT_COMPILED);

	for (size_t i = 0; i < n; i++)
		if (ends_in(hf_model_at(m, HF_FACT_COMPILED, i)->text[HF_COMPILED_FILE], file))
			return hf_model_at(m, HF_FACT_COMPILED, i);
	return NULL;
}

/* The list must be a kernel's, and every file that holds the fault a C file that is not on it. */
static const struct hf_fact *prove_not_compiled(const struct hf_model *m, const struct hf_part *p,
						const char *files)
{
	const struct hf_fact *kernel = find_compiled(m, HF_STR("init/main.c"));

	if (!(hf_span_is(p->source, "linux") || hf_span_is(p->source, "linux_kernel")) || kernel == NULL ||
	    files[0] == 0)
		return NULL;
	while (*files) {
		size_t n = strcspn(files, "\n");
		hf_bytes file = { (const uint8_t *)files, n };

		if (n < 3 || memcmp(files + n - 2, ".c", 2) != 0 || find_compiled(m, file) != NULL)
			return NULL;
		files += n + (files[n] == '\n');
	}
	return kernel;
}

/* ---- a package whose files were taken out ---- */
/* At least one file that had a digest in the database, and none of them in the image. */
static bool prove_not_there(const struct hf_components *c, const struct hf_part *p)
{
	const struct hf_model *m = c->model;
	size_t n = hf_model_n(m, HF_FACT_OWNS), named = 0;

	if (p->fact->kind != HF_FACT_PACKAGE || hf_model_n(m, HF_FACT_PROBLEM) > 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_OWNS, i);

		if (f->num[HF_OWNS_ALG] == HF_DIGEST_NONE ||
		    !hf_bytes_equal(f->text[HF_OWNS_PACKAGE], p->name) ||
		    !hf_bytes_equal(tree_of(m, f), p->tree))
			continue;
		named++;
		if (hf_model_resolve(m, p->tree, f->text[HF_OWNS_FILE]) != NULL)
			return false;
	}
	return named > 0;
}

/* ---- matching ---- */
struct matcher {
	const struct hf_components *c;
	const struct hf_vulns *out;
	const struct hf_part *part;
	bool absent; /* no package of this source has a file in the image */
};

static void judge(const struct matcher *x, struct hf_vuln *v)
{
	switch (v->hit->status) {
	case HF_VULN_UNIMPORTANT:
		v->vex = &unimportant;
		return;
	case HF_VULN_NO_DSA:
		v->vex = &no_dsa;
		return;
	case HF_VULN_UNDETERMINED:
		v->vex = &undetermined;
		return;
	default:
		break;
	}
	v->proof = prove_no_applet(x->c->model, x->part, v->hit->id);
	if (v->proof != NULL) {
		v->vex = &no_applet;
		return;
	}
	v->proof = prove_not_compiled(x->c->model, x->part, v->hit->files);
	if (v->proof != NULL)
		v->vex = &not_compiled;
	else if (x->absent)
		v->vex = &not_there;
}

static hf_err on_hit(void *ctx, const struct hf_vuln_hit *hit)
{
	const struct matcher *x = ctx;
	struct hf_vuln v = { .part = x->part, .hit = hit };

	if (hit->status == HF_VULN_NOT_AFFECTED)
		return HF_OK;
	judge(x, &v);
	return x->out->vuln(x->out->ctx, &v);
}

static int order_sources(const void *a, const void *b)
{
	const struct hf_part *x = *(const struct hf_part *const *)a, *y = *(const struct hf_part *const *)b;
	const hf_bytes keys[][2] = { { x->fact->path, y->fact->path },
				     { x->source, y->source },
				     { x->source_version, y->source_version } };

	for (size_t i = 0; i < 3; i++) {
		size_t n = keys[i][0].len < keys[i][1].len ? keys[i][0].len : keys[i][1].len;
		int order = n > 0 ? memcmp(keys[i][0].ptr, keys[i][1].ptr, n) : 0;

		if (order == 0)
			order = (keys[i][0].len > keys[i][1].len) - (keys[i][0].len < keys[i][1].len);
		if (order != 0)
			return order;
	}
	return (x > y) - (x < y);
}

static bool same_source(const struct hf_part *a, const struct hf_part *b)
{
	return hf_bytes_equal(a->fact->path, b->fact->path) && hf_bytes_equal(a->source, b->source) &&
	       hf_bytes_equal(a->source_version, b->source_version);
}

/* All parts from `first` that come from one source: one look-up. */
static hf_err match_group(struct matcher *x, struct hf_feed *feed, const struct hf_part *const *first,
			  size_t n)
{
	struct hf_feed_match match = { x, on_hit };
	struct hf_component key;
	bool known = false;

	x->part = first[0];
	x->absent = true;
	for (size_t i = 0; i < n && x->absent; i++)
		x->absent = prove_not_there(x->c, first[i]);
	hf_part_lookup(x->part, &key);
	if (!x->part->no_source && key.n_keys > 0)
		HF_TRY(hf_feed_match(feed, &key, &match, &known));
	if (known || x->out->unknown == NULL || hf_feed_covers(feed, &key))
		return HF_OK;
	return x->out->unknown(x->out->ctx, x->part);
}

static hf_err match_all(struct matcher *x, struct hf_feed *feed, const struct hf_part **sorted)
{
	size_t n_parts = x->c->n_parts, n;

	for (size_t i = 0; i < n_parts; i += n) {
		n = 1;
		while (i + n < n_parts && same_source(sorted[i], sorted[i + n]))
			n++;
		HF_TRY(match_group(x, feed, (const struct hf_part *const *)sorted + i, n));
	}
	return HF_OK;
}

hf_err hf_vulns_each(const struct hf_components *c, struct hf_feed *feed, const struct hf_vulns *out)
{
	struct matcher x = { .c = c, .out = out };
	const struct hf_part **sorted = calloc(c->n_parts + 1, sizeof(*sorted));
	hf_err err;

	if (sorted == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < c->n_parts; i++)
		sorted[i] = &c->parts[i];
	qsort(sorted, c->n_parts, sizeof(*sorted), order_sources);
	err = match_all(&x, feed, sorted);
	free(sorted);
	return err;
}

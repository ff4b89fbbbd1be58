/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <holdfast/crypto.h>
#include "bom.h"

enum { DAY_S = 86400 };

const struct hf_fact *hf__bom_file(const struct hf__bom *b, size_t i)
{
	return hf_model_at(b->in->model, HF_FACT_FILE, i);
}

bool hf__bom_lists(const struct hf_fact *file)
{
	switch (file->num[HF_FILE_KIND]) {
	case HF_KIND_ELF:
	case HF_KIND_SCRIPT:
	case HF_KIND_ARCHIVE:
	case HF_KIND_KERNEL:
	case HF_KIND_MODULE:
	case HF_KIND_BOOTLOADER:
	case HF_KIND_MCU:
	case HF_KIND_BUNDLE:
		return file->num[HF_FILE_TYPE] == HF_NODE_FILE && file->text[HF_FILE_SHA512].len > 0;
	default:
		return false;
	}
}

/* The package whose database is `owns->path` and whose name it gives. Parts are sorted by path and name. */
static size_t part_of_owner(const struct hf__bom *b, const struct hf_fact *owns)
{
	for (size_t i = 0; i < b->parts.n_parts; i++) {
		const struct hf_part *p = &b->parts.parts[i];
		const struct hf_fact *db = hf_model_file(b->in->model, owns->path);

		if (hf_bytes_equal(p->name, owns->text[HF_OWNS_PACKAGE]) && db != NULL &&
		    hf_bytes_equal(db->text[HF_FILE_TREE], p->tree) && p->fact->kind == HF_FACT_PACKAGE)
			return i;
	}
	return SIZE_MAX;
}

static size_t part_of_file(const struct hf__bom *b, const struct hf_fact *file)
{
	size_t n;
	const struct hf_owner *owner = hf_owner_of(&b->parts, file, &n);

	if (owner != NULL)
		return part_of_owner(b, owner->owns);
	for (size_t i = 0; i < b->parts.n_parts; i++)
		if (b->parts.parts[i].fact->kind == HF_FACT_VERSION &&
		    hf_bytes_equal(b->parts.parts[i].fact->path, file->path))
			return i;
	return SIZE_MAX;
}

hf_err hf__bom_new(const struct hf_rendering *in, struct hf__bom *b)
{
	*b = (struct hf__bom){ .in = in, .n_files = hf_model_n(in->model, HF_FACT_FILE) };
	HF_TRY(hf_components_new(in->model, &b->parts));
	b->part_of = calloc(b->n_files + 1, sizeof(b->part_of[0]));
	if (b->part_of == NULL) {
		hf__bom_free(b);
		return HF_ERR_HOST_MEMORY;
	}
	for (size_t i = 0; i < b->n_files; i++)
		b->part_of[i] =
			hf__bom_lists(hf__bom_file(b, i)) ? part_of_file(b, hf__bom_file(b, i)) : SIZE_MAX;
	hf__bom_time(in->now, b->time);
	return HF_OK;
}

void hf__bom_free(struct hf__bom *b)
{
	hf_components_free(&b->parts);
	free(b->part_of);
	b->part_of = NULL;
}

hf_err hf__bom_seal(struct hf__bom *b, hf_bytes body)
{
	uint8_t d[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&body, 1, d));
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x80);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	(void)snprintf(b->serial, sizeof(b->serial),
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
		       d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14],
		       d[15]);
	return HF_OK;
}

void hf__bom_part_ref(size_t part, char out[static HF__REF_CAP])
{
	(void)snprintf(out, HF__REF_CAP, "part-%zu", part);
}

void hf__bom_file_ref(size_t file, char out[static HF__REF_CAP])
{
	(void)snprintf(out, HF__REF_CAP, "file-%zu", file);
}

void hf__bom_time(uint64_t seconds, char out[static HF__TIME_CAP])
{
	char date[HF__DATE_LEN + 1];
	unsigned s = (unsigned)(seconds % DAY_S);

	hf__date(seconds / DAY_S, date);
	(void)snprintf(out, HF__TIME_CAP, "%sT%02u:%02u:%02uZ", date, s / 3600 % 24, s / 60 % 60, s % 60);
}

size_t hf__bom_find(const struct hf__bom *b, const struct hf_part *p, hf_bytes name)
{
	for (size_t i = 0; i < b->parts.n_parts; i++)
		if (hf_bytes_equal(b->parts.parts[i].name, name) &&
		    hf_bytes_equal(b->parts.parts[i].fact->path, p->fact->path))
			return i;
	return SIZE_MAX;
}

bool hf__bom_word(hf_bytes *rest, hf_bytes *word)
{
	size_t n = 0;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = (hf_bytes){ rest->ptr + 1, rest->len - 1 };
	while (n < rest->len && rest->ptr[n] != ' ')
		n++;
	*word = (hf_bytes){ rest->ptr, n };
	if (n > 0)
		*rest = (hf_bytes){ rest->ptr + n, rest->len - n };
	return n > 0;
}

hf_bytes hf__bom_subject(const struct hf_rendering *in)
{
	size_t n = hf_model_n(in->model, HF_FACT_FILE);

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len == 0)
			return f->path;
	}
	return HF_STR("firmware");
}

/* ---- VEX ---- */
struct vex_run {
	const struct hf__bom *b;
	const struct hf__vex_sink *sink;
};

/* The finding of this vulnerability: same component, same id; the key holds both. */
static const struct hf_finding *finding_of(const struct hf__bom *b, const struct hf_vuln *v)
{
	const struct hf_outcome *o = b->in->outcome;
	char purl[HF_PURL_CAP], key[HF_PURL_CAP + 64];

	hf_part_purl(v->part, true, false, purl);
	(void)snprintf(key, sizeof(key), "%s %s", purl, v->hit->id);
	for (size_t i = 0; i < o->n_findings; i++)
		if (strcmp(o->findings[i].rule->id, "VULN-001") == 0 &&
		    hf_bytes_equal(o->findings[i].path, v->part->fact->path) &&
		    o->findings[i].key.len == strlen(key) &&
		    memcmp(o->findings[i].key.ptr, key, strlen(key)) == 0)
			return &o->findings[i];
	return NULL;
}

static hf_err on_vuln(void *ctx, const struct hf_vuln *v)
{
	const struct vex_run *r = ctx;
	struct hf__vex_entry e = { .vuln = v,
				   .finding = v->vex == NULL ? finding_of(r->b, v) : NULL,
				   .part = (size_t)(v->part - r->b->parts.parts) };

	r->sink->entry(r->sink->ctx, &e);
	return HF_OK;
}

hf_err hf__bom_vex(const struct hf__bom *b, const struct hf__vex_sink *sink)
{
	struct vex_run r = { b, sink };
	struct hf_vulns out = { &r, on_vuln, NULL };

	return b->in->feed != NULL ? hf_vulns_each(&b->parts, b->in->feed, &out) : HF_OK;
}

static void put_proof(const struct hf_fact *proof, const struct hf_fact *file, struct hf_buf *out)
{
	uint64_t begin = proof->num[HF_APPLETS_OFFSET], end = begin + proof->num[HF_APPLETS_LEN];
	uint8_t hex[2 * HF_SHA256_LEN];
	struct hf_out text = HF_OUT(hex);
	hf_err err = hf_buf_printf(out, "; proof: %.*s", (int)proof->path.len, (const char *)proof->path.ptr);

	if (err == HF_OK && proof->kind == HF_FACT_APPLETS)
		err = hf_buf_printf(
			out, " bytes %llu to %llu", (unsigned long long)begin, (unsigned long long)end);
	if (err == HF_OK && file != NULL && hf_hex_encode(file->text[HF_FILE_SHA256], &text) == HF_OK &&
	    text.len > 0)
		err = hf_buf_printf(out, " sha256 %.*s", (int)text.len, (const char *)hex);
	if (err != HF_OK)
		hf_buf_reset(out); /* a proof is whole or it is none */
}

void hf__vex_detail(const struct hf__bom *b, const struct hf__vex_entry *e, struct hf_buf *out)
{
	const struct hf_waiver *w = e->finding != NULL ? e->finding->waiver : NULL;
	const struct hf_vuln *v = e->vuln;
	hf_err err;

	hf_buf_reset(out);
	if (v->vex != NULL)
		err = hf_buf_puts(out, v->vex->what);
	else if (w != NULL)
		err = hf_buf_printf(out, "waived until %s by %s (%s): %s", w->expires_text, w->owner,
				    w->ticket, w->reason);
	else
		err = hf_buf_printf(out, "this version is affected%s%s",
				    v->hit->fixed[0] ? "; update to " : "", v->hit->fixed);
	if (err == HF_OK && v->proof != NULL)
		put_proof(v->proof, hf_model_file(b->in->model, v->proof->path), out);
}

/* ---- the document ---- */

static hf_err make_body(const struct hf__bom_kind *kind, struct hf__bom *b, struct hf_buf *body)
{
	struct hf_json_out j = { .buf = body };

	hf_json_open(&j, NULL, '{');
	kind->body(&j, b);
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	return hf__bom_seal(b, hf_buf_bytes(body));
}

static hf_err make_document(const struct hf__bom_kind *kind, const struct hf__bom *b, hf_bytes body,
			    struct hf_buf *compact)
{
	struct hf_json_out j = { .buf = compact };

	hf_json_open(&j, NULL, '{');
	kind->head(&j, b);
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	/* {head} and {body} become one object. */
	compact->ptr[compact->len - 1] = ',';
	return hf_buf_put(compact, (hf_bytes){ body.ptr + 1, body.len - 1 });
}

static hf_err render(const struct hf__bom_kind *kind, struct hf__bom *b, struct hf_buf *out,
		     struct hf_buf *companion)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(HF__BODY_CEILING);
	struct hf_buf compact HF_AUTO(hf_buf_free) = HF_BUF(HF__BODY_CEILING);

	HF_TRY(make_body(kind, b, &body));
	HF_TRY(make_document(kind, b, hf_buf_bytes(&body), &compact));
	HF_TRY(hf__pretty(hf_buf_bytes(&compact), out));
	return companion != NULL ? kind->companion(b, companion) : HF_OK;
}

hf_err hf__bom_render(const struct hf__bom_kind *kind, const struct hf_rendering *in, struct hf_buf *out,
		      struct hf_buf *companion)
{
	struct hf__bom b;
	hf_err err;

	HF_TRY(hf__bom_new(in, &b));
	err = render(kind, &b, out, companion);
	hf__bom_free(&b);
	return err;
}

/* The JSON report's components, feed and statements: what a recheck reads again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "bom.h"

enum { DETAIL_CEILING = 16384 };

static void put_component(struct hf_json_out *j, const struct hf__bom *b, const struct hf_part *p)
{
	char purl[HF_PURL_CAP], licence[HF_LICENCE_CAP];

	hf_part_purl(p, false, true, purl);
	(void)hf_part_licence(&b->parts, b->in->policy, p, licence);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "licence", licence);
	hf__json_bytes(j, "name", p->name);
	hf__json_bytes(j, "path", p->fact->path);
	hf_json_put_text(j, "purl", purl);
	hf__json_bytes(j, "version", p->version);
	hf_json_close(j);
}

void hf__json_components(struct hf_json_out *j, const struct hf__bom *b)
{
	hf_json_open(j, "components", '[');
	for (size_t i = 0; i < b->parts.n_parts; i++)
		put_component(j, b, &b->parts.parts[i]);
	hf_json_close(j);
}

static void put_text_or_null(struct hf_json_out *j, const char *name, const char *text)
{
	if (text == NULL || text[0] == 0)
		hf_json_put_null(j, name);
	else
		hf__json_bytes(j, name, (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

void hf__json_feed(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "feed", '[');
	for (size_t i = 0; i < hf_feed_n_sources(in->feed); i++) {
		const struct hf_feed_source *s = hf_feed_source(in->feed, i);

		hf_json_open(j, NULL, '{');
		hf_json_put_uint(j, "count", s->count);
		put_text_or_null(j, "kind", s->kind);
		put_text_or_null(j, "name", s->name);
		put_text_or_null(j, "newest", s->newest);
		hf_json_put_hex(j, "sha256", HF_ARR(s->sha256));
		put_text_or_null(j, "shrink", s->shrink);
		put_text_or_null(j, "signer", s->signer);
		hf_json_put_bool(j, "stale", hf_feed_is_stale(s, in->today, in->policy->max_feed_age_days));
		hf_json_close(j);
	}
	hf_json_close(j);
}

struct writer {
	struct hf_json_out *j;
	const struct hf__bom *b;
	struct hf_buf detail;
};

static void put_statement(void *ctx, const struct hf__vex_entry *e)
{
	struct writer *w = ctx;
	struct hf_json_out *j = w->j;
	const struct hf_vuln_hit *hit = e->vuln->hit;
	char purl[HF_PURL_CAP];

	hf_part_purl(e->vuln->part, true, true, purl);
	hf__vex_detail(w->b, e, &w->detail);
	hf_json_open(j, NULL, '{');
	hf_json_put_uint(j, "cvss", hit->cvss);
	hf__json_bytes(j, "detail", hf_buf_bytes(&w->detail));
	hf_json_put_uint(j, "epss", hit->epss);
	put_text_or_null(j, "fixed", hit->fixed);
	put_text_or_null(j, "id", hit->id);
	put_text_or_null(j, "justification", e->vuln->vex != NULL ? e->vuln->vex->openvex : NULL);
	hf_json_put_bool(j, "kev", hit->kev);
	hf_json_put_text(j, "purl", purl);
	put_text_or_null(j, "source", hit->source);
	hf_json_put_text(j, "status", hf__vex_status(e));
	hf_json_close(j);
}

hf_err hf__json_vex(struct hf_json_out *j, const struct hf__bom *b)
{
	struct writer w = { j, b, HF_BUF(DETAIL_CEILING) };
	struct hf__vex_sink sink = { &w, put_statement };

	hf_json_open(j, "vex", '[');
	hf_err err = hf__bom_vex(b, &sink);
	hf_json_close(j);
	hf_buf_free(&w.detail);
	return err;
}

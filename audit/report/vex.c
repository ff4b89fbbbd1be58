/* The VEX companions: CycloneDX for the CycloneDX document, OpenVEX 0.2 for the SPDX one.
 * A proof makes "not affected"; what a distribution judged is told as its judgement; a waiver is an owner's
 * decision and makes nothing "not affected".
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "bom.h"

enum { DETAIL_CEILING = 16384 };

struct writer {
	struct hf_json_out j;
	const struct hf__bom *b;
	struct hf_buf detail;
};

/* `head` leaves two levels open, the statements go into the inner one. */
static hf_err write_vex(const struct hf__bom *b, struct hf_buf *out,
			void (*head)(struct hf_json_out *j, const struct hf__bom *b),
			void (*entry)(void *ctx, const struct hf__vex_entry *e))
{
	struct hf_buf compact HF_AUTO(hf_buf_free) = HF_BUF(HF__BODY_CEILING);
	struct writer w = { .j = { .buf = &compact }, .b = b, .detail = HF_BUF(DETAIL_CEILING) };
	struct hf__vex_sink sink = { &w, entry };
	hf_err err;

	head(&w.j, b);
	err = hf__bom_vex(b, &sink);
	hf_json_close(&w.j);
	hf_json_close(&w.j);
	hf_buf_free(&w.detail);
	HF_TRY(err);
	HF_TRY(hf_json_end(&w.j));
	return hf__pretty(hf_buf_bytes(&compact), out);
}

static bool is_unimportant(const struct hf__vex_entry *e)
{
	return e->vuln->hit->status == HF_VULN_UNIMPORTANT;
}

static bool is_ruled_out(const struct hf__vex_entry *e)
{
	return e->vuln->vex != NULL && (e->vuln->vex->openvex != NULL || is_unimportant(e));
}

static bool is_waived(const struct hf__vex_entry *e)
{
	return e->finding != NULL && e->finding->state == HF_STATE_WAIVED;
}

/* ---- CycloneDX ---- */
static void put_rating(struct hf_json_out *j, const struct hf_vuln_hit *hit)
{
	char score[16];

	if (hit->cvss == 0)
		return;
	(void)snprintf(score, sizeof(score), "%u.%u", hit->cvss / 10, hit->cvss % 10);
	hf_json_open(j, "ratings", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_raw(j, "score", (hf_bytes){ (const uint8_t *)score, strlen(score) });
	hf_json_put_text(j, "method", "other");
	hf_json_close(j);
	hf_json_close(j);
}

static void put_analysis(struct writer *w, const struct hf__vex_entry *e)
{
	struct hf_json_out *j = &w->j;

	hf_json_open(j, "analysis", '{');
	hf_json_put_text(j, "state",
			 is_ruled_out(e) ? "not_affected"
			 : is_waived(e)  ? "exploitable"
					 : "in_triage");
	if (e->vuln->vex != NULL && e->vuln->vex->cyclonedx != NULL)
		hf_json_put_text(j, "justification", e->vuln->vex->cyclonedx);
	if (is_waived(e)) {
		hf_json_open(j, "response", '[');
		hf_json_put_text(j, NULL, "will_not_fix");
		hf_json_close(j);
	}
	hf__vex_detail(w->b, e, &w->detail);
	hf__json_bytes(j, "detail", hf_buf_bytes(&w->detail));
	hf_json_close(j);
}

static void put_cyclonedx(void *ctx, const struct hf__vex_entry *e)
{
	struct writer *w = ctx;
	struct hf_json_out *j = &w->j;
	char ref[HF__UUID_CAP + 64], part[HF__REF_CAP];

	hf__bom_part_ref(e->part, part);
	(void)snprintf(ref, sizeof(ref), "urn:cdx:%s/1#%s", w->b->serial, part);
	hf_json_open(j, NULL, '{');
	hf__json_bytes(j, "id", (hf_bytes){ (const uint8_t *)e->vuln->hit->id, strlen(e->vuln->hit->id) });
	hf_json_open(j, "source", '{');
	hf_json_put_text(j, "name", e->vuln->hit->source);
	hf_json_close(j);
	put_rating(j, e->vuln->hit);
	put_analysis(w, e);
	hf_json_open(j, "affects", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "ref", ref);
	for (int i = 0; i < 3; i++)
		hf_json_close(j);
}

static void open_cyclonedx(struct hf_json_out *j, const struct hf__bom *b)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
	hf_json_put_text(j, "bomFormat", "CycloneDX");
	hf_json_put_text(j, "specVersion", "1.6");
	hf_json_put_uint(j, "version", 1);
	hf_json_open(j, "metadata", '{');
	hf_json_put_text(j, "timestamp", b->time);
	hf_json_close(j);
	hf_json_open(j, "vulnerabilities", '[');
}

hf_err hf__cyclonedx_vex(const struct hf__bom *b, struct hf_buf *out)
{
	return write_vex(b, out, open_cyclonedx, put_cyclonedx);
}

/* ---- OpenVEX ---- */
static void put_status(struct writer *w, const struct hf__vex_entry *e)
{
	struct hf_json_out *j = &w->j;
	const char *status = is_ruled_out(e) ? "not_affected" : "affected", *statement = "action_statement";

	if (e->vuln->hit->status == HF_VULN_UNDETERMINED)
		status = "under_investigation";
	if (strcmp(status, "affected") != 0)
		statement = strcmp(status, "not_affected") == 0 ? "impact_statement" : "status_notes";
	hf_json_put_text(j, "status", status);
	if (e->vuln->vex != NULL && e->vuln->vex->openvex != NULL)
		hf_json_put_text(j, "justification", e->vuln->vex->openvex);
	hf__vex_detail(w->b, e, &w->detail);
	hf__json_bytes(j, statement, hf_buf_bytes(&w->detail));
}

static void put_openvex(void *ctx, const struct hf__vex_entry *e)
{
	struct writer *w = ctx;
	struct hf_json_out *j = &w->j;
	char purl[HF_PURL_CAP];

	hf_part_purl(e->vuln->part, false, true, purl);
	hf_json_open(j, NULL, '{');
	hf_json_open(j, "vulnerability", '{');
	hf__json_bytes(j, "name", (hf_bytes){ (const uint8_t *)e->vuln->hit->id, strlen(e->vuln->hit->id) });
	hf_json_close(j);
	hf_json_open(j, "products", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "@id", purl);
	hf_json_close(j);
	hf_json_close(j);
	put_status(w, e);
	hf_json_close(j);
}

static void open_openvex(struct hf_json_out *j, const struct hf__bom *b)
{
	char id[HF__UUID_CAP + 16];

	(void)snprintf(id, sizeof(id), "urn:uuid:%s", b->serial);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "@context", "https://openvex.dev/ns/v0.2.0");
	hf_json_put_text(j, "@id", id);
	hf_json_put_text(j, "author", b->in->policy->creator != NULL ? b->in->policy->creator : "unknown");
	hf_json_put_text(j, "timestamp", b->time);
	hf_json_put_uint(j, "version", 1);
	hf_json_put_text(j, "tooling", "holdfast audit");
	hf_json_open(j, "statements", '[');
}

hf_err hf__openvex(const struct hf__bom *b, struct hf_buf *out)
{
	return write_vex(b, out, open_openvex, put_openvex);
}

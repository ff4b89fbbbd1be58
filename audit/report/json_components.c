/* The components of an image, and what was found not to count: `components` and `vex` of the JSON report.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/components.h>
#include "report_priv.h"

static void put_part(struct hf_json_out *j, const struct hf_rendering *in, const struct hf_components *c,
		     const struct hf_part *part)
{
	char purl[HF_PURL_CAP], licence[HF_LICENCE_CAP];

	hf_part_purl(part, false, true, purl);
	(void)hf_part_licence(c, in->policy, part, licence);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "licence", licence);
	hf__json_bytes(j, "name", part->name);
	hf__json_bytes(j, "path", part->fact->path);
	hf_json_put_text(j, "purl", purl);
	hf__json_bytes(j, "source", part->source);
	hf__json_bytes(j, "source_version", part->source_version);
	hf__json_bytes(j, "version", part->version);
	hf_json_close(j);
}

static hf_err put_vex(void *ctx, const struct hf_vuln *v)
{
	struct hf_json_out *j = ctx;

	if (v->vex == NULL)
		return HF_OK;
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "id", v->hit->id);
	hf_json_put_text(j, "justification", v->vex->openvex);
	hf__json_bytes(j, "name", v->part->name);
	hf__json_bytes(j, "path", v->proof != NULL ? v->proof->path : v->part->fact->path);
	hf__json_bytes(j, "version", v->part->version);
	hf_json_put_text(j, "why", v->vex->what);
	hf_json_close(j);
	return HF_OK;
}

hf_err hf__json_components(struct hf_json_out *j, const struct hf_rendering *in)
{
	struct hf_components c HF_AUTO(hf_components_free) = { 0 };

	HF_TRY(hf_components_new(in->model, &c));
	hf_json_open(j, "components", '[');
	for (size_t i = 0; i < c.n_parts; i++)
		put_part(j, in, &c, &c.parts[i]);
	hf_json_close(j);
	return HF_OK;
}

hf_err hf__json_vex(struct hf_json_out *j, const struct hf_rendering *in)
{
	const struct hf_vulns each = { .ctx = j, .vuln = put_vex };
	struct hf_components c HF_AUTO(hf_components_free) = { 0 };
	hf_err err = HF_OK;

	HF_TRY(hf_components_new(in->model, &c));
	hf_json_open(j, "vex", '[');
	if (in->feed != NULL)
		err = hf_vulns_each(&c, in->feed, &each);
	hf_json_close(j);
	return err;
}

/* view.c -- bytes of a file at an offset, and facts about it on their way out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/crypto.h>
#include "scan_priv.h"

void hf__scan_view_free(struct hf__scan_view *v)
{
	hf_buf_free(&v->room);
}

const uint8_t *hf__scan_view_at(struct hf__scan_view *v, uint64_t offset, uint64_t len)
{
	static const uint8_t none[1] = { 0 };
	uint8_t *room;

	if (offset > v->src->size || len > v->src->size - offset)
		return NULL;
	if (len == 0)
		return none;
	if (v->src->mem != NULL)
		return v->src->mem + offset;
	hf_buf_reset(&v->room);
	if (len > HF__VIEW_MAX || hf_buf_reserve(&v->room, (size_t)len, &room) != HF_OK ||
	    v->src->read(v->src->ctx, offset, room, (size_t)len) != HF_OK)
		return NULL;
	return room;
}

hf_bytes hf__scan_view_upto(struct hf__scan_view *v, uint64_t offset, uint64_t len)
{
	const uint8_t *at;

	if (offset >= v->src->size)
		return (hf_bytes){ 0 };
	if (len > v->src->size - offset)
		len = v->src->size - offset;
	at = hf__scan_view_at(v, offset, len);
	return at == NULL ? (hf_bytes){ 0 } : (hf_bytes){ at, (size_t)len };
}

/* With the path and the numbers, six such texts stay below HF_FACT_MAX_LEN. */
enum { TEXT_MAX = 8192 };

hf_err hf__scan_put(const struct hf__scan_job *job, struct hf_fact *fact)
{
	fact->path = job->node->path;
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		fact->text[i] = hf_span_upto(fact->text[i], TEXT_MAX);
	return job->sink->put(job->sink->ctx, fact);
}

hf_err hf__scan_put_setting(const struct hf__scan_job *job, unsigned subject, unsigned state, hf_bytes name,
			    hf_bytes value, uint64_t offset)
{
	struct hf_fact fact = { .kind = HF_FACT_SETTING };

	fact.num[HF_SETTING_SUBJECT] = subject;
	fact.num[HF_SETTING_STATE] = state;
	fact.num[HF_SETTING_OFFSET] = offset;
	fact.text[HF_SETTING_NAME] = name;
	fact.text[HF_SETTING_VALUE] = hf_span_upto(value, 256);
	return hf__scan_put(job, &fact);
}

hf_err hf__scan_put_problem(const struct hf__scan_job *job, unsigned rule, const char *why)
{
	struct hf_fact fact = { .kind = HF_FACT_PROBLEM };

	fact.num[HF_PROBLEM_RULE] = rule;
	fact.num[HF_PROBLEM_LEN] = job->node->size;
	fact.text[HF_PROBLEM_WHY] = HF__TEXT(why);
	return hf__scan_put(job, &fact);
}

hf_err hf__scan_redact(hf_bytes secret, struct hf_out *out)
{
	uint8_t digest[HF_SHA256_LEN];
	/* Four characters of a short secret would be most of it. */
	size_t show = secret.len >= 12 ? 4 : 0;

	HF_TRY(hf_crypto_sha256(&secret, 1, digest));
	HF_TRY(hf_out_put(out, hf_span_upto(secret, show)));
	HF_TRY(hf_out_put(out, HF_STR("...sha256:")));
	return hf_hex_encode((hf_bytes){ digest, 4 }, out);
}

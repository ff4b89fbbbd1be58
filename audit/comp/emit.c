/* Facts of one package database. Foreign texts are cut, so that a fact always fits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

static hf_bytes cut(hf_bytes b)
{
	return hf_span_upto(b, HF__FIELD_MAX);
}

static hf_err put_info(const struct hf__file *f, const struct hf__package *p)
{
	struct hf_fact fact = { .kind = HF_FACT_PACKAGE_INFO, .path = f->path };

	if (p->licence.len + p->homepage.len + p->maintainer.len + p->depends.len == 0)
		return HF_OK;
	fact.text[HF_INFO_NAME] = cut(p->name);
	fact.text[HF_INFO_VERSION] = cut(p->version);
	fact.text[HF_INFO_LICENCE] = cut(p->licence);
	fact.text[HF_INFO_HOMEPAGE] = cut(p->homepage);
	fact.text[HF_INFO_MAINTAINER] = cut(p->maintainer);
	fact.text[HF_INFO_DEPENDS] = cut(p->depends);
	return f->sink->put(f->sink->ctx, &fact);
}

hf_err hf__put_package(const struct hf__file *f, const struct hf__package *p)
{
	struct hf_fact fact = { .kind = HF_FACT_PACKAGE, .path = f->path };

	if (p->name.len == 0)
		return HF_OK;
	fact.num[HF_PACKAGE_DB] = p->db;
	fact.num[HF_PACKAGE_FLAGS] = p->no_source ? HF_PACKAGE_NO_SOURCE : 0;
	fact.text[HF_PACKAGE_NAME] = cut(p->name);
	fact.text[HF_PACKAGE_VERSION] = cut(p->version);
	fact.text[HF_PACKAGE_ARCH] = cut(p->arch);
	fact.text[HF_PACKAGE_SOURCE] = cut(p->source.len > 0 ? p->source : p->name);
	fact.text[HF_PACKAGE_SOURCE_VERSION] =
		cut(p->source_version.len > 0 ? p->source_version : p->version);
	HF_TRY(f->sink->put(f->sink->ctx, &fact));
	return put_info(f, p);
}

hf_err hf__put_owned(const struct hf__file *f, const struct hf__owned *o)
{
	struct hf_fact fact = { .kind = HF_FACT_OWNS, .path = f->path };
	uint8_t whole[2 * HF__FIELD_MAX + 1];
	struct hf_out name = HF_OUT(whole);

	if (o->file.len == 0 || o->file.len > HF__FIELD_MAX || f->prefix.len > HF__FIELD_MAX)
		return HF_OK;
	HF_TRY(hf_out_put(&name, f->prefix));
	if (o->file.ptr[0] != '/')
		HF_TRY(hf_out_put(&name, HF_STR("/")));
	HF_TRY(hf_out_put(&name, o->file));
	fact.num[HF_OWNS_ALG] = o->alg;
	fact.num[HF_OWNS_CONF] = o->conf;
	fact.text[HF_OWNS_PACKAGE] = cut(o->package);
	fact.text[HF_OWNS_FILE] = hf_out_bytes(&name);
	fact.text[HF_OWNS_DIGEST] = hf_span_upto(o->digest, 64);
	return f->sink->put(f->sink->ctx, &fact);
}

hf_err hf__put_problem(const struct hf__file *f, const char *why)
{
	struct hf_fact fact = { .kind = HF_FACT_PROBLEM, .path = f->path };

	fact.num[HF_PROBLEM_RULE] = 2;
	fact.num[HF_PROBLEM_LEN] = f->bytes.len;
	fact.text[HF_PROBLEM_WHY] = (hf_bytes){ (const uint8_t *)why, strlen(why) };
	return f->sink->put(f->sink->ctx, &fact);
}

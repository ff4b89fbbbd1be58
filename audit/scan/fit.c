/* fit.c -- flattened device trees: signed configurations of FIT images, and command lines of boards.
 * Signed images without a signed configuration can be mixed and matched, so they count as unsigned.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/base.h>
#include "setting.h"

enum {
	FDT_BEGIN = 1,
	FDT_END_NODE = 2,
	FDT_PROP = 3,
	FDT_NOP = 4,
	FDT_END = 9,
	DEPTH_MAX = 16,
	STRUCT_MAX = 1 << 20,
	TOKENS_MAX = 200000,
};
#define FDT_MAGIC 0xd00dfeedu

struct tree {
	struct hf__scan_job *job;
	hf_bytes at;      /* rest of the structure block */
	hf_bytes strings; /* names of properties */
	hf_bytes path[DEPTH_MAX];
	unsigned depth;
	unsigned images, configurations, signed_images, signed_configurations;
	bool counted; /* a signature of the configuration we are in was counted */
};

static bool take_u32(struct tree *t, uint32_t *v)
{
	if (t->at.len < 4)
		return false;
	*v = hf_get_be32(t->at.ptr);
	t->at = hf_span_from(t->at, 4);
	return true;
}

static bool take_bytes(struct tree *t, size_t len, hf_bytes *out)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (len > t->at.len || padded > t->at.len)
		return false;
	*out = hf_span_upto(t->at, len);
	t->at = hf_span_from(t->at, padded);
	return true;
}

/* /images/x/signature... and /configurations/x/signature... */
static void count_node(struct tree *t)
{
	bool image = t->depth >= 3 && hf_span_is(t->path[1], "images");
	bool configuration = t->depth >= 3 && hf_span_is(t->path[1], "configurations");

	if (t->depth == 3) {
		t->images += image;
		t->configurations += configuration;
		t->counted = false;
	}
	if (t->depth != 4 || !hf_span_begins(t->path[3], "signature") || t->counted)
		return;
	t->counted = image || configuration;
	t->signed_images += image;
	t->signed_configurations += configuration;
}

static bool begin_node(struct tree *t)
{
	const uint8_t *end = t->at.len > 0 ? memchr(t->at.ptr, 0, t->at.len) : NULL;
	hf_bytes name;

	if (end == NULL || t->depth == DEPTH_MAX)
		return false;
	name = hf_span_upto(t->at, (size_t)(end - t->at.ptr));
	if (!take_bytes(t, name.len + 1, &t->path[t->depth]))
		return false;
	t->path[t->depth++] = name;
	count_node(t);
	return true;
}

static hf_err put_bootargs(struct tree *t, hf_bytes value)
{
	if (value.len > 0 && value.ptr[value.len - 1] == 0)
		value.len--;
	return hf__scan_put_setting(t->job, HF_SUBJECT_CMDLINE, HF_STATE_UNKNOWN, HF_STR("bootargs"), value,
				    0);
}

static bool property(struct tree *t, hf_err *err)
{
	uint32_t len, name;
	hf_bytes value;

	if (!take_u32(t, &len) || !take_u32(t, &name) || !take_bytes(t, len, &value) ||
	    name >= t->strings.len)
		return false;
	if (t->depth == 2 && hf_span_is(t->path[1], "chosen") &&
	    hf_span_begins(hf_span_from(t->strings, name), "bootargs") && t->strings.len - name > 8 &&
	    t->strings.ptr[name + 8] == 0)
		*err = put_bootargs(t, value);
	return *err == HF_OK;
}

/* True when the tree ended as it should. */
static bool walk(struct tree *t, hf_err *err)
{
	uint32_t token;

	for (unsigned n = 0; n < TOKENS_MAX && take_u32(t, &token); n++) {
		bool fine = token == FDT_NOP;

		if (token == FDT_END)
			return t->depth == 0;
		if (token == FDT_BEGIN)
			fine = begin_node(t);
		else if (token == FDT_PROP)
			fine = property(t, err);
		else if (token == FDT_END_NODE && t->depth > 0) {
			t->depth--;
			fine = true;
		}
		if (!fine)
			return false;
	}
	return false;
}

static hf_err put_fit(struct tree *t)
{
	bool all = t->configurations > 0 && t->signed_configurations == t->configurations;
	const char *why = all                      ? ""
			  : t->signed_images > 0   ? "images are signed, configurations are not"
			  : t->configurations == 0 ? "no configuration"
						   : "a configuration without a signature";

	return hf__scan_put_setting(t->job, HF_SUBJECT_UPDSIGN, all ? HF_STATE_YES : HF_STATE_NO,
				    HF_STR("fit"), HF__TEXT(why), 0);
}

hf_err hf__scan_fit(struct hf__scan_job *job)
{
	struct hf__scan_view strings HF_AUTO(hf__scan_view_free) = HF__VIEW(job->src);
	const uint8_t *p = hf__scan_view_at(job->view, 0, 40);
	struct tree t = { .job = job };
	hf_err err = HF_OK;
	uint64_t off_struct, off_strings, len_strings, len_struct;

	if (job->kind != HF_KIND_OTHER || p == NULL || hf_get_be32(p) != FDT_MAGIC)
		return HF_OK;
	off_struct = hf_get_be32(p + 8);
	off_strings = hf_get_be32(p + 12);
	len_strings = hf_get_be32(p + 32);
	len_struct = hf_get_be32(p + 36);
	if (len_strings > STRUCT_MAX)
		return HF_OK;
	t.strings = hf__scan_view_upto(&strings, off_strings, len_strings);
	/* Images inside the structure make it large; in memory that costs nothing. */
	t.at = hf__scan_view_upto(job->view, off_struct,
				  job->src->mem != NULL || len_struct < STRUCT_MAX ? len_struct : STRUCT_MAX);
	if (!walk(&t, &err) && err == HF_OK && t.images > 0)
		return hf__scan_put_setting(job, HF_SUBJECT_UPDSIGN, HF_STATE_UNKNOWN, HF_STR("fit"),
					    HF_STR("device tree is damaged"), 0);
	HF_TRY(err);
	return t.images > 0 ? put_fit(&t) : HF_OK;
}

/* report_priv.h -- shared by the documents.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_REPORT_PRIV_H
#define HF_REPORT_PRIV_H
#include <hf/json.h>
#include <hf/render.h>

enum { HF__DATE_LEN = 10, HF__COMPACT_CEILING = 256 << 20 };

/* Compact JSON text again, a member or item a line, two blanks a level, a line end at the end. */
HF_MUST_CHECK hf_err hf__pretty(hf_bytes compact, struct hf_buf *out);
/* A text member from bytes without a NUL. Bytes outside printable ASCII become \xNN, a backslash two. */
void hf__json_bytes(struct hf_json_out *j, const char *name, hf_bytes text);
/* 2026-12-01 of a day since 1970. */
void hf__date(uint64_t day, char out[static HF__DATE_LEN + 1]);
/* What was read: counts for coverage. */
struct hf__counts {
	uint64_t inputs, files, elfs, bytes, containers, problems;
};
struct hf__counts hf__count(const struct hf_rendering *in);
/* "pass", "findings", "incomplete". */
const char *hf__status_name(int status);

HF_MUST_CHECK hf_err hf__render_json(const struct hf_rendering *in, struct hf_buf *out,
				     struct hf_buf *companion);
HF_MUST_CHECK hf_err hf__render_text(const struct hf_rendering *in, struct hf_buf *out,
				     struct hf_buf *companion);
HF_MUST_CHECK hf_err hf__render_sarif(const struct hf_rendering *in, struct hf_buf *out,
				      struct hf_buf *companion);
HF_MUST_CHECK hf_err hf__render_html(const struct hf_rendering *in, struct hf_buf *out,
				     struct hf_buf *companion);
/* Parts of the JSON document that have a file of their own. */
void hf__json_inventory(struct hf_json_out *j, const struct hf_rendering *in);
void hf__json_coverage(struct hf_json_out *j, const struct hf_rendering *in);
HF_MUST_CHECK hf_err hf__json_components(struct hf_json_out *j, const struct hf_rendering *in);
HF_MUST_CHECK hf_err hf__json_vex(struct hf_json_out *j, const struct hf_rendering *in);
void hf__json_compliance(struct hf_json_out *j, const struct hf_rendering *in);
#endif

/* render.h -- a judged scan as a document: text, JSON, SARIF, HTML, CycloneDX, SPDX.
 * Promise: equal input gives equal bytes, whoever runs it, wherever and with however many readers; no run
 * time, host or absolute path stands in a document. Foreign bytes are escaped: no control or bidi
 * character, no markup.
 * Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_RENDER_H
#define HF_RENDER_H
#include <hf/buf.h>
#include <hf/feed.h>
#include <hf/gate.h>
#include <hf/json.h>

struct hf_rendering {
	const struct hf_model *model;
	const struct hf_outcome *outcome;
	const struct hf_gate *gate;
	const struct hf_auditpolicy *policy;
	struct hf_feed *feed; /* NULL: none */
	uint64_t today;       /* days since 1970 */
	uint64_t now;        /* seconds since 1970 for documents that need a time: SOURCE_DATE_EPOCH or now */
	const char *version; /* of this program */
	const char *file_name; /* base name of -o, for documents that name their companion; "" = none */
	bool waivers_signed;
};
struct hf_format {
	const char *name;      /* "json" */
	const char *companion; /* what is put behind the file's name for the second document; NULL = none */
	/* `companion` is NULL when nobody wants it. Errors: HF_ERR_BASE_NO_ROOM (the ceiling), memory. */
	hf_err (*render)(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion);
};
extern const struct hf_format hf_formats[]; /* ends with a row without name */
/* NULL when there is no such format. */
const struct hf_format *hf_format_find(const char *name);
/* One source of advisories as an object of a JSON document. */
void hf_render_source(struct hf_json_out *j, const struct hf_feed_source *s, bool stale);
#endif

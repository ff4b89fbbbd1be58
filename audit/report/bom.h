/* bom.h -- what all bills of materials share: parts, files, who owns which, and names for them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BOM_H
#define HF_BOM_H
#include <hf/components.h>
#include "report_priv.h"

enum { HF__REF_CAP = 32, HF__UUID_CAP = 40, HF__TIME_CAP = 24, HF__BODY_CEILING = 256 << 20 };

struct hf__bom {
	const struct hf_rendering *in;
	struct hf_components parts;
	size_t *part_of;           /* by file number: its part, or SIZE_MAX */
	size_t n_files;            /* of the model; not every one is listed */
	char serial[HF__UUID_CAP]; /* set once the body is known */
	char time[HF__TIME_CAP];
};
HF_MUST_CHECK hf_err hf__bom_new(const struct hf_rendering *in, struct hf__bom *b);
void hf__bom_free(struct hf__bom *b);
/* UUID (version 8, RFC 9562) of what stands in the document: equal content, equal serial. */
HF_MUST_CHECK hf_err hf__bom_seal(struct hf__bom *b, hf_bytes body);
/* Programs, scripts, archives, kernels, modules, boot loaders: what the guideline calls a file component. */
bool hf__bom_lists(const struct hf_fact *file);
const struct hf_fact *hf__bom_file(const struct hf__bom *b, size_t i);
void hf__bom_part_ref(size_t part, char out[static HF__REF_CAP]);
void hf__bom_file_ref(size_t file, char out[static HF__REF_CAP]);
/* 2026-07-22T12:00:00Z */
void hf__bom_time(uint64_t seconds, char out[static HF__TIME_CAP]);
/* The part that a dependency of `p` names, in the same database; SIZE_MAX when there is none. */
size_t hf__bom_find(const struct hf__bom *b, const struct hf_part *p, hf_bytes name);
/* Next name of a list separated by blanks. */
bool hf__bom_word(hf_bytes *rest, hf_bytes *word);
/* Name of what was audited: the first input. */
hf_bytes hf__bom_subject(const struct hf_rendering *in);

/* One kind of bill. What `body` and `head` write are members of the document's object; the body gives the
 * serial number, so it is made first. */
struct hf__bom_kind {
	void (*body)(struct hf_json_out *j, struct hf__bom *b);
	void (*head)(struct hf_json_out *j, const struct hf__bom *b);
	hf_err (*companion)(const struct hf__bom *b, struct hf_buf *out);
};
HF_MUST_CHECK hf_err hf__bom_render(const struct hf__bom_kind *kind, const struct hf_rendering *in,
				    struct hf_buf *out, struct hf_buf *companion);

/* ---- VEX: one entry for each vulnerability and part ---- */
struct hf__vex_entry {
	const struct hf_vuln *vuln;
	const struct hf_finding *finding; /* NULL: none, it is ruled out */
	size_t part;
};
struct hf__vex_sink {
	void *ctx;
	void (*entry)(void *ctx, const struct hf__vex_entry *e);
};
/* Nothing comes when there is no feed. */
HF_MUST_CHECK hf_err hf__bom_vex(const struct hf__bom *b, const struct hf__vex_sink *sink);
/* What a person reads: "the applet is not in ...; proof: path, bytes 5..9, sha256 ..." or the waiver. */
void hf__vex_detail(const struct hf__bom *b, const struct hf__vex_entry *e, struct hf_buf *out);
/* The documents; the first two are in vex.c. */
HF_MUST_CHECK hf_err hf__cyclonedx_vex(const struct hf__bom *b, struct hf_buf *out);
HF_MUST_CHECK hf_err hf__openvex(const struct hf__bom *b, struct hf_buf *out);
HF_MUST_CHECK hf_err hf__render_cyclonedx(const struct hf_rendering *in, struct hf_buf *out,
					  struct hf_buf *companion);
HF_MUST_CHECK hf_err hf__render_spdx(const struct hf_rendering *in, struct hf_buf *out,
				     struct hf_buf *companion);
#endif

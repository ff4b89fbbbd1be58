/* scan_priv.h -- what the readers of one file share: the job, views of its bytes, text, facts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCAN_PRIV_H
#define SCAN_PRIV_H
#include <hf/buf.h>
#include <hf/scan.h>
#include <hf/span.h>

/* ---- views: bytes at an offset, whether the file lies in memory or not ---- */
enum { HF__VIEW_MAX = 4 << 20 };
struct hf__scan_view {
	const struct hf_src *src;
	struct hf_buf room; /* used only when the source is not in memory */
};
#define HF__VIEW(source) ((struct hf__scan_view){ .src = (source), .room = HF_BUF(HF__VIEW_MAX) })
void hf__scan_view_free(struct hf__scan_view *v);
/* `len` bytes at `offset`, valid until the next call on the same view; NULL when they are not there, are
 * more than HF__VIEW_MAX of a file that is not in memory, or cannot be read. */
const uint8_t *hf__scan_view_at(struct hf__scan_view *v, uint64_t offset, uint64_t len);
/* As many of `len` bytes as there are. */
hf_bytes hf__scan_view_upto(struct hf__scan_view *v, uint64_t offset, uint64_t len);

/* ---- one hit of the automaton ---- */
enum { HF__HITS_MAX = 4096 };
struct hf__scan_hit {
	uint16_t literal;
	uint64_t offset; /* of its first byte */
};
struct hf__scan_hits {
	size_t n;
	bool lost; /* keys or tokens beyond the limit were dropped */
	struct hf__scan_hit at[HF__HITS_MAX];
};

struct hf__scan_automaton;
struct hf__scan_patterns;
struct hf__scan_known;
struct hf__scan_contents;
struct hf_digest;
struct hf_scan {
	struct hf_scan_opts opts;
	struct hf_digest *digest;
	struct hf__scan_automaton *automaton;
	struct hf__scan_patterns *patterns;
	struct hf__scan_known *known;
	struct hf__scan_contents *contents;
	struct hf__scan_hits hits;
	uint8_t *window; /* HF_SCAN_WINDOW + overlap, for files that are not in memory */
};

/* ---- one file ---- */
struct hf__scan_job {
	struct hf_scan *scan;
	const struct hf_node *node;
	const struct hf_src *src;
	const struct hf_fact_sink *sink;
	struct hf__scan_view *view;
	struct hf__scan_view *text_view; /* holds `text` when the file is not in memory */
	hf_bytes name;                   /* raw, from "/" */
	hf_bytes base;                   /* its last element */
	hf_bytes text; /* the whole content when it is a text of at most HF_SCAN_TEXT_MAX, else empty */
	unsigned kind; /* HF_KIND_* */
	bool auth;     /* an ELF that imports crypt, PAM or the shadow file */
};
/* Send a fact about this file; texts above their share of HF_FACT_MAX_LEN are cut. */
HF_MUST_CHECK hf_err hf__scan_put(const struct hf__scan_job *job, struct hf_fact *fact);
/* The short forms. */
HF_MUST_CHECK hf_err hf__scan_put_setting(const struct hf__scan_job *job, unsigned subject, unsigned state,
					  hf_bytes name, hf_bytes value, uint64_t offset);
HF_MUST_CHECK hf_err hf__scan_put_problem(const struct hf__scan_job *job, unsigned rule, const char *why);
/* "abcd...sha256:" and 8 hex digits of SHA-256; `room` of HF__REDACTED_CAP holds it. */
enum { HF__REDACTED_CAP = 24 };
HF_MUST_CHECK hf_err hf__scan_redact(hf_bytes secret, struct hf_out *out);

/* ---- readers: each looks whether the file is its kind, and says what it finds ---- */
unsigned hf__scan_kind_of(const struct hf_node *node, hf_bytes head, uint64_t size);
HF_MUST_CHECK hf_err hf__scan_elf(struct hf__scan_job *job);
unsigned hf__scan_elf_kind(struct hf__scan_view *v); /* HF_KIND_ELF, _MODULE or _MCU */
HF_MUST_CHECK hf_err hf__scan_hits(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_accounts(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_keys(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_services(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_link(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_settings(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_kernel(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_mcu(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_build(struct hf__scan_job *job);

/* ---- text ---- */
#define HF__TEXT(string) ((hf_bytes){ (const uint8_t *)(string), strlen(string) })
/* The next word between blanks; quotes around a whole word are taken off. */
bool hf__scan_word(hf_bytes *rest, hf_bytes *word);
/* Decimal digits only. False when there are none, other characters, or more than 64 bits. */
bool hf__scan_number(hf_bytes b, uint64_t *out);
/* "name<sep>value" with blanks around either; false without `sep`. */
bool hf__scan_pair(hf_bytes line, uint8_t sep, hf_bytes *name, hf_bytes *value);
hf_bytes hf__scan_unquote(hf_bytes b);
#endif

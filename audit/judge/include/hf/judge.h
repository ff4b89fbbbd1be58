/* judge.h -- from facts to findings: the model, the check table and how a check speaks.
 * A check is one row {id, severity, CWE, title, fix, clauses, run}; a group is one file check_<group>.c that
 * holds its rows; table.c lists the groups. A check reads the model and the policy and reports; it never sees
 * a byte of an image. Thread rule: one case per thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_JUDGE_H
#define HF_JUDGE_H
#include <hf/fact.h>

/* ---- the model: all facts of a scan, sorted by path within a kind ---- */
struct hf_model;
size_t hf_model_n(const struct hf_model *m, unsigned kind);
const struct hf_fact *hf_model_at(const struct hf_model *m, unsigned kind, size_t i);
/* The file at an escaped path; NULL when absent. */
const struct hf_fact *hf_model_file(const struct hf_model *m, hf_bytes path);
/* Inside one tree: the file that a raw name ("/lib/libc.so.6") leads to, symbolic links followed within the
 * tree (at most 40 hops); NULL when absent, a loop, or outside. */
const struct hf_fact *hf_model_resolve(const struct hf_model *m, hf_bytes tree, hf_bytes name);
/* Facts of `kind` about one path: first index and count. */
size_t hf_model_of(const struct hf_model *m, unsigned kind, hf_bytes path, size_t *first);

/* ---- checks ---- */
enum { HF_SEV_INFO = 1, HF_SEV_LOW = 2, HF_SEV_MEDIUM = 3, HF_SEV_HIGH = 4, HF_SEV_CRITICAL = 5 };
struct hf_case;
struct hf_rule {
	const char *id;      /* "CRED-001", stable for ever */
	uint8_t severity;    /* HF_SEV_* */
	uint16_t cwe;        /* 0 = none */
	const char *title;   /* what is wrong, one line, small letter */
	const char *fix;     /* what to do */
	const char *clauses; /* "EN303645:5.1-1 PSTI:1", separated by spaces; may be "" */
	void (*run)(struct hf_case *c, const struct hf_rule *rule); /* NULL: another row's run reports it */
};
struct hf_group {
	const char *name; /* "CRED" */
	const struct hf_rule *rules;
	const size_t *n;
};
extern const struct hf_group hf_groups[]; /* listed in audit/judge/meson.build */
extern const size_t hf_n_groups;

/* What a check reports. Zero what does not apply. Texts are borrowed during the call.
 * `evidence` is shown (<= 256 bytes; secrets already redacted with hf_redact); `key` is the normalised part
 * that fingerprints are made of: account, symbol, or purl without version + CVE; never line, offset or
 * hash. */
struct hf_report {
	const char *id; /* NULL = the rule that runs */
	hf_bytes path;
	uint64_t offset, length;
	hf_bytes evidence;
	hf_bytes key;
	uint8_t severity; /* 0 = the rule's */
	bool tree_level;  /* about a tree, not a file: no digest */
};
void hf_find(struct hf_case *c, const struct hf_rule *rule, const struct hf_report *report);
/* The check cannot tell for this path, and why ("static, stripped"): never gates, never counts as pass. */
void hf_unknown(struct hf_case *c, const struct hf_rule *rule, hf_bytes path, const char *why);
/* The check looked at something and found it good; so that "checked and clean" differs from "not there". */
void hf_pass(struct hf_case *c, const struct hf_rule *rule);
const struct hf_model *hf_case_model(const struct hf_case *c);

/* ---- what checks ask the policy ---- */
enum {
	HF_ALLOW_SUID = 0,
	HF_ALLOW_SERVICE,
	HF_ALLOW_LISTENER,
	HF_ALLOW_HOST,
	HF_ALLOW_USER,
	HF_ALLOW_ANCHOR
};
/* Is `what` in the list; `listed` false when the policy has no such list at all. */
bool hf_allows(const struct hf_case *c, unsigned list, hf_bytes what);
bool hf_allow_listed(const struct hf_case *c, unsigned list);
/* Today, days since 1970, from the real clock (never SOURCE_DATE_EPOCH). */
uint64_t hf_case_today(const struct hf_case *c);

/* First 4 characters and 8 hex digits of SHA-256: a secret that can be recognised but not used.
 * Errors: HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_redact(hf_bytes secret, struct hf_out *out);
#endif

/* auditpolicy.h -- holdfast.audit.toml: what gates, what is scanned, what is allowed, what is waived.
 * Promise: a policy that was read is whole: every table and key is known, every value in range, every waiver
 * has its six keys and at most 12 months. An unknown key is an error, for a misspelt rule is no rule.
 * Format: doc/audit.md. A policy owns its memory. Thread rule: pure after reading.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDITPOLICY_H
#define HF_AUDITPOLICY_H
#include <hf/judge.h>
#include <hf/why.h>

enum { HF_AUDITPOLICY_CEILING = 1 << 20 };

struct hf_texts {
	const char *const *at;
	size_t n;
	bool listed; /* the policy has this list, perhaps empty */
};
struct hf_waiver {
	const char *id;    /* one rule: "ELF-002" */
	const char *scope; /* "path:/usr/sbin/x", "purl:...", "sha256:<hex>" */
	const char *reason, *owner, *ticket;
	const char *expires_text; /* 2026-12-01 */
	uint64_t expires;         /* days since 1970; the last day it counts */
	unsigned line;
};
enum { HF_ALLOW_LISTS = 6 };
enum { HF_WANT_FILE = 1, HF_WANT_CONTENT = 2, HF_WANT_DIR = 3 };
/* One [[file]], [[content]] or [[dir]]: what the owner says of a path. Absent values are NULL or -1. */
struct hf_want {
	unsigned kind;
	const char *path;
	int64_t mode_max, uid, gid;
	const char *sha256; /* 64 lower-case hex digits */
	bool absent;
	const char *must_match, *must_not_match;
	struct hf_texts allow;
	unsigned line;
};
/* 0 = the default of the walk. */
struct hf_auditpolicy_caps {
	uint64_t depth, files, bytes, file_bytes, ratio, seconds;
};
struct hf_auditpolicy {
	uint8_t sha256[32];
	bool given; /* false: the built-in policy */
	const char *trust_policy;
	unsigned fail_on; /* HF_SEV_*; HF_SEV_CRITICAL + 1 = "none" */
	struct hf_texts fail_ids;
	uint64_t max_medium; /* UINT64_MAX: no limit */
	struct hf_texts groups;
	bool require_feed;
	uint64_t max_feed_age_days;
	struct hf_texts yara;
	struct hf_auditpolicy_caps caps;
	struct hf_texts allow[HF_ALLOW_LISTS]; /* by HF_ALLOW_* */
	const char *creator;                   /* e-mail or URL for the SBOM */
	struct hf_texts licences;              /* "package=SPDX expression" */
	const struct hf_waiver *waivers;
	size_t n_waivers;
	const struct hf_want *wants;
	size_t n_wants;
	struct hf_auditpolicy_memory *memory; /* private */
};
/* What holds when there is no file: fail_on = "high". */
void hf_auditpolicy_builtin(struct hf_auditpolicy *out);
/* `name` is for messages, `today` in days since 1970. Errors, with the line in `why`: HF_ERR_TOML_*,
 * HF_ERR_AUDITPOLICY_*, HF_ERR_HOST_MEMORY. On error *out is the built-in one. */
HF_MUST_CHECK hf_err hf_auditpolicy_read(const char *name, hf_bytes text, uint64_t today,
					 struct hf_auditpolicy *out, struct hf_why *why);
void hf_auditpolicy_free(struct hf_auditpolicy *p);
#endif

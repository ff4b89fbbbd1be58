/* scan.h -- from the content of one file to facts.
 * Promise: every byte of a file is hashed and matched once; what is found is said in facts (factscan.h) and
 * never judged here. Nothing is opened, resolved or run. Hostile content ends in facts that say "unknown"
 * or in problems, never in a crash or endless work: tables are bounded, patterns have a match limit, password
 * hashes a limit of CPU time.
 * All set-up is in hf_scan_new (automaton, compiled patterns, OpenSSL), so that a process can seal itself
 * before the first file. Memory: about 4 MiB, and views of at most 4 MiB of a file that is not in memory.
 * Thread rule: one scanner per thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SCAN_H
#define HF_SCAN_H
#include <hf/factscan.h>
#include <hf/walk.h>

enum {
	HF_SCAN_WINDOW = 1 << 20,   /* bytes read at once of a file that is not in memory */
	HF_SCAN_TEXT_MAX = 1 << 20, /* configurations, units and scripts above it are not read as such */
};
/* What to look for; 0 = everything. Digests and HF_FACT_FILE always are. */
enum {
	HF_SCAN_ELF = 1,
	HF_SCAN_TEXTS = 2,    /* accounts, services, settings, kernel, builds */
	HF_SCAN_LITERALS = 4, /* the automaton: keys, tokens, bots, back doors */
};

/* A pattern (PCRE2) that is looked for in one file of each tree. */
struct hf_scan_content {
	const char *path;    /* raw name inside the tree, from "/" */
	const char *pattern;
	uint64_t number;     /* what the caller calls it: HF_CONTENT_WANT of the fact */
};

struct hf_scan;
struct hf_scan_opts {
	unsigned only;      /* HF_SCAN_*, 0 = all */
	bool hosts;         /* say literal hosts and addresses too (policy has [allow] hosts) */
	hf_bytes passwords; /* more known passwords, one a line; borrowed while the scanner lives */
	const struct hf_scan_content *contents; /* borrowed while the scanner lives */
	size_t n_contents;
	unsigned crypt_ms;  /* CPU time for one password hash; 0 = 10,000 */
};
/* Errors: HF_ERR_HOST_MEMORY, HF_ERR_SCAN_SETUP (a pattern or OpenSSL); HF_ERR_AUDITPOLICY_VALUE: one
 * of opts->contents is no regular expression. */
HF_MUST_CHECK hf_err hf_scan_new(const struct hf_scan_opts *opts, struct hf_scan **out);
/* One entry of a tree. A regular file with content gives HF_FACT_FILE with both digests and its kind, then
 * its other facts; any other entry (src NULL) HF_FACT_FILE and, for links, what they enable.
 * Errors: the sink's, HF_ERR_HOST_MEMORY, HF_ERR_CRYPTO_FAILED, and those of `src`. */
HF_MUST_CHECK hf_err hf_scan_file(struct hf_scan *scan, const struct hf_node *node, const struct hf_src *src,
				  const struct hf_fact_sink *sink);
void hf_scan_free(struct hf_scan *scan);
static inline void hf_scan_drop(struct hf_scan **scan)
{
	hf_scan_free(*scan);
}
#endif

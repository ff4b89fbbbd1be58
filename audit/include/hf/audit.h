/* audit.h -- one run of the auditor: inputs in, exit status and report out.
 * Three kinds of process: main opens inputs for reading and writes the report; readers parse hostile bytes;
 * the judge joins facts, policy, feed and baseline. Readers and judge are sealed (HF_SANDBOX_AUDIT) before
 * they see a byte of an input, so what takes one over can only lie about what it reads.
 *
 *	inputs --fd--> readers (N) --facts--> main --facts--> judge --report--> main --> file or terminal
 *
 * A reader that dies or hangs costs the file it was on (SCAN-003); another one goes on behind it.
 * Thread rule: the process has one thread, and is not inside another run.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDIT_H
#define HF_AUDIT_H
#include <hf/auditpolicy.h>
#include <hf/buf.h>
#include <hf/why.h>

enum { HF_AUDIT_PASS = 0, HF_AUDIT_FINDINGS = 1, HF_AUDIT_INCOMPLETE = 2, HF_AUDIT_ERROR = 3 };
enum { HF_AUDIT_INPUTS_MAX = 4096, HF_AUDIT_JOBS_MAX = 64, HF_AUDIT_OUTPUTS = 2 };

struct hf_audit_opts {
	const char *const *paths;
	size_t n_paths;
	size_t n_first; /* a comparison: how many of them belong to the first side; else n_paths */
	unsigned jobs;  /* readers, at least 1 */
	const struct hf_auditpolicy *policy;
	const char *trust; /* path of holdfast.audit.toml.cose; NULL = none */
	const char *feed;  /* path of the feed database; NULL = none */
	bool recheck; /* the inputs are bills of materials: match their components, look for nothing else */
	hf_bytes baseline; /* an earlier JSON report; empty = none */
	const char *format;
	bool companions;        /* a second document is wanted (VEX beside an SBOM) */
	const char *file_name;  /* base name of the output; "" = none */
	uint64_t today;         /* days since 1970, real clock */
	uint64_t now;           /* seconds since 1970, for documents that carry a time */
	uint64_t reader_memory; /* bytes of address space of a reader; 0 = no limit */
	const char *version;    /* of this program */
};
struct hf_audit_result {
	int status;                             /* HF_AUDIT_* */
	struct hf_buf output[HF_AUDIT_OUTPUTS]; /* the report, and its companion when there is one */
};
/* Errors: HF_ERR_AUDIT_INPUT, _PROCESS, with words; memory. Free the buffers in every case. */
HF_MUST_CHECK hf_err hf_audit_run(const struct hf_audit_opts *opts, struct hf_audit_result *out,
				  struct hf_why *why);
#endif

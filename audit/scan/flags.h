/* flags.h -- compiler flags that hardened builds have (OpenSSF guide, 2025-03), counted over the commands of
 * a build.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FLAGS_H
#define FLAGS_H
#include "scan_priv.h"

enum { HF__FLAGS_MAX = 48, HF__WORDS_MAX = 4096 };
struct hf__scan_flags {
	struct {
		uint64_t missing, total;
		uint8_t first[200]; /* a source that lacks it */
		size_t first_len;
	} at[HF__FLAGS_MAX];
};
/* One compilation or link, as its words; other commands are passed over. */
void hf__scan_flags_count(struct hf__scan_flags *f, const hf_bytes *words, size_t n);
HF_MUST_CHECK hf_err hf__scan_flags_put(const struct hf__scan_job *job, const struct hf__scan_flags *f);
/* Split a shell command into words, without quotes and backslashes, kept in `room`. Returns their number. */
size_t hf__scan_shell_words(hf_bytes command, struct hf_out *room, hf_bytes words[HF__WORDS_MAX]);
#endif

/* capability.h -- what an image can do that an insider would hide: ports it opens, hosts it calls, accounts,
 * keys, privileged files, hooks. Written by hand or by an audit; shown as a difference to whoever signs.
 * Text: one capability a line, words separated by one space, '#' begins a comment line:
 *
 *	listen tcp 0.0.0.0 22 sshd           account root 0 /bin/sh password
 *
 * Binary: the sorted distinct lines, grouped by kind, in deterministic CBOR. doc/protocol/release-record.md.
 * Promise: one set of capabilities has one binary form; the reader refuses every other.
 * Thread rule: pure; what is read borrows its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CAPABILITY_H
#define CAPABILITY_H
#include <hf/buf.h>
#include <hf/why.h>

enum { CAPABILITY_MAX = 1 << 18, CAPABILITY_LINES_MAX = 4096, CAPABILITY_LINE_MAX = 512 };

/* One line: the number of its kind, the words after the kind's. */
struct capability {
	unsigned kind;
	hf_bytes words;
};
struct capability_set {
	size_t n;
	struct capability line[CAPABILITY_LINES_MAX];
};

/* Errors: HF_ERR_CAPABILITY_LINE (unknown kind, wrong number of words), _LIMIT, with words. */
HF_MUST_CHECK hf_err capability_parse(hf_bytes text, struct capability_set *set, struct hf_why *why);
HF_MUST_CHECK hf_err capability_write(const struct capability_set *set, struct hf_out *out);
/* Errors: HF_ERR_CAPABILITY_SHAPE. */
HF_MUST_CHECK hf_err capability_read(hf_bytes in, struct capability_set *set);
/* "listen tcp 0.0.0.0 22 sshd" without line feed. */
HF_MUST_CHECK hf_err capability_print(const struct capability *c, struct hf_buf *out);
bool capability_has(const struct capability_set *set, const struct capability *c);
#endif

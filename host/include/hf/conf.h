/* conf.h -- configuration files: `key = value` lines and '#' comments, read through one table.
 * Promise: an unknown, repeated, missing or bad key is an error with file and line; nothing is guessed.
 * The table also writes the commented file that `holdfast init` makes, so both always agree.
 * Limits: file 64 KiB, line 1,024 bytes. Thread rule: pure functions over caller's objects.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_CONF_H
#define HF_CONF_H
#include <hf/buf.h>
#include <hf/why.h>

enum { HF_CONF_CEILING = 65536, HF_CONF_LINE_MAX = 1024 };

enum {
	HF_CONF_TEXT = 1,     /* char[cap] */
	HF_CONF_UINT = 2,     /* uint64_t within min..max */
	HF_CONF_BOOL = 3,     /* bool: yes, no, true, false, on, off */
	HF_CONF_DURATION = 4, /* uint64_t seconds: 90, 90s, 10m, 12h, 90d; min..max in seconds */
	HF_CONF_CHOICE = 5,   /* uint64_t index into `choices` */
};

struct hf_conf_key {
	const char *name;
	int type;
	size_t offset;              /* of the member in the caller's struct */
	size_t cap;                 /* TEXT: size of the array */
	uint64_t min, max;          /* UINT, DURATION; max 0 = no limit */
	const char *standard;       /* value when absent; NULL = the key is required */
	const char *const *choices; /* CHOICE, NULL-terminated */
	const char *help;           /* one sentence, becomes the comment */
};

/* Fill `out` from `text`; `name` stands before the line number in messages ("holdfast.conf:12: …").
 * Errors: HF_ERR_CONF_SYNTAX, _UNKNOWN, _TWICE, _VALUE, _MISSING; then `out` is not to be used. */
HF_MUST_CHECK hf_err hf_conf_parse(const char *name, hf_bytes text, const struct hf_conf_key *keys, size_t n,
				   void *out, struct hf_why *why);
/* The same from a file. Also file.h's errors. */
HF_MUST_CHECK hf_err hf_conf_read(const char *path, const struct hf_conf_key *keys, size_t n, void *out,
				  struct hf_why *why);
/* Append a commented file that parses to `values` (a struct like `out` above); a key that has its
 * standard value is written as a comment. */
HF_MUST_CHECK hf_err hf_conf_print(const struct hf_conf_key *keys, size_t n, const void *values,
				   struct hf_buf *out);
#endif

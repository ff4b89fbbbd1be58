/* why.h -- an error code with words: what was being done, from the outside in.
 * Each layer prefixes its act: `enrol: store: write: no space left`. Never a secret in it.
 * Limits: 255 characters, cut at the end. Thread rule: a struct hf_why belongs to one thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_WHY_H
#define HF_WHY_H
#include <holdfast/base.h>

enum { HF_WHY_CAP = 256 };

struct hf_why {
	hf_err err;
	char text[HF_WHY_CAP];
};

/* Replace the text and return `err`, so that a refusal is one line:
 *   return hf_why_set(why, HF_ERR_X, "line %u: unknown key", line);
 * An empty format takes the code's own text. `why` may be NULL in all functions. */
hf_err hf_why_set(struct hf_why *why, hf_err err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As above, and append ": " and the text of the current errno. */
hf_err hf_why_errno(struct hf_why *why, hf_err err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Prefix "act: " to the text and return `err`. When the text is empty or belongs to another code (the
 * layer below gives codes only), the code's own text comes first. */
hf_err hf_why_add(struct hf_why *why, hf_err err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The text to show, never NULL nor empty. */
const char *hf_why_text(const struct hf_why *why);
#endif

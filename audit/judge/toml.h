/* toml.h -- the part of TOML 1.0 that a policy needs, and nothing else: [table], [[table]], key = value with
 * "text", 'text', whole numbers (decimal, 0x, 0o), true, false, dates (2026-12-01) and lists of texts.
 * Refused: dotted keys, inline tables, floats, times, long texts, a table or key given twice.
 * Limits: HF__TOML_PAIRS_MAX pairs, HF__TOML_LIST_MAX items in a list. Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TOML_H
#define HF_TOML_H
#include <hf/why.h>
#include "judge_priv.h"

enum { HF__TOML_PAIRS_MAX = 16384, HF__TOML_LIST_MAX = 4096, HF__TOML_KEY_MAX = 64 };
enum { HF__TOML_HEAD = 0, HF__TOML_TEXT = 1, HF__TOML_INT, HF__TOML_BOOL, HF__TOML_DATE, HF__TOML_LIST };

struct hf__toml_pair {
	const char *table; /* "" before the first table */
	bool many;         /* of a [[table]] */
	unsigned nth;      /* which [[table]] of that name, from 0 */
	unsigned line;
	uint8_t type;
	const char *key;  /* "" when type is HEAD: the table itself begins */
	int64_t number;   /* INT, BOOL, DATE (days since 1970) */
	const char *text; /* TEXT, DATE */
	struct hf_texts list;
};
struct hf__toml {
	struct hf__toml_pair *pairs;
	size_t n, cap;
};
/* Texts and lists lie in `arena`, pairs in memory of their own. `why` gets "line N: ...".
 * Errors: HF_ERR_TOML_*, HF_ERR_HOST_MEMORY, HF_ERR_MODEL_LIMIT. On error *out is empty. */
HF_MUST_CHECK hf_err hf__toml_read(hf_bytes text, struct hf__arena *arena, struct hf__toml *out,
				   struct hf_why *why);
void hf__toml_free(struct hf__toml *t);

/* One value at the front of *at, which moves behind it; `line` counts the lines of a list.
 * Errors: HF_ERR_TOML_SYNTAX, _LIMIT. */
HF_MUST_CHECK hf_err hf__toml_value(hf_bytes *at, unsigned *line, struct hf__arena *arena,
				    struct hf__toml_pair *pair, struct hf_why *why);
/* Blanks and tabs. */
void hf__toml_blanks(hf_bytes *at);
/* "text" or 'text' at the front. */
HF_MUST_CHECK hf_err hf__toml_text(hf_bytes *at, struct hf__arena *arena, const char **out,
				   struct hf_why *why);
/* Days since 1970 of a date of the Gregorian calendar; false when there is no such day. */
bool hf__toml_days(unsigned year, unsigned month, unsigned day, int64_t *days);
#endif

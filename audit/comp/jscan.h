/* jscan.h -- JSON read in one pass over large foreign texts, without a tree.
 * A cursor walks; the caller takes the values it wants and skips the others. Nothing is allocated: texts
 * borrow from the input, and those with escapes from the caller's arena. A copy of the cursor goes back.
 * Promise: never reads outside the text, nests at most HF__JSON_DEPTH deep, stops for good at the first byte
 * that is not JSON (`bad`). It does not look for repeated names or for characters that are not UTF-8.
 *	while (hf__json_member(j, &name))
 *		if (hf_span_is(name, "id"))
 *			(void)hf__json_text(j, &id);
 *		else
 *			hf__json_skip(j);
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_JSCAN_H
#define HF_JSCAN_H
#include <holdfast/base.h>

enum { HF__JSON_DEPTH = 48 };

struct hf__json {
	const uint8_t *p, *end;
	unsigned depth;
	uint64_t begun; /* a bit for each level: a value was read there */
	bool bad;
	struct hf_out arena; /* texts with escapes; set len = 0 to use it again */
};
struct hf__json hf__json_start(hf_bytes text, struct hf_out arena);
/* Enter the next value when it is an object ('{') or array ('['); otherwise skip it and say false. */
bool hf__json_enter(struct hf__json *j, char kind);
/* The next member's name, its value comes next; false behind the last one, and the object is left. */
bool hf__json_member(struct hf__json *j, hf_bytes *name);
/* Is there another item; false behind the last one, and the array is left. */
bool hf__json_item(struct hf__json *j);
/* The next value when it is a text; otherwise it is skipped, *out is empty. */
bool hf__json_text(struct hf__json *j, hf_bytes *out);
/* The next value when it is a number, as written; otherwise it is skipped. */
bool hf__json_number(struct hf__json *j, hf_bytes *out);
/* The next value when it is true or false; otherwise it is skipped and *out is left. */
void hf__json_bool(struct hf__json *j, bool *out);
void hf__json_skip(struct hf__json *j);
/* Texts that are wanted of an object. When a row has the name of the member that was just met, its value is
 * taken as hf__json_text does; false: no row has it, the value is still to come. */
struct hf__json_want {
	const char *name;
	hf_bytes *to;
};
bool hf__json_take(struct hf__json *j, hf_bytes name, const struct hf__json_want *rows, size_t n);
/* Nothing but blanks is left, all levels are closed, nothing was bad. */
bool hf__json_is_whole(struct hf__json *j);
#endif

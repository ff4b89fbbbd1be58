/* jsonwalk.h -- cuts large JSON into values small enough for host/json, which then judges them strictly.
 * Only brackets and strings are understood here; depth is limited, and text that does not balance ends a
 * walk.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JSONWALK_H
#define JSONWALK_H
#include "scan_priv.h"

enum { HF__JSON_DEPTH = 64 };
/* The value at the front of `rest` (blanks skipped) is taken off. False when there is none that is whole. */
bool hf__scan_json_value(hf_bytes *rest, hf_bytes *value);
/* Members of an object or elements of an array, one after the other. False at the end, and at
 * damage. `name` is raw text between the quotes, empty for elements. */
struct hf__scan_json_walk {
	hf_bytes rest;
	uint8_t close;
};
bool hf__scan_json_open(hf_bytes value, struct hf__scan_json_walk *w);
bool hf__scan_json_next(struct hf__scan_json_walk *w, hf_bytes *name, hf_bytes *value);
/* The member of an object; false when absent. */
bool hf__scan_json_member(hf_bytes object, const char *name, hf_bytes *value);
#endif

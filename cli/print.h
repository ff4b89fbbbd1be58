/* print.h -- results for people and for programs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_H
#define PRINT_H
#include <hf/json.h>

/* One JSON value and a line end to stdout. */
void print_json(const struct hf_json *j);
/* All pages of a list: calls `row` for each item (people), or prints one array (--json). */
struct session;
int print_list(struct session *s, const char *path, void (*row)(const struct hf_json *item));
/* One JSON object of texts to stdout when `json`: name, value, ..., NULL. */
void print_pairs(bool json, const char *name, ...) __attribute__((sentinel));
/* "name: value" lines of a flat object. */
void print_object(const struct hf_json *j, const char *const names[]);
/* A CBOR item as JSON text: byte strings become base64url. Errors: HF_ERR_CBOR_*. */
HF_MUST_CHECK hf_err print_cbor(hf_bytes item, struct hf_buf *out);
#endif

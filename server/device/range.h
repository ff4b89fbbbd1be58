/* range.h -- which bytes a conditional GET asks for (RFC 9110 s13, s14). Pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_DEVICE_RANGE_H
#define HF_DEVICE_RANGE_H
#include <holdfast/base.h>

enum hf__range { HF__RANGE_WHOLE, HF__RANGE_PART, HF__RANGE_NONE }; /* 200, 206, 416 */
/* `value`: the Range header or NULL. One range only: several, or what does not parse, mean the whole, as
 * RFC 9110 s14.2 allows. first and last count from 0, both included. */
enum hf__range hf__range_of(const char *value, uint64_t len, uint64_t *first, uint64_t *last);
/* Does If-None-Match (a list of entity tags, or "*") name this strong tag? Weak ones compare equal. */
bool hf__etag_listed(const char *value, const char *etag);
#endif

/* cbor_priv.h -- the reader's walk, shared by its two files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CBOR_PRIV_H
#define HOLDFAST_CBOR_PRIV_H
#include "wire_priv.h"

enum {
	HF__CBOR_FALSE = 20, /* additional information of major type 7 */
	HF__CBOR_TRUE = 21,
	HF__CBOR_NULL = 22,
	HF__CBOR_ANY = 0xff, /* set of major types, a bit each */
};

struct hf__cbor_item {
	uint64_t arg;
	hf_bytes content; /* of a string */
	size_t head_len;
	uint8_t major;
	uint8_t info;
};

/* Is the next item a key of the innermost map? */
bool hf__cbor_at_key(const struct hf_cborr *r);
/* Decode the next head without consuming it. */
hf_err hf__cbor_look(const struct hf_cborr *r, struct hf__cbor_item *item);
/* Consume the next item if its major type is in the set `wanted`; opens a level for containers and tags.
 * False, and *item empty, on error. */
bool hf__cbor_take(struct hf_cborr *r, unsigned wanted, struct hf__cbor_item *item);
#endif

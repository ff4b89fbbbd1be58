/* cbor.h -- deterministic CBOR (RFC 8949 s4.2.1), written and read without copying.
 * Promise: one value has one encoding. The reader refuses every other one: longer heads, indefinite
 * lengths, repeated or unsorted keys, floats, undefined, text that is not UTF-8, nesting deeper than
 * HF_CBOR_MAX_DEPTH, trailing bytes. The writer cannot produce them: wrong counts and unsorted keys are
 * HF_ERR_BASE_MISUSE.
 * Both sides carry a sticky error: the first one is kept, later calls do nothing and give empty results,
 * and one check at the end (hf_cbor_done, hf_cbor_finish) is enough.
 * No allocation, no globals; one thread per object.
 *
 *	struct hf_cborr r;                              struct hf_cborw w;
 *	hf_cbor_reader(&r, input);                      hf_cbor_writer(&w, &out);
 *	hf_cbor_expect_map(&r, 2);                      hf_cbor_put_map(&w, 2);
 *	hf_cbor_expect_key(&r, 1);                      hf_cbor_put_key(&w, 1);
 *	hf_cbor_read_text(&r, &dev);                    hf_cbor_put_text(&w, dev);
 *	hf_cbor_expect_key(&r, 4);                      hf_cbor_put_key(&w, 4);
 *	hf_cbor_read_uint(&r, &exp);                    hf_cbor_put_uint(&w, exp);
 *	HF_TRY(hf_cbor_done(&r));                       HF_TRY(hf_cbor_finish(&w));
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CBOR_H
#define HOLDFAST_CBOR_H
#include <holdfast/base.h>

enum { HF_CBOR_MAX_DEPTH = 8 }; /* open arrays, maps, tags and (writer only) wrapped byte strings */

/* What stands next; the first eight are CBOR's major types. */
enum {
	HF_CBOR_UINT = 0,
	HF_CBOR_NINT = 1,
	HF_CBOR_BYTES = 2,
	HF_CBOR_TEXT = 3,
	HF_CBOR_ARRAY = 4,
	HF_CBOR_MAP = 5,
	HF_CBOR_TAG = 6,
	HF_CBOR_SIMPLE = 7, /* false, true, null */
	HF_CBOR_NONE = 8,   /* end of the container or input, or an error */
};

/* One open container; private to both sides. */
struct hf_cbor_level {
	size_t left;    /* items still to come; a map counts keys and values */
	size_t key;     /* where the last key lies ... */
	size_t key_len; /* ... and its length, 0 before the first */
	uint8_t kind;
};

/* ---- Writer ------------------------------------------------------------------------------------ */

/* Appends to `out`, which must outlive the writer. Containers close themselves when they are full. */
struct hf_cborw {
	struct hf_out *out;
	size_t start;
	hf_err err;
	uint8_t depth;
	struct hf_cbor_level level[HF_CBOR_MAX_DEPTH];
};

void hf_cbor_writer(struct hf_cborw *w, struct hf_out *out);

/* Integers: put_int writes either sign. A map with integer keys is written in the order 0, 1, 2, ...,
 * -1, -2, ... (bytewise order of the encodings); put_key is put_int by another name. */
void hf_cbor_put_uint(struct hf_cborw *w, uint64_t v);
void hf_cbor_put_int(struct hf_cborw *w, int64_t v);
void hf_cbor_put_key(struct hf_cborw *w, int64_t key);
void hf_cbor_put_bytes(struct hf_cborw *w, hf_bytes b);
/* `t` must be UTF-8 (HF_ERR_CBOR_FORM). */
void hf_cbor_put_text(struct hf_cborw *w, hf_bytes t);
void hf_cbor_put_null(struct hf_cborw *w);
void hf_cbor_put_bool(struct hf_cborw *w, bool v);
/* `n` items follow; in a map, `n` pairs. */
void hf_cbor_put_array(struct hf_cborw *w, size_t n);
void hf_cbor_put_map(struct hf_cborw *w, size_t n);
/* One item follows, under this tag. */
void hf_cbor_put_tag(struct hf_cborw *w, uint64_t tag);
/* One item that is already encoded; it is read through and refused (sticky) unless it is exactly one
 * deterministic item. */
void hf_cbor_put_raw(struct hf_cborw *w, hf_bytes item);

/* Byte string whose content is written in place: everything appended to w->out between the two calls,
 * by this writer or by anybody else (a COSE writer, say). end writes the head and moves the content by
 * its length, so w->out needs up to 9 bytes of room then. */
void hf_cbor_begin_bytes(struct hf_cborw *w);
void hf_cbor_end_bytes(struct hf_cborw *w);

/* Make `err` the writer's error if it has none; for calls made between begin and end. */
void hf_cbor_writer_fail(struct hf_cborw *w, hf_err err);

/* HF_OK when every container is full. On error out->len is what it was at hf_cbor_writer. A writer may
 * write several items one after another (a CBOR sequence).
 * Errors: HF_ERR_BASE_NO_ROOM; HF_ERR_CBOR_DEPTH; HF_ERR_BASE_MISUSE (counts, key order); for put_text
 * and put_raw the reader's. */
HF_MUST_CHECK hf_err hf_cbor_finish(struct hf_cborw *w);

/* ---- Reader ------------------------------------------------------------------------------------ */

/* Borrows the input; every hf_bytes it gives points into it. */
struct hf_cborr {
	hf_bytes in;
	size_t at;
	hf_err err;
	uint8_t depth;
	bool any_order; /* foreign vectors only: accept unsorted keys; see cose_foreign.h */
	struct hf_cbor_level level[HF_CBOR_MAX_DEPTH];
};

void hf_cbor_reader(struct hf_cborr *r, hf_bytes in);

/* Type of the next item, HF_CBOR_NONE when the open container has no more. Consumes nothing. */
int hf_cbor_peek(const struct hf_cborr *r);

/* Read one item of that type; on error the result is 0, false or empty. */
void hf_cbor_read_uint(struct hf_cborr *r, uint64_t *v);
void hf_cbor_read_int(struct hf_cborr *r, int64_t *v);
void hf_cbor_read_bytes(struct hf_cborr *r, hf_bytes *b);
void hf_cbor_read_text(struct hf_cborr *r, hf_bytes *t);
void hf_cbor_read_bool(struct hf_cborr *r, bool *v);
void hf_cbor_read_null(struct hf_cborr *r);
void hf_cbor_read_tag(struct hf_cborr *r, uint64_t *tag); /* then read the one item under it */
/* With limits: a larger number, shorter or longer string is HF_ERR_CBOR_RANGE. read_fixed copies. */
void hf_cbor_read_uint_max(struct hf_cborr *r, uint64_t max, uint64_t *v);
void hf_cbor_read_bytes_max(struct hf_cborr *r, size_t max, hf_bytes *b);
void hf_cbor_read_text_max(struct hf_cborr *r, size_t max, hf_bytes *t);
void hf_cbor_read_fixed(struct hf_cborr *r, uint8_t *out, size_t len);
/* If null stands next, consume it and return true. */
bool hf_cbor_try_null(struct hf_cborr *r);

/* Open a container of `n` items or pairs (expect_*: of exactly `n`, else HF_ERR_CBOR_COUNT). `n` is at
 * most the bytes that are left. Close it with hf_cbor_end when anything follows it; hf_cbor_done closes
 * the rest. */
void hf_cbor_read_array(struct hf_cborr *r, size_t *n);
void hf_cbor_read_map(struct hf_cborr *r, size_t *n);
void hf_cbor_expect_array(struct hf_cborr *r, size_t n);
void hf_cbor_expect_map(struct hf_cborr *r, size_t n);
void hf_cbor_expect_tag(struct hf_cborr *r, uint64_t tag);
/* Close the innermost array or map; items left in it are HF_ERR_CBOR_COUNT. */
void hf_cbor_end(struct hf_cborr *r);
/* Items (maps: pairs) still to come in the innermost array or map, 0 on error. */
size_t hf_cbor_left(const struct hf_cborr *r);

/* Keys. Keys are integers, text or byte strings; for text keys use hf_cbor_read_text, the order is
 * checked whatever reads them. */
void hf_cbor_read_key(struct hf_cborr *r, int64_t *key);
void hf_cbor_expect_key(struct hf_cborr *r, int64_t key); /* another one: HF_ERR_CBOR_KEY */
/* Optional key: true, and consumed, if it stands next in the innermost map. */
bool hf_cbor_try_key(struct hf_cborr *r, int64_t key);
/* This very text or number, else HF_ERR_CBOR_RANGE: format names, versions. */
void hf_cbor_expect_text(struct hf_cborr *r, hf_bytes text);
void hf_cbor_expect_uint(struct hf_cborr *r, uint64_t v);

/* Pass over one item, fully checked; capture gives its encoding. */
void hf_cbor_skip(struct hf_cborr *r);
void hf_cbor_capture(struct hf_cborr *r, hf_bytes *item);

/* Make `err` the reader's error if it has none: the caller's own refusals stay in the same flow. */
void hf_cbor_reader_fail(struct hf_cborr *r, hf_err err);

/* The verdict over everything read: the sticky error, or HF_ERR_CBOR_COUNT if a container has items
 * left, or HF_ERR_CBOR_TRAILING if bytes follow the item.
 * Errors: HF_ERR_CBOR_SHORT, _TYPE, _FORM, _TRAILING, _DEPTH, _RANGE, _COUNT, _KEY. */
HF_MUST_CHECK hf_err hf_cbor_done(struct hf_cborr *r);
/* For a sequence: the error so far, without the checks at the end; r->at is where the next item begins. */
HF_MUST_CHECK hf_err hf_cbor_error(const struct hf_cborr *r);

/* Is this exactly one deterministic item? */
HF_MUST_CHECK hf_err hf_cbor_check(hf_bytes item);
#endif

/* json.h -- JSON (RFC 8259) at the edges: requests read by a table, answers read as a tree, text written.
 * Promise: strict. Unknown and repeated members, wrong types, numbers out of range, text that is not
 * UTF-8, NUL in text, bytes after the value and depth above HF_JSON_DEPTH_MAX are all refused.
 * Limits: text HF_JSON_CEILING. Thread rule: pure functions over caller's objects.
 * Errors: HF_ERR_JSON_SYNTAX, _UNKNOWN, _TYPE, _MISSING, _RANGE, _LIMIT, with words naming the member.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_JSON_H
#define HF_JSON_H
#include <hf/buf.h>
#include <hf/why.h>

enum { HF_JSON_CEILING = 1 << 20, HF_JSON_DEPTH_MAX = 16 };

/* ---- reading a request into a struct ---- */
enum {
	HF_JSON_TEXT = 1,  /* char[cap], NUL added; longer text is refused, never cut */
	HF_JSON_UINT = 2,  /* uint64_t within min..max (max 0 = 2^53) */
	HF_JSON_INT = 3,   /* int64_t */
	HF_JSON_BOOL = 4,  /* bool */
	HF_JSON_TEXTS = 5, /* struct hf_json_texts: array of at most HF_JSON_TEXTS_MAX texts */
	HF_JSON_BYTES = 6, /* struct hf_buf with its ceiling set: base64url text without padding */
};
enum { HF_JSON_TEXTS_MAX = 32, HF_JSON_TEXT_ITEM_CAP = 128 };
struct hf_json_texts {
	size_t n;
	char item[HF_JSON_TEXTS_MAX][HF_JSON_TEXT_ITEM_CAP];
};
struct hf_json_field {
	const char *name;
	int type;
	bool required;
	size_t offset; /* of the member in the caller's struct */
	size_t cap;    /* TEXT: size of the array */
	uint64_t min, max;
	size_t seen; /* offset of a bool that is set when the member is present; 0 = none, so the struct's
		      * first member cannot be such a bool */
};
/* `text` must be one object. Members absent and not required keep what `out` held. */
HF_MUST_CHECK hf_err hf_json_read(hf_bytes text, const struct hf_json_field *fields, size_t n, void *out,
				  struct hf_why *why);

/* ---- reading an answer as a tree; values are borrowed from the tree ---- */
struct hf_json; /* one value */
HF_MUST_CHECK hf_err hf_json_parse(hf_bytes text, struct hf_json **out, struct hf_why *why);
void hf_json_free(struct hf_json *root); /* the value hf_json_parse gave, never an inner one */
/* Walk: NULL when absent or of another type, so calls can be chained. */
const struct hf_json *hf_json_get(const struct hf_json *object, const char *name);
const struct hf_json *hf_json_at(const struct hf_json *array, size_t i);
size_t hf_json_n(const struct hf_json *array); /* 0 when it is no array */
const char *hf_json_text(const struct hf_json *v, const char *otherwise);
int64_t hf_json_int(const struct hf_json *v, int64_t otherwise);
bool hf_json_bool(const struct hf_json *v, bool otherwise);
bool hf_json_is_null(const struct hf_json *v); /* true for NULL too */
/* The value as compact JSON text, appended. */
HF_MUST_CHECK hf_err hf_json_print(const struct hf_json *v, struct hf_buf *out);

/* ---- writing: sticky error, commas and escaping done here ----
 *   struct hf_json_out j = { .buf = &b };
 *   hf_json_open(&j, NULL, '{');
 *   hf_json_put_text(&j, "dev", dev);
 *   hf_json_close(&j);
 *   HF_TRY(hf_json_end(&j));
 * `name` is the member's name inside an object, NULL inside an array or at the top. */
struct hf_json_out {
	struct hf_buf *buf;
	hf_err err;
	unsigned depth;
	char kind[HF_JSON_DEPTH_MAX]; /* '{' or '[' of each open level */
	bool more[HF_JSON_DEPTH_MAX + 1]; /* a value was written at this level */
};
void hf_json_open(struct hf_json_out *j, const char *name, char kind); /* kind '{' or '[' */
void hf_json_close(struct hf_json_out *j);
void hf_json_put_text(struct hf_json_out *j, const char *name, const char *text); /* NULL text = null */
void hf_json_put_bytes(struct hf_json_out *j, const char *name, hf_bytes b);      /* base64url */
void hf_json_put_hex(struct hf_json_out *j, const char *name, hf_bytes b);
void hf_json_put_uint(struct hf_json_out *j, const char *name, uint64_t v);
void hf_json_put_int(struct hf_json_out *j, const char *name, int64_t v);
void hf_json_put_bool(struct hf_json_out *j, const char *name, bool v);
void hf_json_put_null(struct hf_json_out *j, const char *name);
void hf_json_put_raw(struct hf_json_out *j, const char *name, hf_bytes json); /* trusted JSON text */
/* The sticky error; HF_ERR_BASE_MISUSE when levels are still open. */
HF_MUST_CHECK hf_err hf_json_end(struct hf_json_out *j);
#endif

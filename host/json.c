/* Jansson parses; the rest of the strictness is here: depth is counted before it sees the text, as its own
 * limit is far away, and a table says what an object may hold.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/json.h>

enum { MEMBERS_MAX = 64 };
static const int64_t SAFE_INT = (int64_t)1 << 53; /* what every JSON reader keeps exact */

/* struct hf_json is only a name for Jansson's values. */
static json_t *inner(const struct hf_json *v)
{
	return (json_t *)(uintptr_t)v;
}

static hf_err check_depth(hf_bytes text, struct hf_why *why)
{
	unsigned depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (in_text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_text = false;
			continue;
		}
		if (c == '"')
			in_text = true;
		if ((c == '{' || c == '[') && ++depth > HF_JSON_DEPTH_MAX)
			return hf_why_set(why, HF_ERR_JSON_LIMIT, "nested deeper than %d", HF_JSON_DEPTH_MAX);
		if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return HF_OK;
}

hf_err hf_json_parse(hf_bytes text, struct hf_json **out, struct hf_why *why)
{
	json_error_t e;
	json_t *root;

	*out = NULL;
	if (text.len > HF_JSON_CEILING)
		return hf_why_set(why, HF_ERR_JSON_LIMIT, "larger than %d bytes", HF_JSON_CEILING);
	HF_TRY(check_depth(text, why));
	root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &e);
	if (root == NULL)
		return hf_why_set(why, HF_ERR_JSON_SYNTAX, "line %d column %d: %s", e.line, e.column, e.text);
	*out = (struct hf_json *)root;
	return HF_OK;
}

void hf_json_free(struct hf_json *root)
{
	json_decref(inner(root));
}

const struct hf_json *hf_json_get(const struct hf_json *object, const char *name)
{
	return (const struct hf_json *)json_object_get(inner(object), name);
}

const struct hf_json *hf_json_at(const struct hf_json *array, size_t i)
{
	return (const struct hf_json *)json_array_get(inner(array), i);
}

size_t hf_json_n(const struct hf_json *array)
{
	return json_array_size(inner(array));
}

const char *hf_json_text(const struct hf_json *v, const char *otherwise)
{
	const char *text = json_string_value(inner(v));

	return text != NULL ? text : otherwise;
}

int64_t hf_json_int(const struct hf_json *v, int64_t otherwise)
{
	return json_is_integer(inner(v)) ? (int64_t)json_integer_value(inner(v)) : otherwise;
}

bool hf_json_bool(const struct hf_json *v, bool otherwise)
{
	return json_is_boolean(inner(v)) ? json_boolean_value(inner(v)) : otherwise;
}

bool hf_json_is_null(const struct hf_json *v)
{
	return v == NULL || json_is_null(inner(v));
}

hf_err hf_json_print(const struct hf_json *v, struct hf_buf *out)
{
	char *text = json_dumps(inner(v), JSON_COMPACT | JSON_ENCODE_ANY);
	hf_err err;

	if (text == NULL)
		return HF_ERR_HOST_MEMORY;
	err = hf_buf_puts(out, text);
	free(text);
	return err;
}

static hf_err wrong_type(const struct hf_json_field *f, const char *wanted, struct hf_why *why)
{
	return hf_why_set(why, HF_ERR_JSON_TYPE, "%s: must be %s", f->name, wanted);
}

static hf_err read_text(const struct hf_json_field *f, json_t *v, char *field, struct hf_why *why)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return wrong_type(f, "text", why);
	if (len >= f->cap || len < f->min)
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: must have %llu to %zu bytes", f->name,
				  (unsigned long long)f->min, f->cap - 1);
	memcpy(field, json_string_value(v), len + 1);
	return HF_OK;
}

static hf_err read_uint(const struct hf_json_field *f, json_t *v, void *field, struct hf_why *why)
{
	int64_t max = f->max == 0 || f->max > (uint64_t)SAFE_INT ? SAFE_INT : (int64_t)f->max;
	json_int_t n = json_integer_value(v);
	uint64_t value = (uint64_t)n;

	if (!json_is_integer(v))
		return wrong_type(f, "a whole number", why);
	if (n < 0 || (uint64_t)n < f->min || n > max)
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: must be from %llu to %lld", f->name,
				  (unsigned long long)f->min, (long long)max);
	memcpy(field, &value, sizeof(value));
	return HF_OK;
}

static hf_err read_int(const struct hf_json_field *f, json_t *v, void *field, struct hf_why *why)
{
	int64_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return wrong_type(f, "a whole number", why);
	if (n < -SAFE_INT || n > SAFE_INT)
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: out of range", f->name);
	memcpy(field, &n, sizeof(n));
	return HF_OK;
}

static hf_err read_texts(const struct hf_json_field *f, json_t *v, struct hf_json_texts *t,
			 struct hf_why *why)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v))
		return wrong_type(f, "an array of texts", why);
	if (n < f->min || n > HF_JSON_TEXTS_MAX || (f->max != 0 && n > f->max))
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: wrong number of items", f->name);
	t->n = 0;
	for (size_t i = 0; i < n; i++) {
		json_t *item = json_array_get(v, i);
		size_t len = json_string_length(item);

		if (!json_is_string(item))
			return wrong_type(f, "an array of texts", why);
		if (len >= HF_JSON_TEXT_ITEM_CAP)
			return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: item %zu is too long", f->name, i);
		memcpy(t->item[i], json_string_value(item), len + 1);
		t->n = i + 1;
	}
	return HF_OK;
}

static hf_err read_bytes(const struct hf_json_field *f, json_t *v, struct hf_buf *b, struct hf_why *why)
{
	size_t len = json_string_length(v);
	struct hf_out out = { 0 };
	hf_err err;

	if (!json_is_string(v))
		return wrong_type(f, "base64url text", why);
	hf_buf_reset(b);
	if (len / 4 * 3 + 3 > b->ceiling + 3 || hf_buf_reserve(b, len * 3 / 4, &out.ptr) != HF_OK)
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: more than %zu bytes", f->name, b->ceiling);
	out.cap = len * 3 / 4;
	err = hf_base64url_decode((hf_bytes){ (const uint8_t *)json_string_value(v), len }, &out);
	if (err != HF_OK)
		return wrong_type(f, "base64url text", why);
	if (out.len < f->min)
		return hf_why_set(why, HF_ERR_JSON_RANGE, "%s: fewer than %llu bytes", f->name,
				  (unsigned long long)f->min);
	hf_buf_commit(b, out.len);
	return HF_OK;
}

static hf_err read_bool(const struct hf_json_field *f, json_t *v, void *field, struct hf_why *why)
{
	bool b = json_is_true(v);

	if (!json_is_boolean(v))
		return wrong_type(f, "true or false", why);
	memcpy(field, &b, sizeof(b));
	return HF_OK;
}

static hf_err read_member(const struct hf_json_field *f, json_t *v, char *out, struct hf_why *why)
{
	void *field = out + f->offset;

	switch (f->type) {
	case HF_JSON_TEXT:
		return read_text(f, v, field, why);
	case HF_JSON_UINT:
		return read_uint(f, v, field, why);
	case HF_JSON_INT:
		return read_int(f, v, field, why);
	case HF_JSON_BOOL:
		return read_bool(f, v, field, why);
	case HF_JSON_TEXTS:
		return read_texts(f, v, field, why);
	case HF_JSON_BYTES:
		return read_bytes(f, v, field, why);
	default:
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "%s: bad table", f->name);
	}
}

static hf_err read_members(json_t *root, const struct hf_json_field *fields, size_t n, char *out,
			   struct hf_why *why)
{
	bool seen[MEMBERS_MAX] = { false };
	const char *name;
	json_t *v;

	json_object_foreach(root, name, v)
	{
		size_t i = 0;

		while (i < n && strcmp(fields[i].name, name) != 0)
			i++;
		if (i == n)
			return hf_why_set(why, HF_ERR_JSON_UNKNOWN, "unknown member \"%.64s\"", name);
		HF_TRY(read_member(&fields[i], v, out, why));
		seen[i] = true;
		if (fields[i].seen != 0)
			memcpy(out + fields[i].seen, &seen[i], sizeof(bool));
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].required && !seen[i])
			return hf_why_set(why, HF_ERR_JSON_MISSING, "%s: is missing", fields[i].name);
	return HF_OK;
}

hf_err hf_json_read(hf_bytes text, const struct hf_json_field *fields, size_t n, void *out,
		    struct hf_why *why)
{
	struct hf_json *root = NULL;
	hf_err err;

	if (n > MEMBERS_MAX)
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "too many fields");
	HF_TRY(hf_json_parse(text, &root, why));
	if (json_is_object(inner(root)))
		err = read_members(inner(root), fields, n, out, why);
	else
		err = hf_why_set(why, HF_ERR_JSON_TYPE, "must be an object");
	hf_json_free(root);
	return err;
}

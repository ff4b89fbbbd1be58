/* check_util.c -- see check_util.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <hf/vpath.h>
#include "check_util.h"

enum { EVIDENCE_MAX = 256 };

bool hf__chk_is(hf_bytes b, const char *text)
{
	return b.len == strlen(text) && (b.len == 0 || memcmp(b.ptr, text, b.len) == 0);
}

bool hf__chk_starts(hf_bytes b, const char *text)
{
	size_t n = strlen(text);

	return b.len >= n && (n == 0 || memcmp(b.ptr, text, n) == 0);
}

bool hf__chk_ends(hf_bytes b, const char *text)
{
	size_t n = strlen(text);

	return b.len >= n && (n == 0 || memcmp(b.ptr + b.len - n, text, n) == 0);
}

bool hf__chk_has(hf_bytes b, const char *text)
{
	return b.len > 0 && memmem(b.ptr, b.len, text, strlen(text)) != NULL;
}

bool hf__chk_in(hf_bytes b, const char *const *names)
{
	for (; *names != NULL; names++)
		if (hf__chk_is(b, *names))
			return true;
	return false;
}

bool hf__chk_same(hf_bytes a, hf_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

hf_bytes hf__chk_base(hf_bytes path)
{
	const uint8_t *slash = path.len > 0 ? memrchr(path.ptr, '/', path.len) : NULL;
	size_t begin = slash == NULL ? 0 : (size_t)(slash - path.ptr) + 1;

	return (hf_bytes){ path.len > 0 ? path.ptr + begin : NULL, path.len - begin };
}

bool hf__chk_next(hf_bytes *list, hf_bytes *one)
{
	const uint8_t *end;

	*one = (hf_bytes){ 0 };
	if (list->len == 0)
		return false;
	end = memchr(list->ptr, 0, list->len);
	one->ptr = list->ptr;
	one->len = end == NULL ? list->len : (size_t)(end - list->ptr);
	*list = one->len == list->len ? (hf_bytes){ 0 }
				      : (hf_bytes){ list->ptr + one->len + 1, list->len - one->len - 1 };
	return true;
}

bool hf__chk_list_has(hf_bytes list, const char *name)
{
	hf_bytes one;

	while (hf__chk_next(&list, &one))
		if (hf__chk_is(one, name))
			return true;
	return false;
}

hf_bytes hf__chk_tree(hf_bytes path)
{
	const uint8_t *mark = path.len > 0 ? memrchr(path.ptr, '!', path.len) : NULL;

	return mark == NULL ? (hf_bytes){ 0 } : (hf_bytes){ path.ptr, (size_t)(mark - path.ptr) };
}

hf_bytes hf__chk_input(hf_bytes path)
{
	const uint8_t *mark = path.len > 0 ? memchr(path.ptr, '!', path.len) : NULL;

	return mark == NULL ? path : (hf_bytes){ path.ptr, (size_t)(mark - path.ptr) };
}

hf_bytes hf__chk_name(const struct hf_case *c, hf_bytes path)
{
	const struct hf_fact *file = hf_model_file(hf_case_model(c), path);

	return file != NULL ? file->text[HF_FILE_NAME] : hf_vpath_inner(path);
}

void hf__chk_report(struct hf_case *c, const struct hf_rule *rule, const struct hf__chk_where *where,
		    const char *fmt, ...)
{
	struct hf_report r = { .id = where->id,
			       .path = where->path,
			       .offset = where->offset,
			       .length = where->length,
			       .key = where->key,
			       .severity = where->severity };
	char text[EVIDENCE_MAX + 1];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	r.evidence = (hf_bytes){ (const uint8_t *)text, n < EVIDENCE_MAX ? (size_t)n : EVIDENCE_MAX };
	hf_find(c, rule, &r);
}

/* check_util.c -- see check_util.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <hf/vpath.h>
#include "check_util.h"

enum { EVIDENCE_MAX = 256 };

bool hf__chk_list_has(hf_bytes list, const char *name)
{
	hf_bytes one;

	while (hf_span_part(&list, 0, &one))
		if (hf_span_is(one, name))
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

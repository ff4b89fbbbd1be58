/* check_util.h -- small steps that many checks share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_UTIL_H
#define CHECK_UTIL_H
#include <hf/factscan.h>
#include <hf/judge.h>
#include <hf/span.h>

bool hf__chk_list_has(hf_bytes list, const char *name);

/* The tree a file lies in: its path up to the last '!', "" for an input. And the input it came from. */
hf_bytes hf__chk_tree(hf_bytes path);
hf_bytes hf__chk_input(hf_bytes path);
/* The raw name inside its tree, from the FILE fact; the part behind '!' when there is none. */
hf_bytes hf__chk_name(const struct hf_case *c, hf_bytes path);

/* Report about a fact: a printed line as evidence, `key` for the fingerprint. */
struct hf__chk_where {
	hf_bytes path;
	uint64_t offset, length;
	hf_bytes key;
	uint8_t severity; /* 0 = the rule's */
	const char *id;   /* NULL = the rule's */
};
void hf__chk_report(struct hf_case *c, const struct hf_rule *rule, const struct hf__chk_where *where,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Arguments of "%.*s" for bytes, at most `max` of them. */
#define HF__CHK_ARG(b, max) \
	(int)((b).len < (max) ? (b).len : (max)), (const char *)((b).len > 0 ? (b).ptr : NULL)
/* The facts of one kind, in turn. */
#define HF__CHK_EACH(model, kind_, fact, i) \
	for (size_t i = 0; i < hf_model_n(model, kind_) && ((fact) = hf_model_at(model, kind_, i)) != NULL; \
	     i++)
#endif

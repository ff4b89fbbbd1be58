/* scan_sink.h -- a scanner kept between calls, and a sink that looks at every byte of a fact.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCAN_SINK_H
#define SCAN_SINK_H
#include <stdlib.h>
#include <hf/scan.h>

static inline hf_err scan_sink_put(void *ctx, const struct hf_fact *fact)
{
	volatile uint8_t *sum = ctx;

	for (int i = 0; i < HF_FACT_TEXTS; i++)
		for (size_t k = 0; k < fact->text[i].len; k++)
			*sum = (uint8_t)(*sum + fact->text[i].ptr[k]);
	return HF_OK;
}

static inline hf_err scan_sink_read(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const hf_bytes *content = ctx;

	if (offset > content->len || len > content->len - offset)
		abort();
	for (size_t i = 0; i < len; i++)
		out[i] = content->ptr[offset + i];
	return HF_OK;
}

/* One file of this name, in memory or behind read(); only the sink and memory may fail. */
static inline void scan_sink_run(const char *name, hf_bytes content, bool in_memory, unsigned depth)
{
	static struct hf_scan *scan;
	const struct hf_scan_opts opts = { .crypt_ms = 1, .hosts = true };
	uint8_t sum = 0;
	struct hf_fact_sink sink = { &sum, scan_sink_put };
	struct hf_src src = { .size = content.len,
			      .mem = in_memory ? content.ptr : NULL,
			      .ctx = &content,
			      .read = scan_sink_read };
	struct hf_node node = { .type = HF_NODE_FILE, .size = content.len, .depth = (uint8_t)depth };
	size_t n = 0;

	while (name[n] != '\0')
		n++;
	node.name = (hf_bytes){ (const uint8_t *)name, n };
	node.path = node.name;
	if (scan == NULL && hf_scan_new(&opts, &scan) != HF_OK)
		abort();
	if (hf_scan_file(scan, &node, &src, &sink) != HF_OK)
		abort();
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "walk_target.h"
#include <stdlib.h>
#include <string.h>
#include <hf/walk.h>

struct said {
	uint64_t sum; /* over all that was given, in order */
	uint64_t n;
};

static void add(struct said *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		s->sum = (s->sum ^ p[i]) * 0x100000001b3u;
}

static void check_text(hf_bytes path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] < 0x21 || path.ptr[i] > 0x7e)
			abort(); /* a path is printable whatever the image says */
}

static hf_err on_node(void *ctx, const struct hf_node *node, const struct hf_src *src)
{
	static uint8_t window[1 << 16];
	struct said *s = ctx;

	check_text(node->path);
	if (node->depth > 10 || node->type == 0 || node->type > HF_NODE_SOCKET || node->path.len > 4096)
		abort();
	add(s, node->path.ptr, node->path.len);
	add(s, node->link.ptr, node->link.len);
	for (uint64_t at = 0; src != NULL && at < src->size && at < 1 << 22; at += sizeof(window)) {
		size_t n = src->size - at < sizeof(window) ? (size_t)(src->size - at) : sizeof(window);

		if (hf_src_read(src, at, window, n) != HF_OK)
			break; /* a large file may turn out damaged when it is read */
		add(s, window, n);
	}
	s->n++;
	return HF_OK;
}

static hf_err on_container(void *ctx, hf_bytes path, const char *format, uint64_t begin, uint64_t len,
			   unsigned depth)
{
	check_text(path);
	if (depth > 10)
		abort();
	add(ctx, format, strlen(format));
	add(ctx, &begin, sizeof(begin));
	add(ctx, &len, sizeof(len));
	return HF_OK;
}

static hf_err on_problem(void *ctx, unsigned rule, hf_bytes path, uint64_t begin, uint64_t len,
			 const char *why)
{
	(void)begin, (void)len;
	check_text(path);
	if (rule < 1 || rule > 3 || strlen(why) > 200)
		abort();
	add(ctx, why, strlen(why));
	return HF_OK;
}

static uint64_t now_s(void *ctx)
{
	(void)ctx;
	return 0; /* time is the fuzzer's to limit */
}

static hf_err read_bytes(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const hf_bytes *bytes = ctx;

	if (len > bytes->len || offset > bytes->len - len)
		abort();
	memcpy(out, bytes->ptr + offset, len);
	return HF_OK;
}

static struct said walk(const struct hf_src *src)
{
	static const struct hf_walk_caps caps = { .depth = 4,
						  .files = 2000,
						  .bytes = 32 << 20,
						  .file_bytes = 4 << 20,
						  .ratio = 1000,
						  .seconds = 60,
						  .container_seconds = 60,
						  .file_seconds = 60 };
	const struct hf_walk_share share = { .k = 0, .n = 1 };
	struct said said = { 0xcbf29ce484222325u, 0 };
	struct hf_visitor visitor = { &said, on_node, on_container, on_problem, now_s };

	if (hf_walk_image(src, HF_STR("in"), &caps, &share, &visitor) != HF_OK)
		abort();
	return said;
}

void walk_target_run(const uint8_t *data, size_t size)
{
	hf_bytes bytes = { data, size };
	struct hf_src memory = hf_src_memory(bytes);
	struct hf_src reads = { .size = size, .ctx = &bytes, .read = read_bytes };
	static bool prepared;
	struct said a, b;

	if (!prepared && hf_walk_prepare() != HF_OK)
		abort();
	prepared = true;
	a = walk(&memory);
	b = walk(&reads);
	if (a.sum != b.sum || a.n != b.n)
		abort();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "walk_rig.h"

static void say(struct walk_rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct walk_rig *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, sizeof(r->text) - r->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(r->text) - r->len)
		return; /* what does not fit is not said; tests look for lines that must be there */
	r->len += (size_t)n;
}

static hf_err on_node(void *ctx, const struct hf_node *node, const struct hf_src *src)
{
	static const char letters[] = "?FDLCBPS";
	struct walk_rig *r = ctx;
	uint8_t byte;

	r->n_files++;
	say(r, "%c %.*s", letters[node->type & 7], (int)node->path.len, (const char *)node->path.ptr);
	if (node->type == HF_NODE_FILE)
		say(r, " %llu%s", (unsigned long long)node->size, src == NULL ? " -" : "");
	if (node->link.len > 0)
		say(r, " %.*s", (int)node->link.len, (const char *)node->link.ptr);
	say(r, "\n");
	for (uint64_t i = 0; src != NULL && i < src->size && i < 1 << 20; i += 511) /* so that ASan sees it */
		if (hf_src_read(src, i, &byte, 1) != HF_OK)
			say(r, "UNREADABLE at %llu\n", (unsigned long long)i);
	return r->node_err;
}

static hf_err on_container(void *ctx, hf_bytes path, const char *format, uint64_t begin, uint64_t len,
			   unsigned depth)
{
	say(ctx, "BOX %.*s %s %llu %llu %u\n", (int)path.len, (const char *)path.ptr, format,
	    (unsigned long long)begin, (unsigned long long)len, depth);
	return HF_OK;
}

static hf_err on_problem(void *ctx, unsigned rule, hf_bytes path, uint64_t begin, uint64_t len,
			 const char *why)
{
	(void)begin, (void)len;
	say(ctx, "PROBLEM %u %.*s %s\n", rule, (int)path.len, (const char *)path.ptr, why);
	return HF_OK;
}

static uint64_t now_s(void *ctx)
{
	struct walk_rig *r = ctx;

	return r->now += r->step;
}

void walk_rig_init(struct walk_rig *r)
{
	r->caps = hf_walk_caps_default;
	r->share = (struct hf_walk_share){ .n = 1 };
	r->now = 1000;
	r->step = 0;
	r->node_err = HF_OK;
}

static hf_err run(struct walk_rig *r, const struct hf_src *src)
{
	struct hf_visitor visitor = { r, on_node, on_container, on_problem, now_s };

	r->len = 0;
	r->n_files = 0;
	r->text[0] = '\0';
	return hf_walk_image(src, HF_STR("in"), &r->caps, &r->share, &visitor);
}

hf_err walk_rig_run(struct walk_rig *r, hf_bytes bytes)
{
	struct hf_src src = hf_src_memory(bytes);

	return run(r, &src);
}

static hf_err read_bytes(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const hf_bytes *bytes = ctx;

	memcpy(out, bytes->ptr + offset, len);
	return HF_OK;
}

hf_err walk_rig_run_read(struct walk_rig *r, hf_bytes bytes)
{
	struct hf_src src = { .size = bytes.len, .ctx = &bytes, .read = read_bytes };

	return run(r, &src);
}

/* A whole line, wherever it stands. */
bool walk_rig_has(const struct walk_rig *r, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = r->text; (at = strstr(at, line)) != NULL; at++)
		if ((at == r->text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static void put(struct hf_out *out, const void *bytes, size_t n)
{
	if (hf_out_put(out, (hf_bytes){ bytes, n }) != HF_OK)
		abort();
}

void put_zeros(struct hf_out *out, size_t n)
{
	static const uint8_t zero[1];

	for (; n > 0; n--)
		put(out, zero, 1);
}

void put_tar(struct hf_out *out, const char *name, char type, hf_bytes content)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	(void)snprintf(h, 100, "%s", name);
	memcpy(h + 100, "0000644", 8);
	memcpy(h + 108, "0000001", 8);
	memcpy(h + 116, "0000002", 8);
	(void)snprintf(h + 124, 12, "%011zo", content.len);
	memcpy(h + 136, "00000000007", 12);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	put(out, h, sizeof(h));
	put(out, content.ptr, content.len);
	put_zeros(out, (512 - content.len % 512) % 512);
}

void put_tar_end(struct hf_out *out)
{
	put_zeros(out, 1024);
}

struct hf_out put_small_tar(struct hf_out out)
{
	put_tar(&out, "etc/", '5', (hf_bytes){ NULL, 0 });
	put_tar(&out, "etc/passwd", '0', HF_STR("root::0:0\n"));
	put_tar(&out, "bin/sh", '0', HF_STR("#!"));
	put_tar_end(&out);
	return out;
}

void put_cpio(struct hf_out *out, const char *name, unsigned mode, hf_bytes content)
{
	char h[160];

	(void)snprintf(h, sizeof(h), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1u, mode,
		       0u, 0u, 1u, 0u, content.len, 0u, 0u, 0u, 0u, strlen(name) + 1, 0u);
	put(out, h, 110);
	put(out, name, strlen(name) + 1);
	put_zeros(out, (4 - (110 + strlen(name) + 1) % 4) % 4);
	put(out, content.ptr, content.len);
	put_zeros(out, (4 - content.len % 4) % 4);
}

void put_gzip(struct hf_out *out, hf_bytes content)
{
	z_stream z = { 0 };
	union {
		const uint8_t *c;
		uint8_t *v;
	} in = { content.ptr };

	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = in.v;
	z.avail_in = (unsigned)content.len;
	z.next_out = out->ptr + out->len;
	z.avail_out = (unsigned)(out->cap - out->len);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->len = out->cap - z.avail_out;
	(void)deflateEnd(&z);
}

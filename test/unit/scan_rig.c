/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "scan_rig.h"

enum { FACTS_MAX = 4096 };

struct scan_rig {
	struct hf_scan *scan;
	struct hf_fact fact[FACTS_MAX];
	void *memory[FACTS_MAX];
	size_t n;
};

struct scan_rig *scan_rig_with(const struct hf_scan_opts *opts)
{
	struct scan_rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(hf_scan_new(opts, &r->scan), HF_OK);
	return r;
}

struct scan_rig *scan_rig_new(void)
{
	const struct hf_scan_opts opts = { .crypt_ms = 2000 };

	return scan_rig_with(&opts);
}

static void forget(struct scan_rig *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->memory[i]);
	r->n = 0;
}

void scan_rig_free(struct scan_rig *r)
{
	forget(r);
	hf_scan_free(r->scan);
	free(r);
}

int scan_rig_set_up(void **at)
{
	*(struct scan_rig **)*at = scan_rig_new();
	return 0;
}

int scan_rig_tear_down(void **at)
{
	scan_rig_free(*(struct scan_rig **)*at);
	return 0;
}

static hf_bytes copy(hf_bytes from, uint8_t **room)
{
	hf_bytes to = { *room, from.len };

	if (from.len > 0)
		memcpy(*room, from.ptr, from.len);
	*room += from.len;
	return to;
}

static hf_err keep(void *ctx, const struct hf_fact *fact)
{
	struct scan_rig *r = ctx;
	size_t size = fact->path.len + 1;
	uint8_t *room;

	if (r->n == FACTS_MAX)
		return HF_ERR_BASE_NO_ROOM;
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		size += fact->text[i].len;
	room = malloc(size);
	r->memory[r->n] = room;
	r->fact[r->n] = *fact;
	r->fact[r->n].path = copy(fact->path, &room);
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		r->fact[r->n].text[i] = copy(fact->text[i], &room);
	r->n++;
	return HF_OK;
}

static void scan(struct scan_rig *r, const struct hf_node *node, const struct hf_src *src)
{
	struct hf_fact_sink sink = { r, keep };

	forget(r);
	assert_int_equal(hf_scan_file(r->scan, node, src, &sink), HF_OK);
}

static struct hf_node node_of(const char *name, size_t size)
{
	hf_bytes n = { (const uint8_t *)name, strlen(name) };

	return (struct hf_node){ .path = n, .name = n, .type = HF_NODE_FILE, .depth = 1, .size = size };
}

void scan_rig_bytes(struct scan_rig *r, const char *name, hf_bytes content)
{
	/* A copy of exactly this size: the sanitizer sees a read past the end. */
	uint8_t *exact = malloc(content.len > 0 ? content.len : 1);
	struct hf_src src = { .size = content.len, .mem = exact };
	struct hf_node node = node_of(name, content.len);

	assert_non_null(exact);
	if (content.len > 0)
		memcpy(exact, content.ptr, content.len);
	scan(r, &node, &src);
	free(exact);
}

void scan_rig_text(struct scan_rig *r, const char *name, const char *content)
{
	scan_rig_bytes(r, name, (hf_bytes){ (const uint8_t *)content, strlen(content) });
}

void scan_rig_input(struct scan_rig *r, const char *name, hf_bytes content)
{
	struct hf_src src = { .size = content.len, .mem = content.ptr };
	struct hf_node node = node_of(name, content.len);

	node.depth = 0;
	scan(r, &node, &src);
}

static hf_err read_at(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const hf_bytes *content = ctx;

	if (offset > content->len || len > content->len - offset)
		return HF_ERR_BASE_MISUSE;
	memcpy(out, content->ptr + offset, len);
	return HF_OK;
}

void scan_rig_read(struct scan_rig *r, const char *name, hf_bytes content)
{
	struct hf_src src = { .size = content.len, .ctx = &content, .read = read_at };
	struct hf_node node = node_of(name, content.len);

	scan(r, &node, &src);
}

void scan_rig_link(struct scan_rig *r, const char *name, const char *target)
{
	struct hf_node node = node_of(name, 0);

	node.type = HF_NODE_LINK;
	node.link = (hf_bytes){ (const uint8_t *)target, strlen(target) };
	scan(r, &node, NULL);
}

size_t scan_rig_n(const struct scan_rig *r, unsigned kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->fact[i].kind == kind;
	return n;
}

const struct hf_fact *scan_rig_at(const struct scan_rig *r, unsigned kind, size_t i)
{
	for (size_t k = 0; k < r->n; k++)
		if (r->fact[k].kind == kind && i-- == 0)
			return &r->fact[k];
	fail_msg("no such fact of kind %u", kind);
	return NULL;
}

const struct hf_fact *scan_rig_setting(const struct scan_rig *r, unsigned subject, const char *name)
{
	for (size_t k = 0; k < r->n; k++)
		if (r->fact[k].kind == HF_FACT_SETTING && r->fact[k].num[HF_SETTING_SUBJECT] == subject &&
		    (name == NULL || scan_rig_is(r->fact[k].text[HF_SETTING_NAME], name)))
			return &r->fact[k];
	return NULL;
}

const struct hf_fact *scan_rig_hit(const struct scan_rig *r, unsigned class)
{
	for (size_t k = 0; k < r->n; k++)
		if (r->fact[k].kind == HF_FACT_HIT && r->fact[k].num[HF_HIT_CLASS] == class)
			return &r->fact[k];
	return NULL;
}

bool scan_rig_is(hf_bytes text, const char *want)
{
	return text.len == strlen(want) && (text.len == 0 || memcmp(text.ptr, want, text.len) == 0);
}

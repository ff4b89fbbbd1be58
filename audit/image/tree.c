/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"
#include <stdlib.h>
#include <string.h>

enum { PARENTS_MAX = 2048, NAMES_MAX = 256 << 20, ITEMS_MAX = 1 << 24 };

void hf__tree_free(struct hf__tree *t)
{
	free(t->item);
	free(t->names);
	*t = (struct hf__tree){ .box = t->box };
}

static hf_err more_items(struct hf__tree *t)
{
	size_t cap = t->cap == 0 ? 256 : t->cap * 2;
	struct hf__item *grown;

	if (t->n < t->cap)
		return HF_OK;
	if (cap > ITEMS_MAX)
		return hf__cap_box(t->box, "memory cap: the directory tree is too large");
	grown = realloc(t->item, cap * sizeof(*grown));
	if (grown == NULL)
		return HF_ERR_HOST_MEMORY;
	t->item = grown;
	t->cap = cap;
	return HF_OK;
}

static hf_err more_names(struct hf__tree *t, size_t n)
{
	size_t cap = t->names_cap == 0 ? 8192 : t->names_cap;
	uint8_t *grown;

	while (cap < t->names_len + n)
		cap *= 2;
	if (cap == t->names_cap)
		return HF_OK;
	if (cap > NAMES_MAX)
		return hf__cap_box(t->box, "memory cap: the directory tree is too large");
	grown = realloc(t->names, cap);
	if (grown == NULL)
		return HF_ERR_HOST_MEMORY;
	t->names = grown;
	t->names_cap = cap;
	return HF_OK;
}

hf_err hf__tree_add(struct hf__tree *t, const struct hf__item *item, hf_bytes name)
{
	struct hf__item *new;

	if (t->n >= t->box->walk->caps->files)
		return hf__cap_walk(t->box, "file cap of the whole scan");
	if (name.len > HF_WALK_NAME_MAX)
		return hf__problem(t->box->place, t->box->path, 1, t->box->begin, 0,
				   "a name inside is too long");
	HF_TRY(more_items(t));
	HF_TRY(more_names(t, name.len));
	new = &t->item[t->n];
	*new = *item;
	new->name_at = t->names_len;
	new->name_len = (uint32_t)name.len;
	new->first = (uint32_t)t->n++;
	if (name.len > 0)
		memcpy(t->names + t->names_len, name.ptr, name.len);
	t->names_len += name.len;
	return HF_OK;
}

/* "/usr/bin/x", written from its end; empty when it does not fit. A slash inside a name stays: hf_vpath_join
 * treats it as any other. */
static hf_bytes name_of(const struct hf__tree *t, uint32_t i, uint8_t mem[static HF_WALK_NAME_MAX])
{
	size_t at = HF_WALK_NAME_MAX;

	for (size_t hops = 0; i != 0; i = t->item[i].parent, hops++) {
		size_t n = t->item[i].name_len;

		if (n + 1 > at || hops > PARENTS_MAX)
			return (hf_bytes){ NULL, 0 };
		at -= n;
		memcpy(mem + at, t->names + t->item[i].name_at, n);
		mem[--at] = '/';
	}
	if (at == HF_WALK_NAME_MAX)
		mem[--at] = '/';
	return (hf_bytes){ mem + at, HF_WALK_NAME_MAX - at };
}

struct opening {
	const struct hf__tree_ops *ops;
	const struct hf__item *item;
};

static hf_err load(void *ctx, struct hf__box *box, struct hf_src *out)
{
	struct opening *o = ctx;

	return o->ops->load(o->ops->ctx, o->item, box, out);
}

static hf_err give(struct hf__tree *t, const struct hf__tree_ops *ops, uint32_t i)
{
	const struct hf__item *item = &t->item[i];
	uint8_t name[HF_WALK_NAME_MAX], link[HF_WALK_NAME_MAX], caps[64];
	struct opening opening = { ops, item };
	struct hf__entry entry = { .node = item->node, .ctx = &opening };

	entry.node.name = name_of(t, i, name);
	if (entry.node.name.len == 0)
		return hf__problem(t->box->place, t->box->path, 1, t->box->begin, 0,
				   "a path inside is too long");
	if (item->node.type == HF_NODE_LINK)
		entry.node.link = ops->link(ops->ctx, item, link);
	if (ops->caps != NULL)
		entry.node.caps = ops->caps(ops->ctx, item, caps);
	if (item->node.type == HF_NODE_FILE && item->first == i)
		entry.load = load;
	if (item->node.type == HF_NODE_FILE && item->first != i)
		entry.node.link = name_of(t, item->first, link);
	return hf__give(t->box, &entry);
}

struct key {
	uint64_t at, id;
	uint32_t item;
};

static int by_data(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Names of one inode stand together now: all but the first are hard links to it. */
static void mark_links(struct hf__tree *t, const struct key *key, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (key[i].id != UINT64_MAX && key[i].id == key[i - 1].id && key[i].at == key[i - 1].at)
			t->item[key[i].item].first = t->item[key[i - 1].item].first;
}

hf_err hf__tree_give(struct hf__tree *t, const struct hf__tree_ops *ops)
{
	struct key *key = malloc((t->n + 1) * sizeof(*key));
	hf_err err = HF_OK;
	size_t n = 0;

	if (key == NULL)
		return HF_ERR_HOST_MEMORY;
	for (uint32_t i = 0; i < t->n && err == HF_OK; i++) {
		if (t->item[i].node.type == HF_NODE_FILE)
			key[n++] = (struct key){ t->item[i].at, t->item[i].id, i };
		else
			err = give(t, ops, i);
	}
	qsort(key, n, sizeof(*key), by_data);
	mark_links(t, key, n);
	for (size_t i = 0; i < n && err == HF_OK; i++)
		err = give(t, ops, key[i].item);
	free(key);
	return err;
}

/* ---- marks ---- */

hf_err hf__marks_new(struct hf__marks *m, uint64_t n)
{
	*m = (struct hf__marks){ NULL, 0 };
	if (n > (uint64_t)1 << 32)
		return HF_ERR_IMAGE_FORMAT;
	m->bits = calloc((size_t)(n / 8) + 1, 1);
	m->n = n;
	return m->bits == NULL ? HF_ERR_HOST_MEMORY : HF_OK;
}

bool hf__marks_first(struct hf__marks *m, uint64_t number)
{
	uint8_t bit = (uint8_t)(1u << number % 8);

	if (number > m->n || (m->bits[number / 8] & bit) != 0)
		return false;
	m->bits[number / 8] |= bit;
	return true;
}

void hf__marks_free(struct hf__marks *m)
{
	free(m->bits);
	*m = (struct hf__marks){ NULL, 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "flog.h"
#include <stdlib.h>
#include <string.h>

enum { THINGS_MAX = 1 << 23, LOG_NAMES_MAX = 256 << 20 };

/* Room for one more of `size` bytes. */
static hf_err grow(struct hf__flog *l, void **array, size_t n, size_t *cap, size_t size, size_t max)
{
	size_t more = *cap == 0 ? 256 : *cap;
	void *grown;

	while (more < n + 1)
		more *= 2;
	if (more == *cap)
		return HF_OK;
	if (more > max)
		return hf__cap_box(l->box, "memory cap: the log is too large");
	grown = realloc(*array, more * size);
	if (grown == NULL)
		return HF_ERR_HOST_MEMORY;
	*array = grown;
	*cap = more;
	return HF_OK;
}

hf_err hf__flog_event(struct hf__flog *l, const struct hf__event *e)
{
	void *array = l->event;
	hf_err err;

	if (e->stored > HF__FLOG_BLOCK_MAX || e->plain > HF__FLOG_BLOCK_MAX)
		return HF_ERR_IMAGE_FORMAT;
	err = grow(l, &array, l->n_events, &l->events_cap, sizeof(*e), THINGS_MAX);
	l->event = array;
	HF_TRY(err);
	l->event[l->n_events] = *e;
	l->event[l->n_events].order = (uint32_t)l->n_events;
	l->n_events++;
	return HF_OK;
}

hf_err hf__flog_dirent(struct hf__flog *l, const struct hf__dirent *d, hf_bytes name)
{
	void *array = l->dirent;
	hf_err err = grow(l, &array, l->n_dirents, &l->dirents_cap, sizeof(*d), THINGS_MAX);

	l->dirent = array;
	HF_TRY(err);
	array = l->names;
	err = grow(l, &array, l->names_len + name.len, &l->names_cap, 1, LOG_NAMES_MAX);
	l->names = array;
	HF_TRY(err);
	l->dirent[l->n_dirents] = *d;
	l->dirent[l->n_dirents].name_at = l->names_len;
	l->dirent[l->n_dirents].name_len = (uint32_t)name.len;
	l->dirent[l->n_dirents].order = (uint32_t)l->n_dirents;
	l->n_dirents++;
	if (name.len > 0)
		memcpy(l->names + l->names_len, name.ptr, name.len);
	l->names_len += name.len;
	return HF_OK;
}

void hf__flog_free(struct hf__flog *l)
{
	free(l->event);
	free(l->dirent);
	free(l->names);
	free(l->stored);
	free(l->plain);
	hf__tree_free(&l->tree);
}

/* ---- order ---- */

static int by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_event(const void *a, const void *b)
{
	const struct hf__event *x = a, *y = b;
	int c = by_number(x->ino, y->ino);

	if (c == 0)
		c = by_number(x->version, y->version);
	return c != 0 ? c : by_number(x->order, y->order);
}

static int by_name(const struct hf__flog *l, const struct hf__dirent *x, const struct hf__dirent *y)
{
	size_t n = x->name_len < y->name_len ? x->name_len : y->name_len;
	int c = n == 0 ? 0 : memcmp(l->names + x->name_at, l->names + y->name_at, n);

	return c != 0 ? c : by_number(x->name_len, y->name_len);
}

static int by_dirent(const void *a, const void *b, void *ctx)
{
	const struct hf__dirent *x = a, *y = b;
	int c = by_number(x->parent, y->parent);

	if (c == 0)
		c = by_name(ctx, x, y);
	if (c == 0)
		c = by_number(x->version, y->version);
	return c != 0 ? c : by_number(x->order, y->order);
}

/* Index of the first event of `ino`; n_events when there is none. */
static size_t first_event(const struct hf__flog *l, uint64_t ino)
{
	size_t low = 0, high = l->n_events;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->event[mid].ino < ino)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n_events && l->event[low].ino == ino ? low : l->n_events;
}

static size_t first_dirent(const struct hf__flog *l, uint64_t parent)
{
	size_t low = 0, high = l->n_dirents;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->dirent[mid].parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Is dirent `i` the newest of its name? */
static bool is_newest(const struct hf__flog *l, size_t i)
{
	return i + 1 == l->n_dirents || l->dirent[i + 1].parent != l->dirent[i].parent ||
	       by_name(l, &l->dirent[i], &l->dirent[i + 1]) != 0;
}

/* ---- tree ---- */

/* The newest event that describes the inode; NULL when none does. */
static const struct hf__event *newest_meta(const struct hf__flog *l, uint64_t ino)
{
	const struct hf__event *found = NULL;

	for (size_t i = first_event(l, ino); i < l->n_events && l->event[i].ino == ino; i++)
		if (l->event[i].size != UINT64_MAX)
			found = &l->event[i];
	return found;
}

static uint8_t type_of(uint32_t mode)
{
	static const uint8_t types[16] = {
		[1] = HF_NODE_FIFO, [2] = HF_NODE_CHAR,  [4] = HF_NODE_DIR,    [6] = HF_NODE_BLOCK,
		[8] = HF_NODE_FILE, [10] = HF_NODE_LINK, [12] = HF_NODE_SOCKET
	};

	return types[mode >> 12 & 15];
}

static void describe(struct hf__flog *l, struct hf__item *item, uint8_t type)
{
	const struct hf__event *e = newest_meta(l, item->own);

	item->id = item->own;
	item->node = (struct hf_node){ .type = type };
	if (e == NULL)
		return;
	if (type_of(e->mode) != 0)
		item->node.type = type_of(e->mode);
	item->node.known = HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE;
	item->node.mode = e->mode & 07777u;
	item->node.uid = e->uid;
	item->node.gid = e->gid;
	item->node.mtime = e->mtime;
	item->node.size = item->node.type == HF_NODE_FILE ? e->size : 0;
	item->at = l->event[first_event(l, item->own)].at;
}

static hf_err add_children(struct hf__flog *l, uint32_t parent)
{
	uint64_t ino = l->tree.item[parent].own;

	for (size_t i = first_dirent(l, ino); i < l->n_dirents && l->dirent[i].parent == ino; i++) {
		const struct hf__dirent *d = &l->dirent[i];
		struct hf__item item = { .parent = parent, .own = d->ino };

		if (d->ino == 0 || !is_newest(l, i))
			continue;
		HF_TRY(hf__tick(l->box));
		describe(l, &item, d->type);
		HF_TRY(hf__tree_add(&l->tree, &item, (hf_bytes){ l->names + d->name_at, d->name_len }));
	}
	return HF_OK;
}

/* A directory is entered the first time only: a second name for one is a loop, or a way to make a small log
 * into an endless tree. One without children needs no mark. */
static bool enter(struct hf__flog *l, struct hf__marks *marks, uint64_t ino)
{
	size_t first = first_dirent(l, ino);

	if (first == l->n_dirents || l->dirent[first].parent != ino)
		return true;
	return hf__marks_first(marks, first);
}

static hf_err list_tree(struct hf__flog *l)
{
	struct hf__marks marks HF_AUTO(hf__marks_free) = { NULL, 0 };
	struct hf__item root = { .own = l->root };

	HF_TRY(hf__marks_new(&marks, l->n_dirents));
	if (l->n_events > 0)
		qsort(l->event, l->n_events, sizeof(*l->event), by_event);
	if (l->n_dirents > 0)
		qsort_r(l->dirent, l->n_dirents, sizeof(*l->dirent), by_dirent, l);
	describe(l, &root, HF_NODE_DIR);
	HF_TRY(hf__tree_add(&l->tree, &root, (hf_bytes){ NULL, 0 }));
	for (uint32_t i = 0; i < l->tree.n; i++) {
		if (l->tree.item[i].node.type != HF_NODE_DIR)
			continue;
		if (enter(l, &marks, l->tree.item[i].own))
			HF_TRY(add_children(l, i));
		else
			HF_TRY(hf__problem(l->box->place, l->box->path, 2, l->box->begin, l->box->in,
					   "a directory is inside itself or has two names"));
	}
	return HF_OK;
}

/* ---- contents ---- */

static hf_err decode_event(struct hf__flog *l, const struct hf__event *e)
{
	HF_TRY(hf_src_read(&l->box->src, e->at, l->stored, e->stored));
	memset(l->plain, 0, e->span > e->plain ? e->span : e->plain);
	return l->decode(l->box, e->codec, (hf_bytes){ l->stored, e->stored }, l->plain, e->plain);
}

/* Events in the order of their versions: each may cut the file, then write into it. */
static hf_err replay(struct hf__flog *l, uint64_t ino, uint8_t *out, uint64_t size)
{
	uint64_t len = 0; /* up to here `out` may be other than zero */

	for (size_t i = first_event(l, ino); i < l->n_events && l->event[i].ino == ino; i++) {
		const struct hf__event *e = &l->event[i];
		uint64_t n = e->span > e->plain ? e->span : e->plain;

		HF_TRY(hf__tick(l->box));
		if (e->size < len) {
			memset(out + e->size, 0, (size_t)(len - e->size));
			len = e->size;
		}
		if (e->plain == 0 || e->offset >= size)
			continue;
		HF_TRY(decode_event(l, e));
		n = n < size - e->offset ? n : size - e->offset;
		memcpy(out + e->offset, l->plain, (size_t)n);
		len = e->offset + n > len ? e->offset + n : len;
	}
	return HF_OK;
}

static hf_err load(void *ctx, const struct hf__item *item, struct hf__box *box, struct hf_src *out)
{
	struct hf__flog *l = ctx;
	uint8_t *room;

	if (newest_meta(l, item->own) == NULL)
		return hf__fail(box, HF_ERR_IMAGE_FORMAT, "a name without an inode");
	hf__spool_reset(&box->content);
	HF_TRY(hf__spool_room(&box->content, 0, (size_t)item->node.size, &room));
	memset(room, 0, (size_t)item->node.size);
	HF_TRY(replay(l, item->own, room, item->node.size));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

static hf_bytes small_content(struct hf__flog *l, uint64_t ino, uint8_t *mem, size_t cap)
{
	uint64_t len = 0;

	for (size_t i = first_event(l, ino); i < l->n_events && l->event[i].ino == ino; i++)
		if (l->event[i].plain > 0)
			len = l->event[i].offset + l->event[i].plain;
	if (len == 0 || len > cap)
		return (hf_bytes){ NULL, 0 };
	memset(mem, 0, (size_t)len);
	if (replay(l, ino, mem, len) != HF_OK)
		return (hf_bytes){ NULL, 0 };
	return (hf_bytes){ mem, (size_t)len };
}

static hf_bytes link_of(void *ctx, const struct hf__item *item, uint8_t mem[static HF_WALK_NAME_MAX])
{
	return small_content(ctx, item->own, mem, HF_WALK_NAME_MAX);
}

static hf_bytes caps_of(void *ctx, const struct hf__item *item, uint8_t mem[static 64])
{
	struct hf__flog *l = ctx;
	uint64_t parent = HF__FLOG_XATTR + item->own;
	hf_bytes caps = { NULL, 0 };

	if (item->node.type != HF_NODE_FILE)
		return caps;
	for (size_t i = first_dirent(l, parent); i < l->n_dirents && l->dirent[i].parent == parent; i++)
		if (l->dirent[i].ino != 0 && is_newest(l, i) && caps.len == 0)
			caps = small_content(l, l->dirent[i].ino, mem, 64);
	return caps;
}

hf_err hf__flog_give(struct hf__flog *l)
{
	const struct hf__tree_ops ops = { l, load, link_of, caps_of };

	l->tree.box = l->box;
	l->stored = malloc(HF__FLOG_BLOCK_MAX);
	l->plain = malloc(HF__FLOG_BLOCK_MAX);
	if (l->stored == NULL || l->plain == NULL)
		return HF_ERR_HOST_MEMORY;
	HF_TRY(list_tree(l));
	return hf__tree_give(&l->tree, &ops);
}

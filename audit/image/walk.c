/* walk.c -- one entry: who sees it, under which path, and what it may cost.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/vpath.h>
#include "walk_priv.h"

enum { NAME_EXTRA = 24 };

/* What is to be done with an entry by this share at this point of the walk. */
enum want { PASS, LOOK_ONLY, GIVE };

struct visit {
	struct hf__box *box;
	struct hf_node node;
	struct hf_src src;
	const struct hf_src *content; /* &src or NULL */
	uint8_t mem[HF_FACT_PATH_MAX];
};

/* A name that was given before gets "%00" and a number, which no other name can have. */
static hf_err join_again(struct visit *v, hf_bytes name)
{
	struct hf_out path = HF_OUT(v->mem);
	char number[NAME_EXTRA];
	int n = snprintf(number, sizeof(number), "%%00%llu", (unsigned long long)v->box->entries);
	bool first = false;

	HF_TRY(hf_vpath_join(v->box->path, name, &path));
	HF_TRY(hf_out_put(&path, (hf_bytes){ (const uint8_t *)number, (size_t)n }));
	v->node.path = hf_out_bytes(&path);
	return hf__seen_add(v->box->walk, v->node.path, &first);
}

static hf_err name_it(struct visit *v)
{
	struct hf_out path = HF_OUT(v->mem);
	bool first = false;

	if (v->node.name.len > HF_WALK_NAME_MAX)
		return HF_ERR_BASE_NO_ROOM;
	HF_TRY(hf_vpath_join(v->box->path, v->node.name, &path));
	v->node.path = hf_out_bytes(&path);
	HF_TRY(hf__seen_add(v->box->walk, v->node.path, &first));
	return first ? HF_OK : join_again(v, v->node.name);
}

static bool begins_with(hf_bytes text, hf_bytes head)
{
	return text.len > head.len && memcmp(text.ptr, head.ptr, head.len) == 0;
}

/* Files of a common tree are dealt out in runs of HF__UNIT bytes, so that neighbours, which often lie in one
 * compressed block, come to one share. */
static bool is_mine(struct hf__box *box, const struct hf__entry *entry)
{
	struct hf__walk *w = box->walk;

	if (!box->common)
		return true;
	if (box->format->access != HF__TREE || entry->load == NULL)
		return w->k == 0;
	return box->dealt / HF__UNIT % w->n == w->k;
}

static enum want wanted(struct hf__box *box, const struct hf__entry *entry, hf_bytes path)
{
	struct hf__walk *w = box->walk;
	bool mine = is_mine(box, entry), wrapper = box->common && box->format->access == HF__WRAPPER;

	if (!mine)
		return wrapper && entry->load != NULL ? LOOK_ONLY : PASS;
	if (w->after.len == 0)
		return GIVE;
	if (hf_bytes_equal(path, w->after)) {
		w->after.len = 0; /* from here on in full voice */
		return PASS;
	}
	return begins_with(w->after, path) && w->after.ptr[path.len] == '!' ? LOOK_ONLY : PASS;
}

/* A file that cannot be read is reported and still given, without content. */
static hf_err unreadable(struct visit *v, hf_err err)
{
	struct hf__box *box = v->box;
	unsigned rule = hf_err_class(err) == HF_CLASS_LIMIT ? 1 : 2;
	struct hf__place place = *box->place;

	if (hf__is_fatal(box->walk, err))
		return err;
	if (box->told && err == HF_ERR_IMAGE_CAP)
		return err;
	place.common = box->common && box->format->access == HF__WRAPPER; /* else the file is mine alone */
	return hf__problem(&place, v->node.path, rule, 0, v->node.size,
			   box->why[0] != '\0' ? box->why : hf_err_text(err));
}

static hf_err open_content(struct visit *v, const struct hf__entry *entry)
{
	struct hf__box *box = v->box;
	hf_err err = HF_OK;

	box->why[0] = '\0';
	if (v->node.size > box->walk->caps->file_bytes)
		err = hf__fail(box, HF_ERR_IMAGE_CAP, "file is larger than the cap");
	if (err == HF_OK)
		err = entry->load(entry->ctx, box, &v->src);
	if (err != HF_OK)
		return unreadable(v, err);
	v->content = &v->src;
	v->node.size = v->src.size;
	return HF_OK;
}

static hf_err tell(struct visit *v)
{
	struct hf__walk *w = v->box->walk;
	hf_err err = w->visitor->node(w->visitor->ctx, &v->node, v->content);

	if (err != HF_OK)
		w->fatal = err;
	return err;
}

static hf_err look_inside(struct visit *v)
{
	struct hf__box *box = v->box;
	struct hf__place place = {
		.walk = box->walk,
		.src = v->content,
		.path = v->node.path,
		.depth = v->node.depth,
		.common = box->common && box->format->access == HF__WRAPPER,
		.entry = box->format->access != HF__WRAPPER,
	};

	if (v->content == NULL)
		return HF_OK;
	return hf__look(&place);
}

static hf_err give_named(struct visit *v, const struct hf__entry *entry)
{
	enum want want = wanted(v->box, entry, v->node.path);

	if (want == PASS)
		return HF_OK;
	if (entry->load != NULL)
		HF_TRY(open_content(v, entry));
	if (want == GIVE)
		HF_TRY(tell(v));
	return look_inside(v);
}

hf_err hf__give(struct hf__box *box, const struct hf__entry *entry)
{
	struct visit v = { .box = box, .node = entry->node };
	struct hf__walk *w = box->walk;
	hf_err err;

	w->file_began_s = w->visitor->now_s(w->visitor->ctx);
	HF_TRY(hf__tick(box));
	if (w->files >= w->caps->files)
		return hf__cap_walk(box, "file cap of the whole scan");
	w->files++;
	box->entries++;
	v.node.tree = box->path;
	v.node.depth = (uint8_t)(box->place->depth + 1);
	err = name_it(&v);
	if (err == HF_ERR_BASE_NO_ROOM)
		return hf__problem(box->place, box->path, 1, box->begin, 0, "a path inside is too long");
	HF_TRY(err);
	if (entry->load != NULL && entry->node.size <= w->caps->file_bytes)
		HF_TRY(hf__spend(box, entry->node.size));
	err = give_named(&v, entry);
	box->dealt += entry->load == NULL ? 0 : entry->node.size;
	return err;
}

/* ---- layers that only compress ---- */

static hf_err load_bare(void *ctx, struct hf__box *box, struct hf_src *out)
{
	const struct hf_src *src = ctx;

	(void)box;
	*out = *src;
	return HF_OK;
}

/* "x.ko.gz" holds "x.ko"; a name without a known end holds "content". */
static hf_bytes inner_name(hf_bytes path)
{
	static const char *const ends[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", ".lzma", ".lzo", ".z" };
	hf_bytes name = path;

	while (name.len > 0 && path.len > 0 && name.ptr[name.len - 1] != '/' && name.ptr[name.len - 1] != '!')
		name.len--;
	name = (hf_bytes){ path.ptr + name.len, path.len - name.len };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (name.len > n && memcmp(name.ptr + name.len - n, ends[i], n) == 0)
			return (hf_bytes){ name.ptr, name.len - n };
	}
	return HF_STR("content");
}

hf_err hf__give_bare(struct hf__box *box, const struct hf_src *src)
{
	struct hf_src copy = *src; /* load_bare reads through a pointer that is not const */
	struct hf__entry entry = { .ctx = &copy, .load = load_bare };
	struct hf__place place = { box->walk, src, box->path, box->place->depth + 1, false, false };

	place.entry = box->place->entry;
	if (hf__recognise(src) != NULL) {
		HF_TRY(hf__spend(box, src->size));
		return hf__look(&place);
	}
	entry.node =
		(struct hf_node){ .name = inner_name(box->path), .type = HF_NODE_FILE, .size = src->size };
	return hf__give(box, &entry);
}

/* ---- the input ---- */

static hf_err give_input(struct hf__walk *w, struct hf_node *node, const struct hf_src *src)
{
	hf_err err;

	if (w->after.len > 0) {
		if (!hf_bytes_equal(node->path, w->after))
			return HF_OK;
		return HF_ERR_IMAGE_CAP; /* the input itself was what the reader died on: nothing is left */
	}
	if (w->k != 0)
		return HF_OK;
	w->files++;
	err = w->visitor->node(w->visitor->ctx, node, src);
	return err;
}

static hf_err walk_input(struct hf__walk *w, const struct hf_src *src, hf_bytes name)
{
	uint8_t mem[HF_FACT_PATH_MAX];
	struct hf_out path = HF_OUT(mem);
	struct hf__place place = { .walk = w, .src = src, .common = true };
	struct hf_node node = { .name = name, .type = HF_NODE_FILE, .size = src->size };
	hf_err err;

	HF_TRY(hf_vpath_escape(name, &path));
	node.path = place.path = hf_out_bytes(&path);
	err = give_input(w, &node, src);
	if (err == HF_ERR_IMAGE_CAP)
		return HF_OK;
	HF_TRY(err);
	HF_TRY(hf__look(&place));
	if (w->after.len == 0)
		return HF_OK;
	w->after.len = 0; /* lest this one be swallowed too */
	place.common = false;
	return hf__problem(&place, place.path, 3, 0, 0, "the place to go on from was not found again");
}

hf_err hf_walk_image(const struct hf_src *src, hf_bytes name, const struct hf_walk_caps *caps,
		     const struct hf_walk_share *share, const struct hf_visitor *visitor)
{
	struct hf__walk w = { .caps = caps, .visitor = visitor, .k = share->k, .n = share->n };
	hf_err err;

	if (share->n == 0 || share->k >= share->n || caps->ratio == 0)
		return HF_ERR_BASE_MISUSE;
	w.after = share->after;
	w.began_s = w.file_began_s = visitor->now_s(visitor->ctx);
	err = hf__carver_new(&w.carver);
	if (err == HF_OK)
		err = walk_input(&w, src, name);
	free(w.carver);
	hf__seen_free(&w);
	/* A cap of the whole walk was reported when it was hit. */
	return w.fatal == HF_ERR_IMAGE_CAP ? HF_OK : err;
}

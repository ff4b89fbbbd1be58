/* Names inside a tree, as the device would see them: links are followed within the tree and nowhere else.
 * `rest` is what is still to walk; a link puts its target before it, and every link costs one of 40 hops.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/judge.h>
#include <hf/vpath.h>

enum { MAX_HOPS = 40, NAME_CAP = 8192, PATH_CAP = HF_FACT_PATH_MAX };

struct walk {
	const struct hf_model *m;
	hf_bytes tree;
	uint8_t done[NAME_CAP], rest[NAME_CAP], path[PATH_CAP]; /* raw, raw, escaped */
	size_t done_len, rest_len;
	unsigned hops;
};

/* The first element of the rest, taken off it; it stays readable until the rest changes. */
static hf_bytes take_element(struct walk *w, size_t *used)
{
	size_t i = 0, begin;

	while (i < w->rest_len && w->rest[i] == '/')
		i++;
	begin = i;
	while (i < w->rest_len && w->rest[i] != '/')
		i++;
	*used = i;
	return (hf_bytes){ w->rest + begin, i - begin };
}

static void step_back(struct walk *w)
{
	while (w->done_len > 0 && w->done[w->done_len - 1] != '/')
		w->done_len--;
	if (w->done_len > 0)
		w->done_len--;
}

static const struct hf_fact *look(struct walk *w)
{
	struct hf_out path = HF_OUT(w->path);

	if (hf_vpath_join(w->tree, (hf_bytes){ w->done, w->done_len }, &path) != HF_OK)
		return NULL;
	return hf_model_file(w->m, hf_out_bytes(&path));
}

static bool enter(struct walk *w, hf_bytes element)
{
	if (element.len + 1 > sizeof(w->done) - w->done_len)
		return false;
	w->done[w->done_len++] = '/';
	memcpy(w->done + w->done_len, element.ptr, element.len);
	w->done_len += element.len;
	return true;
}

static bool follow(struct walk *w, hf_bytes target)
{
	if (++w->hops > MAX_HOPS || target.len == 0 || target.len + 1 + w->rest_len > sizeof(w->rest))
		return false;
	memmove(w->rest + target.len + 1, w->rest, w->rest_len);
	memcpy(w->rest, target.ptr, target.len);
	w->rest[target.len] = '/';
	w->rest_len += target.len + 1;
	step_back(w);
	if (target.ptr[0] == '/')
		w->done_len = 0;
	return true;
}

/* One element; false when the walk cannot go on. *file is what stands at the place reached. */
static bool step(struct walk *w, const struct hf_fact **file)
{
	size_t used;
	hf_bytes element = take_element(w, &used);
	bool up = hf_bytes_equal(element, HF_STR("..")), stay = hf_bytes_equal(element, HF_STR("."));

	if (element.len > 0 && !up && !stay && !enter(w, element))
		return false;
	if (up)
		step_back(w);
	memmove(w->rest, w->rest + used, w->rest_len - used);
	w->rest_len -= used;
	*file = look(w);
	/* Archives may leave out directories, so nothing there is no end of the walk. */
	if (*file == NULL || (*file)->num[HF_FILE_TYPE] != HF_NODE_LINK)
		return true;
	return follow(w, (*file)->text[HF_FILE_LINK]);
}

const struct hf_fact *hf_model_resolve(const struct hf_model *m, hf_bytes tree, hf_bytes name)
{
	const struct hf_fact *file = NULL;
	struct walk w;

	if (name.len == 0 || name.len > sizeof(w.rest))
		return NULL;
	w.m = m;
	w.tree = tree;
	w.done_len = 0;
	w.hops = 0;
	memcpy(w.rest, name.ptr, name.len);
	w.rest_len = name.len;
	while (w.rest_len > 0)
		if (!step(&w, &file))
			return NULL;
	return file;
}

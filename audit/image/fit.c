/* fit.c -- device tree blobs, and FIT: a device tree whose /images carry their data inside, or behind it at
 * data-position (from the beginning) or data-offset (from the end of the tree, rounded up to 4).
 * SPDX-License-Identifier: Apache-2.0 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>
#include "wrap.h"

enum { TREE_MAX = 256 << 20, IMAGES_MAX = 1000, HEAD_LEN = 40 };

struct fit {
	struct hf__box *box;
	const void *tree;
	uint64_t tree_len;
	uint64_t end; /* of the last image's data */
};

static bool dtb_probe(const struct hf_src *src)
{
	uint8_t h[HEAD_LEN];

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && hf_get_be32(h + 4) >= HEAD_LEN &&
	       hf_get_be32(h + 4) <= src->size && hf_get_be32(h + 20) >= 16 && hf_get_be32(h + 20) <= 17 &&
	       hf_get_be32(h + 8) < hf_get_be32(h + 4) && hf_get_be32(h + 12) < hf_get_be32(h + 4);
}

/* The tree in memory: in place, or a copy that the caller frees. */
static hf_err get_tree(const struct hf_src *src, uint8_t **copy, const void **tree, uint64_t *len)
{
	uint8_t h[8];

	*copy = NULL;
	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	*len = hf_get_be32(h + 4);
	if (*len > src->size || *len > TREE_MAX || *len < HEAD_LEN)
		return HF_ERR_IMAGE_FORMAT;
	*tree = src->mem;
	/* libfdt wants its tree where 8-byte fields may be read */
	if (src->mem == NULL || ((uintptr_t)src->mem & 7) != 0) {
		*copy = malloc((size_t)*len);
		if (*copy == NULL)
			return HF_ERR_HOST_MEMORY;
		*tree = *copy;
		HF_TRY(hf_src_read(src, 0, *copy, (size_t)*len));
	}
	return fdt_check_full(*tree, (size_t)*len) == 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err dtb_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t *copy HF_AUTO(hf_auto_free) = NULL;
	const void *tree = NULL;

	return get_tree(src, &copy, &tree, len);
}

/* A property of one 32-bit cell. */
static bool cell(const struct fit *f, int node, const char *name, uint64_t *v)
{
	int len = 0;
	const uint8_t *p = fdt_getprop(f->tree, node, name, &len);

	if (p == NULL || len != 4)
		return false;
	*v = hf_get_be32(p);
	return true;
}

/* Where an image's data lie in the container. */
static bool find_data(const struct fit *f, int node, uint64_t *begin, uint64_t *n)
{
	const union {
		const void *v;
		const uint8_t *u;
	} tree = { f->tree };
	int len = 0;
	const uint8_t *inside = fdt_getprop(f->tree, node, "data", &len);

	if (inside != NULL && len >= 0) {
		*begin = (uint64_t)(inside - tree.u);
		*n = (uint64_t)len;
		return true;
	}
	if (!cell(f, node, "data-size", n))
		return false;
	if (cell(f, node, "data-position", begin))
		return true;
	if (!cell(f, node, "data-offset", begin))
		return false;
	*begin += (f->tree_len + 3) / 4 * 4;
	return true;
}

static hf_err give_image(struct fit *f, int node)
{
	const char *name = fdt_get_name(f->tree, node, NULL);
	uint64_t begin = 0, n = 0;
	char path[280];

	(void)snprintf(path, sizeof(path), "/images/%.256s", name == NULL ? "" : name);
	if (!find_data(f, node, &begin, &n))
		return hf__problem(f->box->place, f->box->path, 2, f->box->begin, f->box->in,
				   "fit: an image without data");
	if (n > f->box->src.size || begin > f->box->src.size - n)
		return hf__problem(f->box->place, f->box->path, 2, f->box->begin, f->box->in,
				   "fit: the data of an image lie outside");
	if (begin + n > f->end)
		f->end = begin + n;
	return hf__give_range(f->box, path, begin, n);
}

static hf_err give_images(struct fit *f, int images)
{
	unsigned n = 0;

	for (int node = fdt_first_subnode(f->tree, images); node >= 0;
	     node = fdt_next_subnode(f->tree, node)) {
		if (++n > IMAGES_MAX)
			return hf__fail(f->box, HF_ERR_IMAGE_CAP, "too many images");
		HF_TRY(give_image(f, node));
	}
	return HF_OK;
}

/* A plain device tree holds no files. */
static hf_err dtb_open(struct hf__box *box, uint64_t *used)
{
	uint8_t *copy HF_AUTO(hf_auto_free) = NULL;
	struct fit f = { .box = box };
	int images;

	HF_TRY(get_tree(&box->src, &copy, &f.tree, &f.tree_len));
	*used = f.end = f.tree_len;
	images = fdt_path_offset(f.tree, "/images");
	if (images >= 0)
		HF_TRY(give_images(&f, images));
	*used = box->in = f.end;
	return HF_OK;
}

const struct hf__format hf__format_dtb = { "fit",     HF__WRAPPER, { { "\xd0\x0d\xfe\xed", 4, 0 } },
					   dtb_probe, dtb_measure, dtb_open };

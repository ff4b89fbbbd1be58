/* Parts and owners, gathered from a model.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/components.h>
#include <hf/span.h>

static int order_parts(const void *a, const void *b)
{
	const struct hf_part *x = a, *y = b;
	int order = hf_span_order(x->fact->path, y->fact->path);

	if (order == 0)
		order = hf_span_order(x->name, y->name);
	return order != 0 ? order : hf_span_order(x->version, y->version);
}

static int order_owners(const void *a, const void *b)
{
	const struct hf_owner *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->owns > y->owns) - (x->owns < y->owns);
}

static hf_bytes tree_of(const struct hf_model *m, hf_bytes path)
{
	const struct hf_fact *file = hf_model_file(m, path);

	return file != NULL ? file->text[HF_FILE_TREE] : (hf_bytes){ 0 };
}

const struct hf_owner *hf_owner_of(const struct hf_components *c, const struct hf_fact *file, size_t *n)
{
	size_t low = 0, high = c->n_owners;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->owners[mid].file < file)
			low = mid + 1;
		else
			high = mid;
	}
	*n = 0;
	while (low + *n < c->n_owners && c->owners[low + *n].file == file)
		++*n;
	return *n > 0 ? &c->owners[low] : NULL;
}

bool hf_tree_is_owned(const struct hf_components *c, hf_bytes tree)
{
	for (size_t i = 0; i < c->n_owners; i++)
		if (hf_bytes_equal(c->owners[i].file->text[HF_FILE_TREE], tree))
			return true;
	return false;
}

/* Directory links (/bin -> usr/bin) are followed, so that a path of the database finds its file. */
static hf_err load_owners(struct hf_components *c)
{
	size_t n = hf_model_n(c->model, HF_FACT_OWNS);

	c->owners = calloc(n + 1, sizeof(c->owners[0]));
	if (c->owners == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *owns = hf_model_at(c->model, HF_FACT_OWNS, i);
		const struct hf_fact *file =
			hf_model_resolve(c->model, tree_of(c->model, owns->path), owns->text[HF_OWNS_FILE]);

		if (file != NULL)
			c->owners[c->n_owners++] = (struct hf_owner){ file, owns };
	}
	qsort(c->owners, c->n_owners, sizeof(c->owners[0]), order_owners);
	return HF_OK;
}

static const struct hf_fact *distro_of(const struct hf_model *m, hf_bytes tree)
{
	size_t n = hf_model_n(m, HF_FACT_DISTRO);

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_DISTRO, i);

		if (hf_bytes_equal(tree_of(m, f->path), tree))
			return f;
	}
	return NULL;
}

static struct hf_part part_of_package(const struct hf_model *m, const struct hf_fact *f)
{
	struct hf_part p = { .fact = f,
			     .tree = tree_of(m, f->path),
			     .name = f->text[HF_PACKAGE_NAME],
			     .version = f->text[HF_PACKAGE_VERSION],
			     .source = f->text[HF_PACKAGE_SOURCE],
			     .source_version = f->text[HF_PACKAGE_SOURCE_VERSION],
			     .no_source = (f->num[HF_PACKAGE_FLAGS] & HF_PACKAGE_NO_SOURCE) != 0 };

	p.distro = distro_of(m, p.tree);
	return p;
}

static struct hf_part part_of_version(const struct hf_model *m, const struct hf_fact *f)
{
	struct hf_part p = { .fact = f,
			     .tree = tree_of(m, f->path),
			     .name = f->text[HF_VERSION_COMPONENT],
			     .version = f->text[HF_VERSION_TEXT] };

	p.source = p.name;
	p.source_version = p.version;
	return p;
}

static bool counts(const struct hf_components *c, const struct hf_fact *version)
{
	const struct hf_fact *file = hf_model_file(c->model, version->path);
	size_t n;

	return version->num[HF_VERSION_HOW] == HF_HOW_CONTAINS &&
	       (file == NULL || hf_owner_of(c, file, &n) == NULL);
}

static hf_err load_parts(struct hf_components *c)
{
	const struct hf_model *m = c->model;
	size_t packages = hf_model_n(m, HF_FACT_PACKAGE), versions = hf_model_n(m, HF_FACT_VERSION);

	c->parts = calloc(packages + versions + 1, sizeof(c->parts[0]));
	if (c->parts == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < packages; i++)
		c->parts[c->n_parts++] = part_of_package(m, hf_model_at(m, HF_FACT_PACKAGE, i));
	for (size_t i = 0; i < versions; i++)
		if (counts(c, hf_model_at(m, HF_FACT_VERSION, i)))
			c->parts[c->n_parts++] = part_of_version(m, hf_model_at(m, HF_FACT_VERSION, i));
	qsort(c->parts, c->n_parts, sizeof(c->parts[0]), order_parts);
	return HF_OK;
}

static void add_info(struct hf_components *c, const struct hf_fact *info)
{
	struct hf_part key = { .fact = info,
			       .name = info->text[HF_INFO_NAME],
			       .version = info->text[HF_INFO_VERSION] };
	struct hf_part *p = bsearch(&key, c->parts, c->n_parts, sizeof(key), order_parts);

	if (p != NULL)
		p->info = info;
}

hf_err hf_components_new(const struct hf_model *model, struct hf_components *out)
{
	hf_err err;

	*out = (struct hf_components){ .model = model };
	err = load_owners(out);
	if (err == HF_OK)
		err = load_parts(out);
	for (size_t i = 0; err == HF_OK && i < hf_model_n(model, HF_FACT_PACKAGE_INFO); i++)
		add_info(out, hf_model_at(model, HF_FACT_PACKAGE_INFO, i));
	if (err != HF_OK)
		hf_components_free(out);
	return err;
}

void hf_components_free(struct hf_components *c)
{
	free(c->parts);
	free(c->owners);
	*c = (struct hf_components){ 0 };
}

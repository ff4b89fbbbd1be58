/* Which reader a file belongs to: by its well-known name for databases, by its content for programs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "old_digest.h"
#include "signature.h"

struct hf_comp {
	struct hf_buf whole; /* a database that the walk does not hold in memory */
	struct hf__search search;
	struct hf__old_digest digest;
};

struct place {
	const char *dir;  /* what the name ends in, up to its last part; "" = `name` holds all */
	const char *name; /* the last part, or only its end when it starts with '*' */
	hf_err (*read)(const struct hf__file *f);
};

static const struct place places[] = {
	{ "/var/lib/dpkg/", "status", hf__read_dpkg_status },
	{ "/var/lib/dpkg/info/", "*.list", hf__read_list },
	{ "/var/lib/dpkg/info/", "*.md5sums", hf__read_md5sums },
	{ "/var/lib/dpkg/info/", "*.conffiles", hf__read_conffiles },
	{ "/var/lib/dpkg/status.d/", "*.md5sums", hf__read_md5sums },
	{ "/var/lib/dpkg/status.d/", "*", hf__read_dpkg_status },
	{ "/usr/lib/opkg/", "status", hf__read_opkg_status },
	{ "/usr/lib/opkg/info/", "*.list", hf__read_list },
	{ "/usr/lib/opkg/info/", "*.conffiles", hf__read_conffiles },
	{ "/var/lib/opkg/", "status", hf__read_opkg_status },
	{ "/var/lib/opkg/info/", "*.list", hf__read_list },
	{ "/var/lib/opkg/info/", "*.conffiles", hf__read_conffiles },
	{ "/lib/apk/db/", "installed", hf__read_apk },
	{ "/var/lib/rpm/", "rpmdb.sqlite", hf__read_rpm_sqlite },
	{ "/usr/lib/sysimage/rpm/", "rpmdb.sqlite", hf__read_rpm_sqlite },
	{ "/var/lib/rpm/", "Packages.db", hf__read_rpm_ndb },
	{ "/usr/lib/sysimage/rpm/", "Packages.db", hf__read_rpm_ndb },
	{ "/var/lib/rpm/", "Packages", hf__read_rpm_bdb },
	{ "/etc/", "os-release", hf__read_os_release },
	{ "/usr/lib/", "os-release", hf__read_os_release },
};

static hf_bytes last_part(hf_bytes name)
{
	size_t begin = name.len;

	while (begin > 0 && name.ptr[begin - 1] != '/')
		begin--;
	return hf_span_from(name, begin);
}

static bool fits(hf_bytes part, const char *name)
{
	return name[0] == '*' ? hf_span_ends(part, name + 1) : hf_span_is(part, name);
}

/* "/usr/lib/apk/db/installed" ends like "/lib/apk/db/installed": the "/usr" before it is no root. */
static hf_bytes root_of(hf_bytes before)
{
	if (hf_span_ends(before, "/usr"))
		before.len -= strlen("/usr");
	return before;
}

static const struct place *find_place(hf_bytes name, hf_bytes *prefix)
{
	hf_bytes part = last_part(name);
	hf_bytes dir = hf_span_upto(name, name.len - part.len);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (hf_span_ends(dir, places[i].dir) && fits(part, places[i].name)) {
			*prefix = root_of(hf_span_upto(dir, dir.len - strlen(places[i].dir)));
			return &places[i];
		}
	return NULL;
}

static bool is_copyright(hf_bytes name)
{
	static const char dir[] = "/usr/share/doc/";
	hf_bytes rest;

	if (!hf_span_begins(name, dir))
		return false;
	(void)hf__before(hf_span_from(name, sizeof(dir) - 1), '/', &rest);
	return hf_span_is(rest, "copyright");
}

/* The whole content; *why is set when it is too large to hold. */
static hf_err load(struct hf_comp *comp, const struct hf_src *src, hf_bytes *out, const char **why)
{
	uint8_t *room;

	*why = NULL;
	*out = (hf_bytes){ src->mem, (size_t)src->size };
	if (src->mem != NULL || src->size == 0)
		return HF_OK;
	if (src->size > HF__DATABASE_MAX) {
		*why = "package database above 256 MiB";
		return HF_OK;
	}
	hf_buf_reset(&comp->whole);
	HF_TRY(hf_buf_reserve(&comp->whole, (size_t)src->size, &room));
	if (src->read(src->ctx, 0, room, (size_t)src->size) != HF_OK) {
		*why = "package database cannot be read";
		return HF_OK;
	}
	*out = (hf_bytes){ room, (size_t)src->size };
	return HF_OK;
}

static hf_err read_at(struct hf_comp *comp, const struct place *place, struct hf__file *f,
		      const struct hf_src *src)
{
	const char *why;

	HF_TRY(load(comp, src, &f->bytes, &why));
	if (why != NULL)
		return hf__put_problem(f, why);
	return place->read(f);
}

static bool is_binary(hf_bytes b)
{
	static const char *const packed[] = { "\x1f\x8b", "PK\3\4",           "\xfd\x37zXZ",
					      "BZh",      "\x28\xb5\x2f\xfd", "hsqs" };

	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (hf_span_begins(b, packed[i]))
			return false;
	return b.len >= 64 && memchr(b.ptr, 0, b.len < 4096 ? b.len : 4096) != NULL;
}

/* Programs and scripts; what the walk does not hold in memory is too large for either. */
static hf_err read_content(struct hf_comp *comp, struct hf__file *f, const struct hf_src *src)
{
	if (src->mem == NULL)
		return HF_OK;
	f->bytes = (hf_bytes){ src->mem, (size_t)src->size };
	if (hf_span_begins(f->bytes, "\177ELF") || hf_span_begins(f->bytes, "#!"))
		HF_TRY(hf__put_digests(&comp->digest, f));
	return is_binary(f->bytes) ? hf__read_versions(&comp->search, f) : HF_OK;
}

hf_err hf_comp_file(struct hf_comp *comp, const struct hf_node *node, const struct hf_src *src,
		    const struct hf_fact_sink *sink)
{
	static const struct place copyright = { "", "", hf__read_copyright };
	static const struct place commands = { "", "", hf__read_compile_commands };
	struct hf__file f = { .path = node->path, .name = node->name, .sink = sink };
	const struct place *place;

	if (src == NULL || src->size == 0)
		return HF_OK;
	place = find_place(node->name, &f.prefix);
	if (place == NULL && is_copyright(node->name))
		place = &copyright;
	if (place == NULL && hf_span_is(last_part(node->name), "compile_commands.json"))
		place = &commands;
	return place != NULL ? read_at(comp, place, &f, src) : read_content(comp, &f, src);
}

hf_err hf_comp_new(struct hf_comp **out)
{
	struct hf_comp *comp = calloc(1, sizeof(*comp));

	*out = NULL;
	if (comp == NULL)
		return HF_ERR_HOST_MEMORY;
	comp->whole = HF_BUF(HF__DATABASE_MAX);
	hf__search_init(&comp->search);
	if (hf__old_digest_new(&comp->digest) != HF_OK) {
		hf_comp_free(comp);
		return HF_ERR_HOST_MEMORY;
	}
	*out = comp;
	return HF_OK;
}

void hf_comp_free(struct hf_comp *comp)
{
	if (comp == NULL)
		return;
	hf__old_digest_free(&comp->digest);
	hf_buf_free(&comp->whole);
	free(comp);
}

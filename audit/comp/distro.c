/* Which distribution a tree is, and what its packages' copyright files say about licences.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

static bool assigned(hf_bytes line, const char *name, hf_bytes *value)
{
	size_t n = strlen(name);

	if (line.len <= n || line.ptr[n] != '=' || !hf_span_begins(line, name))
		return false;
	*value = hf_span_trim(hf_span_from(line, n + 1));
	if (value->len >= 2 && (value->ptr[0] == '"' || value->ptr[0] == '\'') &&
	    value->ptr[value->len - 1] == value->ptr[0])
		*value = hf_span_upto(hf_span_from(*value, 1), value->len - 2);
	*value = hf_span_upto(*value, HF__FIELD_MAX);
	return true;
}

hf_err hf__read_os_release(const struct hf__file *f)
{
	struct hf_fact fact = { .kind = HF_FACT_DISTRO, .path = f->path };
	hf_bytes rest = f->bytes, line;

	while (hf_span_line(&rest, &line))
		if (!assigned(line, "ID", &fact.text[HF_DISTRO_ID]) &&
		    !assigned(line, "VERSION_ID", &fact.text[HF_DISTRO_VERSION]))
			(void)assigned(line, "VERSION_CODENAME", &fact.text[HF_DISTRO_CODENAME]);
	if (fact.text[HF_DISTRO_ID].len == 0)
		return HF_OK;
	return f->sink->put(f->sink->ctx, &fact);
}

/* ".../usr/share/doc/PACKAGE/copyright" */
static hf_bytes package_of(hf_bytes name)
{
	hf_bytes dir = hf_span_upto(name, name.len - strlen("/copyright"));
	size_t begin = dir.len;

	while (begin > 0 && dir.ptr[begin - 1] != '/')
		begin--;
	return hf_span_from(dir, begin);
}

static bool has_name(hf_bytes names, hf_bytes name)
{
	hf_bytes rest = names;

	while (rest.len > 0) {
		hf_bytes line = hf__before(rest, '\n', &rest);

		if (hf_bytes_equal(line, name))
			return true;
	}
	return false;
}

/* Names gathered as lines, each once; a licence that no longer fits is left out. */
static void add_name(struct hf_out *names, hf_bytes name)
{
	if (name.len == 0 || name.len > 200 || has_name(hf_out_bytes(names), name) ||
	    names->cap - names->len < name.len + 1)
		return;
	memcpy(names->ptr + names->len, name.ptr, name.len);
	names->len += name.len;
	names->ptr[names->len++] = '\n';
}

/* Debian's machine-readable copyright files (DEP-5): every "License:" line names one. */
hf_err hf__read_copyright(const struct hf__file *f)
{
	struct hf_fact fact = { .kind = HF_FACT_LICENCE, .path = f->path };
	uint8_t room[HF__FIELD_MAX];
	struct hf_out names = HF_OUT(room);
	hf_bytes rest = f->bytes, line, value;

	if (!hf_span_begins(f->bytes, "Format:") && !hf_span_begins(f->bytes, "Format-Specification:"))
		return HF_OK;
	while (hf_span_line(&rest, &line))
		if (hf__field(line, "License", &value))
			add_name(&names, value);
	if (names.len == 0)
		return HF_OK;
	fact.text[HF_LICENCE_PACKAGE] = hf_span_upto(package_of(f->name), HF__FIELD_MAX);
	fact.text[HF_LICENCE_NAMES] = (hf_bytes){ room, names.len - 1 };
	return f->sink->put(f->sink->ctx, &fact);
}

/* pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH. Parts are cut first and decoded then, so that an
 * escaped sign never separates.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"
#include "purl.h"

struct decoder {
	uint8_t *at, *end;
};

static hf_bytes decode(struct decoder *d, hf_bytes raw)
{
	uint8_t *begin = d->at;

	for (size_t i = 0; i < raw.len && d->at < d->end; i++) {
		struct hf_out one = { d->at, 1, 0 };

		if (raw.ptr[i] == '%' && raw.len - i > 2 &&
		    hf_hex_decode((hf_bytes){ raw.ptr + i + 1, 2 }, &one) == HF_OK)
			i += 2;
		else
			*d->at = raw.ptr[i];
		d->at++;
	}
	return (hf_bytes){ begin, (size_t)(d->at - begin) };
}

static hf_bytes cut_last(hf_bytes *b, char sign)
{
	for (size_t i = b->len; i > 0; i--)
		if (b->ptr[i - 1] == (uint8_t)sign) {
			hf_bytes after = hf_span_from(*b, i);

			b->len = i - 1;
			return after;
		}
	return (hf_bytes){ 0 };
}

static void read_qualifiers(struct decoder *d, hf_bytes rest, struct hf__purl *p)
{
	while (rest.len > 0) {
		hf_bytes value, name = hf__before(hf__before(rest, '&', &rest), '=', &value);

		if (hf_span_is(name, "arch"))
			p->arch = decode(d, value);
		else if (hf_span_is(name, "distro"))
			p->distro = decode(d, value);
		else if (hf_span_is(name, "upstream")) {
			p->source = decode(d, value);
			p->source_version = cut_last(&p->source, '@');
			if (p->source.len == 0) { /* a name without version */
				p->source = p->source_version;
				p->source_version = (hf_bytes){ 0 };
			}
		}
	}
}

bool hf__purl_read(hf_bytes text, uint8_t room[static HF__PURL_MAX], struct hf__purl *p)
{
	struct decoder d = { room, room + HF__PURL_MAX };
	hf_bytes qualifiers, subpath, main_part, name;

	*p = (struct hf__purl){ 0 };
	if (!hf_span_begins(text, "pkg:") || text.len > HF__PURL_MAX)
		return false;
	main_part = hf__before(hf__before(hf_span_from(text, 4), '#', &subpath), '?', &qualifiers);
	p->type = decode(&d, hf__before(main_part, '/', &name));
	hf_bytes version = cut_last(&name, '@');
	hf_bytes last = cut_last(&name, '/');
	if (last.len > 0)
		p->space = decode(&d, name);
	p->name = decode(&d, last.len > 0 ? last : name);
	p->version = decode(&d, version);
	read_qualifiers(&d, qualifiers, p);
	return p->name.len > 0;
}

static bool is_distro_type(hf_bytes type)
{
	return hf_span_is(type, "deb") || hf_span_is(type, "apk") || hf_span_is(type, "rpm");
}

/* "debian-12" names its distribution, "bookworm" leaves it to the namespace. */
static hf_bytes release_of(hf_bytes distro, hf_bytes space)
{
	size_t n = space.len;

	if (distro.len > n && n > 0 && distro.ptr[n] == '-' && memcmp(distro.ptr, space.ptr, n) == 0)
		return hf_span_from(distro, n + 1);
	return distro;
}

hf_bytes hf__purl_origin(const struct hf__purl *p, struct hf_out *out)
{
	hf_bytes release = release_of(p->distro, p->space);

	if (!is_distro_type(p->type) || p->space.len == 0 || release.len == 0 ||
	    hf_out_put(out, p->space) != HF_OK || hf_out_put(out, HF_STR(":")) != HF_OK ||
	    hf_out_put(out, release) != HF_OK)
		return (hf_bytes){ 0 };
	return hf_out_bytes(out);
}

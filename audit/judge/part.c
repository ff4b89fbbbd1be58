/* How a part is called elsewhere: as a package URL, as a key of advisories, as a licence.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/comp.h>
#include <hf/components.h>
#include <hf/version.h>
#include <hf/span.h>

static hf_bytes text_bytes(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

static hf_bytes upto_sign(hf_bytes b, char sign)
{
	const uint8_t *at = b.len > 0 ? memchr(b.ptr, sign, b.len) : NULL;

	return at != NULL ? (hf_bytes){ b.ptr, (size_t)(at - b.ptr) } : b;
}

static hf_bytes from_sign(hf_bytes b, char sign)
{
	size_t n = upto_sign(b, sign).len;

	return n < b.len ? (hf_bytes){ b.ptr + n + 1, b.len - n - 1 } : (hf_bytes){ 0 };
}

static unsigned db_of(const struct hf_part *p)
{
	return p->fact->kind == HF_FACT_PACKAGE ? (unsigned)p->fact->num[HF_PACKAGE_DB] : 0;
}

static hf_bytes origin_of(const struct hf_part *p)
{
	return p->fact->kind == HF_FACT_PACKAGE ? p->fact->text[HF_PACKAGE_ORIGIN] : (hf_bytes){ 0 };
}

static hf_bytes distro_id(const struct hf_part *p)
{
	hf_bytes origin = origin_of(p);

	if (p->distro != NULL)
		return p->distro->text[HF_DISTRO_ID];
	return hf_span_is(upto_sign(origin, ':'), "cpe") ? (hf_bytes){ 0 } : upto_sign(origin, ':');
}

static hf_bytes distro_release(const struct hf_part *p)
{
	if (p->distro != NULL)
		return p->distro->text[HF_DISTRO_VERSION];
	return from_sign(origin_of(p), ':');
}

/* ---- package URL ---- */
struct url {
	char *at;
	size_t len;
};

static void put(struct url *u, const char *text)
{
	size_t n = strlen(text);

	if (u->len + n >= HF_PURL_CAP)
		return;
	memcpy(u->at + u->len, text, n + 1);
	u->len += n;
}

static bool is_plain(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       strchr(".-_~", c);
}

static void put_escaped(struct url *u, hf_bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		char one[4];

		if (text.ptr[i] != 0 && is_plain(text.ptr[i]))
			(void)snprintf(one, sizeof(one), "%c", text.ptr[i]);
		else
			(void)snprintf(one, sizeof(one), "%%%02X", text.ptr[i]);
		put(u, one);
	}
}

static const char *purl_type(const struct hf_part *p)
{
	static const char *const types[] = { [HF_DB_DPKG] = "deb", [HF_DB_APK] = "apk", [HF_DB_RPM] = "rpm" };
	hf_bytes id = distro_id(p);
	unsigned db = db_of(p);

	if (db < sizeof(types) / sizeof(types[0]) && types[db] != NULL)
		return types[db];
	if (db != HF_DB_SBOM || id.len == 0)
		return "generic";
	if (hf_span_is(id, "debian") || hf_span_is(id, "ubuntu"))
		return "deb";
	return hf_span_is(id, "alpine") ? "apk" : "rpm";
}

static void put_qualifiers(struct url *u, const struct hf_part *p)
{
	hf_bytes arch = p->fact->kind == HF_FACT_PACKAGE ? p->fact->text[HF_PACKAGE_ARCH] : (hf_bytes){ 0 };
	const char *sign = "?";

	if (arch.len > 0) {
		put(u, "?arch=");
		put_escaped(u, arch);
		sign = "&";
	}
	if (distro_id(p).len > 0 && distro_release(p).len > 0) {
		put(u, sign);
		put(u, "distro=");
		put_escaped(u, distro_id(p));
		put(u, "-");
		put_escaped(u, distro_release(p));
		sign = "&";
	}
	if (hf_bytes_equal(p->name, p->source) && hf_bytes_equal(p->version, p->source_version))
		return;
	put(u, sign);
	put(u, "upstream=");
	put_escaped(u, p->source);
	put(u, "%40");
	put_escaped(u, p->source_version);
}

void hf_part_purl(const struct hf_part *p, bool of_source, bool whole, char out[static HF_PURL_CAP])
{
	struct url u = { out, 0 };
	const char *type = purl_type(p);

	out[0] = 0;
	put(&u, "pkg:");
	put(&u, type);
	put(&u, "/");
	if (strcmp(type, "generic") != 0 && distro_id(p).len > 0) {
		put_escaped(&u, distro_id(p));
		put(&u, "/");
	}
	put_escaped(&u, of_source ? p->source : p->name);
	if (!whole)
		return;
	put(&u, "@");
	put_escaped(&u, of_source ? p->source_version : p->version);
	if (!of_source)
		put_qualifiers(&u, p);
}

/* ---- advisories ---- */
/* Trackers name releases by code name, images and SBOMs by number. */
static hf_bytes debian_codename(hf_bytes release)
{
	static const struct {
		const char *number, *name;
	} table[] = { { "10", "buster" },
		      { "11", "bullseye" },
		      { "12", "bookworm" },
		      { "13", "trixie" },
		      { "14", "forky" } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (hf_span_is(release, table[i].number))
			return text_bytes(table[i].name);
	return (hf_bytes){ 0 };
}

/* "3.18.4" -> "v3.18" */
static hf_bytes alpine_release(hf_bytes version, char room[static 32])
{
	hf_bytes minor = upto_sign(from_sign(version, '.'), '.');
	hf_bytes major = upto_sign(version, '.');

	if (major.len > 0 && major.ptr[0] == 'v')
		major = (hf_bytes){ major.ptr + 1, major.len - 1 };
	if (major.len == 0 || minor.len == 0 || major.len + minor.len > 20)
		return version;
	(void)snprintf(room, 32, "v%.*s.%.*s", (int)major.len, (const char *)major.ptr, (int)minor.len,
		       (const char *)minor.ptr);
	return text_bytes(room);
}

static void look_up_deb(const struct hf_part *p, struct hf_component *out)
{
	hf_bytes codename = p->distro != NULL ? p->distro->text[HF_DISTRO_CODENAME] : (hf_bytes){ 0 };
	hf_bytes release = distro_release(p);

	out->scheme = HF_VERSION_DPKG;
	if (codename.len == 0 && hf_span_is(distro_id(p), "debian"))
		codename = debian_codename(release);
	hf_feed_key_distro(out, distro_id(p), release, p->source);
	if (!hf_bytes_equal(codename, release))
		hf_feed_key_distro(out, distro_id(p), codename, p->source);
}

static void look_up_rpm(const struct hf_part *p, struct hf_component *out)
{
	hf_bytes id = distro_id(p), release = upto_sign(distro_release(p), '.');

	out->scheme = HF_VERSION_RPM;
	hf_feed_key_distro(out, hf_span_is(id, "rocky") ? HF_STR("Rocky Linux") : id, release, p->source);
}

/* "1:2022.83-1" and "2022.83-r1" -> "2022.83": what upstream calls it. */
static hf_bytes upstream_version(hf_bytes v)
{
	hf_bytes after = from_sign(v, ':');

	if (after.len > 0)
		v = after;
	for (size_t i = v.len; i > 1; i--)
		if (v.ptr[i - 1] == '-')
			return (hf_bytes){ v.ptr, i - 1 };
	return v;
}

static void look_up_upstream(const struct hf_part *p, struct hf_component *out)
{
	hf_bytes cpe = hf_comp_known_cpe(p->name), origin = origin_of(p);

	if (p->fact->kind == HF_FACT_VERSION)
		cpe = p->fact->text[HF_VERSION_CPE];
	else if (hf_span_is(upto_sign(origin, ':'), "cpe"))
		cpe = from_sign(origin, ':');
	if (db_of(p) == HF_DB_OPKG)
		out->version = upstream_version(p->version);
	out->scheme = hf_span_is(cpe, "linux:linux_kernel") ? HF_VERSION_LINUX : HF_VERSION_GENERIC;
	if (cpe.len > 0)
		hf_feed_key_cpe(out, cpe);
	hf_feed_key_generic(out, p->source);
}

void hf_part_lookup(const struct hf_part *p, struct hf_component *out)
{
	const char *type = purl_type(p);
	char room[32];

	*out = (struct hf_component){ .version = p->source_version };
	if (strcmp(type, "deb") == 0)
		look_up_deb(p, out);
	else if (strcmp(type, "rpm") == 0)
		look_up_rpm(p, out);
	else if (strcmp(type, "apk") == 0) {
		out->scheme = HF_VERSION_APK;
		hf_feed_key_distro(out, distro_id(p), alpine_release(distro_release(p), room), p->source);
	} else {
		look_up_upstream(p, out);
	}
}

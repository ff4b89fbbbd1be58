/* p11_uri.c -- pkcs11: URIs (RFC 7512).
 * An attribute that is not understood is refused: without it another key than the one meant could fit.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "p11_priv.h"

struct parser {
	struct hf__p11_uri *uri;
	unsigned seen; /* bit per row of `attributes`: none may come twice */
	bool query;
	struct hf_keyuri_why *why;
};

struct attribute {
	const char *name;
	bool query;
	hf_err (*take)(const struct attribute *attribute, hf_bytes value, struct parser *p);
	size_t offset; /* of a text field of struct hf__p11_uri ... */
	size_t cap;    /* ... and its size with the NUL */
};

static hf_err bad(struct hf_keyuri_why *why, const char *what, hf_bytes about)
{
	return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "%s: %.*s", what, (int)about.len,
			      (const char *)about.ptr);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Characters that stand for themselves (RFC 7512 s2.3); the others are written %XX, which also keeps blanks
 * and line ends out of messages. The RFC allows a second '?'; we do not: whoever writes it meant '&', and
 * the rest, perhaps a PIN, would become part of a path. */
static bool is_raw(uint8_t c, bool query)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && (strchr("-._~:[]@!$'()*+,=", c) != NULL || strchr(query ? "/|" : "&", c) != NULL);
}

/* %XX decoding into `out`; no room, bad escapes and foreign characters are the same refusal. */
static bool decode(hf_bytes in, bool query, struct hf_out *out)
{
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];

		if (c == '%') {
			int high = i + 2 < in.len ? hex_digit(in.ptr[i + 1]) : -1;
			int low = i + 2 < in.len ? hex_digit(in.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high * 16 + low);
			i += 2;
		} else if (!is_raw(c, query)) {
			return false;
		}
		if (hf_out_put(out, (hf_bytes){ &c, 1 }) != HF_OK)
			return false;
	}
	return true;
}

static bool is_named(hf_bytes name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

static hf_err take_text(const struct attribute *attribute, hf_bytes value, struct parser *p)
{
	char *field = (char *)p->uri + attribute->offset;
	struct hf_out out = { (uint8_t *)field, attribute->cap - 1, 0 };

	if (!decode(value, p->query, &out) || out.len == 0 || memchr(field, 0, out.len) != NULL)
		return bad(p->why, "value is empty, too long or needs %XX", value);
	field[out.len] = '\0';
	return HF_OK;
}

static hf_err take_slot(const struct attribute *attribute, hf_bytes value, struct parser *p)
{
	unsigned long slot = 0;

	(void)attribute;
	if (value.len == 0 || value.len > 9)
		return bad(p->why, "slot-id is a number", value);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return bad(p->why, "slot-id is a number", value);
		slot = slot * 10 + (unsigned long)(value.ptr[i] - '0');
	}
	p->uri->has_slot = true;
	p->uri->slot = slot;
	return HF_OK;
}

static hf_err take_id(const struct attribute *attribute, hf_bytes value, struct parser *p)
{
	struct hf_out id = HF_OUT(p->uri->id);

	(void)attribute;
	if (!decode(value, false, &id) || id.len == 0)
		return bad(p->why, "id is empty, too long or needs %XX", value);
	p->uri->id_len = id.len;
	return HF_OK;
}

static hf_err take_type(const struct attribute *attribute, hf_bytes value, struct parser *p)
{
	(void)attribute;
	return is_named(value, "private") ? HF_OK : bad(p->why, "only type=private", value);
}

static hf_err refuse_pin(const struct attribute *attribute, hf_bytes value, struct parser *p)
{
	(void)attribute;
	(void)value;
	return hf__keyuri_say(p->why, HF_ERR_KEYURI_SYNTAX,
			      "pin-value would show the PIN; put it in a file: pin-source=file:PATH");
}

#define TEXT(name, query, field) \
	{ \
		name, query, take_text, offsetof(struct hf__p11_uri, field), \
			sizeof(((struct hf__p11_uri *)0)->field) \
	}
static const struct attribute attributes[] = {
	TEXT("token", false, token),
	TEXT("manufacturer", false, manufacturer),
	TEXT("model", false, model),
	TEXT("serial", false, serial),
	TEXT("object", false, object),
	{ "id", false, take_id, 0, 0 },
	{ "slot-id", false, take_slot, 0, 0 },
	{ "type", false, take_type, 0, 0 },
	TEXT("module-path", true, module),
	TEXT("pin-source", true, pin_file),
	{ "pin-value", true, refuse_pin, 0, 0 },
};

static hf_err take(hf_bytes name, hf_bytes value, struct parser *p)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (attributes[i].query != p->query || !is_named(name, attributes[i].name))
			continue;
		if ((p->seen & 1u << i) != 0)
			return bad(p->why, "given twice", name);
		p->seen |= 1u << i;
		return attributes[i].take(&attributes[i], value, p);
	}
	return bad(p->why, "not understood", name);
}

/* name=value, parted by ';' in the path and '&' in the query. */
static hf_err take_all(hf_bytes part, struct parser *p)
{
	uint8_t separator = p->query ? '&' : ';';

	while (part.len > 0) {
		const uint8_t *end = memchr(part.ptr, separator, part.len);
		size_t n = end == NULL ? part.len : (size_t)(end - part.ptr);
		const uint8_t *equals = memchr(part.ptr, '=', n);
		size_t name_len = equals == NULL ? 0 : (size_t)(equals - part.ptr);

		if (name_len == 0)
			return bad(p->why, "not name=value", (hf_bytes){ part.ptr, n });
		HF_TRY(take((hf_bytes){ part.ptr, name_len }, (hf_bytes){ equals + 1, n - name_len - 1 }, p));
		if (end != NULL && n + 1 == part.len)
			return bad(p->why, "ends in a separator", part);
		n += end != NULL;
		part = (hf_bytes){ part.ptr + n, part.len - n };
	}
	return HF_OK;
}

/* pin-source is a file: URI or an absolute path, never a command. */
static hf_err settle_pin(struct hf__p11_uri *uri, struct hf_keyuri_why *why)
{
	size_t skip = 0;

	if (strncmp(uri->pin_file, "file:", 5) == 0)
		skip = strncmp(uri->pin_file, "file:///", 8) == 0 ? 7 : 5;
	else if (uri->pin_file[0] != '/' && uri->pin_file[0] != '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "pin-source is file:PATH");
	memmove(uri->pin_file, uri->pin_file + skip, strlen(uri->pin_file + skip) + 1);
	if (skip > 0 && uri->pin_file[0] == '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "pin-source is file:PATH");
	return HF_OK;
}

hf_err hf__p11_parse(const char *rest, struct hf__p11_uri *uri, struct hf_keyuri_why *why)
{
	size_t n = strcspn(rest, "?");
	struct parser p = { .uri = uri, .why = why };

	*uri = (struct hf__p11_uri){ 0 };
	HF_TRY(take_all((hf_bytes){ (const uint8_t *)rest, n }, &p));
	p.query = true;
	if (rest[n] == '?')
		HF_TRY(take_all((hf_bytes){ (const uint8_t *)rest + n + 1, strlen(rest) - n - 1 }, &p));
	if (uri->object[0] == '\0' && uri->id_len == 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "pkcs11: names no object and no id");
	if (uri->module[0] == '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "pkcs11: needs ?module-path=LIBRARY");
	return settle_pin(uri, why);
}

/* Names, dates and keys of advisories.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "feed_priv.h"

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool hf__is_nocase(hf_bytes b, const char *text)
{
	if (b.len != strlen(text))
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (small(b.ptr[i]) != small((uint8_t)text[i]))
			return false;
	return true;
}

bool hf__is_cve(hf_bytes id)
{
	enum { SHORTEST = 13, LONGEST = 20 }; /* CVE-YYYY-NNNN and more digits */

	if (id.len < SHORTEST || id.len > LONGEST || !hf_span_begins(id, "CVE-") || id.ptr[8] != '-')
		return false;
	for (size_t i = 4; i < id.len; i++)
		if (i != 8 && (id.ptr[i] < '0' || id.ptr[i] > '9'))
			return false;
	return true;
}

/* Days of the civil calendar, by eras of 400 years that begin on the first of March. */
static uint64_t days_of(uint64_t y, uint64_t m, uint64_t d)
{
	enum { ERA_DAYS = 146097, TO_1970 = 719468 };
	uint64_t era, of_era, of_year;

	y -= m <= 2;
	era = y / 400;
	of_era = y - era * 400;
	of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970;
}

static bool digits(hf_bytes b, size_t at, size_t n, uint64_t *out)
{
	*out = 0;
	for (size_t i = at; i < at + n; i++) {
		if (b.ptr[i] < '0' || b.ptr[i] > '9')
			return false;
		*out = *out * 10 + (b.ptr[i] - '0');
	}
	return true;
}

uint64_t hf__day_of(hf_bytes date)
{
	uint64_t y, m, d;

	if (date.len < 10 || date.ptr[4] != '-' || date.ptr[7] != '-' || !digits(date, 0, 4, &y) ||
	    !digits(date, 5, 2, &m) || !digits(date, 8, 2, &d))
		return 0;
	return y < 1970 || m < 1 || m > 12 || d < 1 || d > 31 ? 0 : days_of(y, m, d);
}

void hf__day_text(uint64_t day, char out[static 32])
{
	uint64_t y = 1970, m = 1;

	while (days_of(y + 1, 1, 1) <= day && y < 9998)
		y++;
	while (m < 12 && days_of(y, m + 1, 1) <= day)
		m++;
	(void)snprintf(out, 32, "%04llu-%02llu-%02llu", (unsigned long long)y, (unsigned long long)m,
		       (unsigned long long)(day - days_of(y, m, 1) + 1));
}

static bool put_small(struct hf_out *out, hf_bytes b)
{
	if (out->cap - out->len < b.len)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.ptr[i] < 0x20)
			return false;
		out->ptr[out->len++] = b.ptr[i] == ' ' ? '_' : small(b.ptr[i]);
	}
	return true;
}

bool hf__key(struct hf_out *out, const char *kind, hf_bytes a, const char *sign, hf_bytes b)
{
	hf_bytes k = { (const uint8_t *)kind, strlen(kind) }, s = { (const uint8_t *)sign, strlen(sign) };

	return a.len > 0 && put_small(out, k) && put_small(out, a) && put_small(out, s) && put_small(out, b);
}

static void add_key(struct hf_component *c, const char *kind, hf_bytes a, const char *sign, hf_bytes b)
{
	if (c->n_keys >= HF_FEED_KEYS_MAX)
		return;
	struct hf_out out = { (uint8_t *)c->key[c->n_keys], HF_FEED_KEY_CAP - 1, 0 };
	if (!hf__key(&out, kind, a, sign, b))
		return;
	out.ptr[out.len] = 0;
	c->n_keys++;
}

void hf_feed_key_distro(struct hf_component *c, hf_bytes distro, hf_bytes release, hf_bytes name)
{
	char eco[HF_FEED_KEY_CAP];
	struct hf_out out = { (uint8_t *)eco, sizeof(eco), 0 };

	if (distro.len > 0 && release.len > 0 && name.len > 0 && hf__key(&out, "", distro, ":", release))
		add_key(c, "", hf_out_bytes(&out), "/", name);
}

void hf_feed_key_cpe(struct hf_component *c, hf_bytes vendor_product)
{
	add_key(c, "cpe/", vendor_product, "", (hf_bytes){ 0 });
}

void hf_feed_key_generic(struct hf_component *c, hf_bytes name)
{
	add_key(c, "generic/", name, "", (hf_bytes){ 0 });
}

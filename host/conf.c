/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/conf.h>
#include <hf/file.h>

enum { KEYS_MAX = 128, NAME_MAX_LEN = 64 };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A span of the text being read. */
struct span {
	const char *p;
	size_t len;
};

static struct span trim(struct span s)
{
	while (s.len > 0 && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool span_is(struct span s, const char *text)
{
	return strlen(text) == s.len && memcmp(s.p, text, s.len) == 0;
}

static bool read_uint(struct span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

static bool read_duration(struct span s, uint64_t *out)
{
	uint64_t unit = s.len > 0 ? unit_seconds(s.p[s.len - 1]) : 0;

	if (unit == 0)
		return read_uint(s, out);
	s.len--;
	if (!read_uint(s, out) || *out > UINT64_MAX / unit)
		return false;
	*out *= unit;
	return true;
}

static bool read_bool(struct span s, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on" };
	static const char *const no[] = { "no", "false", "off" };

	for (size_t i = 0; i < 3; i++) {
		if (span_is(s, yes[i]) || span_is(s, no[i])) {
			*out = span_is(s, yes[i]);
			return true;
		}
	}
	return false;
}

static bool read_choice(const struct hf_conf_key *key, struct span s, uint64_t *out)
{
	for (size_t i = 0; key->choices[i] != NULL; i++) {
		if (span_is(s, key->choices[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool in_range(const struct hf_conf_key *key, uint64_t v)
{
	return v >= key->min && (key->max == 0 || v <= key->max);
}

static hf_err store_text(const struct hf_conf_key *key, struct span s, void *field, struct hf_why *why)
{
	if (s.len >= key->cap)
		return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: longer than %zu bytes", key->name,
				  key->cap - 1);
	memcpy(field, s.p, s.len);
	((char *)field)[s.len] = 0;
	return HF_OK;
}

/* A whole number of the largest unit that fits, as people write it: 7d, not 604800. */
static void print_time(char out[static 24], uint64_t seconds)
{
	static const struct {
		uint64_t s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (seconds % units[i].s != 0)
		i++;
	(void)snprintf(out, 24, "%llu%c", (unsigned long long)(seconds / units[i].s), units[i].unit);
}

static hf_err refuse_range(const struct hf_conf_key *key, struct hf_why *why)
{
	uint64_t max = key->max != 0 ? key->max : UINT64_MAX;
	char from[24], to[24];

	if (key->type != HF_CONF_DURATION)
		return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: must be from %llu to %llu", key->name,
				  (unsigned long long)key->min, (unsigned long long)max);
	print_time(from, key->min);
	print_time(to, max);
	return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: must be from %s to %s", key->name, from, to);
}

static hf_err store_number(const struct hf_conf_key *key, struct span s, void *field, struct hf_why *why)
{
	uint64_t v = 0;
	bool ok = key->type == HF_CONF_DURATION ? read_duration(s, &v) : read_uint(s, &v);

	if (!ok)
		return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: not a %s", key->name,
				  key->type == HF_CONF_DURATION ? "time like 90s, 10m, 12h or 90d"
								: "whole number");
	if (!in_range(key, v))
		return refuse_range(key, why);
	memcpy(field, &v, sizeof(v));
	return HF_OK;
}

static hf_err store_choice(const struct hf_conf_key *key, struct span s, void *field, struct hf_why *why)
{
	uint64_t v = 0;
	char list[128] = "";

	if (read_choice(key, s, &v)) {
		memcpy(field, &v, sizeof(v));
		return HF_OK;
	}
	for (size_t i = 0; key->choices[i] != NULL; i++) {
		size_t used = strlen(list);

		(void)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", key->choices[i]);
	}
	return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: must be one of %s", key->name, list);
}

static hf_err store(const struct hf_conf_key *key, struct span s, void *out, struct hf_why *why)
{
	void *field = (char *)out + key->offset;
	bool flag = false;

	switch (key->type) {
	case HF_CONF_TEXT:
		return store_text(key, s, field, why);
	case HF_CONF_UINT:
	case HF_CONF_DURATION:
		return store_number(key, s, field, why);
	case HF_CONF_CHOICE:
		return store_choice(key, s, field, why);
	case HF_CONF_BOOL:
		if (!read_bool(s, &flag))
			return hf_why_set(why, HF_ERR_CONF_VALUE, "%s: must be yes or no", key->name);
		memcpy(field, &flag, sizeof(flag));
		return HF_OK;
	default:
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "%s: bad table", key->name);
	}
}

static bool has_bad_byte(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static hf_err read_line(struct span line, const struct hf_conf_key *keys, size_t n, bool *seen, void *out,
			struct hf_why *why)
{
	const char *equals;
	struct span name, value;
	size_t i = 0;

	line = trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return HF_OK;
	equals = memchr(line.p, '=', line.len);
	if (equals == NULL || line.len > HF_CONF_LINE_MAX || has_bad_byte(line))
		return hf_why_set(why, HF_ERR_CONF_SYNTAX, "%s", "");
	name = trim((struct span){ line.p, (size_t)(equals - line.p) });
	value = trim((struct span){ equals + 1, line.len - (size_t)(equals - line.p) - 1 });
	if (!is_ascii(name)) /* else it would be repeated to a terminal that reads another encoding */
		return hf_why_set(why, HF_ERR_CONF_SYNTAX, "%s", "");
	while (i < n && !span_is(name, keys[i].name))
		i++;
	if (i == n)
		return hf_why_set(why, HF_ERR_CONF_UNKNOWN, "unknown key \"%.*s\"",
				  (int)(name.len < NAME_MAX_LEN ? name.len : NAME_MAX_LEN), name.p);
	if (seen[i])
		return hf_why_set(why, HF_ERR_CONF_TWICE, "%s: given twice", keys[i].name);
	seen[i] = true;
	return store(&keys[i], value, out, why);
}

static hf_err fill_absent(const char *name, const struct hf_conf_key *keys, size_t n, const bool *seen,
			  void *out, struct hf_why *why)
{
	for (size_t i = 0; i < n; i++) {
		hf_err err;

		if (seen[i])
			continue;
		if (keys[i].standard == NULL)
			return hf_why_set(why, HF_ERR_CONF_MISSING, "%s: key \"%s\" is missing", name,
					  keys[i].name);
		err = store(&keys[i], (struct span){ keys[i].standard, strlen(keys[i].standard) }, out, why);
		if (err != HF_OK)
			return hf_why_add(why, err, "%s: standard value", name);
	}
	return HF_OK;
}

hf_err hf_conf_parse(const char *name, hf_bytes text, const struct hf_conf_key *keys, size_t n, void *out,
		     struct hf_why *why)
{
	const char *p = (const char *)text.ptr;
	size_t left = text.len;
	bool seen[KEYS_MAX] = { false };

	if (n > KEYS_MAX)
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "%s: too many keys", name);
	for (unsigned line = 1; left > 0; line++) {
		const char *end = memchr(p, '\n', left);
		size_t len = end != NULL ? (size_t)(end - p) : left;
		hf_err err = read_line((struct span){ p, len }, keys, n, seen, out, why);

		if (err != HF_OK)
			return hf_why_add(why, err, "%s:%u", name, line);
		len += end != NULL ? 1 : 0;
		p += len;
		left -= len;
	}
	return fill_absent(name, keys, n, seen, out, why);
}

hf_err hf_conf_read(const char *path, const struct hf_conf_key *keys, size_t n, void *out, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);

	HF_TRY(hf_file_read(path, &text, why));
	return hf_conf_parse(path, hf_buf_bytes(&text), keys, n, out, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "http_wire.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The character at *p, decoded; *p moves behind it. -1: bad escape or control character. */
static int decode_one(const char **p)
{
	int high, low, c = (unsigned char)**p;

	if (c == '%') {
		high = hex_value((*p)[1]);
		low = high < 0 ? -1 : hex_value((*p)[2]);
		if (low < 0)
			return -1;
		c = high * 16 + low;
		*p += 2;
	}
	*p += 1;
	return c < 0x20 || c == 0x7f ? -1 : c;
}

static bool segment_is_bad(const char *start, size_t len)
{
	return len == 0 || (len == 1 && start[0] == '.') || (len == 2 && start[0] == '.' && start[1] == '.');
}

/* One more character of a path; false when the path is not one we serve. */
static bool put_path(const char **target, char *out, size_t *len, size_t *segment)
{
	bool escaped = **target == '%';
	int c = decode_one(target);

	if (c < 0 || (escaped && (c == '/' || c == '\\')))
		return false;
	if (c == '/' && *len > 0) {
		if (segment_is_bad(out + *segment, *len - *segment))
			return false;
		*segment = *len + 1;
	}
	out[(*len)++] = (char)c;
	out[*len] = 0;
	return true;
}

hf_err hf__http_path(const char *target, char *out, size_t cap)
{
	size_t len = 0, segment = 1;

	out[0] = 0;
	if (target[0] != '/')
		return HF_ERR_HTTP_FRAME;
	while (*target != 0 && *target != '?' && *target != '#')
		if (len + 2 > cap || !put_path(&target, out, &len, &segment))
			return HF_ERR_HTTP_FRAME;
	if (len > 1 && segment_is_bad(out + segment, len - segment))
		return HF_ERR_HTTP_FRAME;
	return HF_OK;
}

/* Copy one captured segment (or the rest) into `room`. */
static char *capture(const char **path, bool rest, char *room, const char *end)
{
	size_t len = rest ? strlen(*path) : strcspn(*path, "/");

	if (len == 0 || (size_t)(end - room) < len + 1)
		return NULL;
	memcpy(room, *path, len);
	room[len] = 0;
	*path += len;
	return room + len + 1;
}

bool hf__http_match(const char *pattern, const char *path, char *room, size_t cap,
		    const char *param[static HF_HTTP_PARAMS_MAX])
{
	const char *end = room + cap;
	size_t n = 0;

	for (size_t i = 0; i < HF_HTTP_PARAMS_MAX; i++)
		param[i] = NULL;
	while (*pattern != 0) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		if (n == HF_HTTP_PARAMS_MAX)
			return false;
		param[n++] = room;
		room = capture(&path, pattern[1] == '*', room, end);
		pattern = strchr(pattern, '}');
		if (room == NULL || pattern == NULL)
			return false;
		pattern++;
	}
	return *path == 0;
}

static hf_err decode_value(const char *p, char *out, size_t cap)
{
	size_t len = 0;

	while (*p != 0 && *p != '&') {
		bool plus = *p == '+';
		int c = decode_one(&p);

		if (c < 0 || len + 1 >= cap)
			return HF_ERR_HTTP_QUERY;
		((uint8_t *)out)[len++] = (uint8_t)(plus ? ' ' : c);
	}
	out[len] = 0;
	return HF_OK;
}

hf_err hf__http_query(const char *query, const char *name, char *out, size_t cap)
{
	size_t len = strlen(name);
	bool found = false;

	out[0] = 0;
	while (*query != 0) {
		size_t pair = strcspn(query, "&");

		if (pair > len && memcmp(query, name, len) == 0 && query[len] == '=') {
			hf_err err = found ? HF_ERR_HTTP_QUERY : decode_value(query + len + 1, out, cap);

			if (err != HF_OK) {
				out[0] = 0;
				return err;
			}
			found = true;
		}
		query += pair + (query[pair] == '&' ? 1 : 0);
	}
	return found ? HF_OK : HF_ERR_HTTP_ABSENT;
}

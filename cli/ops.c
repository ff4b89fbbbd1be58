/* ops.c -- operations and their arguments, as words on the command line.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "mission.h"

enum { ARGS_MAX = 16, POINTS_MAX = 4, NAME_MAX_LEN = 64 };

const struct mission_op mission_ops[] = {
	{ "ping", HF_COMMAND_READ, { NULL } },
	{ "receipts.get", HF_COMMAND_READ, { "from:uint" } },
	{ "nop", HF_COMMAND_ACT, { NULL } },
	{ "identify", HF_COMMAND_ACT, { "seconds:uint" } },
	{ "config.set", HF_COMMAND_ACT, { "name:text", "value:text" } },
	{ "log.level", HF_COMMAND_ACT, { "level:text" } },
	{ "owners.set", HF_COMMAND_DANGER, { "keys:points" } },
	{ "reboot", HF_COMMAND_DANGER, { NULL } },
	{ "release", HF_COMMAND_DANGER, { NULL } },
	{ 0 },
};

static const char *const class_words[] = { "", "read", "act", "danger", "erase" };

const struct mission_op *mission_find_op(const char *name)
{
	for (const struct mission_op *op = mission_ops; op->name != NULL; op++)
		if (strcmp(op->name, name) == 0)
			return op;
	return NULL;
}

unsigned mission_class(const char *word)
{
	for (unsigned c = HF_COMMAND_READ; c <= HF_COMMAND_ERASE; c++)
		if (strcmp(class_words[c], word) == 0)
			return c;
	return 0;
}

const char *mission_class_word(unsigned cls)
{
	return cls <= HF_COMMAND_ERASE ? class_words[cls] : "?";
}

/* One NAME=VALUE or NAME:=VALUE word, cut. */
struct word {
	hf_bytes name;
	const char *value;
	const char *type;
};

static bool is_type(const char *type, const char *wanted)
{
	return type != NULL && strcmp(type, wanted) == 0;
}

/* The type the operation's row gives to `name`; NULL: it has no such argument. */
static const char *type_in_row(const struct mission_op *op, hf_bytes name)
{
	for (size_t i = 0; i < 2 && op->arg[i] != NULL; i++) {
		size_t len = strcspn(op->arg[i], ":");

		if (len == name.len && memcmp(op->arg[i], name.ptr, len) == 0)
			return op->arg[i] + len + 1;
	}
	return NULL;
}

static bool cut_word(const struct mission_op *op, const char *text, struct word *w)
{
	const char *equals = strchr(text, '=');
	bool json = equals != NULL && equals > text && equals[-1] == ':';

	if (equals == NULL || equals == text + (json ? 1 : 0) || equals - text > NAME_MAX_LEN) {
		(void)cli_usage("'%s' is no argument: NAME=TEXT or NAME:=NUMBER is needed", text);
		return false;
	}
	w->name = (hf_bytes){ (const uint8_t *)text, (size_t)(equals - text) - (json ? 1 : 0) };
	w->value = equals + 1;
	w->type = op != NULL ? type_in_row(op, w->name) : json ? "json" : "text";
	if (w->type != NULL)
		return true;
	(void)cli_usage("%s takes no argument '%.*s'", op->name, (int)w->name.len, (const char *)w->name.ptr);
	return false;
}

/* Bytewise order of the encodings: shorter names first. */
static int by_encoding(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.ptr, y->name.ptr, x->name.len);
}

static bool put_uint(struct hf_cborw *w, const struct word *word)
{
	char *end = NULL;
	unsigned long long v;

	errno = 0;
	v = strtoull(word->value, &end, 10);
	if (errno != 0 || end == word->value || *end != '\0' || word->value[0] == '-') {
		(void)cli_usage("%.*s: '%s' is no whole number", (int)word->name.len,
				(const char *)word->name.ptr, word->value);
		return false;
	}
	hf_cbor_put_uint(w, v);
	return true;
}

static bool put_json(struct hf_cborw *w, const struct word *word)
{
	if (strcmp(word->value, "true") == 0 || strcmp(word->value, "false") == 0) {
		hf_cbor_put_bool(w, word->value[0] == 't');
		return true;
	}
	if (strcmp(word->value, "null") == 0) {
		hf_cbor_put_null(w);
		return true;
	}
	if (word->value[0] == '-') {
		char *end = NULL;
		long long v;

		errno = 0;
		v = strtoll(word->value, &end, 10);
		if (errno == 0 && end != word->value + 1 && *end == '\0') {
			hf_cbor_put_int(w, v);
			return true;
		}
	}
	return put_uint(w, word);
}

/* Points in hexadecimal, separated by commas. */
static bool put_points(struct hf_cborw *w, const struct word *word)
{
	uint8_t point[POINTS_MAX][HF_P256_POINT_LEN];
	const char *p = word->value;
	size_t n = 0;

	while (*p != '\0' && n < POINTS_MAX) {
		size_t len = strcspn(p, ",");
		struct hf_out out = HF_OUT(point[n]);

		if (hf_hex_decode((hf_bytes){ (const uint8_t *)p, len }, &out) != HF_OK ||
		    out.len != HF_P256_POINT_LEN || hf_crypto_p256_check(point[n]) != HF_OK)
			break;
		n++;
		p += len + (p[len] == ',' ? 1 : 0);
	}
	if (*p != '\0') {
		(void)cli_usage("%.*s: up to %d public keys of 65 bytes in hexadecimal are needed, with "
				"commas between",
				(int)word->name.len, (const char *)word->name.ptr, POINTS_MAX);
		return false;
	}
	hf_cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_bytes(w, HF_ARR(point[i]));
	return true;
}

static bool put_value(struct hf_cborw *w, const struct word *word)
{
	if (is_type(word->type, "uint"))
		return put_uint(w, word);
	if (is_type(word->type, "points"))
		return put_points(w, word);
	if (is_type(word->type, "json"))
		return put_json(w, word);
	hf_cbor_put_text(w, session_text(word->value));
	return true;
}

static bool all_given(const struct mission_op *op, int n)
{
	char names[128] = "";
	int wanted = 0;

	for (; op != NULL && wanted < 2 && op->arg[wanted] != NULL; wanted++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%.*s", wanted > 0 ? " and " : ": ",
			 (int)strcspn(op->arg[wanted], ":"), op->arg[wanted]);
	}
	if (op == NULL || n == wanted)
		return true;
	(void)cli_usage("%s takes %d argument%s%s", op->name, wanted, wanted == 1 ? "" : "s", names);
	return false;
}

bool mission_args(const struct mission_op *op, const char *const words[], int n, struct hf_out *out)
{
	struct word word[ARGS_MAX];
	struct hf_cborw w;

	if (n > ARGS_MAX) {
		(void)cli_usage("at most %d arguments", ARGS_MAX);
		return false;
	}
	for (int i = 0; i < n; i++)
		if (!cut_word(op, words[i], &word[i]))
			return false;
	if (!all_given(op, n))
		return false;
	qsort(word, (size_t)n, sizeof(word[0]), by_encoding);
	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, (size_t)n);
	for (int i = 0; i < n; i++) {
		hf_cbor_put_text(&w, word[i].name);
		if (!put_value(&w, &word[i]))
			return false;
	}
	if (hf_cbor_finish(&w) == HF_OK)
		return true;
	(void)cli_usage("arguments: each name once, text in UTF-8, %d bytes together", MISSION_ARGS_MAX);
	return false;
}

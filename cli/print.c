/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "print.h"
#include "session.h"

enum { LIST_CEILING = 16 << 20, PAGE = 200, DEPTH_MAX = 6 };

void print_json(const struct hf_json *j)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LIST_CEILING);

	if (hf_json_print(j, &text) == HF_OK)
		puts(hf_buf_text(&text));
}

void print_object(const struct hf_json *j, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++) {
		struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LIST_CEILING);
		const struct hf_json *v = hf_json_get(j, names[i]);
		const char *plain = hf_json_text(v, NULL);

		if (hf_json_is_null(v))
			plain = "-";
		if (plain == NULL && hf_json_print(v, &text) == HF_OK)
			plain = hf_buf_text(&text);
		printf("%-14s %s\n", names[i], plain != NULL ? plain : "?");
	}
}

/* One page; *next gets the cursor of the following one or "". */
static bool page(struct session *s, const char *path, char next[static 128], struct hf_json_out *all,
		 void (*row)(const struct hf_json *item))
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	const struct hf_json *items;
	char full[512];

	snprintf(full, sizeof(full), "%s%climit=%d%s%s", path, strchr(path, '?') != NULL ? '&' : '?', PAGE,
		 next[0] != '\0' ? "&cursor=" : "", next);
	if (!session_get(s, full, &j))
		return false;
	items = hf_json_get(j, "items");
	for (size_t i = 0; i < hf_json_n(items); i++) {
		struct hf_buf one HF_AUTO(hf_buf_free) = HF_BUF(LIST_CEILING);

		if (!s->args->json)
			row(hf_json_at(items, i));
		else if (hf_json_print(hf_json_at(items, i), &one) == HF_OK)
			hf_json_put_raw(all, NULL, hf_buf_bytes(&one));
	}
	/* The journal always says where to go on: an empty page is its end for now. */
	snprintf(next, 128, "%s", hf_json_n(items) > 0 ? hf_json_text(hf_json_get(j, "next"), "") : "");
	return true;
}

int print_list(struct session *s, const char *path, void (*row)(const struct hf_json *item))
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LIST_CEILING);
	struct hf_json_out all = { .buf = &text };
	char next[128] = "";

	hf_json_open(&all, NULL, '[');
	do {
		if (!page(s, path, next, &all, row))
			return CLI_FAILED;
	} while (next[0] != '\0');
	hf_json_close(&all);
	if (!s->args->json)
		return CLI_DONE;
	if (hf_json_end(&all) != HF_OK)
		return cli_fail("the list is too long for one answer");
	puts(hf_buf_text(&text));
	return CLI_DONE;
}

static void put_item(struct hf_cborr *r, struct hf_json_out *j, const char *name, int depth);

static void put_map(struct hf_cborr *r, struct hf_json_out *j, const char *name, int depth)
{
	size_t n = 0;

	hf_cbor_read_map(r, &n);
	hf_json_open(j, name, '{');
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++) {
		char key[64] = "?";
		hf_bytes t = { 0 };
		int64_t number = 0;

		if (hf_cbor_peek(r) == 3) {
			hf_cbor_read_text(r, &t);
			snprintf(key, sizeof(key), "%.*s", (int)t.len, t.len > 0 ? (const char *)t.ptr : "");
		} else {
			hf_cbor_read_key(r, &number);
			snprintf(key, sizeof(key), "%lld", (long long)number);
		}
		put_item(r, j, key, depth + 1);
	}
	hf_cbor_end(r);
	hf_json_close(j);
}

static void put_text(struct hf_cborr *r, struct hf_json_out *j, const char *name)
{
	char copy[1024];
	hf_bytes t = { 0 };

	hf_cbor_read_text(r, &t);
	snprintf(copy, sizeof(copy), "%.*s", (int)t.len, t.len > 0 ? (const char *)t.ptr : "");
	hf_json_put_text(j, name, copy);
}

static void put_array(struct hf_cborr *r, struct hf_json_out *j, const char *name, int depth)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	hf_json_open(j, name, '[');
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++)
		put_item(r, j, NULL, depth + 1);
	hf_cbor_end(r);
	hf_json_close(j);
}

static void put_simple(struct hf_cborr *r, struct hf_json_out *j, const char *name)
{
	bool b = false;

	if (hf_cbor_try_null(r)) {
		hf_json_put_null(j, name);
		return;
	}
	hf_cbor_read_bool(r, &b);
	hf_json_put_bool(j, name, b);
}

static void put_item(struct hf_cborr *r, struct hf_json_out *j, const char *name, int depth)
{
	hf_bytes b = { 0 };
	int64_t n = 0;

	if (depth > DEPTH_MAX) {
		hf_cbor_reader_fail(r, HF_ERR_CBOR_DEPTH);
		return;
	}
	switch (hf_cbor_peek(r)) {
	case 0:
	case 1:
		hf_cbor_read_int(r, &n);
		hf_json_put_int(j, name, n);
		break;
	case 2:
		hf_cbor_read_bytes(r, &b);
		hf_json_put_bytes(j, name, b);
		break;
	case 3:
		put_text(r, j, name);
		break;
	case 4:
		put_array(r, j, name, depth);
		break;
	case 5:
		put_map(r, j, name, depth);
		break;
	default:
		put_simple(r, j, name);
		break;
	}
}

hf_err print_cbor(hf_bytes item, struct hf_buf *out)
{
	struct hf_json_out j = { .buf = out };
	struct hf_cborr r;

	hf_cbor_reader(&r, item);
	put_item(&r, &j, NULL, 0);
	HF_TRY(hf_cbor_done(&r));
	return hf_json_end(&j);
}

void print_pairs(bool json, const char *name, ...)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct hf_json_out j = { .buf = &text };
	va_list ap;

	if (!json)
		return;
	hf_json_open(&j, NULL, '{');
	va_start(ap, name);
	for (; name != NULL; name = va_arg(ap, const char *))
		hf_json_put_text(&j, name, va_arg(ap, const char *));
	va_end(ap);
	hf_json_close(&j);
	if (hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

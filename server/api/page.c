/* page.c -- pages of lists: `limit`, and cursors that only we can make.
 * Cursor = base64url(row u64 || first 8 bytes of HMAC(key, operator, path, row)).
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "api_priv.h"

enum { CURSOR_LEN = 16, CURSOR_TEXT_CAP = 32 };

static hf_err cursor_mac(struct api_call *c, const uint8_t row[static 8], uint8_t mac[static HF_SHA256_LEN])
{
	const hf_bytes parts[] = { { (const uint8_t *)c->who.account, strlen(c->who.account) + 1 },
				   { (const uint8_t *)c->req->path, strlen(c->req->path) + 1 },
				   { row, 8 } };

	return hf_crypto_hmac(HF_ARR(c->api->cursor_key.b), parts, 3, mac);
}

static hf_err read_cursor(struct api_call *c, const char *text, int64_t *after)
{
	uint8_t mem[CURSOR_LEN], mac[HF_SHA256_LEN];
	struct hf_out out = HF_OUT(mem);

	if (hf_base64url_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &out) != HF_OK ||
	    out.len != CURSOR_LEN || cursor_mac(c, mem, mac) != HF_OK ||
	    !hf_ct_equal((hf_bytes){ mem + 8, 8 }, (hf_bytes){ mac, 8 }))
		return api_refuse(c, API_BAD_REQUEST, "cursor: not one of this list");
	*after = (int64_t)hf_get_be64(mem);
	return HF_OK;
}

static hf_err read_limit(struct api_call *c, const char *text, unsigned *limit)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || v == 0 || v > HF_STORE_LIST_MAX)
		return api_refuse(c, API_BAD_REQUEST, "limit: a number from 1 to %d is needed",
				  HF_STORE_LIST_MAX);
	*limit = (unsigned)v;
	return HF_OK;
}

hf_err api_page_read(struct api_call *c, struct api_page *page)
{
	char text[CURSOR_TEXT_CAP];
	hf_err err;

	*page = (struct api_page){ .limit = API_LIMIT_DEFAULT };
	err = hf_http_query(c->req, "limit", text, sizeof(text));
	if (err == HF_OK)
		HF_TRY(read_limit(c, text, &page->limit));
	else if (err != HF_ERR_HTTP_ABSENT)
		return api_refuse(c, API_BAD_REQUEST, "limit: not well formed");
	err = hf_http_query(c->req, "cursor", text, sizeof(text));
	if (err == HF_OK)
		return read_cursor(c, text, &page->after);
	return err == HF_ERR_HTTP_ABSENT ? HF_OK : api_refuse(c, API_BAD_REQUEST, "cursor: not well formed");
}

unsigned api_page_ask(const struct api_page *page)
{
	return page->limit + 1;
}

bool api_page_take(struct api_page *page, int64_t row)
{
	if (page->n++ >= page->limit)
		return false;
	page->last = row;
	return true;
}

void api_page_open(struct api_call *c)
{
	hf_json_open(&c->json, NULL, '{');
	hf_json_open(&c->json, "items", '[');
}

static void put_next(struct api_call *c, int64_t row)
{
	uint8_t mem[CURSOR_LEN], mac[HF_SHA256_LEN], text_mem[CURSOR_TEXT_CAP] = { 0 };
	struct hf_out text = { text_mem, sizeof(text_mem) - 1, 0 };

	hf_put_be64(mem, (uint64_t)row);
	if (cursor_mac(c, mem, mac) == HF_OK) {
		memcpy(mem + 8, mac, 8);
		if (hf_base64url_encode(HF_ARR(mem), &text) == HF_OK) {
			hf_json_put_text(&c->json, "next", (const char *)text_mem);
			return;
		}
	}
	c->json.err = HF_ERR_CRYPTO_FAILED;
}

void api_page_close(struct api_call *c, const struct api_page *page, bool more)
{
	hf_json_close(&c->json);
	if (more || page->n > page->limit)
		put_next(c, page->last);
	else
		hf_json_put_null(&c->json, "next");
	hf_json_close(&c->json);
}

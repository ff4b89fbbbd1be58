/* ledger_file.c -- the book on disk, and reading the server's list into it.
 *	book = ["hf-receipts1", rep, n, head, past, boot, lost, conflict, cursor, [[n, head, to, right], ...]]
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <holdfast/cbor.h>
#include "ledger.h"

enum { BOOK_CEILING = 8192, N_BOOK = 10 };
#define FORMAT HF_STR("hf-receipts1")

static bool book_path(const struct session *s, const char *dev, char path[static SESSION_PATH_MAX])
{
	char name[64];

	snprintf(name, sizeof(name), "devices/%s.receipts", dev);
	return session_path(s, name, path);
}

static void write_gap(struct hf_cborw *w, const struct ledger_gap *g)
{
	hf_cbor_put_array(w, 4);
	hf_cbor_put_uint(w, g->left.n);
	hf_cbor_put_bytes(w, HF_ARR(g->left.head));
	hf_cbor_put_uint(w, g->to);
	hf_cbor_put_bytes(w, HF_ARR(g->right));
}

static hf_err write_book(const struct ledger *l, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, N_BOOK);
	hf_cbor_put_text(&w, FORMAT);
	hf_cbor_put_bytes(&w, HF_ARR(l->chain.rep));
	hf_cbor_put_uint(&w, l->chain.n);
	hf_cbor_put_bytes(&w, HF_ARR(l->chain.head));
	hf_cbor_put_bytes(&w, HF_ARR(l->past));
	hf_cbor_put_uint(&w, l->boot);
	hf_cbor_put_uint(&w, l->lost);
	hf_cbor_put_uint(&w, l->conflict);
	hf_cbor_put_text(&w, session_text(l->cursor));
	hf_cbor_put_array(&w, l->n_gaps);
	for (size_t i = 0; i < l->n_gaps; i++)
		write_gap(&w, &l->gap[i]);
	return hf_cbor_finish(&w);
}

static void read_gap(struct hf_cborr *r, struct ledger *l, struct ledger_gap *g)
{
	hf_cbor_expect_array(r, 4);
	hf_cbor_read_uint(r, &g->left.n);
	hf_cbor_read_fixed(r, g->left.head, sizeof(g->left.head));
	hf_cbor_read_uint(r, &g->to);
	hf_cbor_read_fixed(r, g->right, sizeof(g->right));
	memcpy(g->left.rep, l->chain.rep, sizeof(g->left.rep));
	if (g->to <= g->left.n || g->to >= l->chain.n)
		hf_cbor_reader_fail(r, HF_ERR_RECEIPT_SHAPE);
}

static hf_err read_book(hf_bytes file, struct ledger *l)
{
	hf_bytes cursor = { 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, file);
	hf_cbor_expect_array(&r, N_BOOK);
	hf_cbor_expect_text(&r, FORMAT);
	hf_cbor_read_fixed(&r, l->chain.rep, sizeof(l->chain.rep));
	hf_cbor_read_uint(&r, &l->chain.n);
	hf_cbor_read_fixed(&r, l->chain.head, sizeof(l->chain.head));
	hf_cbor_read_fixed(&r, l->past, sizeof(l->past));
	hf_cbor_read_uint(&r, &l->boot);
	hf_cbor_read_uint(&r, &l->lost);
	hf_cbor_read_uint(&r, &l->conflict);
	hf_cbor_read_text_max(&r, LEDGER_CURSOR_CAP - 1, &cursor);
	hf_cbor_read_array(&r, &l->n_gaps);
	if (l->n_gaps > LEDGER_GAPS_MAX)
		hf_cbor_reader_fail(&r, HF_ERR_RECEIPT_SHAPE);
	for (size_t i = 0; hf_cbor_error(&r) == HF_OK && i < l->n_gaps; i++)
		read_gap(&r, l, &l->gap[i]);
	HF_TRY(hf_cbor_done(&r));
	memcpy(l->cursor, cursor.ptr, cursor.len);
	return HF_OK;
}

bool ledger_load(const struct session *s, const char *dev, struct ledger *l)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(BOOK_CEILING);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	ledger_drop(l);
	snprintf(l->dev, sizeof(l->dev), "%s", dev);
	l->n_signers = trust_signers(s, dev, l->signer);
	if (!book_path(s, dev, path))
		return false;
	if (!hf_file_exists(path))
		return true;
	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (read_book(hf_buf_bytes(&file), l) == HF_OK)
		return true;
	return cli_fail("%s: damaged; move it away to read all receipts anew", path) == CLI_DONE;
}

bool ledger_save(const struct session *s, struct ledger *l)
{
	uint8_t mem[BOOK_CEILING];
	struct hf_out out = HF_OUT(mem);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!l->changed)
		return true;
	if (!trust_folder(s) || !book_path(s, l->dev, path))
		return false;
	if (write_book(l, &out) != HF_OK ||
	    hf_file_replace(path, hf_out_bytes(&out), 0600, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	l->changed = false;
	return true;
}

/* ---- the server's list --------------------------------------------------------------------------- */

static bool is_cursor(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strlen(text) < LEDGER_CURSOR_CAP && strspn(text, letters) == strlen(text);
}

static void enter_page(struct ledger *l, const struct hf_json *items, ledger_each each, void *ctx)
{
	static uint8_t mem[HF_RECEIPT_MAX_LEN];

	for (size_t i = 0; i < hf_json_n(items); i++) {
		const struct hf_json *item = hf_json_at(items, i);
		struct hf_out object = HF_OUT(mem);

		const char *name = hf_json_text(hf_json_get(item, "name"), "");
		const char *bytes = hf_json_text(hf_json_get(item, "bytes"), "");

		if (hf_base64url_decode(session_text(bytes), &object) == HF_OK)
			ledger_enter(l, name, hf_out_bytes(&object), each, ctx);
		else
			l->foreign++;
	}
}

/* The page at the cursor; a cursor that the server no longer knows sends us back to the beginning. */
static bool fetch(struct session *s, struct ledger *l, struct hf_json **page)
{
	char path[256];

	snprintf(path, sizeof(path), "/v1/devices/%s/receipts?limit=200%s%s", l->dev,
		 l->cursor[0] != '\0' ? "&cursor=" : "", l->cursor);
	if (l->cursor[0] == '\0')
		return session_get(s, path, page);
	if (!session_try(s, path, page))
		return false;
	if (*page != NULL)
		return true;
	l->cursor[0] = '\0';
	return fetch(s, l, page);
}

bool ledger_read(struct session *s, struct ledger *l, ledger_each each, void *ctx)
{
	enum { PAGES_MAX = 100000 }; /* a server that pages for ever is no server */

	hf_buf_free(&l->seen);
	l->seen = HF_BUF(LEDGER_SEEN_CEILING);
	l->foreign = l->repeated = 0;
	for (int page = 0; page < PAGES_MAX; page++) {
		struct hf_json *j HF_AUTO(session_json_drop) = NULL;
		const char *next;

		if (!fetch(s, l, &j))
			return false;
		enter_page(l, hf_json_get(j, "items"), each, ctx);
		next = hf_json_text(hf_json_get(j, "next"), "");
		if (next[0] == '\0' || !is_cursor(next))
			return ledger_save(s, l);
		snprintf(l->cursor, sizeof(l->cursor), "%s", next);
		l->changed = true;
		if (!ledger_save(s, l))
			return false;
	}
	return cli_fail("%s: the server's list of receipts has no end", l->dev) == CLI_DONE;
}

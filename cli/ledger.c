/* ledger.c -- the book of receipts: entering them, and what is missing.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "ledger.h"

struct ledger_seen {
	uint8_t rep[HF_COMMAND_REP_LEN];
	uint64_t n;
	uint8_t hash[HF_SHA256_LEN];
};

static bool same_hash(const uint8_t a[static HF_SHA256_LEN], const uint8_t b[static HF_SHA256_LEN])
{
	return memcmp(a, b, HF_SHA256_LEN) == 0;
}

static bool same_rep(const uint8_t a[static HF_COMMAND_REP_LEN], const uint8_t b[static HF_COMMAND_REP_LEN])
{
	return memcmp(a, b, HF_COMMAND_REP_LEN) == 0;
}

static void note_conflict(struct ledger *l, uint64_t n)
{
	if (l->conflict == 0 || n < l->conflict) {
		l->conflict = n;
		l->changed = true;
	}
}

/* ---- gaps ---------------------------------------------------------------------------------------- */

static void open_gap(struct ledger *l, const struct hf_receipt_chain *left, const struct hf_receipt *r)
{
	struct ledger_gap g = { .left = *left, .to = r->n - 1 };

	if (l->n_gaps == LEDGER_GAPS_MAX) {
		l->lost += g.to - g.left.n;
		return;
	}
	memcpy(g.right, r->prev, sizeof(g.right));
	l->gap[l->n_gaps++] = g;
}

static void close_gap(struct ledger *l, size_t at)
{
	l->gap[at] = l->gap[--l->n_gaps];
}

/* A receipt inside a gap must follow from its left end, and at its right end hash to what is known. */
static void fill(struct ledger *l, size_t at, const struct hf_receipt *r, hf_bytes object)
{
	struct ledger_gap *g = &l->gap[at];
	struct hf_receipt_chain chain = g->left, before = g->left;
	hf_err err = hf_receipt_chain_add(&chain, r, object);

	if (err == HF_ERR_RECEIPT_CHAIN || (r->n == g->to && !same_hash(chain.head, g->right))) {
		note_conflict(l, r->n);
		return;
	}
	g->left = chain;
	if (r->n == g->to)
		close_gap(l, at);
	if (err == HF_ERR_RECEIPT_GAP)
		open_gap(l, &before, r);
	l->changed = true;
}

static void add_old(struct ledger *l, const struct hf_receipt *r, hf_bytes object,
		    const uint8_t hash[static HF_SHA256_LEN])
{
	if (r->n == l->chain.n && !same_hash(hash, l->chain.head))
		note_conflict(l, r->n);
	for (size_t i = 0; i < l->n_gaps; i++) {
		if (r->n > l->gap[i].left.n && r->n <= l->gap[i].to) {
			fill(l, i, r, object);
			return;
		}
	}
}

static void add_new(struct ledger *l, const struct hf_receipt *r, hf_bytes object)
{
	struct hf_receipt_chain before = l->chain;
	hf_err err = hf_receipt_chain_add(&l->chain, r, object);

	if (err == HF_ERR_RECEIPT_CHAIN) {
		note_conflict(l, r->n);
		return;
	}
	if (err == HF_ERR_RECEIPT_GAP)
		open_gap(l, &before, r);
	if (r->boot > l->boot)
		l->boot = r->boot;
	l->changed = true;
}

/* A new epoch begins only with a boot counter that did not fall; what was missing of the old one is lost. */
static bool turn_epoch(struct ledger *l, const struct hf_receipt *r)
{
	if (same_rep(r->rep, l->chain.rep))
		return true;
	if (l->chain.n > 0 && (r->boot < l->boot || same_rep(r->rep, l->past)))
		return false;
	l->lost = ledger_missing(l);
	l->n_gaps = 0;
	memcpy(l->past, l->chain.rep, sizeof(l->past));
	l->chain = (struct hf_receipt_chain){ .n = 0 };
	memcpy(l->chain.rep, r->rep, sizeof(l->chain.rep));
	return true;
}

/* ---- entering ------------------------------------------------------------------------------------ */

static bool open_any(const struct ledger *l, hf_bytes object, struct hf_receipt *r)
{
	for (size_t i = l->n_signers; i-- > 0;)
		if (hf_receipt_open(object, l->signer[i], session_text(l->dev), r) == HF_OK)
			return true;
	return false;
}

/* False when this pass has shown the number already; what stands outside the chain is known by its hash. */
static bool is_first(struct ledger *l, const struct hf_receipt *r, const uint8_t hash[static HF_SHA256_LEN])
{
	struct ledger_seen mine = { .n = r->n }, other;

	for (size_t at = 0; at + sizeof(other) <= l->seen.len; at += sizeof(other)) {
		memcpy(&other, l->seen.ptr + at, sizeof(other));
		if (other.n != r->n || !same_rep(other.rep, r->rep) ||
		    (r->n == 0 && !same_hash(other.hash, hash)))
			continue;
		if (!same_hash(other.hash, hash))
			note_conflict(l, r->n);
		l->repeated++;
		return false;
	}
	memcpy(mine.rep, r->rep, sizeof(mine.rep));
	memcpy(mine.hash, hash, sizeof(mine.hash));
	/* A list longer than the ceiling is remembered in part: then a repeat at its end passes unseen. */
	(void)!hf_buf_put(&l->seen, (hf_bytes){ (const uint8_t *)&mine, sizeof(mine) });
	return true;
}

void ledger_enter(struct ledger *l, const char *name, hf_bytes object, ledger_each each, void *ctx)
{
	char cti[LEDGER_NAME_CAP] = "";
	struct hf_out text = { (uint8_t *)cti, sizeof(cti) - 1, 0 };
	uint8_t hash[HF_SHA256_LEN];
	struct hf_receipt r;

	if (!open_any(l, object, &r) || hf_crypto_sha256(&object, 1, hash) != HF_OK) {
		l->foreign++;
		return;
	}
	if (hf_base64url_encode(HF_ARR(r.cti), &text) != HF_OK || strcmp(cti, name) != 0)
		l->foreign++;
	if (is_first(l, &r, hash) && r.n > 0 && turn_epoch(l, &r)) {
		if (r.n > l->chain.n)
			add_new(l, &r, object);
		else
			add_old(l, &r, object, hash);
	}
	if (each != NULL)
		each(ctx, object);
}

/* ---- questions ----------------------------------------------------------------------------------- */

bool ledger_knows(const struct ledger *l, const uint8_t hash[static HF_SHA256_LEN])
{
	static const uint8_t none[HF_SHA256_LEN];
	struct ledger_seen one;

	if (same_hash(hash, none) || same_hash(hash, l->chain.head))
		return true;
	for (size_t at = 0; at + sizeof(one) <= l->seen.len; at += sizeof(one)) {
		memcpy(&one, l->seen.ptr + at, sizeof(one));
		if (same_hash(hash, one.hash))
			return true;
	}
	return false;
}

uint64_t ledger_missing(const struct ledger *l)
{
	uint64_t n = l->lost;

	for (size_t i = 0; i < l->n_gaps; i++)
		n += l->gap[i].to - l->gap[i].left.n;
	return n;
}

uint64_t ledger_first_missing(const struct ledger *l)
{
	uint64_t first = 0;

	for (size_t i = 0; i < l->n_gaps; i++)
		if (first == 0 || l->gap[i].left.n + 1 < first)
			first = l->gap[i].left.n + 1;
	return first;
}

bool ledger_is_whole(const struct ledger *l)
{
	return ledger_missing(l) == 0 && l->conflict == 0 && l->foreign == 0 && l->repeated == 0 && !l->tail;
}

void ledger_accept(struct ledger *l)
{
	l->n_gaps = 0;
	l->lost = 0;
	l->conflict = 0;
	l->changed = true;
}

void ledger_drop(struct ledger *l)
{
	hf_buf_free(&l->seen);
	*l = (struct ledger){ .seen = HF_BUF(LEDGER_SEEN_CEILING) };
}

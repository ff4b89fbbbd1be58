/* log_text.c -- one cursor over lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "log_text.h"

struct cursor {
	hf_bytes rest;
	bool bad; /* sticky */
};

static void fail(struct cursor *c)
{
	c->bad = true;
	c->rest.len = 0;
}

static bool next_is(const struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	return c->rest.len >= n && memcmp(c->rest.ptr, word, n) == 0;
}

static void take(struct cursor *c, size_t n)
{
	c->rest = (hf_bytes){ c->rest.ptr + n, c->rest.len - n };
}

static void expect(struct cursor *c, const char *word)
{
	if (!c->bad && next_is(c, word))
		take(c, strlen(word));
	else
		fail(c);
}

static void read_hex(struct cursor *c, uint8_t *to, size_t len)
{
	struct hf_out out = { to, len, 0 };

	if (c->rest.len < 2 * len || hf_hex_decode((hf_bytes){ c->rest.ptr, 2 * len }, &out) != HF_OK)
		fail(c);
	else
		take(c, 2 * len);
}

static void read_number(struct cursor *c, uint64_t *v)
{
	size_t n = 0;

	*v = 0;
	while (n < c->rest.len && c->rest.ptr[n] >= '0' && c->rest.ptr[n] <= '9' && n < 20) {
		uint64_t digit = c->rest.ptr[n++] - (uint64_t)'0';

		if (*v > (HF_CHECKPOINT_MAX_NUMBER - digit) / 10) {
			fail(c);
			return;
		}
		*v = *v * 10 + digit;
	}
	if (n == 0 || (n > 1 && c->rest.ptr[0] == '0'))
		fail(c);
	else
		take(c, n);
}

static void read_head(struct cursor *c, struct log_head *h)
{
	expect(c, "size=");
	read_number(c, &h->head.size);
	expect(c, "\nroot_hash=");
	read_hex(c, h->head.root.b, HF_MERKLE_LEN);
	expect(c, "\nsignature=");
	read_hex(c, h->sig, sizeof(h->sig));
	expect(c, "\n");
	while (!c->bad && next_is(c, "cosignature=")) {
		struct log_cosignature *s = &h->cosignature[h->n];

		if (h->n == HF_PROOF_MAX_COSIGS) {
			fail(c);
			return;
		}
		expect(c, "cosignature=");
		read_hex(c, s->witness, sizeof(s->witness));
		expect(c, " ");
		read_number(c, &s->time);
		expect(c, " ");
		read_hex(c, s->sig, sizeof(s->sig));
		expect(c, "\n");
		h->n++;
	}
}

static void read_nodes(struct cursor *c, struct log_path *p)
{
	while (!c->bad && next_is(c, "node_hash=")) {
		if (p->n == HF_PROOF_MAX_PATH) {
			fail(c);
			return;
		}
		expect(c, "node_hash=");
		read_hex(c, p->hash + p->n * HF_MERKLE_LEN, HF_MERKLE_LEN);
		expect(c, "\n");
		p->n++;
	}
}

static void read_path(struct cursor *c, struct log_path *p)
{
	expect(c, "leaf_index=");
	read_number(c, &p->index);
	expect(c, "\n");
	read_nodes(c, p);
}

/* Checksum, signature, hash of the publisher's key: as the leaf itself is laid out. */
static void read_leaf(struct cursor *c, uint8_t leaf[static HF_LEAF_LEN])
{
	expect(c, "leaf=");
	read_hex(c, leaf, HF_SHA256_LEN);
	expect(c, " ");
	read_hex(c, leaf + HF_SHA256_LEN, HF_ED25519_SIG_LEN);
	expect(c, " ");
	read_hex(c, leaf + HF_SHA256_LEN + HF_ED25519_SIG_LEN, HF_SHA256_LEN);
	expect(c, "\n");
}

static hf_err done(const struct cursor *c)
{
	return !c->bad && c->rest.len == 0 ? HF_OK : HF_ERR_LOG_TEXT;
}

hf_err log_text_head(hf_bytes text, struct log_head *h)
{
	struct cursor c = { .rest = text, .bad = text.len > LOG_TEXT_MAX };
	hf_err err;

	*h = (struct log_head){ 0 };
	read_head(&c, h);
	err = done(&c);
	if (err != HF_OK)
		*h = (struct log_head){ 0 };
	return err;
}

hf_err log_text_path(hf_bytes text, struct log_path *p)
{
	struct cursor c = { .rest = text, .bad = text.len > LOG_TEXT_MAX };
	hf_err err;

	*p = (struct log_path){ 0 };
	read_path(&c, p);
	err = done(&c);
	if (err != HF_OK)
		*p = (struct log_path){ 0 };
	return err;
}

hf_err log_text_consistency(hf_bytes text, struct log_path *p)
{
	struct cursor c = { .rest = text, .bad = text.len > LOG_TEXT_MAX };

	*p = (struct log_path){ 0 };
	read_nodes(&c, p);
	if (done(&c) == HF_OK && p->n > 0)
		return HF_OK;
	*p = (struct log_path){ 0 };
	return HF_ERR_LOG_TEXT;
}

hf_err log_text_leaves(hf_bytes text, uint8_t leaf[static LOG_LEAVES_MAX][HF_LEAF_LEN], size_t *n)
{
	struct cursor c = { .rest = text };
	size_t found = 0;

	*n = 0;
	for (; !c.bad && c.rest.len > 0; found++) {
		if (found == LOG_LEAVES_MAX)
			return HF_ERR_LOG_TEXT;
		read_leaf(&c, leaf[found]);
	}
	HF_TRY(done(&c));
	*n = found;
	return found > 0 ? HF_OK : HF_ERR_LOG_TEXT;
}

hf_err log_text_proof(hf_bytes text, struct log_proof *p)
{
	struct cursor c = { .rest = text, .bad = text.len > LOG_TEXT_MAX };

	*p = (struct log_proof){ 0 };
	p->has_checksum_start = next_is(&c, "version=1\n");
	expect(&c, p->has_checksum_start ? "version=1\nlog=" : "version=2\nlog=");
	read_hex(&c, p->log, sizeof(p->log));
	expect(&c, "\nleaf=");
	if (p->has_checksum_start) {
		read_hex(&c, p->checksum_start, sizeof(p->checksum_start));
		expect(&c, " ");
	}
	read_hex(&c, p->publisher, sizeof(p->publisher));
	expect(&c, " ");
	read_hex(&c, p->leaf_sig, sizeof(p->leaf_sig));
	expect(&c, "\n\n");
	read_head(&c, &p->head);
	if (p->head.head.size > 1) { /* the only leaf needs no path */
		expect(&c, "\n");
		read_path(&c, &p->path);
	}
	if (done(&c) == HF_OK)
		return HF_OK;
	*p = (struct log_proof){ 0 };
	return HF_ERR_LOG_TEXT;
}

/* Index of the key of that role whose hash this is, or -1. */
static int find_by_hash(const struct hf_policy *p, int role, const uint8_t hash[static HF_SHA256_LEN])
{
	for (size_t i = 0; i < p->n_keys; i++) {
		uint8_t is[HF_SHA256_LEN];

		if (p->key[i].role == role && hf_crypto_sha256(&p->key[i].pub, 1, is) == HF_OK &&
		    memcmp(is, hash, sizeof(is)) == 0)
			return (int)i;
	}
	return -1;
}

static hf_err put_cosignatures(const struct log_head *h, const struct hf_policy *policy, const uint8_t *log,
			       struct hf_out *out)
{
	hf_key_set seen = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct log_cosignature *c = &h->cosignature[i];
		int at = find_by_hash(policy, HF_ROLE_WITNESS, c->witness);

		if (at < 0 || (seen >> at & 1) != 0 ||
		    hf_cosignature_verify(log, &h->head, c->time, policy->key[at].pub.ptr, c->sig) != HF_OK)
			continue;
		seen |= (hf_key_set)1 << at;
		HF_TRY(hf_cosig_put((uint8_t)at, c->time, c->sig, out));
	}
	return HF_OK;
}

hf_err log_text_convert(const struct log_proof *p, const struct hf_policy *policy, struct hf_out *out)
{
	int log = find_by_hash(policy, HF_ROLE_LOG, p->log);
	int publisher = find_by_hash(policy, HF_ROLE_PUBLISHER, p->publisher);
	uint8_t mem[HF_PROOF_MAX_COSIGS * HF_COSIG_LEN];
	struct hf_out cosigs = HF_OUT(mem);
	struct hf_proof proof;

	if (log < 0)
		return HF_ERR_PROOF_LOG;
	if (publisher < 0)
		return HF_ERR_PROOF_LEAF;
	HF_TRY(hf_checkpoint_verify(policy->key[log].pub.ptr, &p->head.head, p->head.sig));
	HF_TRY(put_cosignatures(&p->head, policy, policy->key[log].pub.ptr, &cosigs));
	proof = (struct hf_proof){ .policy_ref = HF_ARR(policy->ref),
				   .log = (uint8_t)log,
				   .publisher = (uint8_t)publisher,
				   .size = p->head.head.size,
				   .index = p->path.index,
				   .leaf_sig = HF_ARR(p->leaf_sig),
				   .log_sig = HF_ARR(p->head.sig),
				   .path = { p->path.hash, p->path.n * HF_MERKLE_LEN },
				   .cosigs = hf_out_bytes(&cosigs) };
	return hf_proof_write(&proof, out);
}

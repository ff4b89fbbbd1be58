/* policy_write.c -- policies for the tools that make them; read back, so nothing invalid leaves here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

/* `depth` levels are left; deeper ones would be refused when they are read back, so they are not written. */
static void put_quorum(struct hf_cborw *w, const struct hf_quorum_spec *spec, size_t n_keys, int depth)
{
	size_t n = spec->n_members;

	if (spec->encoded.len > 0) {
		hf_cbor_put_raw(w, spec->encoded);
		return;
	}
	if (spec->k == 0 || depth == 0) {
		hf_cbor_put_null(w);
		return;
	}
	for (size_t i = 0; i < n_keys; i++)
		n += spec->keys >> i & 1;
	hf_cbor_put_array(w, n + 1);
	hf_cbor_put_uint(w, spec->k);
	for (size_t i = 0; i < n_keys; i++)
		if (spec->keys >> i & 1)
			hf_cbor_put_uint(w, i);
	for (size_t i = 0; i < spec->n_members; i++)
		put_quorum(w, &spec->member[i], n_keys, depth - 1);
}

static void put_whole_quorum(struct hf_cborw *w, int64_t field, const struct hf_quorum_spec *q, size_t n_keys)
{
	hf_cbor_put_key(w, field);
	put_quorum(w, q, n_keys, HF_POLICY_MAX_DEPTH);
}

static void put_delegations(struct hf_cborw *w, const struct hf_delegation_spec *list, size_t n,
			    size_t n_keys)
{
	hf_cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++) {
		hf_cbor_put_array(w, 2);
		hf_cbor_put_array(w, list[i].n_classes);
		for (size_t c = 0; c < list[i].n_classes; c++)
			hf_cbor_put_bytes(w, list[i].classes[c]);
		put_quorum(w, &list[i].quorum, n_keys, HF_POLICY_MAX_DEPTH);
	}
}

static void put_set(struct hf_cborw *w, int64_t field, hf_key_set set)
{
	size_t n = 0;

	for (hf_key_set rest = set; rest != 0; rest &= rest - 1)
		n++;
	hf_cbor_put_key(w, field);
	hf_cbor_put_array(w, n);
	for (size_t i = 0; i < HF_POLICY_MAX_KEYS; i++)
		if (set >> i & 1)
			hf_cbor_put_uint(w, i);
}

static void put_bytes_or_null(struct hf_cborw *w, int64_t field, hf_bytes b)
{
	hf_cbor_put_key(w, field);
	if (b.len == 0)
		hf_cbor_put_null(w);
	else
		hf_cbor_put_bytes(w, b);
}

static void put_keys(struct hf_cborw *w, const struct hf_policy_spec *spec)
{
	hf_cbor_put_array(w, spec->n_keys);
	for (size_t i = 0; i < spec->n_keys; i++) {
		hf_cbor_put_array(w, 5);
		hf_cbor_put_uint(w, (uint64_t)spec->key[i].role);
		hf_cbor_put_int(w, spec->key[i].alg);
		hf_cbor_put_bytes(w, spec->key[i].pub);
		hf_cbor_put_text(w, spec->key[i].holder);
		hf_cbor_put_uint(w, (uint64_t)spec->key[i].not_after);
	}
}

static void put_tail(struct hf_cborw *w, const struct hf_policy_spec *spec)
{
	hf_cbor_put_key(w, 14);
	hf_cbor_put_map(w, spec->n_named);
	for (size_t i = 0; i < spec->n_named; i++) {
		hf_cbor_put_text(w, spec->named[i].name);
		put_quorum(w, &spec->named[i].quorum, spec->n_keys, HF_POLICY_MAX_DEPTH);
	}
	hf_cbor_put_key(w, 15);
	hf_cbor_put_array(w, spec->n_anchors);
	for (size_t i = 0; i < spec->n_anchors; i++) {
		hf_cbor_put_array(w, 2);
		hf_cbor_put_uint(w, spec->anchor[i].usage);
		hf_cbor_put_bytes(w, spec->anchor[i].der);
	}
}

static void put_head(struct hf_cborw *w, const struct hf_policy_spec *spec)
{
	hf_cbor_put_map(w, 16);
	hf_cbor_put_key(w, 0);
	hf_cbor_put_text(w, HF_STR("hf/policy/1"));
	hf_cbor_put_key(w, 1);
	hf_cbor_put_uint(w, spec->number);
	put_bytes_or_null(w, 2, spec->previous);
	hf_cbor_put_key(w, 3);
	hf_cbor_put_bytes(w, spec->vendor);
	hf_cbor_put_key(w, 4);
	put_keys(w, spec);
}

static void put_powers(struct hf_cborw *w, const struct hf_policy_spec *spec)
{
	put_whole_quorum(w, 5, &spec->root, spec->n_keys);
	hf_cbor_put_key(w, 6);
	put_delegations(w, spec->release, spec->n_release, spec->n_keys);
	hf_cbor_put_key(w, 7);
	if (spec->n_rebuilder == 0)
		hf_cbor_put_null(w);
	else
		put_delegations(w, spec->rebuilder, spec->n_rebuilder, spec->n_keys);
	put_set(w, 8, spec->publishers);
	put_set(w, 9, spec->logs);
	put_whole_quorum(w, 10, &spec->witness, spec->n_keys);
	hf_cbor_put_key(w, 11);
	hf_cbor_put_uint(w, spec->stale_after_s == 0 ? HF_POLICY_STALE_S : spec->stale_after_s);
	put_whole_quorum(w, 12, &spec->monitor, spec->n_keys);
	put_bytes_or_null(w, 13, spec->break_glass);
	put_tail(w, spec);
}

hf_err hf_policy_write(const struct hf_policy_spec *spec, struct hf_out *out)
{
	struct hf_policy back;
	struct hf_cborw w;
	size_t start = out->len;
	hf_err err;

	hf_cbor_writer(&w, out);
	put_head(&w, spec);
	put_powers(&w, spec);
	HF_TRY(hf_cbor_finish(&w));
	err = hf_policy_read((hf_bytes){ out->ptr + start, out->len - start }, &back);
	if (err != HF_OK)
		out->len = start;
	return err;
}

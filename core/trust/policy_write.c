/* policy_write.c -- policies for the tools that make them; read back, so nothing invalid leaves here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

static void put_quorum(struct hf_cborw *w, const struct hf_quorum_spec *spec, size_t n_keys)
{
	size_t n = 0;

	if (spec->k == 0) {
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
		put_quorum(w, &spec->named[i].quorum, spec->n_keys);
	}
	hf_cbor_put_key(w, 15);
	hf_cbor_put_array(w, spec->n_anchors);
	for (size_t i = 0; i < spec->n_anchors; i++) {
		hf_cbor_put_array(w, 2);
		hf_cbor_put_uint(w, spec->anchor[i].usage);
		hf_cbor_put_bytes(w, spec->anchor[i].der);
	}
}

static void put_all(struct hf_cborw *w, const struct hf_policy_spec *spec)
{
	hf_cbor_put_map(w, 16);
	hf_cbor_put_key(w, 0);
	hf_cbor_put_text(w, HF_STR("hf/policy/1"));
	hf_cbor_put_key(w, 1);
	hf_cbor_put_uint(w, spec->number);
	hf_cbor_put_key(w, 2);
	if (spec->previous.len == 0)
		hf_cbor_put_null(w);
	else
		hf_cbor_put_bytes(w, spec->previous);
	hf_cbor_put_key(w, 3);
	hf_cbor_put_bytes(w, spec->vendor);
	hf_cbor_put_key(w, 4);
	put_keys(w, spec);
	hf_cbor_put_key(w, 5);
	put_quorum(w, &spec->root, spec->n_keys);
	hf_cbor_put_key(w, 6);
	hf_cbor_put_array(w, 0);
	hf_cbor_put_key(w, 7);
	hf_cbor_put_null(w);
	hf_cbor_put_key(w, 8);
	hf_cbor_put_array(w, 0);
	hf_cbor_put_key(w, 9);
	hf_cbor_put_array(w, 0);
	hf_cbor_put_key(w, 10);
	hf_cbor_put_null(w);
	hf_cbor_put_key(w, 11);
	hf_cbor_put_uint(w, HF_POLICY_STALE_S);
	hf_cbor_put_key(w, 12);
	hf_cbor_put_null(w);
	hf_cbor_put_key(w, 13);
	hf_cbor_put_null(w);
	put_tail(w, spec);
}

hf_err hf_policy_write(const struct hf_policy_spec *spec, struct hf_out *out)
{
	struct hf_policy back;
	struct hf_cborw w;
	size_t start = out->len;
	hf_err err;

	hf_cbor_writer(&w, out);
	put_all(&w, spec);
	HF_TRY(hf_cbor_finish(&w));
	err = hf_policy_read((hf_bytes){ out->ptr + start, out->len - start }, &back);
	if (err != HF_OK)
		out->len = start;
	return err;
}

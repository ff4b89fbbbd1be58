/* manifest_write.c -- manifests as the reader wants them; read back, so nothing else leaves here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

static void put_fixed(struct hf_cborw *w, int64_t key, hf_bytes sequence)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_bytes(w, sequence);
}

static void put_shared(struct hf_cborw *w, const struct hf_manifest *m)
{
	hf_cbor_put_array(w, 6);
	hf_cbor_put_uint(w, 20);
	hf_cbor_put_map(w, 4);
	put_fixed(w, 1, m->vendor);
	put_fixed(w, 2, m->class_id);
	hf_cbor_put_key(w, 3);
	hf_cbor_begin_bytes(w);
	hf__suit_put_digest(w, m->image_digest);
	hf_cbor_end_bytes(w);
	hf_cbor_put_key(w, 14);
	hf_cbor_put_uint(w, m->image_size);
	hf_cbor_put_uint(w, 1);
	hf_cbor_put_uint(w, 15);
	hf_cbor_put_uint(w, 2);
	hf_cbor_put_uint(w, 15);
}

static void put_common(struct hf_cborw *w, const struct hf_manifest *m)
{
	hf_cbor_put_key(w, 3);
	hf_cbor_begin_bytes(w);
	hf_cbor_put_map(w, 2);
	hf_cbor_put_key(w, 2);
	hf_cbor_put_array(w, 1);
	hf_cbor_put_raw(w, m->component);
	hf_cbor_put_key(w, 4);
	hf_cbor_begin_bytes(w);
	put_shared(w, m);
	hf_cbor_end_bytes(w);
	hf_cbor_end_bytes(w);
}

static size_t put_conditions(struct hf_cborw *w, const struct hf_manifest *m, bool write)
{
	const int64_t value[] = { m->agent_level, m->installed, m->data_level, m->policy_number };
	size_t n = 0;

	for (int i = 0; i < 5; i++) {
		if ((m->conditions >> i & 1) == 0)
			continue;
		n += 2;
		if (!write)
			continue;
		hf_cbor_put_int(w, -301 - i);
		if (i == 0)
			hf_cbor_put_bytes(w, m->boards);
		else
			hf_cbor_put_int(w, value[i - 1]);
	}
	return n;
}

static void put_install(struct hf_cborw *w, const struct hf_manifest *m)
{
	hf_cbor_put_key(w, 20);
	hf_cbor_begin_bytes(w);
	hf_cbor_put_array(w, 6 + put_conditions(w, m, false));
	(void)put_conditions(w, m, true);
	hf_cbor_put_uint(w, 20);
	hf_cbor_put_map(w, m->version.len > 0 ? 5 : 4);
	hf_cbor_put_key(w, 21);
	hf_cbor_put_text(w, m->uri);
	put_fixed(w, -257, m->record);
	put_fixed(w, -258, m->chunk_root);
	hf_cbor_put_key(w, -259);
	hf_cbor_put_uint(w, m->chunk_bits);
	if (m->version.len > 0) {
		hf_cbor_put_key(w, -260);
		hf_cbor_put_text(w, m->version);
	}
	hf_cbor_put_uint(w, 21);
	hf_cbor_put_uint(w, 2);
	hf_cbor_put_uint(w, 3);
	hf_cbor_put_uint(w, 15);
	hf_cbor_end_bytes(w);
}

static void put_members(struct hf_cborw *w, const struct hf_manifest *m)
{
	size_t n = 4u + (m->validate ? 1 : 0) + (m->invoke ? 1 : 0) + (m->text_digest.len > 0 ? 1 : 0);

	hf_cbor_put_map(w, n);
	hf_cbor_put_key(w, 1);
	hf_cbor_put_uint(w, 1);
	hf_cbor_put_key(w, 2);
	hf_cbor_put_uint(w, m->sequence);
	put_common(w, m);
	if (m->validate)
		put_fixed(w, 7, HF_STR("\x82\x03\x0f"));
	if (m->invoke)
		put_fixed(w, 9, HF_STR("\x82\x17\x02"));
	put_install(w, m);
	if (m->text_digest.len > 0) {
		hf_cbor_put_key(w, 23);
		hf__suit_put_digest(w, m->text_digest);
	}
}

hf_err hf_manifest_write(const struct hf_manifest *m, struct hf_out *out)
{
	size_t start = out->len;
	struct hf_manifest back;
	struct hf_cborw w;
	hf_err err;

	hf_cbor_writer(&w, out);
	put_members(&w, m);
	HF_TRY(hf_cbor_finish(&w));
	err = hf_manifest_read((hf_bytes){ out->ptr + start, out->len - start }, &back);
	if (err != HF_OK)
		out->len = start;
	return err;
}

hf_err hf_component_write(const hf_bytes *segment, size_t n, struct hf_out *out)
{
	struct hf_cborw w;

	if (n == 0 || n > HF_MANIFEST_MAX_SEGMENTS)
		return HF_ERR_RELEASE_PROFILE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_bytes(&w, segment[i]);
	return hf_cbor_finish(&w);
}

hf_err hf_boards_write(const uint64_t *board, size_t n, struct hf_out *out)
{
	struct hf_cborw w;

	if (n == 0 || n > HF_MANIFEST_MAX_BOARDS)
		return HF_ERR_RELEASE_PROFILE;
	for (size_t i = 1; i < n; i++)
		if (board[i] <= board[i - 1])
			return HF_ERR_RELEASE_PROFILE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_uint(&w, board[i]);
	return hf_cbor_finish(&w);
}

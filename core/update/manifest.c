/* manifest.c -- read a manifest of the release profile, and nothing else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

/* Keep what was read only if it has this very length. */
static void read_exact(struct hf_cborr *r, size_t len, hf_bytes *b)
{
	hf_cbor_read_bytes_max(r, len, b);
	if (b->len != len)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
}

static void read_digest(struct hf_cborr *r, hf_bytes *value)
{
	hf_bytes encoded = { 0 };

	hf_cbor_read_bytes(r, &encoded);
	*value = hf__suit_digest_value(encoded);
	if (value->len == 0)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
}

/* A command sequence that is always the same, in its byte string. */
static bool try_fixed(struct hf_cborr *r, int64_t key, hf_bytes sequence)
{
	hf_bytes found = { 0 };

	if (!hf_cbor_try_key(r, key))
		return false;
	hf_cbor_read_bytes(r, &found);
	if (!hf_bytes_equal(found, sequence))
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
	return true;
}

static hf_err check_component(hf_bytes id)
{
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, id);
	hf_cbor_read_array(&r, &n);
	if (n == 0 || n > HF_MANIFEST_MAX_SEGMENTS)
		return HF_ERR_RELEASE_PROFILE;
	for (size_t i = 0; i < n; i++) {
		hf_bytes segment = { 0 };

		hf_cbor_read_bytes(&r, &segment);
		if (segment.len == 0)
			return HF_ERR_RELEASE_PROFILE;
	}
	return hf_cbor_done(&r);
}

/* [20, {1: vendor, 2: class, 3: digest, 14: size}, 1, 15, 2, 15]; custom labels are forbidden here. */
static hf_err read_shared(hf_bytes in, struct hf_manifest *m)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_array(&r, 6);
	hf_cbor_expect_uint(&r, 20);
	hf_cbor_expect_map(&r, 4);
	hf_cbor_expect_key(&r, 1);
	read_exact(&r, HF_MANIFEST_UUID_LEN, &m->vendor);
	hf_cbor_expect_key(&r, 2);
	read_exact(&r, HF_MANIFEST_UUID_LEN, &m->class_id);
	hf_cbor_expect_key(&r, 3);
	read_digest(&r, &m->image_digest);
	hf_cbor_expect_key(&r, 14);
	hf_cbor_read_uint_max(&r, INT64_MAX, &m->image_size);
	hf_cbor_end(&r);
	hf_cbor_expect_uint(&r, 1);
	hf_cbor_expect_uint(&r, 15);
	hf_cbor_expect_uint(&r, 2);
	hf_cbor_expect_uint(&r, 15);
	return hf_cbor_done(&r);
}

static hf_err read_common(hf_bytes in, struct hf_manifest *m)
{
	hf_bytes shared = { 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_map(&r, 2);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_expect_array(&r, 1);
	hf_cbor_capture(&r, &m->component);
	hf_cbor_end(&r);
	hf_cbor_expect_key(&r, 4);
	hf_cbor_read_bytes(&r, &shared);
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(check_component(m->component));
	return read_shared(shared, m);
}

static hf_err walk_boards(hf_bytes boards, uint64_t wanted, bool *found)
{
	uint64_t board = 0, least = 0;
	struct hf_cborr r;
	size_t n = 0;

	*found = false;
	hf_cbor_reader(&r, boards);
	hf_cbor_read_array(&r, &n);
	if (n == 0 || n > HF_MANIFEST_MAX_BOARDS)
		return HF_ERR_RELEASE_PROFILE;
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++, least = board + 1) {
		hf_cbor_read_uint_max(&r, INT64_MAX, &board);
		if (board < least)
			return HF_ERR_RELEASE_PROFILE;
		*found = *found || board == wanted;
	}
	return hf_cbor_done(&r);
}

bool hf_boards_has(hf_bytes boards, uint64_t board)
{
	bool found = false;

	return walk_boards(boards, board, &found) == HF_OK && found;
}

static void read_condition(struct hf_cborr *r, struct hf_manifest *m, int i)
{
	int64_t *const value[] = { &m->agent_level, &m->installed, &m->data_level, &m->policy_number };
	bool unused = false;

	m->conditions |= 1u << i;
	if (i > 0) {
		hf_cbor_read_int(r, value[i - 1]);
		return;
	}
	hf_cbor_read_bytes(r, &m->boards);
	if (walk_boards(m->boards, 0, &unused) != HF_OK)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
}

/* {21: uri, -257: record, -258: chunk root, -259: log2 of the chunk size, ?-260: version} */
static void read_parameters(struct hf_cborr *r, struct hf_manifest *m)
{
	uint64_t bits = 0;
	size_t n = 0;

	hf_cbor_read_map(r, &n);
	hf_cbor_expect_key(r, 21);
	hf_cbor_read_text_max(r, HF_MANIFEST_MAX_URI_LEN, &m->uri);
	hf_cbor_expect_key(r, -257);
	read_exact(r, HF_SHA256_LEN, &m->record);
	hf_cbor_expect_key(r, -258);
	read_exact(r, HF_SHA256_LEN, &m->chunk_root);
	hf_cbor_expect_key(r, -259);
	hf_cbor_read_uint_max(r, HF_MANIFEST_MAX_CHUNK_BITS, &bits);
	m->chunk_bits = (uint8_t)bits;
	if (hf_cbor_try_key(r, -260)) {
		hf_cbor_read_text_max(r, HF_MANIFEST_MAX_VERSION_LEN, &m->version);
		if (m->version.len == 0)
			hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
	}
	hf_cbor_end(r);
	if (m->uri.len == 0 || bits < HF_MANIFEST_MIN_CHUNK_BITS)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_PROFILE);
}

/* Custom conditions -301 ... -305, each at most once and in this order, then the download. */
static hf_err read_install(hf_bytes in, struct hf_manifest *m)
{
	struct hf_cborr r;
	int64_t command = 0;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_int(&r, &command);
	for (int i = 0; i < 5; i++) {
		if (command != -301 - i)
			continue;
		read_condition(&r, m, i);
		hf_cbor_read_int(&r, &command);
	}
	if (command != 20)
		return HF_ERR_RELEASE_PROFILE;
	read_parameters(&r, m);
	hf_cbor_expect_uint(&r, 21);
	hf_cbor_expect_uint(&r, 2);
	hf_cbor_expect_uint(&r, 3);
	hf_cbor_expect_uint(&r, 15);
	return hf_cbor_done(&r);
}

static hf_err read_members(hf_bytes in, struct hf_manifest *m)
{
	hf_bytes common = { 0 }, install = { 0 }, text = { 0 };
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_expect_uint(&r, 1);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_uint_max(&r, INT64_MAX, &m->sequence);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_bytes(&r, &common);
	m->validate = try_fixed(&r, 7, HF_STR("\x82\x03\x0f"));
	m->invoke = try_fixed(&r, 9, HF_STR("\x82\x17\x02"));
	hf_cbor_expect_key(&r, 20);
	hf_cbor_read_bytes(&r, &install);
	if (hf_cbor_try_key(&r, 23)) {
		hf_cbor_capture(&r, &text);
		m->text_digest = hf__suit_digest_value(text);
		if (m->text_digest.len == 0)
			hf_cbor_reader_fail(&r, HF_ERR_RELEASE_PROFILE);
	}
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(read_common(common, m));
	return read_install(install, m);
}

hf_err hf_manifest_read(hf_bytes manifest, struct hf_manifest *m)
{
	memset(m, 0, sizeof(*m));
	if (manifest.len > HF_MANIFEST_MAX_LEN)
		return HF_ERR_SUIT_LIMIT;
	if (read_members(manifest, m) == HF_OK)
		return HF_OK;
	memset(m, 0, sizeof(*m));
	return HF_ERR_RELEASE_PROFILE;
}

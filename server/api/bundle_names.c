/* bundle_names.c -- see bundle_names.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/cbor.h>
#include "bundle_names.h"

enum {
	BUNDLE_HEADER = 12,
	KIND_RELEASE = 1,
	LINKS_MAX = 16,
	PROOFS_MAX = 8,
	PROOF_FIXED = 156,
	HASH_LEN = 32,
	COSIG_LEN = 73,
	COSIGS_MAX = 16,
	PATH_MAX_LEN = 63,
	N_PATH_AT = 10, /* in a proof: policy_ref 8, log, publisher, n_path, n_cosig */
	SUIT_TAG = 107,
	MEMBER_MANIFEST = 3,
	HEAD_FIXED = 120,
	POLICY_REF_LEN = 8,
};

static bool take(hf_bytes *rest, size_t n, hf_bytes *part)
{
	if (n > rest->len)
		return false;
	*part = (hf_bytes){ rest->ptr, n };
	*rest = (hf_bytes){ rest->ptr + n, rest->len - n };
	return true;
}

static bool take_proof(hf_bytes *rest)
{
	hf_bytes part;
	size_t n_path, n_cosigs;

	if (rest->len < PROOF_FIXED)
		return false;
	n_path = rest->ptr[N_PATH_AT];
	n_cosigs = rest->ptr[N_PATH_AT + 1];
	return n_path <= PATH_MAX_LEN && n_cosigs <= COSIGS_MAX &&
	       take(rest, PROOF_FIXED + n_path * HASH_LEN + n_cosigs * COSIG_LEN, &part);
}

static bool take_link(hf_bytes *rest)
{
	hf_bytes part;

	return take(rest, 2, &part) && take(rest, (size_t)part.ptr[0] << 8 | part.ptr[1], &part) &&
	       take_proof(rest);
}

static bool is_header(hf_bytes head)
{
	return memcmp(head.ptr, "HFB1", 4) == 0 && head.ptr[4] == KIND_RELEASE && head.ptr[5] <= LINKS_MAX &&
	       head.ptr[6] > 0 && head.ptr[6] <= PROOFS_MAX && head.ptr[7] == 0;
}

/* Every byte belongs to something. */
static bool find_object(hf_bytes bundle, hf_bytes *object)
{
	hf_bytes rest = bundle, head;
	bool sound = take(&rest, BUNDLE_HEADER, &head) && is_header(head);

	for (unsigned i = 0; sound && i < head.ptr[5]; i++)
		sound = take_link(&rest);
	sound = sound && take(&rest, hf_get_be32(head.ptr + 8), object);
	for (unsigned i = 0; sound && i < head.ptr[6]; i++)
		sound = take_proof(&rest);
	return sound && rest.len == 0;
}

hf_err api_bundle_names(hf_bytes bundle, uint8_t d[static HF_SHA256_LEN], uint64_t *sequence)
{
	hf_bytes object = { NULL, 0 }, member = { NULL, 0 }, manifest = { NULL, 0 };
	struct hf_cborr r;
	int64_t key = 0;
	size_t n = 0;

	*sequence = 0;
	if (!find_object(bundle, &object))
		return HF_ERR_BASE_TEXT;
	hf_cbor_reader(&r, object);
	hf_cbor_expect_tag(&r, SUIT_TAG);
	hf_cbor_read_map(&r, &n);
	hf_cbor_read_key(&r, &key); /* authentication */
	hf_cbor_skip(&r);
	hf_cbor_expect_key(&r, MEMBER_MANIFEST);
	hf_cbor_capture(&r, &member);
	hf_cbor_end(&r);
	HF_TRY(hf_cbor_done(&r));
	hf_cbor_reader(&r, member);
	hf_cbor_read_bytes(&r, &manifest);
	HF_TRY(hf_cbor_done(&r));
	hf_cbor_reader(&r, manifest);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_expect_uint(&r, 1);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_uint_max(&r, INT64_MAX, sequence);
	HF_TRY(hf_cbor_error(&r));
	return hf_crypto_sha256(&member, 1, d);
}

hf_err api_head_names(hf_bytes head, struct hf_head_row *row)
{
	if (head.len < HEAD_FIXED || memcmp(head.ptr, "HFH1", 4) != 0 || head.ptr[5] > COSIGS_MAX ||
	    head.ptr[6] != 0 || head.ptr[7] != 0 ||
	    head.len != HEAD_FIXED + (size_t)head.ptr[5] * COSIG_LEN)
		return HF_ERR_BASE_TEXT;
	*row = (struct hf_head_row){ .log = head.ptr[4], .size = hf_get_be64(head.ptr + 16), .bytes = head };
	memcpy(row->policy_ref, head.ptr + 8, POLICY_REF_LEN);
	return row->size <= INT64_MAX ? HF_OK : HF_ERR_BASE_TEXT;
}

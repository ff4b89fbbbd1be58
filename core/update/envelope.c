/* envelope.c -- SUIT envelope: the manifest, its digest, and who signed that digest.
 * SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

enum { TAG_SUIT = 107, BLOCK_CAP = 128 };

static hf_err read_block(struct hf_envelope *e, hf_bytes block)
{
	struct hf_cose_sign1 *s = &e->block[e->n_blocks];

	HF_TRY(hf_cose_sign1_read(block, s));
	if (!s->detached)
		return HF_ERR_RELEASE_ENVELOPE;
	s->payload = e->digest;
	e->block_bytes[e->n_blocks++] = block;
	return HF_OK;
}

hf_err hf__envelope_read_blocks(hf_bytes in, struct hf_envelope *e)
{
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_read_array(&r, &n);
	if (n > 1 + HF_ENVELOPE_MAX_BLOCKS)
		return HF_ERR_SUIT_LIMIT;
	hf_cbor_read_bytes(&r, &e->digest);
	for (size_t i = 1; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes block = { 0 };

		hf_cbor_read_bytes(&r, &block);
		if (hf_cbor_error(&r) == HF_OK)
			HF_TRY(read_block(e, block));
	}
	return hf_cbor_done(&r);
}

static hf_err read_content(hf_bytes member, hf_bytes *content)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, member);
	hf_cbor_read_bytes(&r, content);
	return hf_cbor_done(&r);
}

static hf_err read(hf_bytes in, struct hf_envelope *e)
{
	hf_bytes auth = { 0 }, value;
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_tag(&r, TAG_SUIT);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_bytes(&r, &auth);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_capture(&r, &e->member);
	if (hf_cbor_try_key(&r, 23))
		hf_cbor_read_bytes_max(&r, HF_ENVELOPE_MAX_TEXT_LEN, &e->text);
	HF_TRY(hf_cbor_done(&r));
	if (in.len - e->text.len > HF_ENVELOPE_MAX_LEN)
		return HF_ERR_SUIT_LIMIT;
	HF_TRY(read_content(e->member, &e->manifest));
	HF_TRY(hf__envelope_read_blocks(auth, e));
	HF_TRY(hf_crypto_sha256(&e->member, 1, e->d));
	value = hf__suit_digest_value(e->digest);
	return hf_bytes_equal(value, HF_ARR(e->d)) ? HF_OK : HF_ERR_RELEASE_ENVELOPE;
}

hf_err hf_envelope_read(hf_bytes in, struct hf_envelope *e)
{
	hf_err err;

	memset(e, 0, sizeof(*e));
	if (in.len > HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN)
		return HF_ERR_SUIT_LIMIT;
	err = read(in, e);
	if (err == HF_OK)
		return HF_OK;
	memset(e, 0, sizeof(*e));
	return err == HF_ERR_SUIT_LIMIT || hf_err_class(err) == HF_CLASS_MACHINE ? err
										 : HF_ERR_RELEASE_ENVELOPE;
}

static hf_err compose(const hf_bytes *block, size_t n, hf_bytes manifest, hf_bytes text, struct hf_out *out)
{
	uint8_t d[HF_SHA256_LEN];
	struct hf_cborw w;

	HF_TRY(hf__suit_digest(manifest, d));
	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, TAG_SUIT);
	hf_cbor_put_map(&w, text.len > 0 ? 3 : 2);
	hf_cbor_put_key(&w, 2);
	hf_cbor_begin_bytes(&w);
	hf_cbor_put_array(&w, 1 + n);
	hf_cbor_begin_bytes(&w);
	hf__suit_put_digest(&w, HF_ARR(d));
	hf_cbor_end_bytes(&w);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_bytes(&w, block[i]);
	hf_cbor_end_bytes(&w);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, manifest);
	if (text.len > 0) {
		hf_cbor_put_key(&w, 23);
		hf_cbor_put_bytes(&w, text);
	}
	return hf_cbor_finish(&w);
}

/* compose, and never more than a reader accepts. */
static hf_err write(const hf_bytes *block, size_t n, hf_bytes manifest, hf_bytes text, struct hf_out *out)
{
	size_t start = out->len;

	HF_TRY(compose(block, n, manifest, text, out));
	if (out->len - start <= HF_ENVELOPE_MAX_LEN + text.len && text.len <= HF_ENVELOPE_MAX_TEXT_LEN)
		return HF_OK;
	out->len = start;
	return HF_ERR_SUIT_LIMIT;
}

hf_err hf_envelope_write(hf_bytes manifest, hf_bytes text, struct hf_out *out)
{
	uint8_t digest[HF_SHA256_LEN];
	struct hf_manifest m;

	HF_TRY(hf_manifest_read(manifest, &m));
	HF_TRY(hf__suit_digest(text, digest));
	if (text.len > 0 && (hf_cbor_check(text) != HF_OK || !hf_bytes_equal(m.text_digest, HF_ARR(digest))))
		return HF_ERR_SUIT_DIGEST;
	return write(NULL, 0, manifest, text, out);
}

static int compare(hf_bytes a, hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++)
		if (a.ptr[i] != b.ptr[i])
			return a.ptr[i] < b.ptr[i] ? -1 : 1;
	return a.len == b.len ? 0 : (a.len < b.len ? -1 : 1);
}

hf_err hf_envelope_add(hf_bytes in, hf_bytes block, struct hf_out *out)
{
	hf_bytes list[HF_ENVELOPE_MAX_BLOCKS + 1];
	struct hf_cose_sign1 new;
	struct hf_envelope e;
	bool placed = false;
	size_t n = 0;

	HF_TRY(hf_envelope_read(in, &e));
	HF_TRY(hf_cose_sign1_read(block, &new));
	if (!new.detached || new.kid.len == 0)
		return HF_ERR_RELEASE_ENVELOPE;
	for (size_t i = 0; i < e.n_blocks; i++) {
		int order = compare(e.block[i].kid, new.kid);

		if (order > 0 && !placed) {
			list[n++] = block;
			placed = true;
		}
		if (order != 0)
			list[n++] = e.block_bytes[i];
	}
	if (!placed)
		list[n++] = block;
	if (n > HF_ENVELOPE_MAX_BLOCKS)
		return HF_ERR_SUIT_LIMIT;
	return write(list, n, e.manifest, e.text, out);
}

hf_err hf_envelope_sign(hf_bytes in, const struct hf_cose_signer *signer, struct hf_out *scratch,
			struct hf_out *out)
{
	const hf_bytes none = { 0 };
	uint8_t mem[BLOCK_CAP];
	struct hf_out block = HF_OUT(mem);
	struct hf_envelope e;

	if (signer->alg != HF_COSE_ED25519 || signer->kid.len != HF_KID_LEN)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_envelope_read(in, &e));
	HF_TRY(hf_cose_sign1_write(signer, none, e.digest, true, scratch, &block));
	return hf_envelope_add(in, hf_out_bytes(&block), out);
}

hf_err hf_envelope_strip(hf_bytes in, struct hf_out *out)
{
	const hf_bytes none = { 0 };
	struct hf_envelope e;

	HF_TRY(hf_envelope_read(in, &e));
	return write(e.block_bytes, e.n_blocks, e.manifest, none, out);
}

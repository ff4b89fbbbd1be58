/* envelope.c -- the sealed object: padding hides class and number of signers, ECDH-ES hides the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { PAD_FIRST = 512, PAD_STEP = 1024 };

static size_t head_len(size_t n)
{
	if (n < 24)
		return 1;
	if (n < 256)
		return 2;
	return 3; /* a command has at most 16 KiB */
}

static size_t plain_len(size_t inner_len, size_t zeros)
{
	return 1 + head_len(inner_len) + inner_len + head_len(zeros) + zeros;
}

/* Fewest zeros that reach 512 or a multiple of 1,024; where their own head jumps, one byte beyond. */
static size_t zeros_for(size_t inner_len)
{
	size_t least = plain_len(inner_len, 0);
	size_t goal = least <= PAD_FIRST ? PAD_FIRST : (least + PAD_STEP - 1) / PAD_STEP * PAD_STEP;
	size_t zeros = goal - least;

	while (zeros > 0 && plain_len(inner_len, zeros - 1) >= goal)
		zeros--;
	return zeros;
}

static hf_err put_zeros(size_t n, struct hf_out *out)
{
	if (out->cap - out->len < n)
		return HF_ERR_BASE_NO_ROOM;
	memset(out->ptr + out->len, 0, n);
	out->len += n;
	return HF_OK;
}

static hf_err write_plain(hf_bytes inner, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_bytes(&w, inner);
	hf_cbor_begin_bytes(&w);
	hf_cbor_writer_fail(&w, put_zeros(zeros_for(inner.len), out));
	hf_cbor_end_bytes(&w);
	return hf_cbor_finish(&w);
}

hf_err hf_command_seal(struct hf_port *port, hf_bytes inner, const uint8_t device[static HF_P256_POINT_LEN],
		       hf_bytes dev, struct hf_out *scratch, struct hf_out *out)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/cmd/1/"), dev);
	uint8_t kid[HF_KID_LEN];
	size_t start = out->len;
	hf_err err;

	if (inner.len > HF_COMMAND_MAX_INNER_LEN)
		return HF_ERR_COMMAND_LIMIT;
	HF_TRY(hf__command_kid(device, kid));
	scratch->len = 0;
	err = write_plain(inner, scratch);
	if (err == HF_OK)
		err = hf_cose_encrypt_write(port, device, HF_ARR(kid), hf__aad_bytes(&aad),
					    hf_out_bytes(scratch), out);
	hf_wipe(scratch->ptr, scratch->len);
	scratch->len = 0;
	if (err == HF_OK && out->len - start > HF_COMMAND_MAX_LEN) {
		out->len = start;
		err = HF_ERR_COMMAND_LIMIT;
	}
	return err;
}

static hf_err choose_key(hf_bytes kid, const struct hf_ecdhkey *const keys[static 2],
			 const struct hf_ecdhkey **key)
{
	uint8_t own[HF_KID_LEN];

	for (size_t i = 0; i < 2; i++) {
		if (keys[i] == NULL)
			continue;
		HF_TRY(hf__command_kid(keys[i]->pub, own));
		if (hf_bytes_equal(HF_ARR(own), kid)) {
			*key = keys[i];
			return HF_OK;
		}
	}
	return HF_ERR_COMMAND_KEY;
}

static bool is_zero(hf_bytes b)
{
	uint8_t any = 0;

	for (size_t i = 0; i < b.len; i++)
		any |= b.ptr[i];
	return any == 0;
}

static hf_err split_plain(hf_bytes plain, hf_bytes *inner)
{
	struct hf_cborr r;
	hf_bytes zeros = { 0 }, found = { 0 };

	hf_cbor_reader(&r, plain);
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_bytes(&r, &found);
	hf_cbor_read_bytes(&r, &zeros);
	if (hf_cbor_done(&r) != HF_OK)
		return HF_ERR_COMMAND_SHAPE;
	if (!is_zero(zeros)) /* hidden bytes would be a channel nobody signed */
		return HF_ERR_COMMAND_PADDING;
	*inner = found;
	return HF_OK;
}

hf_err hf__command_open(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *const keys[static 2],
			hf_bytes dev, struct hf_out *out, hf_bytes *inner)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/cmd/1/"), dev);
	const struct hf_ecdhkey *key = NULL;
	size_t start = out->len;

	*inner = (hf_bytes){ 0 };
	HF_TRY(choose_key(e->kid, keys, &key));
	HF_TRY(hf_cose_encrypt_open(e, key, hf__aad_bytes(&aad), out));
	return split_plain((hf_bytes){ out->ptr + start, out->len - start }, inner);
}

hf_err hf_command_unseal(hf_bytes sealed, const struct hf_ecdhkey *const keys[static 2], hf_bytes dev,
			 struct hf_out *out, hf_bytes *inner)
{
	struct hf_cose_encrypt e;

	*inner = (hf_bytes){ 0 };
	if (sealed.len > HF_COMMAND_MAX_LEN)
		return HF_ERR_COMMAND_LIMIT;
	if (hf_cose_encrypt_read(sealed, &e) != HF_OK)
		return HF_ERR_COMMAND_SHAPE;
	return hf__command_open(&e, keys, dev, out, inner);
}

/* cose_encrypt0.c -- COSE_Encrypt0 (RFC 9052 s5.2): A256GCM under a key both sides have.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

struct iv_header {
	int64_t label;
	hf_bytes value;
};

static hf_err write(struct hf__cose_seal *seal, hf_bytes kid, struct iv_header iv, hf_bytes plain,
		    struct hf_out *out)
{
	uint8_t mem[HF__COSE_PROTECTED_CAP];
	struct hf_out header = HF_OUT(mem);
	struct hf_cborw w;

	if (seal->key->len != hf__cose_key_len(HF_COSE_A256GCM))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__cose_build_protected(HF_COSE_A256GCM, kid, &header));
	seal->header = hf_out_bytes(&header);
	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_ENCRYPT0);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_bytes(&w, seal->header);
	hf_cbor_put_map(&w, 1);
	hf_cbor_put_key(&w, iv.label);
	hf_cbor_put_bytes(&w, iv.value);
	hf__cose_put_ciphertext(&w, seal, plain);
	return hf_cbor_finish(&w);
}

hf_err hf_cose_encrypt0_write(struct hf_port *port, const struct hf_key *key, hf_bytes kid, hf_bytes aad,
			      hf_bytes plain, struct hf_out *out)
{
	struct hf__cose_seal seal = { .context = HF_STR("Encrypt0"), .aad = aad, .key = key };
	struct iv_header iv = { HF__COSE_HEADER_IV, HF_ARR(seal.iv) };

	HF_TRY(hf_port_random(port, seal.iv, sizeof(seal.iv)));
	return write(&seal, kid, iv, plain, out);
}

hf_err hf_cose_encrypt0_write_partial(const struct hf_key *key, hf_bytes kid,
				      const uint8_t base_iv[static HF_AEAD_NONCE_LEN], hf_bytes partial,
				      hf_bytes aad, hf_bytes plain, struct hf_out *out)
{
	struct hf__cose_seal seal = { .context = HF_STR("Encrypt0"), .aad = aad, .key = key };
	struct iv_header iv = { HF__COSE_HEADER_PARTIAL_IV, partial };

	if (hf__cose_iv((hf_bytes){ 0 }, partial, base_iv, seal.iv) != HF_OK)
		return HF_ERR_BASE_MISUSE;
	return write(&seal, kid, iv, plain, out);
}

static void read_iv(struct hf_cborr *r, struct hf_cose_encrypt0 *e)
{
	int64_t label;

	hf_cbor_expect_map(r, 1);
	hf_cbor_read_key(r, &label);
	if (label == HF__COSE_HEADER_IV) {
		hf_cbor_read_bytes_max(r, HF_AEAD_NONCE_LEN, &e->iv);
		if (e->iv.len != HF_AEAD_NONCE_LEN)
			hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
	} else if (label == HF__COSE_HEADER_PARTIAL_IV) {
		hf_cbor_read_bytes_max(r, HF_AEAD_NONCE_LEN, &e->partial_iv);
		if (e->partial_iv.len == 0)
			hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
	} else {
		hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
	}
	hf_cbor_end(r);
}

static hf_err read(hf_bytes in, struct hf_cose_encrypt0 *e)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf__cose_expect(&r, HF_COSE_TAG_ENCRYPT0, 3);
	hf_cbor_read_bytes(&r, &e->protected_header);
	read_iv(&r, e);
	hf_cbor_read_bytes(&r, &e->ciphertext);
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(hf__cose_read_protected(e->protected_header, &e->alg, &e->kid));
	if (e->alg != HF_COSE_A256GCM)
		return HF_ERR_COSE_ALG;
	return e->ciphertext.len < HF_AEAD_TAG_LEN ? HF_ERR_COSE_SHAPE : HF_OK;
}

hf_err hf_cose_encrypt0_read(hf_bytes in, struct hf_cose_encrypt0 *e)
{
	hf_err err;

	*e = (struct hf_cose_encrypt0){ 0 };
	err = hf__cose_from_cbor(read(in, e));
	if (err != HF_OK)
		*e = (struct hf_cose_encrypt0){ 0 };
	return err;
}

hf_err hf_cose_encrypt0_open(const struct hf_cose_encrypt0 *e, const struct hf_key *key,
			     const uint8_t *base_iv, hf_bytes aad, struct hf_out *out)
{
	struct hf__cose_seal seal = {
		.context = HF_STR("Encrypt0"),
		.header = e->protected_header,
		.aad = aad,
		.key = key,
	};

	if (key->len == 0 || key->len != hf__cose_key_len(e->alg))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__cose_iv(e->iv, e->partial_iv, base_iv, seal.iv));
	return hf__cose_open_ciphertext(&seal, e->ciphertext, out);
}

/* Fuzz target: the operator's readers of receipts and state. The first byte chooses: 0 the signed object,
 * 1 the payload of a receipt as a hostile device would sign it, 2 that of a state. What is read is
 * written back the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/receipt.h>
#include "fuzz.h"

#define DEV HF_STR("abcdefghijklmnop")

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static struct hf_hwkey hw;
static struct hf_ecdhkey reply;
static uint8_t mem[2][3 * HF_RECEIPT_MAX_LEN];

static void prepare(void)
{
	if (hw.sign == NULL &&
	    (hf_crypto_p256_hwkey(&secret, &hw) != HF_OK || hf_crypto_p256_ecdhkey(&secret, &reply) != HF_OK))
		abort();
}

static void use_receipt(const struct hf_receipt *r, hf_bytes object)
{
	struct hf_out plain = HF_OUT(mem[1]);
	struct hf_receipt_chain chain = { .n = 0 };
	hf_err err = hf_receipt_chain_add(&chain, r, object);

	if (hf_receipt_open_result(r, &reply, &plain) == HF_OK && r->result.len == 0)
		abort();
	if (r->n > 0 && err != HF_ERR_RECEIPT_CHAIN &&
	    hf_receipt_chain_add(&chain, r, object) != HF_ERR_RECEIPT_REPEAT)
		abort();
	if (hf_receipt_reason_word(r->reason)[0] == '\0' || hf_receipt_status_word(r->status)[0] == '\0')
		abort();
}

static void try_receipt(hf_bytes payload)
{
	struct hf_out out = HF_OUT(mem[0]);
	struct hf_receipt r, again;

	if (hf_receipt_read(payload, &r) != HF_OK) {
		if (r.dev.len != 0 || r.n != 0)
			abort();
		return;
	}
	if (hf_receipt_write(&r, &out) != HF_OK || !hf_bytes_equal(hf_out_bytes(&out), payload))
		abort();
	out.len = 0;
	if (hf_receipt_sign(payload, DEV, &hw, &out) != HF_OK)
		abort();
	if (hf_receipt_open(hf_out_bytes(&out), hw.pub, DEV, &again) == HF_OK)
		use_receipt(&again, hf_out_bytes(&out));
}

/* The payload in a frame with any signature: peek does not look at it. */
static hf_bytes in_frame(hf_bytes payload, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN1);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, HF_STR("\xa1\x01\x26"));
	hf_cbor_put_map(&w, 0);
	hf_cbor_put_bytes(&w, payload);
	hf_cbor_put_bytes(&w, HF_STR("signature"));
	return hf_cbor_finish(&w) == HF_OK ? hf_out_bytes(out) : (hf_bytes){ 0 };
}

static void try_state(hf_bytes payload)
{
	struct hf_out frame = HF_OUT(mem[0]), out = HF_OUT(mem[1]);
	struct hf_cose_sign1 s;
	struct hf_state state;

	if (hf_state_peek(in_frame(payload, &frame), &state) != HF_OK) {
		if (state.n_rows != 0 || state.dev.len != 0)
			abort();
		return;
	}
	if (state.n_rows > HF_STATE_MAX_ROWS || hf_state_write(&state, &hw, &out) != HF_OK ||
	    hf_cose_sign1_read(hf_out_bytes(&out), &s) != HF_OK || !hf_bytes_equal(s.payload, payload))
		abort();
	(void)hf_state_high(&state, state.row[0].kid);
}

static void try_object(hf_bytes object)
{
	struct hf_receipt r;
	struct hf_state s;

	if (hf_receipt_open(object, hw.pub, DEV, &r) == HF_OK && hf_receipt_peek(object, &r) != HF_OK)
		abort();
	if (hf_state_open(object, hw.pub, DEV, &s) == HF_OK && hf_state_peek(object, &s) != HF_OK)
		abort();
	if (hf_receipt_peek(object, &r) == HF_OK && hf_state_peek(object, &s) == HF_OK)
		abort(); /* one object, one meaning */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > HF_RECEIPT_MAX_LEN)
		return 0;
	prepare();
	if (data[0] % 3 == 0)
		try_object((hf_bytes){ data + 1, size - 1 });
	else if (data[0] % 3 == 1)
		try_receipt((hf_bytes){ data + 1, size - 1 });
	else
		try_state((hf_bytes){ data + 1, size - 1 });
	return 0;
}

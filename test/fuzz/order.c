/* Fuzz target: production orders and the lists of stations, which come over the network. The first byte
 * chooses: 0 an order's payload, 1 a signed unit or list, 2 the payload of a list, signed properly by a
 * hostile station, 3 the payload of a unit, likewise.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/order.h>
#include "fuzz.h"

enum { IN_MAX = 16384 };

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static struct hf_hwkey hw;
static uint8_t mem[IN_MAX + 256];
/* Zeros are the id of the order that seeds name. */
static const struct hf_order order = { .quantity = 3, .not_after = UINT64_MAX, .mode = HF_ORDER_MANIFEST };

static void try_order(hf_bytes payload)
{
	struct hf_out out = HF_OUT(mem);
	struct hf_order o;

	if (hf_order_read(payload, &o) != HF_OK) {
		if (o.quantity != 0 || o.n_stations != 0)
			abort();
		return;
	}
	if (hf_order_write(&o, &out) != HF_OK || !hf_bytes_equal(hf_out_bytes(&out), payload))
		abort();
}

static void try_units(hf_bytes object)
{
	struct hf_units_row row;
	struct hf_units u;
	struct hf_unit one;
	size_t n = 0;

	if (hf_unit_open(object, hw.pub, &order, &one) == HF_OK && one.kc_sealed.len == 0)
		abort();
	if (hf_units_open(object, hw.pub, &order, &u) != HF_OK) {
		if (u.n != 0)
			abort();
		return;
	}
	while (hf_units_next(&u, &row))
		n++;
	if (n != u.n || n > order.quantity)
		abort();
}

static void sign_and_try(hf_bytes payload, hf_bytes aad)
{
	uint8_t kid[HF_KID_LEN] = { 1 };
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_ARR(kid), &hw, NULL };
	struct hf_out out = HF_OUT(mem);

	if (hf_cose_sign1_write(&signer, aad, payload, false, NULL, &out) == HF_OK)
		try_units(hf_out_bytes(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data + 1, size - 1 };

	if (size == 0 || size > IN_MAX)
		return 0;
	if (hw.sign == NULL && hf_crypto_p256_hwkey(&secret, &hw) != HF_OK)
		abort();
	if ((data[0] & 3) == 0)
		try_order(in);
	else if ((data[0] & 3) == 1)
		try_units(in);
	else
		sign_and_try(in, (data[0] & 3) == 2 ? HF_STR("hf/units/1") : HF_STR("hf/unit/1"));
	return 0;
}

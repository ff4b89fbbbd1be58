/* Fuzz target: endorsement, hello, its answer, and the records of the renewal machine. The first byte
 * chooses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include <renew_priv.h>
#include <stdlib.h>
#include <string.h>

/* The generator of P-256: some point that is valid. */
static const uint8_t point[HF_P256_POINT_LEN] = {
	0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
	0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
	0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
	0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

static void endorsement(hf_bytes in)
{
	const struct hf_key ko = { { 1 }, HF_KEY_CAP };
	struct hf_endorse e, next;

	if (hf_endorse_open_claim(in, HF_STR("abcdefghij234567"), &ko, &next) == HF_OK && next.gen != 0)
		abort();
	if (hf_endorse_peek(in, &e) != HF_OK)
		return;
	if (e.gen > HF_ENDORSE_MAX_GEN || strlen(e.dev) != HF_DEV_LEN)
		abort();
	if (hf_endorse_open_next(in, &e, &next) != HF_OK) /* the same is nothing new */
		abort();
}

static void hello(hf_bytes in)
{
	struct hf_hello h;
	uint64_t now = 1;

	if (hf_hello_open(in, point, &h) == HF_OK)
		abort(); /* nobody has that private key at hand */
	if (hf_hello_ack_read(in, HF_STR("hello"), &now) != HF_OK && now != 0)
		abort();
}

static void slot(hf_bytes in)
{
	static struct hf_renew_slot s;

	memset(&s, 0, sizeof(s));
	memcpy(s.signing, point, sizeof(point));
	if (hf__renew_parse_slot(in, &s) != HF_OK)
		return;
	if (s.leaf.not_after <= s.leaf.not_before || s.leaf.der.len == 0 || s.leaf.der.len > sizeof(s.der) ||
	    s.endorsement_len > sizeof(s.endorsement))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };

	if (size == 0)
		return 0;
	in.ptr++;
	in.len--;
	if (data[0] % 3 == 0)
		endorsement(in);
	else if (data[0] % 3 == 1)
		hello(in);
	else
		slot(in);
	return 0;
}

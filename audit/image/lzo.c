/* lzo.c -- LZO1X, decoder only.
 * The format (kernel documentation "LZO stream format as understood by Linux' LZO decompressor"): a stream of
 * instructions. Each copies a match from the output written so far and is followed by 0 to 3 literals, whose
 * number ("state") stands in the low two bits; the state also changes how the next small instruction is read.
 * Every read is checked against the input, every write against the room, every distance against the output.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "codec.h"

struct lzo {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_begin, *out_end;
	bool bad;
};

static uint8_t take(struct lzo *z)
{
	if (z->in == z->in_end) {
		z->bad = true;
		return 0;
	}
	return *z->in++;
}

/* Lengths of 0 are continued: each zero byte adds 255, the first other byte ends it. */
static size_t more_len(struct lzo *z, size_t base)
{
	size_t len = base;
	uint8_t b = take(z);

	while (b == 0 && !z->bad) {
		len += 255;
		b = take(z);
	}
	return len + b;
}

static void literals(struct lzo *z, size_t n)
{
	if (n > (size_t)(z->in_end - z->in) || n > (size_t)(z->out_end - z->out)) {
		z->bad = true;
		return;
	}
	memcpy(z->out, z->in, n);
	z->in += n;
	z->out += n;
}

static void match(struct lzo *z, size_t distance, size_t n)
{
	if (distance > (size_t)(z->out - z->out_begin) || n > (size_t)(z->out_end - z->out)) {
		z->bad = true;
		return;
	}
	if (distance >= n) {
		memcpy(z->out, z->out - distance, n);
		z->out += n;
		return;
	}
	for (; n > 0; n--, z->out++)
		*z->out = *(z->out - distance);
}

/* Instructions below 16: literals after state 0, else a short match. Gives the next state. */
static unsigned small(struct lzo *z, unsigned op, unsigned state)
{
	size_t distance;

	if (state == 0) {
		literals(z, (op == 0 ? more_len(z, 15) : op) + 3);
		return 4; /* a long run of literals stands before */
	}
	distance = ((size_t)take(z) << 2) + (op >> 2) + 1;
	if (state == 4)
		match(z, distance + 2048, 3);
	else
		match(z, distance, 2);
	literals(z, op & 3);
	return op & 3;
}

/* 16 to 31: distances of 16 to 48 KiB; distance 16384 exactly is the end of the stream. */
static unsigned far_match(struct lzo *z, unsigned op, bool *end)
{
	size_t n = (op & 7) == 0 ? more_len(z, 7) + 2 : (op & 7) + 2;
	unsigned low = take(z), high = take(z);
	size_t distance = 16384 + ((size_t)(op & 8) << 11) + ((size_t)high << 6) + (low >> 2);

	*end = distance == 16384 && !z->bad;
	if (*end)
		return 0;
	match(z, distance, n);
	literals(z, low & 3);
	return low & 3;
}

/* 32 to 63: distances up to 16 KiB; 64 and above: up to 2 KiB. */
static unsigned near_match(struct lzo *z, unsigned op)
{
	size_t n;
	unsigned low;

	if (op >= 64) {
		n = op >= 128 ? ((op >> 5) & 3) + 5 : ((op >> 5) & 1) + 3;
		match(z, ((size_t)take(z) << 3) + ((op >> 2) & 7) + 1, n);
		literals(z, op & 3);
		return op & 3;
	}
	n = (op & 31) == 0 ? more_len(z, 31) + 2 : (op & 31) + 2;
	low = take(z);
	match(z, ((size_t)take(z) << 6) + (low >> 2) + 1, n);
	literals(z, low & 3);
	return low & 3;
}

/* The first byte may stand for literals at once. */
static unsigned first(struct lzo *z)
{
	unsigned op;

	if (z->in == z->in_end || *z->in <= 17)
		return 0;
	op = *z->in++ - 17u;
	literals(z, op);
	return op < 4 ? op : 4;
}

hf_err hf__lzo_decode(hf_bytes in, uint8_t *out, size_t *out_len)
{
	struct lzo z = { in.ptr, in.ptr + in.len, out, out, out + *out_len, false };
	unsigned state = first(&z);
	bool end = false;

	*out_len = 0;
	while (!end && !z.bad) {
		unsigned op = take(&z);

		if (z.bad)
			break;
		if (op < 16)
			state = small(&z, op, state);
		else
			state = op < 32 ? far_match(&z, op, &end) : near_match(&z, op);
	}
	*out_len = (size_t)(z.out - out);
	return z.bad || z.in != z.in_end ? HF_ERR_IMAGE_FORMAT : HF_OK;
}

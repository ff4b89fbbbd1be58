/* Fuzz target: UBI, UBIFS and JFFS2. Checksums are made right first, else no change would get past them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "fuzz.h"
#include "walk_target.h"

static uint32_t get_le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put(uint8_t *p, uint32_t v, int big)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (big ? 24 - 8 * i : 8 * i));
}

static uint32_t get(const uint8_t *p, int big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : get_le(p);
}

static uint32_t crc_zero(const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32(0xffffffffu, p, (unsigned)n);
}

static uint32_t crc_ones(const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32(0, p, (unsigned)n);
}

static void mend_ubifs(uint8_t *p, size_t left)
{
	size_t len = left >= 24 ? get_le(p + 16) : 0;

	if (len >= 24 && len <= left)
		put(p + 4, crc_ones(p + 8, len - 8), 0);
}

static void mend_jffs2_node(uint8_t *p, size_t left, int big)
{
	unsigned type = big ? (unsigned)p[2] << 8 | p[3] : (unsigned)p[3] << 8 | p[2];

	put(p + 8, crc_zero(p, 8), big);
	if (type == 0xe001 && left >= 40 && (size_t)p[28] + 40 <= left) {
		put(p + 36, crc_zero(p + 40, p[28]), big);
		put(p + 32, crc_zero(p, 32), big);
	}
	if (type == 0xe002 && left >= 68) {
		size_t stored = get(p + 48, big);

		if (stored <= left - 68)
			put(p + 60, crc_zero(p + 68, stored), big);
		put(p + 64, crc_zero(p, 60), big);
	}
	if (type == 0xe008 && left >= 32)
		put(p + 28, crc_zero(p, 28), big);
	if (type == 0xe009 && left >= 28)
		put(p + 24, crc_zero(p, 24), big);
}

static void mend(uint8_t *p, size_t left)
{
	if (left >= 64 && (memcmp(p, "UBI#", 4) == 0 || memcmp(p, "UBI!", 4) == 0))
		put(p + 60, crc_ones(p, 60), 1);
	if (left >= 24 && get_le(p) == 0x06101831)
		mend_ubifs(p, left);
	if (left >= 12 && p[0] == 0x85 && p[1] == 0x19)
		mend_jffs2_node(p, left, 0);
	if (left >= 12 && p[0] == 0x19 && p[1] == 0x85)
		mend_jffs2_node(p, left, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	for (size_t i = 0; i < size; i += 4)
		mend(copy + i, size - i);
	walk_target_run(copy, size);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fat_name.h"
#include "walk_priv.h"

static void put_utf8(struct hf__fat_name *n, uint32_t c)
{
	if (n->len + 4 > sizeof(n->text))
		return;
	if (c < 0x80) {
		n->text[n->len++] = (uint8_t)c;
		return;
	}
	if (c >= 0x10000) {
		n->text[n->len++] = (uint8_t)(0xf0 | c >> 18);
		n->text[n->len++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	} else if (c >= 0x800) {
		n->text[n->len++] = (uint8_t)(0xe0 | c >> 12);
	}
	n->text[n->len++] = (uint8_t)(c < 0x800 ? 0xc0 | c >> 6 : 0x80 | (c >> 6 & 0x3f));
	n->text[n->len++] = (uint8_t)(0x80 | (c & 0x3f));
}

static void long_name(struct hf__fat_name *n)
{
	n->len = 0;
	for (size_t i = 0; i < (size_t)n->parts * HF__FAT_UNITS && n->unit[i] != 0 && n->unit[i] != 0xffff;
	     i++) {
		uint32_t c = n->unit[i], low = i + 1 < (size_t)n->parts * HF__FAT_UNITS ? n->unit[i + 1] : 0;

		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		}
		put_utf8(n, c);
	}
}

/* One half of an 8.3 name, without the spaces at its end; flags tell which half is in small letters. */
static void put_half(struct hf__fat_name *n, const uint8_t *half, size_t len, bool small)
{
	while (len > 0 && half[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		n->text[n->len++] =
			small && half[i] >= 'A' && half[i] <= 'Z' ? (uint8_t)(half[i] + 32) : half[i];
}

static void short_name(struct hf__fat_name *n, const uint8_t e[static HF__FAT_ENTRY])
{
	size_t base;

	n->len = 0;
	put_half(n, e, 8, (e[12] & 0x08) != 0);
	if (n->len > 0 && n->text[0] == 0x05)
		n->text[0] = 0xe5; /* which would mean deleted */
	base = n->len;
	n->text[n->len++] = '.';
	put_half(n, e + 8, 3, (e[12] & 0x10) != 0);
	if (n->len == base + 1)
		n->len = base;
}

/* Parts of a long name stand last part first, before the short entry they belong to. */
void hf__fat_name_part(struct hf__fat_name *n, const uint8_t e[static HF__FAT_ENTRY])
{
	static const uint8_t places[HF__FAT_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned number = e[0] & 0x3f;

	if ((e[0] & 0x40) != 0) {
		n->parts = number <= HF__FAT_PARTS_MAX ? number : 0;
		n->want = n->parts;
		n->sum = e[13];
	}
	if (n->parts == 0 || number == 0 || number != n->want || e[13] != n->sum) {
		n->parts = 0;
		return;
	}
	n->want--;
	for (size_t i = 0; i < HF__FAT_UNITS; i++)
		n->unit[(number - 1) * HF__FAT_UNITS + i] = hf__le16(e + places[i]);
}

static uint8_t sum_of(const uint8_t e[static HF__FAT_ENTRY])
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + e[i]);
	return sum;
}

void hf__fat_name_finish(struct hf__fat_name *n, const uint8_t e[static HF__FAT_ENTRY])
{
	if (n->parts > 0 && n->want == 0 && n->sum == sum_of(e))
		long_name(n);
	else
		short_name(n, e);
	n->parts = 0;
}

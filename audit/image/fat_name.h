/* fat_name.h -- names in FAT directories: 8.3, and long ones in parts before them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__FAT_NAME_H
#define HF__FAT_NAME_H
#include <holdfast/base.h>

enum { HF__FAT_ENTRY = 32, HF__FAT_PARTS_MAX = 20, HF__FAT_UNITS = 13 };

struct hf__fat_name {
	uint8_t text[256 * 3 + 1]; /* UTF-8 */
	size_t len;
	uint16_t unit[HF__FAT_PARTS_MAX * HF__FAT_UNITS];
	unsigned parts; /* how many the long name has, 0 = none */
	unsigned want;  /* the part that must come next */
	uint8_t sum;
};

/* One part of a long name. */
void hf__fat_name_part(struct hf__fat_name *n, const uint8_t e[static HF__FAT_ENTRY]);
/* The entry that the parts before it, if they fit, belong to: n->text is its name. */
void hf__fat_name_finish(struct hf__fat_name *n, const uint8_t e[static HF__FAT_ENTRY]);
#endif

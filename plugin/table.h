/* table.h -- the certificates that may connect: SHA-256(certificate) -> row.
 * Open addressing over 64-byte rows, grown by doubling up to HF_TABLE_MAX_ROWS. Keys are SHA-256 values
 * of certificates our CA issued, so nobody chooses where they fall. No I/O; one thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_TABLE_H
#define HF_PLUGIN_TABLE_H
#include <holdfast/base.h>

enum { HF_TABLE_MAX_ROWS = 4 << 20, HF_TABLE_DEV_LEN = 16 };

/* States as plugin frames carry them; doc/protocol/plugin-socket.md. Extend only. */
enum hf_row_state {
	HF_ROW_ISSUED = 1,
	HF_ROW_SEEN = 2,
	HF_ROW_CONFIRMED = 3,
	HF_ROW_SUPERSEDED = 4,
	HF_ROW_VOID = 5,
	HF_ROW_QUARANTINED = 6,
	HF_ROW_REVOKED = 7,
	HF_ROW_EXPIRED = 8,
};

struct hf_row {
	uint8_t hash[32];
	char dev[HF_TABLE_DEV_LEN]; /* no NUL */
	int64_t not_after;
	uint8_t state; /* 0 = free slot */
	uint8_t budget;
};

struct hf_table {
	struct hf_row *rows;
	size_t cap; /* power of two, or 0 */
	size_t n;
};

void hf__table_free(struct hf_table *t);
/* NULL when absent. Valid until the next put. */
const struct hf_row *hf__table_find(const struct hf_table *t, const uint8_t hash[static 32]);
/* Insert or replace. Errors: HF_ERR_PLUGIN_ROOM. */
HF_MUST_CHECK hf_err hf__table_put(struct hf_table *t, const struct hf_row *row);
/* May a session with this row be admitted (quarantined ones: with restrictions)? */
bool hf__row_is_good(const struct hf_row *row, int64_t now_s);
#endif

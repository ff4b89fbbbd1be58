/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "table.h"

enum { FIRST_CAP = 1024 };

void hf__table_free(struct hf_table *t)
{
	free(t->rows);
	*t = (struct hf_table){ 0 };
}

/* The slot of `hash`, or the free one where it belongs; `cap` > n, so there is one. */
static struct hf_row *slot(struct hf_row *rows, size_t cap, const uint8_t hash[static 32])
{
	size_t i = (size_t)hf_get_be64(hash) & (cap - 1);

	while (rows[i].state != 0 && memcmp(rows[i].hash, hash, 32) != 0)
		i = (i + 1) & (cap - 1);
	return &rows[i];
}

const struct hf_row *hf__table_find(const struct hf_table *t, const uint8_t hash[static 32])
{
	const struct hf_row *row;

	if (t->cap == 0)
		return NULL;
	row = slot(t->rows, t->cap, hash);
	return row->state == 0 ? NULL : row;
}

static hf_err grow(struct hf_table *t)
{
	size_t cap = t->cap == 0 ? FIRST_CAP : t->cap * 2;
	struct hf_row *rows = calloc(cap, sizeof(*rows));

	if (rows == NULL)
		return HF_ERR_PLUGIN_ROOM;
	for (size_t i = 0; i < t->cap; i++)
		if (t->rows[i].state != 0)
			*slot(rows, cap, t->rows[i].hash) = t->rows[i];
	free(t->rows);
	t->rows = rows;
	t->cap = cap;
	return HF_OK;
}

hf_err hf__table_put(struct hf_table *t, const struct hf_row *row)
{
	struct hf_row *to;

	/* At most three quarters full, so that probes stay short. */
	if (t->n + 1 > t->cap / 4 * 3) {
		if (t->n >= HF_TABLE_MAX_ROWS)
			return HF_ERR_PLUGIN_ROOM;
		HF_TRY(grow(t));
	}
	to = slot(t->rows, t->cap, row->hash);
	t->n += to->state == 0;
	*to = *row;
	return HF_OK;
}

bool hf__row_is_good(const struct hf_row *row, int64_t now_s)
{
	if (row == NULL || row->not_after <= now_s)
		return false;
	return row->state == HF_ROW_ISSUED || row->state == HF_ROW_SEEN || row->state == HF_ROW_CONFIRMED ||
	       row->state == HF_ROW_QUARANTINED;
}

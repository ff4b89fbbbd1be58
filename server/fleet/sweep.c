/* sweep.c -- what time alone changes: ends of certificates, of commit times, of kept answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "fleet_priv.h"

enum { BATCH = 100, ANSWERS_S = 86400, COMMANDS_S = 30 * 86400 };

struct overdue {
	struct hf_unit_row unit[BATCH];
	unsigned n;
};

static hf_err keep(void *ctx, const struct hf_unit_row *u)
{
	struct overdue *o = ctx;

	if (o->n < BATCH)
		o->unit[o->n++] = *u;
	return HF_OK;
}

static hf_err void_units(struct hf_db *db)
{
	struct overdue list = { .n = 0 };
	struct hf_device_row d;

	HF_TRY(hf_unit_overdue(db, hf_db_now(db), BATCH, keep, &list));
	for (unsigned i = 0; i < list.n; i++) {
		struct hf_unit_row *u = &list.unit[i];

		u->state = HF_STORE_UNIT_VOID;
		HF_TRY(hf_unit_update(db, u));
		HF_TRY(hf_cert_set_state(db, u->serial, HF_CERT_VOID));
		HF_TRY(hf_device_by_id(db, u->device, &d));
		HF_TRY(hf__maker_hears(db, &d));
		HF_TRY(hf_fleet_event(db, &d, HF_EVENT_NOTICE, "unit.void", "server", NULL, NULL));
	}
	return HF_OK;
}

hf_err hf_fleet_sweep(struct hf_db *db, void *unused)
{
	unsigned n = 0;

	(void)unused;
	HF_TRY(hf_cert_expire(db, hf_db_now(db), BATCH, &n));
	HF_TRY(void_units(db));
	HF_TRY(hf_idem_prune(db, hf_db_now(db) - ANSWERS_S));
	return hf_command_prune(db, hf_db_now(db) - COMMANDS_S, &n);
}

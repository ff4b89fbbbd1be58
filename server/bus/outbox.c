/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/log.h>
#include "outbox.h"

enum { AT_ONCE = 64 };

/* Commands handed to the broker in one turn, to be marked as sent. */
struct sent {
	struct {
		char dev[HF_STORE_DEV_CAP];
		uint8_t cti[HF_STORE_CTI_LEN];
	} of[AT_ONCE];
	size_t n;
};

struct turn {
	struct hf_outbox *outbox;
	struct hf_db *db;
	const char *dev; /* NULL: whichever is here */
	struct sent *sent;
	size_t looked;
};

void hf__outbox_init(struct hf_outbox *o, struct hf_store *store, struct hf_bus *bus)
{
	*o = (struct hf_outbox){ store, bus, 0 };
}

static hf_err mark_sent(struct hf_db *db, void *ctx)
{
	struct sent *sent = ctx;

	for (size_t i = 0; i < sent->n; i++) {
		hf_err err = hf_command_sent(db, sent->of[i].dev, sent->of[i].cti);

		if (err != HF_OK && err != HF_ERR_STORE_ABSENT && err != HF_ERR_STORE_STALE)
			return err;
	}
	return HF_OK;
}

static void marked(void *ctx, hf_err err)
{
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "mark commands", err, NULL);
	free(ctx);
}

static void send_one(struct turn *t, const struct hf_command_row *row)
{
	char id[32] = { 0 };
	struct hf_out out = { (uint8_t *)id, sizeof(id) - 1, 0 };

	if (t->sent->n == AT_ONCE || hf_base64url_encode(HF_ARR(row->cti), &out) != HF_OK)
		return;
	if (hf_bus_publish(t->outbox->bus, row->dev, "cmd", id, row->bytes) != HF_OK)
		return; /* the next hello brings it */
	memcpy(t->sent->of[t->sent->n].dev, row->dev, sizeof(row->dev));
	memcpy(t->sent->of[t->sent->n].cti, row->cti, sizeof(row->cti));
	t->sent->n++;
}

static hf_err send_open(void *ctx, const struct hf_command_row *row)
{
	send_one(ctx, row);
	return HF_OK;
}

/* Before its hello a device may not listen yet; its hello brings everything then. */
static hf_err send_if_here(void *ctx, const struct hf_command_row *row)
{
	struct turn *t = ctx;
	struct hf_presence_row here = { .up = false };
	hf_err err = hf_presence_get(t->db, row->dev, &here);

	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	t->looked++;
	t->outbox->seen = row->id;
	if (here.up && here.hello >= here.since)
		send_one(t, row);
	return HF_OK;
}

static hf_err read_commands(struct hf_db *db, void *ctx)
{
	struct turn *t = ctx;

	t->db = db;
	if (t->dev != NULL)
		return hf_command_open(db, t->dev, send_open, t);
	return hf_command_queued(db, t->outbox->seen, AT_ONCE, send_if_here, t);
}

/* Commands looked at. */
static size_t turn(struct hf_outbox *o, const char *dev)
{
	struct turn t = { .outbox = o, .dev = dev, .sent = calloc(1, sizeof(struct sent)) };
	hf_err err;

	if (t.sent == NULL)
		return 0;
	err = hf_store_read(o->store, read_commands, &t);
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "read commands", err, NULL);
	if (t.sent->n == 0 || hf_store_post(o->store, mark_sent, marked, t.sent) != HF_OK)
		free(t.sent);
	return t.looked;
}

void hf__outbox_device(struct hf_outbox *o, const char *dev)
{
	turn(o, dev);
}

void hf__outbox_queued(struct hf_outbox *o)
{
	if (!hf_bus_is_up(o->bus))
		return;
	while (turn(o, NULL) == AT_ONCE)
		;
}

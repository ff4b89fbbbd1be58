/* releases.c -- see releases.h. Nothing here is trusted by a device: a head and a bundle carry their own
 * signatures, a look only says what to fetch.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/fleet.h>
#include <hf/log.h>
#include <holdfast/cbor.h>
#include "releases.h"

enum { AT_ONCE = 64, LOOK_LEN = 96, DETAIL_CAP = 96 };
enum { KEY_D = 1, KEY_FLOOR = 12 }; /* of a report, doc/protocol/upd.md */

struct turn {
	struct hf_bus *bus;
	uint16_t port;
	const char *dev;
	size_t n;
	char sent[AT_ONCE][HF_STORE_DEV_CAP];
};

/* {1: D, 2: content address, 3: port}, doc/protocol/upd.md */
static hf_err send_look(void *ctx, const struct hf_look_row *l)
{
	struct turn *t = ctx;
	uint8_t mem[LOOK_LEN];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_map(&w, 3);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, HF_ARR(l->d));
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_bytes(&w, HF_ARR(l->bundle));
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_uint(&w, t->port);
	HF_TRY(hf_cbor_finish(&w));
	if (t->n < AT_ONCE && hf_bus_publish(t->bus, l->dev, "upd", "look", hf_out_bytes(&out)) == HF_OK)
		memcpy(t->sent[t->n++], l->dev, sizeof(l->dev));
	return HF_OK;
}

static hf_err send_head(void *ctx, const struct hf_head_row *h)
{
	struct turn *t = ctx;

	if (hf_bus_publish(t->bus, t->dev, "upd", "head", h->bytes) != HF_OK)
		hf_log(HF_LOG_DEBUG, "bus", "head not sent", "dev=%s", t->dev); /* the next hello brings it */
	return HF_OK;
}

static hf_err read_device(struct hf_db *db, void *ctx)
{
	struct turn *t = ctx;
	struct hf_device_row d;
	struct hf_look_row l;
	hf_err err = hf_device_by_dev(db, t->dev, &d);

	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	HF_TRY(hf_head_list(db, d.owner, HF_STORE_HEADS_MAX, send_head, t));
	err = hf_look_get(db, t->dev, &l);
	if (err == HF_OK && l.state != HF_LOOK_REPORTED)
		return send_look(t, &l);
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err read_queued(struct hf_db *db, void *ctx)
{
	return hf_look_queued(db, AT_ONCE, send_look, ctx);
}

static hf_err mark_sent(struct hf_db *db, void *ctx)
{
	const struct turn *t = ctx;

	for (size_t i = 0; i < t->n; i++)
		HF_TRY(hf_look_sent(db, t->sent[i]));
	return HF_OK;
}

static void marked(void *ctx, hf_err err)
{
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "mark looks", err, NULL);
	free(ctx);
}

static void run(struct hf_store *store, struct hf_bus *bus, uint16_t port, const char *dev)
{
	struct turn *t = calloc(1, sizeof(*t));
	hf_err err;

	if (t == NULL)
		return;
	t->bus = bus;
	t->port = port;
	t->dev = dev;
	err = hf_store_read(store, dev != NULL ? read_device : read_queued, t);
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "read releases", err, NULL);
	if (t->n == 0 || hf_store_post(store, mark_sent, marked, t) != HF_OK)
		free(t);
}

void hf__releases_device(struct hf_store *store, struct hf_bus *bus, uint16_t port, const char *dev)
{
	run(store, bus, port, dev);
}

void hf__releases_queued(struct hf_store *store, struct hf_bus *bus, uint16_t port)
{
	if (hf_bus_is_up(bus))
		run(store, bus, port, NULL);
}

hf_err hf__report_read(hf_bytes bytes, struct hf__report *out)
{
	struct hf_cborr r;
	size_t n = 0;

	*out = (struct hf__report){ .floor = 0 };
	hf_cbor_reader(&r, bytes);
	hf_cbor_read_map(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		int64_t key = 0;

		hf_cbor_read_key(&r, &key);
		if (key == KEY_D) {
			hf_cbor_read_bytes_max(&r, HF_SHA256_LEN, &out->d);
		} else if (key == KEY_FLOOR) {
			hf_cbor_read_uint_max(&r, INT64_MAX, &out->floor);
			out->has_floor = true;
		} else {
			hf_cbor_skip(&r);
		}
	}
	hf_cbor_end(&r);
	return hf_cbor_done(&r);
}

static hf_err raise_floor(struct hf_db *db, const char *dev, int64_t device, uint64_t floor)
{
	char detail[DETAIL_CAP];
	uint64_t known = 0;

	HF_TRY(hf_device_floor_raise(db, dev, floor, &known));
	if (floor >= known)
		return HF_OK;
	(void)snprintf(detail, sizeof(detail), "{\"floor\":%llu,\"known\":%llu}", (unsigned long long)floor,
		       (unsigned long long)known);
	return hf_lineage_event(db, device, HF_EVENT_ALARM, "device.floor-fell", detail);
}

hf_err hf__releases_reported(struct hf_db *db, const char *dev, int64_t device, hf_bytes report)
{
	struct hf__report r;

	if (hf__report_read(report, &r) != HF_OK)
		return HF_OK; /* kept as it came; it ends no look */
	if (r.has_floor)
		HF_TRY(raise_floor(db, dev, device, r.floor));
	return r.d.len == HF_SHA256_LEN ? hf_look_reported(db, dev, r.d) : HF_OK;
}

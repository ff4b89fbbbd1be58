/* The end of an ownership. The signed command only writes one record; erasing is done by the next start of
 * keyproc, before it reads anything of the old owner, and begins anew as often as it is cut short:
 *
 *   (no record) --command--> ORDERED --every start: erase all--> LOCKED --reset--> (no record)
 *
 * 1. Until ORDERED is durable nothing is lost; after it nothing of the old owner is used again.
 * 2. LOCKED is written after the last erased record, so it proves that all is gone.
 * 3. While LOCKED the printed code counts only in the hour after a reset by hand, on the same boot: the old
 *    owner may have kept it. A fresh secret ends LOCKED, because the old owner does not know it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <holdfast/cbor.h>

enum { ORDERED = 1, LOCKED = 2, RECORD_CAP = 48, LEAVE_MS = 30000 };

/* Secrets go first. Not in the list: boot counter, time floor, factory identity, the label's secret. */
static const enum hf_record erased[] = {
	HF_REC_KEY0,  HF_REC_KEY1,	HF_REC_PREV_ENC, HF_REC_ACTIVE, HF_REC_SLOT0,
	HF_REC_SLOT1, HF_REC_OWNERS, HF_REC_CONFIG,	 HF_REC_REPLAY, HF_REC_POLICY,
};

/* ["hf-release1", phase, boot counter and boot_ms of the last reset] */
struct record {
	uint64_t phase, reset_boot, reset_ms;
};

static hf_err read_record(struct hf_port *port, struct record *rec)
{
	uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborr r;

	*rec = (struct record){ 0 };
	HF_TRY(hf_port_read(port, HF_REC_RELEASE, &out));
	hf_cbor_reader(&r, hf_out_bytes(&out));
	hf_cbor_expect_array(&r, 4);
	hf_cbor_expect_text(&r, HF_STR("hf-release1"));
	hf_cbor_read_uint_max(&r, LOCKED, &rec->phase);
	hf_cbor_read_uint(&r, &rec->reset_boot);
	hf_cbor_read_uint(&r, &rec->reset_ms);
	return hf_cbor_done(&r);
}

static hf_err write_record(struct hf_port *port, const struct record *rec)
{
	uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("hf-release1"));
	hf_cbor_put_uint(&w, rec->phase);
	hf_cbor_put_uint(&w, rec->reset_boot);
	hf_cbor_put_uint(&w, rec->reset_ms);
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_replace(port, HF_REC_RELEASE, hf_out_bytes(&out));
}

hf_err key_release_order(struct keyproc *k)
{
	const struct record ordered = { .phase = ORDERED };

	HF_TRY(write_record(&k->port, &ordered));
	k->leaving = true;
	return hf_timer_start(&k->leave, LEAVE_MS);
}

void key_release_acked(struct keyproc *k, uint64_t n)
{
	if (k->leaving && n == k->cmd.obey.count && hf_timer_start(&k->leave, 0) != HF_OK)
		hf_log(HF_LOG_ERR, "release", "timer", "");
}

void key_on_leave(void *ctx)
{
	struct keyproc *k = ctx;

	hf_log(HF_LOG_INFO, "release", "start anew to erase", "");
	hf_loop_stop(k->loop);
}

static hf_err erase(struct hf_port *port)
{
	for (size_t i = 0; i < sizeof(erased) / sizeof(erased[0]); i++)
		HF_TRY(hf_port_destroy(port, erased[i]));
	for (int rec = HF_REC_RECEIPT_BASE; rec < HF_REC_END; rec++)
		HF_TRY(hf_port_destroy(port, (enum hf_record)rec));
	return HF_OK;
}

hf_err key_release_open(struct keyproc *k)
{
	const struct record locked = { .phase = LOCKED };
	struct record rec;
	hf_err err = read_record(&k->port, &rec);

	k->claim_locked = err != HF_ERR_PORT_ABSENT;
	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	if (err == HF_ERR_PORT_STORAGE)
		return err;
	/* A damaged record was written by an order or a reset: erasing again harms nobody who is owner. */
	if (err != HF_OK || rec.phase != LOCKED) {
		HF_TRY(erase(&k->port));
		HF_TRY(write_record(&k->port, &locked));
		hf_log(HF_LOG_WARN, "release", "owner data erased", "");
		return HF_OK;
	}
	k->reset_boot = rec.reset_boot;
	k->reset_ms = rec.reset_ms;
	return HF_OK;
}

bool key_claim_counts(struct keyproc *k)
{
	struct hf_clock now = { 0 };

	if (!k->has_claim || !k->claim_locked)
		return k->has_claim;
	return hf_port_clock(&k->port, &now) == HF_OK && k->reset_boot == now.boot_count &&
	       now.boot_ms >= k->reset_ms && now.boot_ms - k->reset_ms < KEY_RESET_MS;
}

hf_err key_release_reset(struct hf_port *port)
{
	struct hf_clock now = { 0 };
	struct record rec;

	HF_TRY(read_record(port, &rec));
	if (rec.phase != LOCKED)
		return HF_ERR_AGENT_RELEASED;
	HF_TRY(hf_port_clock(port, &now));
	rec.reset_boot = now.boot_count;
	rec.reset_ms = now.boot_ms;
	return write_record(port, &rec);
}

hf_err key_release_fresh(struct hf_port *port, struct hf_claim_secret *s)
{
	struct record rec;

	HF_TRY(read_record(port, &rec));
	if (rec.phase != LOCKED)
		return HF_ERR_AGENT_RELEASED;
	HF_TRY(hf_port_random(port, s->b, sizeof(s->b)));
	HF_TRY(hf_port_destroy(port, HF_REC_CLAIM));
	HF_TRY(hf_port_create_secret(port, HF_REC_CLAIM, HF_ARR(s->b)));
	return hf_port_destroy(port, HF_REC_RELEASE); /* last: until then the code does not count */
}

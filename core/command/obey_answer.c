/* obey_answer.c -- receipts of the device: how one is made, and how it survives a power cut.
 *
 *	chained:  table{count n, payload waiting} ──► sign ──► ring[n mod 64] ──► (next write of the table
 *	          drops the payload)
 *
 * A cut after the first write leaves the payload in the table: hf__obey_settle signs it at the next start. A
 * cut after the second leaves both: settle finds the receipt in the ring and keeps it, since its
 * signature may have been published already. Nothing else is done while a receipt waits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

static enum hf_record ring(uint64_t n)
{
	return (enum hf_record)(HF_REC_RECEIPT_BASE + n % HF_OBEY_RING);
}

static hf_err seal_result(struct hf_obey *o, const struct hf__answer *a, struct hf_out *out)
{
	out->len = 0;
	if (a->result.len == 0 || a->reply == NULL)
		return HF_OK;
	return hf_receipt_seal_result(o->cfg.port, a->result, o->cfg.dev, a->cti, a->reply, out);
}

static hf_err write_payload(struct hf_obey *o, const struct hf__answer *a, uint64_t n, hf_bytes sealed,
			    struct hf_out *out)
{
	struct hf_receipt r = { .dev = o->cfg.dev,
				.n = n,
				.cls = a->cls,
				.status = (uint8_t)a->status,
				.reason = (uint8_t)a->reason,
				.high = a->high,
				.result = sealed };
	struct hf_clock clock;

	HF_TRY(hf_port_clock(o->cfg.port, &clock));
	r.has_iat = clock.quality == HF_CLOCK_TRUSTED && clock.unix_s >= 0;
	r.iat = r.has_iat ? (uint64_t)clock.unix_s : 0;
	r.boot = clock.boot_count;
	r.uptime_s = clock.boot_ms / 1000;
	memcpy(r.cti, a->cti, sizeof(r.cti));
	memcpy(r.prev, o->head, sizeof(r.prev));
	memcpy(r.cmd_hash, a->hash, sizeof(r.cmd_hash));
	memcpy(r.rep, o->rep, sizeof(r.rep));
	out->len = 0;
	return hf_receipt_write(&r, out);
}

static hf_err make_loose(struct hf_obey *o, const struct hf__answer *a, struct hf_out *receipt)
{
	HF_TRY(seal_result(o, a, receipt));
	HF_TRY(write_payload(o, a, 0, hf_out_bytes(receipt), o->cfg.scratch));
	receipt->len = 0;
	return hf_receipt_sign(hf_out_bytes(o->cfg.scratch), o->cfg.dev, o->cfg.sign, receipt);
}

hf_err hf__obey_answer_loose(struct hf_obey *o, const struct hf__answer *a, struct hf_out *receipt)
{
	hf_err err = make_loose(o, a, receipt);

	if (err != HF_OK)
		receipt->len = 0;
	return err;
}

static hf_err store_payload(struct hf_obey *o, const struct hf__answer *a, struct hf_out *receipt)
{
	uint64_t acked = o->acked;
	hf_err err;

	HF_TRY(seal_result(o, a, o->cfg.scratch));
	HF_TRY(write_payload(o, a, o->count + 1, hf_out_bytes(o->cfg.scratch), receipt));
	o->count++;
	o->acked &= ~(UINT64_C(1) << o->count % HF_OBEY_RING);
	err = hf__obey_persist(o, hf_out_bytes(receipt));
	if (err != HF_OK) {
		o->count--;
		o->acked = acked;
		return err;
	}
	o->pending = true;
	return HF_OK;
}

hf_err hf__obey_answer_chained(struct hf_obey *o, const struct hf__answer *a, struct hf_out *receipt)
{
	hf_err err = store_payload(o, a, receipt);

	receipt->len = 0;
	return err == HF_OK ? hf__obey_settle(o, receipt) : err;
}

/* Is the receipt that the payload asks for in the ring already? */
static bool is_stored(struct hf_obey *o, hf_bytes payload, struct hf_out *receipt)
{
	struct hf_cose_sign1 s;

	return hf_port_read(o->cfg.port, ring(o->count), receipt) == HF_OK &&
	       hf_cose_sign1_read(hf_out_bytes(receipt), &s) == HF_OK && hf_bytes_equal(s.payload, payload);
}

static hf_err settle(struct hf_obey *o, struct hf_out *receipt)
{
	hf_bytes payload = { 0 }, whole;

	HF_TRY(hf__obey_waiting(o, &payload));
	if (!is_stored(o, payload, receipt)) {
		receipt->len = 0;
		HF_TRY(hf_receipt_sign(payload, o->cfg.dev, o->cfg.sign, receipt));
		HF_TRY(hf_port_replace(o->cfg.port, ring(o->count), hf_out_bytes(receipt)));
	}
	whole = hf_out_bytes(receipt);
	HF_TRY(hf_crypto_sha256(&whole, 1, o->head));
	o->pending = false;
	return HF_OK;
}

hf_err hf__obey_settle(struct hf_obey *o, struct hf_out *receipt)
{
	hf_err err;

	receipt->len = 0;
	if (!o->pending)
		return HF_OK;
	err = settle(o, receipt);
	if (err != HF_OK)
		receipt->len = 0;
	return err;
}

void hf__obey_remember(struct hf_obey *o, const uint8_t hash[static HF_SHA256_LEN], hf_bytes receipt)
{
	struct hf_out *last = o->cfg.last;

	if (last == NULL)
		return;
	last->len = 0;
	if (hf_out_put(last, receipt) == HF_OK)
		memcpy(o->last_hash, hash, HF_SHA256_LEN);
}

bool hf_obey_next_unacked(const struct hf_obey *o, uint64_t *n)
{
	uint64_t newest = o->pending ? o->count - 1 : o->count; /* one that waits is not there yet */
	uint64_t next = *n + 1;

	if (next + HF_OBEY_RING <= o->count)
		next = o->count - HF_OBEY_RING + 1;
	for (; next <= newest; next++) {
		if ((o->acked >> next % HF_OBEY_RING & 1) == 0) {
			*n = next;
			return true;
		}
	}
	return false;
}

static bool in_ring(const struct hf_obey *o, uint64_t n)
{
	return n > 0 && n <= o->count && n + HF_OBEY_RING > o->count;
}

hf_err hf_obey_receipt(struct hf_obey *o, uint64_t n, struct hf_out *out)
{
	struct hf_receipt r;
	hf_err err;

	out->len = 0;
	if (!in_ring(o, n) || o->cfg.no_storage)
		return HF_ERR_OBEY_NO_RECEIPT;
	err = hf_port_read(o->cfg.port, ring(n), out);
	if (err == HF_OK && hf_receipt_peek(hf_out_bytes(out), &r) == HF_OK && r.n == n &&
	    hf_bytes_equal(HF_ARR(r.rep), HF_ARR(o->rep)))
		return HF_OK;
	out->len = 0;
	return err == HF_ERR_PORT_STORAGE ? err : HF_ERR_OBEY_NO_RECEIPT;
}

void hf_obey_acked(struct hf_obey *o, uint64_t n)
{
	if (in_ring(o, n))
		o->acked |= UINT64_C(1) << n % HF_OBEY_RING;
}

/* trust.c -- policy, quorum time and newest head in one record. Two buffers: the next record is laid out in
 * the one that is not in use, so an error leaves everything as it was.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/trust.h>
#include "trust_priv.h"

/* "HFS1", u64 quorum time, log 32, u64 size, root 32, u64 head time, u32 policy length, u32 CRC, policy. */
enum {
	AT_TIME = 4,
	AT_LOG = 12,
	AT_SIZE = 44,
	AT_ROOT = 52,
	AT_HEAD_TIME = 84,
	AT_LEN = 92,
	AT_CRC = 96,
};

/* CRC-32C over everything but itself, by way of the two halves. */
static uint32_t crc_of(const uint8_t *record, size_t policy_len)
{
	uint32_t head = hf_crc32c((hf_bytes){ record, AT_CRC });

	return head ^ hf_crc32c((hf_bytes){ record + HF_TRUST_RECORD_FIXED, policy_len });
}

static hf_err load(struct hf_trust *t, hf_bytes in)
{
	size_t policy_len = in.len - HF_TRUST_RECORD_FIXED;

	if (in.len < HF_TRUST_RECORD_FIXED ||
	    !hf_bytes_equal((hf_bytes){ in.ptr, AT_TIME }, HF_STR("HFS1")) ||
	    hf_get_be32(in.ptr + AT_LEN) != policy_len ||
	    hf_get_be32(in.ptr + AT_CRC) != crc_of(in.ptr, policy_len))
		return HF_ERR_TRUST_RECORD;
	t->quorum_time = hf_get_be64(in.ptr + AT_TIME);
	memcpy(t->newest.log, in.ptr + AT_LOG, HF_SHA256_LEN);
	t->newest.head.size = hf_get_be64(in.ptr + AT_SIZE);
	memcpy(t->newest.head.root.b, in.ptr + AT_ROOT, HF_MERKLE_LEN);
	t->newest.time = hf_get_be64(in.ptr + AT_HEAD_TIME);
	return hf_policy_read((hf_bytes){ in.ptr + HF_TRUST_RECORD_FIXED, policy_len }, &t->policy);
}

static hf_bytes lay_out(const struct hf_trust *t, uint8_t *record, size_t policy_len, uint64_t time)
{
	memcpy(record, "HFS1", AT_TIME);
	hf_put_be64(record + AT_TIME, time);
	memcpy(record + AT_LOG, t->newest.log, HF_SHA256_LEN);
	hf_put_be64(record + AT_SIZE, t->newest.head.size);
	memcpy(record + AT_ROOT, t->newest.head.root.b, HF_MERKLE_LEN);
	hf_put_be64(record + AT_HEAD_TIME, t->newest.time);
	hf_put_be32(record + AT_LEN, (uint32_t)policy_len);
	hf_put_be32(record + AT_CRC, crc_of(record, policy_len));
	return (hf_bytes){ record, HF_TRUST_RECORD_FIXED + policy_len };
}

static hf_err store(struct hf_trust *t, hf_bytes payload, uint64_t time)
{
	uint8_t *record = t->record[t->in_use ^ 1];
	hf_bytes copy = { record + HF_TRUST_RECORD_FIXED, payload.len };
	hf_bytes whole;

	if (payload.len > HF_TRUST_POLICY_MAX)
		return HF_ERR_BASE_MISUSE;
	memcpy(record + HF_TRUST_RECORD_FIXED, payload.ptr, payload.len);
	HF_TRY(hf_policy_read(copy, &t->next));
	whole = lay_out(t, record, payload.len, time);
	if (t->port != NULL)
		HF_TRY(hf_port_replace(t->port, HF_REC_POLICY, whole));
	t->in_use ^= 1;
	t->policy = t->next;
	t->quorum_time = time;
	return HF_OK;
}

hf_err hf_trust_commit(struct hf_trust *t, hf_bytes payload, uint64_t time)
{
	if (payload.len == 0 && time <= t->quorum_time)
		return HF_OK;
	return store(t, payload.len > 0 ? payload : t->policy.payload,
		     time > t->quorum_time ? time : t->quorum_time);
}

static hf_err pin(struct hf_trust *t, hf_bytes pinned, struct hf_out *scratch)
{
	struct hf_statement s;
	hf_bytes payload = { 0 };

	HF_TRY(hf_statement_read(pinned, &s));
	HF_TRY(hf_policy_read(s.sign.payload, &t->policy));
	if (t->port != NULL && t->policy.number != 1)
		return HF_ERR_POLICY_ORDER;
	HF_TRY(hf_statement_check(pinned, HF_STR("hf/policy/1"), &t->policy, t->policy.root, 0, scratch,
				  &payload));
	return store(t, payload, 0);
}

static hf_err begin(struct hf_trust *t, hf_bytes pinned, struct hf_out *scratch)
{
	struct hf_out out = HF_OUT(t->record[0]);
	hf_err err = HF_ERR_PORT_ABSENT;

	if (t->port != NULL)
		err = hf_port_read(t->port, HF_REC_POLICY, &out);
	if (err == HF_ERR_PORT_ABSENT)
		return pin(t, pinned, scratch);
	if (err == HF_OK)
		err = load(t, hf_out_bytes(&out));
	return err == HF_OK || hf_err_class(err) == HF_CLASS_MACHINE ? err : HF_ERR_TRUST_RECORD;
}

hf_err hf_trust_start(struct hf_trust *t, struct hf_port *port, hf_bytes pinned, struct hf_out *scratch)
{
	hf_err err;

	memset(t, 0, sizeof(*t));
	t->port = port;
	err = begin(t, pinned, scratch);
	if (err != HF_OK)
		memset(t, 0, sizeof(*t));
	return err;
}

/* How a head of the same log stands to the newest one. */
static hf_err compare(const struct hf_trust_head *newest, const struct hf_proof_result *heard)
{
	if (heard->head.size == newest->head.size &&
	    !hf_bytes_equal(HF_ARR(heard->head.root.b), HF_ARR(newest->head.root.b)))
		return HF_ERR_HEAD_SPLIT;
	if (heard->head.size < newest->head.size || heard->quorum_time < newest->time)
		return HF_ERR_HEAD_OLD;
	return HF_OK;
}

/* After a rotation of logs sizes begin anew; then only the time tells which head is newer. `again`: it is the
 * very head that was heard last. */
static hf_err judge(const struct hf_trust *t, const uint8_t log[static HF_SHA256_LEN],
		    const struct hf_proof_result *heard, bool *again)
{
	const struct hf_trust_head *newest = &t->newest;

	*again = false;
	if (!hf_bytes_equal((hf_bytes){ log, HF_SHA256_LEN }, HF_ARR(newest->log)))
		return heard->quorum_time < newest->time ? HF_ERR_HEAD_OLD : HF_OK;
	*again = heard->head.size == newest->head.size && heard->quorum_time == newest->time;
	return compare(newest, heard);
}

hf_err hf_trust_hear(struct hf_trust *t, hf_bytes message, uint64_t now)
{
	struct hf_trust_head before = t->newest;
	struct hf_proof_result heard;
	uint8_t log[HF_SHA256_LEN];
	struct hf_head h;
	bool again;
	hf_err err;

	HF_TRY(hf_head_read(message, &h));
	HF_TRY(hf_head_verify(&h, &t->policy, now, &heard));
	HF_TRY(hf_crypto_sha256(&t->policy.key[h.log].pub, 1, log));
	HF_TRY(judge(t, log, &heard, &again));
	if (again)
		return HF_OK; /* spare the storage */
	memcpy(t->newest.log, log, sizeof(log));
	t->newest.head = heard.head;
	t->newest.time = heard.quorum_time;
	err = store(t, t->policy.payload,
		    heard.quorum_time > t->quorum_time ? heard.quorum_time : t->quorum_time);
	if (err != HF_OK)
		t->newest = before;
	return err;
}

bool hf_trust_is_stale(const struct hf_trust *t, uint64_t now)
{
	uint64_t last = t->newest.time > 0 ? t->newest.time : t->quorum_time;

	if (t->policy.logs == 0) /* no head can be missed */
		return false;
	return now > last && now - last > t->policy.stale_after_s;
}

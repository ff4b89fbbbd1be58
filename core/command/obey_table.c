/* obey_table.c -- the replay table: rows of signers, commands under way, and the receipt that waits for its
 * signature, in one record, so that they change together.
 *
 *	[1, rep, count, head, acked, [[kid, high, hash, n], ...],
 *	 [[phase, kid, high, hash, cti, class, op, reply], ...], bstr waiting / null]
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { VERSION = 1, N_FIELDS = 8 };

static void put_rows(struct hf_cborw *w, const struct hf_obey *o)
{
	hf_cbor_put_array(w, o->n_rows);
	for (size_t i = 0; i < o->n_rows; i++) {
		hf_cbor_put_array(w, 4);
		hf_cbor_put_bytes(w, HF_ARR(o->row[i].kid));
		hf_cbor_put_uint(w, o->row[i].high);
		hf_cbor_put_bytes(w, HF_ARR(o->row[i].hash));
		hf_cbor_put_uint(w, o->row[i].n);
	}
}

/* Reads live in RAM only. */
static bool is_stored(const struct hf_obey_job *j)
{
	return j->phase != HF_JOB_FREE && j->cls != HF_COMMAND_READ;
}

static void put_jobs(struct hf_cborw *w, const struct hf_obey *o)
{
	size_t n = 0;

	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++)
		n += is_stored(&o->job[i]) ? 1 : 0;
	hf_cbor_put_array(w, n);
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++) {
		const struct hf_obey_job *j = &o->job[i];

		if (!is_stored(j))
			continue;
		hf_cbor_put_array(w, 8);
		hf_cbor_put_uint(w, j->phase);
		hf_cbor_put_bytes(w, HF_ARR(j->kid));
		hf_cbor_put_uint(w, j->high);
		hf_cbor_put_bytes(w, HF_ARR(j->hash));
		hf_cbor_put_bytes(w, HF_ARR(j->cti));
		hf_cbor_put_uint(w, j->cls);
		hf_cbor_put_text(w, (hf_bytes){ (const uint8_t *)j->op, j->op_len });
		if (j->has_reply)
			hf_cbor_put_bytes(w, HF_ARR(j->reply));
		else
			hf_cbor_put_null(w);
	}
}

hf_err hf__obey_encode(const struct hf_obey *o, hf_bytes payload, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, N_FIELDS);
	hf_cbor_put_uint(&w, VERSION);
	hf_cbor_put_bytes(&w, HF_ARR(o->rep));
	hf_cbor_put_uint(&w, o->count);
	hf_cbor_put_bytes(&w, HF_ARR(o->head));
	hf_cbor_put_uint(&w, o->acked);
	put_rows(&w, o);
	put_jobs(&w, o);
	if (payload.len > 0)
		hf_cbor_put_bytes(&w, payload);
	else
		hf_cbor_put_null(&w);
	return hf_cbor_finish(&w);
}

static void read_rows(struct hf_cborr *r, struct hf_obey *o)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	if (n > HF_OBEY_MAX_SIGNERS)
		hf_cbor_reader_fail(r, HF_ERR_PORT_CORRUPT);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++) {
		hf_cbor_expect_array(r, 4);
		hf_cbor_read_fixed(r, o->row[i].kid, HF_KID_LEN);
		hf_cbor_read_uint(r, &o->row[i].high);
		hf_cbor_read_fixed(r, o->row[i].hash, HF_SHA256_LEN);
		hf_cbor_read_uint(r, &o->row[i].n);
		hf_cbor_end(r);
		o->n_rows = i + 1;
	}
	hf_cbor_end(r);
}

static void read_job(struct hf_cborr *r, struct hf_obey_job *j)
{
	uint64_t phase = 0, cls = 0;
	hf_bytes op = { 0 };

	hf_cbor_expect_array(r, 8);
	hf_cbor_read_uint_max(r, HF_JOB_ACCEPTED, &phase);
	hf_cbor_read_fixed(r, j->kid, HF_KID_LEN);
	hf_cbor_read_uint(r, &j->high);
	hf_cbor_read_fixed(r, j->hash, HF_SHA256_LEN);
	hf_cbor_read_fixed(r, j->cti, HF_COMMAND_CTI_LEN);
	hf_cbor_read_uint_max(r, HF_COMMAND_ERASE, &cls);
	hf_cbor_read_text_max(r, HF_COMMAND_MAX_OP_LEN, &op);
	j->has_reply = !hf_cbor_try_null(r);
	if (j->has_reply)
		hf_cbor_read_fixed(r, j->reply, sizeof(j->reply));
	hf_cbor_end(r);
	if (phase == HF_JOB_FREE || cls < HF_COMMAND_ACT)
		hf_cbor_reader_fail(r, HF_ERR_PORT_CORRUPT);
	j->phase = (uint8_t)phase;
	j->cls = (uint8_t)cls;
	j->op_len = (uint8_t)op.len;
	if (op.len > 0)
		memcpy(j->op, op.ptr, op.len);
}

static void read_jobs(struct hf_cborr *r, struct hf_obey *o)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	if (n > HF_OBEY_MAX_JOBS)
		hf_cbor_reader_fail(r, HF_ERR_PORT_CORRUPT);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++)
		read_job(r, &o->job[i]);
	hf_cbor_end(r);
}

hf_err hf__obey_decode(struct hf_obey *o, hf_bytes record, hf_bytes *payload)
{
	struct hf_cborr r;

	*payload = (hf_bytes){ 0 };
	hf_cbor_reader(&r, record);
	hf_cbor_expect_array(&r, N_FIELDS);
	hf_cbor_expect_uint(&r, VERSION);
	hf_cbor_read_fixed(&r, o->rep, sizeof(o->rep));
	hf_cbor_read_uint(&r, &o->count);
	hf_cbor_read_fixed(&r, o->head, sizeof(o->head));
	hf_cbor_read_uint(&r, &o->acked);
	read_rows(&r, o);
	read_jobs(&r, o);
	if (!hf_cbor_try_null(&r))
		hf_cbor_read_bytes_max(&r, HF_RECEIPT_MAX_PAYLOAD_LEN, payload);
	return hf_cbor_done(&r) == HF_OK ? HF_OK : HF_ERR_PORT_CORRUPT;
}

hf_err hf__obey_persist(struct hf_obey *o, hf_bytes payload)
{
	if (o->cfg.no_storage)
		return HF_OK;
	o->cfg.scratch->len = 0;
	HF_TRY(hf__obey_encode(o, payload, o->cfg.scratch));
	return hf_port_replace(o->cfg.port, HF_REC_REPLAY, hf_out_bytes(o->cfg.scratch));
}

hf_err hf__obey_waiting(struct hf_obey *o, hf_bytes *payload)
{
	struct hf_cborr r;

	*payload = (hf_bytes){ 0 };
	HF_TRY(hf_port_read(o->cfg.port, HF_REC_REPLAY, o->cfg.scratch));
	hf_cbor_reader(&r, hf_out_bytes(o->cfg.scratch));
	hf_cbor_expect_array(&r, N_FIELDS);
	for (size_t i = 0; i + 1 < N_FIELDS; i++)
		hf_cbor_skip(&r);
	hf_cbor_read_bytes_max(&r, HF_RECEIPT_MAX_PAYLOAD_LEN, payload);
	return hf_cbor_done(&r) == HF_OK ? HF_OK : HF_ERR_PORT_CORRUPT;
}

static void clear_table(struct hf_obey *o)
{
	o->count = 0;
	o->pending = false;
	o->acked = 0;
	o->n_rows = 0;
	memset(o->head, 0, sizeof(o->head));
	memset(o->row, 0, sizeof(o->row));
	memset(o->job, 0, sizeof(o->job));
	memset(o->last_hash, 0, sizeof(o->last_hash));
	if (o->cfg.last != NULL)
		o->cfg.last->len = 0;
}

hf_err hf__obey_fresh(struct hf_obey *o)
{
	clear_table(o);
	return hf_port_random(o->cfg.port, o->rep, sizeof(o->rep));
}

struct hf_obey_row *hf__obey_row(struct hf_obey *o, const uint8_t kid[static HF_KID_LEN])
{
	for (size_t i = 0; i < o->n_rows; i++)
		if (hf_bytes_equal(HF_ARR(o->row[i].kid), (hf_bytes){ kid, HF_KID_LEN }))
			return &o->row[i];
	return NULL;
}

void hf__obey_prune(struct hf_obey *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_rows; i++)
		if (hf_policy_find(o->cfg.policy, HF_ARR(o->row[i].kid)) >= 0)
			o->row[kept++] = o->row[i];
	o->n_rows = kept;
}

struct hf_obey_row *hf__obey_take_row(struct hf_obey *o, const uint8_t kid[static HF_KID_LEN])
{
	struct hf_obey_row *row = hf__obey_row(o, kid);

	if (row != NULL)
		return row;
	if (o->n_rows == HF_OBEY_MAX_SIGNERS)
		hf__obey_prune(o);
	if (o->n_rows == HF_OBEY_MAX_SIGNERS)
		return NULL;
	row = &o->row[o->n_rows++];
	*row = (struct hf_obey_row){ .high = 0 };
	memcpy(row->kid, kid, HF_KID_LEN);
	return row;
}

struct hf_obey_job *hf__obey_job(struct hf_obey *o, const uint8_t *cti)
{
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++) {
		struct hf_obey_job *j = &o->job[i];

		if (cti == NULL && j->phase == HF_JOB_FREE)
			return j;
		if (cti != NULL && j->phase != HF_JOB_FREE &&
		    hf_bytes_equal(HF_ARR(j->cti), (hf_bytes){ cti, HF_COMMAND_CTI_LEN }))
			return j;
	}
	return NULL;
}

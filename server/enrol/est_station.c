/* est_station.c -- a factory station enrols units under a production order, and proves them at line end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/cbor.h>
#include <holdfast/cose.h>
#include <holdfast/order.h>
#include <holdfast/statement.h>
#include <hf/json.h>
#include <hf/log.h>
#include "est_priv.h"

struct made {
	struct hf__est *e;
	uint8_t order[HF_ORDER_ID_LEN];
	struct hf_buf object, same;
	struct hf_order parsed;
	uint8_t word_mem[1024];
	struct hf_out word; /* the station's signed word */
	struct hf_unit unit;
	uint8_t kc_mem[HF_CLAIM_SEALED_MAX];
	struct hf_out kc;
	char handle[HF_STORE_HANDLE_CAP];
	struct hf_unit_req req;
	struct hf_cert_row row;
	enum hf_outcome outcome;
	const char *why;
};

/* The order's id, before anything is believed: it only says which order to look up. */
static hf_err peek_order(struct made *m)
{
	struct hf_cose_sign1 s;
	struct hf_cborr r;
	const char *value = hf_http_header(m->e->http, "HF-Order");

	if (!value || hf_http_header_n(m->e->http, "HF-Order") != 1)
		return HF_ERR_ORDER_SHAPE;
	m->word = HF_OUT(m->word_mem);
	HF_TRY(hf_base64url_decode((hf_bytes){ (const uint8_t *)value, strlen(value) }, &m->word));
	HF_TRY(hf_cose_sign1_read(hf_out_bytes(&m->word), &s));
	hf_cbor_reader(&r, s.payload);
	size_t n = 0;
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_fixed(&r, m->order, sizeof(m->order));
	return r.err;
}

static hf_err get_order(struct hf_db *db, void *ctx)
{
	struct made *m = ctx;
	struct hf_order_row row;
	return hf_order_get(db, m->order, &row, &m->object);
}

static hf_err read_word(struct made *m)
{
	struct hf_statement s;

	HF_TRY(peek_order(m));
	HF_TRY(hf_store_read(m->e->p->conf.store, get_order, m));
	HF_TRY(hf_statement_read(hf_buf_bytes(&m->object), &s));
	HF_TRY(hf_order_read(s.sign.payload, &m->parsed));
	HF_TRY(hf_order_check_station(&m->parsed, HF_ARR(m->e->who.person.spki_sha256)));
	HF_TRY(hf_unit_open(hf_out_bytes(&m->word), m->e->who.person.pub, &m->parsed, &m->unit));
	if (m->parsed.mode != HF_ORDER_ONLINE ||
	    memcmp(m->unit.csr_sha256, m->e->csr_sha256, HF_SHA256_LEN) != 0)
		return HF_ERR_ORDER_UNIT;
	return HF_OK;
}

static hf_err plan(struct hf_db *db, void *ctx)
{
	struct made *m = ctx;
	uint8_t serial[HF_STORE_SERIAL_LEN];

	HF_TRY(hf_unit_plan(db, &m->req, &m->outcome, serial, &m->why));
	return m->outcome == HF_OUTCOME_SAME ? hf_cert_der(db, serial, &m->same) : HF_OK;
}

static hf_err commit(struct hf_db *db, void *ctx)
{
	struct made *m = ctx;
	return hf_unit_commit_issue(db, &m->req, &m->row, hf_out_bytes(&m->e->cert));
}

static hf_err issue(struct made *m)
{
	struct hf__est *e = m->e;
	struct hf_ca_order order = {
		.profile = HF_CA_PROFILE_IDEVID, .pub = e->parsed.pub, .name = m->handle, .line = e->line.line
	};

	HF_TRY(hf__est_issue(e, &order, &m->row));
	return hf_store_write(e->p->conf.store, commit, m);
}

static hf_err settle(struct made *m)
{
	HF_TRY(hf_store_read(m->e->p->conf.store, plan, m));
	m->e->cert = HF_OUT(m->e->cert_der);
	if (m->outcome == HF_OUTCOME_SAME)
		return hf_out_put(&m->e->cert, hf_buf_bytes(&m->same));
	return m->outcome == HF_OUTCOME_ISSUE ? issue(m) : HF_ERR_FLEET_ORDER;
}

static hf_err fill_request(struct made *m)
{
	struct hf__est *e = m->e;

	m->kc = HF_OUT(m->kc_mem);
	HF_TRY(hf_ca_intake_kc(e->p->conf.ca, m->unit.kc_sealed, HF_ARR(m->unit.cid), &m->kc));
	HF_TRY(hf_fleet_new_handle(m->handle));
	m->req = (struct hf_unit_req){ .order = m->order,
				       .station = e->who.person.spki_sha256,
				       .kc = hf_out_bytes(&m->kc),
				       .proof = hf_out_bytes(&m->word),
				       .handle = m->handle };
	memcpy(m->req.spki_sha256, e->parsed.spki_sha256, sizeof(m->req.spki_sha256));
	memcpy(m->req.cid, m->unit.cid, sizeof(m->req.cid));
	return HF_OK;
}

static bool names_line(const struct made *m)
{
	return hf_bytes_equal(m->parsed.line,
			      (hf_bytes){ (const uint8_t *)m->e->line.line, strlen(m->e->line.line) });
}

static int make(struct made *m)
{
	hf_err err = read_word(m);

	if (err == HF_OK)
		err = names_line(m) ? fill_request(m) : HF_ERR_ORDER_UNIT;
	if (err != HF_OK) {
		hf_log_why(HF_LOG_WARN, "enrol", "station", err, NULL);
		return hf_err_class(err) == HF_CLASS_MACHINE ? 503 : 403;
	}
	err = settle(m);
	if (err == HF_ERR_FLEET_ORDER || err == HF_ERR_STORE_EXISTS) {
		hf_log(HF_LOG_WARN, "enrol", "station", "refused why=\"%s\"", m->why ? m->why : "taken");
		return 403;
	}
	return err == HF_OK ? hf__est_give_cert(m->e) : hf__est_status(err);
}

int hf__est_station(struct hf__est *e)
{
	struct made m = { .e = e, .object = HF_BUF(HF_STATEMENT_MAX_LEN), .same = HF_BUF(HF_PKI_CERT_MAX) };
	int status =
		hf_authorise(&e->who, HF_OP_EST_ENROLL, 0) == HF_ANSWER_ALLOW ? hf__est_read_csr(e) : 403;

	if (!status)
		status = make(&m);
	hf_buf_free(&m.object);
	hf_buf_free(&m.same);
	return status;
}

/* ---- end of line: POST /v1/order/{id}/commit ---- */

struct proof {
	struct hf__est *e;
	uint8_t order[HF_ORDER_ID_LEN], fresh[HF_STORE_UNIT_NONCE_LEN];
	char handle[HF_STORE_HANDLE_CAP];
	struct hf_buf signature;
	struct hf_unit_row unit;
	struct hf_cert_row cert;
};
static const struct hf_json_field proof_fields[] = {
	{ .name = "handle",
	  .type = HF_JSON_TEXT,
	  .required = true,
	  .offset = offsetof(struct proof, handle),
	  .cap = HF_STORE_HANDLE_CAP },
	{ .name = "signature", .type = HF_JSON_BYTES, .offset = offsetof(struct proof, signature) },
};

static hf_err challenge(struct hf_db *db, void *ctx)
{
	struct proof *p = ctx;

	HF_TRY(hf_unit_challenge(db, p->order, p->handle, p->fresh, &p->unit, &p->cert));
	/* Only the station that made a unit may end its line. */
	return memcmp(p->unit.station, p->e->who.person.spki_sha256, HF_SHA256_LEN) == 0
		       ? HF_OK
		       : HF_ERR_STORE_ABSENT;
}

static hf_err commit_unit(struct hf_db *db, void *ctx)
{
	struct proof *p = ctx;
	return hf_unit_commit(db, &p->unit);
}

static hf_err verify(const struct proof *p)
{
	hf_bytes parts[] = { HF_STR("hf-commit"), HF_ARR(p->unit.nonce), HF_ARR(p->cert.sha256) };
	uint8_t digest[HF_SHA256_LEN];

	if (p->signature.len != HF_P256_SIG_LEN)
		return HF_ERR_CRYPTO_SIGNATURE;
	HF_TRY(hf_crypto_sha256(parts, 3, digest));
	return hf_crypto_p256_verify(p->cert.pub, digest, p->signature.ptr);
}

static int prove(struct proof *p)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(256);
	struct hf_json_out j = { .buf = &text };
	hf_err err = hf_store_write(p->e->p->conf.store, challenge, p);

	if (err == HF_ERR_STORE_ABSENT)
		return 404;
	if (err == HF_OK && p->signature.len) {
		if (verify(p) != HF_OK)
			return 403;
		err = hf_store_write(p->e->p->conf.store, commit_unit, p);
	}
	if (err == HF_ERR_FLEET_ORDER)
		return 403;
	hf_json_open(&j, NULL, '{');
	if (p->signature.len)
		hf_json_put_text(&j, "state", "committed");
	else
		hf_json_put_bytes(&j, "nonce", HF_ARR(p->unit.nonce));
	hf_json_close(&j);
	if (err != HF_OK || hf_json_end(&j) != HF_OK)
		return hf__est_status(err);
	struct hf_http_res res = { .status = 200, .type = "application/json", .body = hf_buf_bytes(&text) };
	hf_http_answer(p->e->call, &res);
	return 0;
}

int hf__est_commit(struct hf__est *e)
{
	struct proof p = { .e = e, .signature = HF_BUF(HF_P256_SIG_LEN) };
	struct hf_out id = HF_OUT(p.order);
	const char *text = e->http->param[0];
	int status = hf__est_identify(e);

	if (status)
		return status;
	if (hf_authorise(&e->who, HF_OP_ORDER_COMMIT, 0) != HF_ANSWER_ALLOW)
		return 403;
	if (hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &id) != HF_OK ||
	    id.len != sizeof(p.order))
		return 404;
	if (hf_fleet_random(p.fresh, sizeof(p.fresh)) != HF_OK)
		return 503;
	status = hf_json_read(e->http->body, proof_fields, 2, &p, NULL) == HF_OK ? prove(&p) : 400;
	hf_buf_free(&p.signature);
	return status;
}

/* est_enrol.c -- simpleenroll and simplereenroll: plan, have it signed, decide again and commit, answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/log.h>
#include "est_priv.h"

enum { TRIES = 3 };

struct deal {
	struct hf__est *e;
	struct hf_enrol_req req;
	struct hf_enrol_plan plan;
	struct hf_cert_row row;
	struct hf_buf same;
};

static hf_err plan(struct hf_db *db, void *ctx)
{
	struct deal *d = ctx;

	HF_TRY(hf_enrol_plan(db, &d->req, &d->plan));
	if (d->plan.outcome != HF_OUTCOME_SAME)
		return HF_OK;
	hf_buf_reset(&d->same);
	return hf_cert_der(db, d->plan.same, &d->same);
}

static hf_err commit(struct hf_db *db, void *ctx)
{
	struct deal *d = ctx;
	return hf_enrol_commit(db, &d->req, &d->plan, &d->row, hf_out_bytes(&d->e->cert));
}

static hf_err refuse(struct hf_db *db, void *ctx)
{
	struct deal *d = ctx;
	return hf_enrol_refuse(db, &d->req, &d->plan);
}

/* The certificate is the `ca` process's own, so it is not parsed again. */
hf_err hf__est_issue(struct hf__est *e, const struct hf_ca_order *order, struct hf_cert_row *row)
{
	struct hf_ca_issued issued;
	hf_bytes der;

	e->cert = HF_OUT(e->cert_der);
	HF_TRY(hf_ca_issue(e->p->conf.ca, order, &issued, &e->cert));
	der = hf_out_bytes(&e->cert);
	*row = (struct hf_cert_row){ .not_before = issued.not_before, .not_after = issued.not_after };
	memcpy(row->serial, issued.serial, sizeof(row->serial));
	memcpy(row->spki_sha256, e->parsed.spki_sha256, sizeof(row->spki_sha256));
	memcpy(row->pub, e->parsed.pub, sizeof(row->pub));
	return hf_crypto_sha256(&der, 1, row->sha256);
}

static hf_err issue(struct deal *d)
{
	struct hf__est *e = d->e;
	struct hf_ca_order order = { .profile = HF_CA_PROFILE_LDEVID,
				     .pub = e->parsed.pub,
				     .name = d->plan.dev,
				     .line = e->line.line,
				     .life_s = e->line.life_s };

	HF_TRY(hf__est_issue(e, &order, &d->row));
	return hf_store_write(e->p->conf.store, commit, d);
}

static int refused(struct deal *d)
{
	hf_err err = HF_OK;

	if (d->plan.alarm || d->plan.quarantine) {
		hf_log(HF_LOG_WARN, "enrol", "refuse", "alarm=%s",
		       d->plan.alarm ? d->plan.alarm : "quarantine");
		err = hf_store_write(d->e->p->conf.store, refuse, d);
	}
	if (err != HF_OK)
		return hf__est_status(err);
	return d->plan.outcome == HF_OUTCOME_WAIT ? 202 : 403;
}

static int settle(struct deal *d)
{
	struct hf__est *e = d->e;
	hf_err err = HF_ERR_FLEET_CHANGED;

	for (int i = 0; i < TRIES && err == HF_ERR_FLEET_CHANGED; i++) {
		err = hf_store_read(e->p->conf.store, plan, d);
		if (err != HF_OK)
			break;
		if (d->plan.outcome == HF_OUTCOME_SAME) {
			e->cert = HF_OUT(e->cert_der);
			err = hf_out_put(&e->cert, hf_buf_bytes(&d->same));
		} else if (d->plan.outcome == HF_OUTCOME_ISSUE) {
			err = issue(d);
		} else {
			return refused(d);
		}
		/* Two requests for one key at the same moment: the row of the first is found next time. */
		if (err == HF_ERR_STORE_EXISTS)
			err = HF_ERR_FLEET_CHANGED;
	}
	return err == HF_OK ? hf__est_give_cert(e) : hf__est_status(err);
}

int hf__est_enroll(struct hf__est *e)
{
	struct deal d = { .e = e, .same = HF_BUF(HF_PKI_CERT_MAX) };
	int status = hf__est_identify(e);

	if (status)
		return status;
	if (e->who.kind == HF_WHO_STATION && !e->renew)
		return hf__est_station(e);
	if (e->p->conf.compat && !e->renew && !e->has_code && e->who.kind == HF_WHO_NOBODY &&
	    !e->who.stranger)
		return 401;
	/* A revoked or unknown certificate hears the same as a wrong MAC, after the same work. */
	status = hf__est_read_csr(e);
	if (status)
		return status;
	d.req = (struct hf_enrol_req){ .renew = e->renew,
				       .line = &e->line,
				       .who = &e->who,
				       .has_claim = e->has_claim,
				       .has_code = e->has_code };
	memcpy(d.req.cid, e->cid, sizeof(d.req.cid));
	memcpy(d.req.code, e->code, sizeof(d.req.code));
	memcpy(d.req.spki_sha256, e->parsed.spki_sha256, sizeof(d.req.spki_sha256));
	if (hf_fleet_new_dev(d.req.new_dev) != HF_OK)
		return 503;
	status = settle(&d);
	hf_buf_free(&d.same);
	return status;
}

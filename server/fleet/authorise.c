/* authorise.c -- who a peer is, and the one table of what each may do. No row, no right.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/fleet.h>

enum { OPERATOR_GRACE_S = 30 * 86400 };

#define STATE(s) (1u << (s))
enum { LIVE = STATE(HF_CERT_ISSUED) | STATE(HF_CERT_SEEN) | STATE(HF_CERT_CONFIRMED) };

struct right {
	enum hf_operation op;
	unsigned kinds;   /* HF_WHO_... */
	unsigned states;  /* of a device certificate's row; 0 = does not matter */
	bool expired_too; /* the rule behind the door judges the date */
	bool admin;
};
static const struct right rights[] = {
	{ HF_OP_EST_PUBLIC, ~0u, 0, true, false },
	/* Without a certificate a claim or a code must follow; the enrolment rules ask for it. */
	{ HF_OP_EST_ENROLL, HF_WHO_NOBODY, 0, true, false },
	{ HF_OP_EST_ENROLL, HF_WHO_IDEVID | HF_WHO_UNIT, LIVE, true, false },
	{ HF_OP_EST_ENROLL, HF_WHO_STATION, 0, false, false },
	{ HF_OP_EST_REENROLL, HF_WHO_LDEVID, LIVE | STATE(HF_CERT_EXPIRED), true, false },
	{ HF_OP_ORDER_COMMIT, HF_WHO_STATION, 0, false, false },
	{ HF_OP_API_READ, HF_WHO_OPERATOR, 0, false, false },
	{ HF_OP_API_WRITE, HF_WHO_OPERATOR, 0, false, false },
	{ HF_OP_API_ADMIN, HF_WHO_OPERATOR, 0, false, true },
	{ HF_OP_OPERATOR_RENEW, HF_WHO_OPERATOR, 0, true, false },
	{ HF_OP_CONNECT, HF_WHO_LDEVID, LIVE, false, false },
	{ HF_OP_FETCH, HF_WHO_LDEVID, LIVE, false, false },
};

static hf_err find_device(struct hf_db *db, struct hf_identity *who)
{
	static const unsigned kind_of[] = {
		[HF_CERT_LDEVID] = HF_WHO_LDEVID, [HF_CERT_IDEVID] = HF_WHO_IDEVID
	};

	if (who->cert.kind != HF_CERT_LDEVID && who->cert.kind != HF_CERT_IDEVID)
		return HF_OK; /* people are known by their key, below */
	HF_TRY(hf_device_by_id(db, who->cert.device, &who->device));
	who->kind = kind_of[who->cert.kind];
	who->stranger = false;
	return HF_OK;
}

/* A self-signed certificate says nothing but its key: only a manifest's unit is known that way. */
static hf_err find_unit(struct hf_db *db, const struct hf_shown *shown, struct hf_identity *who)
{
	static const uint8_t none[HF_SHA256_LEN];
	hf_err err = hf_cert_by_spki(db, shown->spki_sha256, &who->cert);

	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	if (who->cert.kind != HF_CERT_IDEVID || memcmp(who->cert.sha256, none, sizeof(none)) != 0)
		return HF_OK;
	HF_TRY(find_device(db, who));
	who->kind = HF_WHO_UNIT;
	return HF_OK;
}

static hf_err find_person(struct hf_db *db, const struct hf_shown *shown, struct hf_identity *who)
{
	hf_err err = hf_person_by_spki(db, shown->spki_sha256, &who->person);

	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	bool station = strcmp(shown->ou ? shown->ou : "", "station") == 0;
	bool fits = station == (who->person.kind == HF_PERSON_STATION) && shown->cn &&
		    strcmp(who->person.name, shown->cn) == 0;
	if (!fits || who->person.state != HF_PERSON_ACTIVE)
		return HF_OK;
	who->kind = station ? HF_WHO_STATION : HF_WHO_OPERATOR;
	who->cert.not_after = shown->not_after;
	who->stranger = false;
	return HF_OK;
}

hf_err hf_identify(struct hf_db *db, const struct hf_shown *shown, struct hf_identity *who)
{
	memset(who, 0, sizeof(*who));
	who->kind = HF_WHO_NOBODY;
	if (!shown->has_cert)
		return HF_OK;
	who->stranger = true;
	who->expired = shown->expired || shown->not_after <= hf_db_now(db);
	if (shown->self_signed)
		return find_unit(db, shown, who);
	hf_err err = hf_cert_by_hash(db, shown->sha256, &who->cert);
	if (err == HF_OK)
		return find_device(db, who);
	return err == HF_ERR_STORE_ABSENT ? find_person(db, shown, who) : err;
}

static bool row_allows(const struct right *r, const struct hf_identity *who, int64_t now)
{
	if (who->expired && !r->expired_too)
		return false;
	if (r->states && !(r->states & STATE(who->cert.state)))
		return false;
	if (r->admin && !who->person.admin)
		return false;
	return r->op != HF_OP_OPERATOR_RENEW || now <= who->cert.not_after + OPERATOR_GRACE_S;
}

/* What the state of a device says before any table is asked; ALLOW = nothing yet. */
static enum hf_answer judge_device(const struct hf_identity *who, enum hf_operation op)
{
	bool ldevid = who->kind == HF_WHO_LDEVID;
	bool enrols = op == HF_OP_EST_ENROLL || op == HF_OP_EST_REENROLL;

	if (!(who->kind & (HF_WHO_LDEVID | HF_WHO_IDEVID | HF_WHO_UNIT)))
		return HF_ANSWER_ALLOW;
	if (ldevid && who->cert.state == HF_CERT_SUPERSEDED)
		return HF_ANSWER_TRAP;
	if (who->device.state == HF_DEVICE_REVOKED || (ldevid && who->device.state == HF_DEVICE_RELEASED))
		return HF_ANSWER_DENY;
	if (who->device.state == HF_DEVICE_QUARANTINED || who->cert.state == HF_CERT_QUARANTINED)
		return enrols ? HF_ANSWER_WAIT : HF_ANSWER_DENY;
	return HF_ANSWER_ALLOW;
}

enum hf_answer hf_authorise(const struct hf_identity *who, enum hf_operation op, int64_t now)
{
	if (op == HF_OP_EST_PUBLIC)
		return HF_ANSWER_ALLOW;
	if (who->stranger)
		return HF_ANSWER_DENY;
	enum hf_answer answer = judge_device(who, op);
	if (answer != HF_ANSWER_ALLOW)
		return answer;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (rights[i].op == op && (rights[i].kinds & who->kind) && row_allows(&rights[i], who, now))
			return HF_ANSWER_ALLOW;
	return HF_ANSWER_DENY;
}

/* fleet.h -- what may happen to a device: one door for every request, and the rules of its life.
 * Promise: hf_authorise refuses whatever no row of its table allows. A certificate counts only through
 * its row, never through its chain alone. Rules read and write rows in the caller's transaction: a
 * decision and what follows from it are one commit.
 * Thread rule: as struct hf_db. Errors: store's; what a peer may hear stands in the decision, not here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FLEET_H
#define HF_FLEET_H
#include <hf/store.h>

/* ---- who is it, and may it? ---- */

enum {
	HF_WHO_NOBODY = 1 << 0, /* no certificate, or one without a row */
	HF_WHO_LDEVID = 1 << 1,
	HF_WHO_IDEVID = 1 << 2,
	HF_WHO_UNIT = 1 << 3, /* self-signed certificate of a unit in a manifest */
	HF_WHO_OPERATOR = 1 << 4,
	HF_WHO_STATION = 1 << 5,
};
struct hf_identity {
	unsigned kind;
	bool expired;            /* by the clock, whatever the row says */
	bool stranger;           /* showed a certificate that has no row: refused everywhere */
	struct hf_cert_row cert; /* LDEVID, IDEVID, UNIT */
	struct hf_device_row device;
	struct hf_person person; /* OPERATOR, STATION */
};
/* What TLS proved about the peer's certificate. */
struct hf_shown {
	bool has_cert;
	bool self_signed; /* chains to nobody: only its key was proved */
	bool expired;
	uint8_t sha256[HF_SHA256_LEN];
	uint8_t spki_sha256[HF_SHA256_LEN];
	int64_t not_after;
	const char *cn, *ou;
};
HF_MUST_CHECK hf_err hf_identify(struct hf_db *db, const struct hf_shown *shown, struct hf_identity *who);

enum hf_operation {
	HF_OP_EST_PUBLIC = 1, /* cacerts, csrattrs, crl */
	HF_OP_EST_ENROLL = 2,
	HF_OP_EST_REENROLL = 3,
	HF_OP_ORDER_COMMIT = 4, /* a station brings a unit's proof */
	HF_OP_API_READ = 5,
	HF_OP_API_WRITE = 6,
	HF_OP_API_ADMIN = 7,
	HF_OP_OPERATOR_RENEW = 8, /* the certificate may have ended up to 30 days ago */
	HF_OP_CONNECT = 9,        /* a session at the broker */
	HF_OP_FETCH = 10,         /* a bundle */
};
enum hf_answer {
	HF_ANSWER_DENY = 0,
	HF_ANSWER_ALLOW = 1,
	HF_ANSWER_WAIT = 2, /* known and not refused, but not now: EST 202 */
	HF_ANSWER_TRAP = 3, /* a superseded certificate came back: deny, and quarantine the device */
};
/* The one door. Unknown operations and kinds are denied. */
enum hf_answer hf_authorise(const struct hf_identity *who, enum hf_operation op, int64_t now);

/* ---- enrolment ---- */

enum hf_outcome {
	HF_OUTCOME_DENY = 0,
	HF_OUTCOME_WAIT = 1,
	HF_OUTCOME_SAME = 2, /* the certificate `same` was issued for this key before: give it again */
	HF_OUTCOME_ISSUE = 3,
};
enum {
	HF_IDEMPOTENT_S = 7 * 86400,
	HF_REISSUES_MAX = 3,
	HF_CLAIM_WRONG_MAX = 5,
	HF_CLAIM_LOCK_S = 3600,
	HF_CLAIM_OPEN_S = 86400,
	HF_REARM_S = 3600
};

struct hf_enrol_req {
	bool renew; /* simplereenroll */
	const struct hf_product_row *line;
	const struct hf_identity *who;
	bool has_claim; /* with a MAC that was right ... */
	uint8_t cid[HF_CLAIM_CID_LEN];
	bool has_code; /* ... or a one-time code, by its hash */
	uint8_t code[HF_SHA256_LEN];
	/* the request */
	uint8_t spki_sha256[HF_SHA256_LEN];
	bool names_differ; /* it asks for another subject or SAN than the certificate has */
	/* a fresh name, used when the device has none */
	char new_dev[HF_STORE_DEV_CAP];
};
struct hf_enrol_plan {
	enum hf_outcome outcome;
	const char *alarm;      /* event kind to write, NULL = none */
	const char *quarantine; /* reason to quarantine `device`, NULL = do not */
	char dev[HF_STORE_DEV_CAP];
	char owner[HF_STORE_NAME_CAP];
	char label[HF_STORE_TEXT_CAP]; /* from the claim; "" = the device keeps its own */
	int64_t device;                /* 0 = a new one */
	uint8_t same[HF_STORE_SERIAL_LEN];
	bool has_parent;
	uint8_t parent[HF_STORE_SERIAL_LEN];
	uint8_t lineage[HF_STORE_SERIAL_LEN];
	bool has_void; /* an unused child that this one replaces */
	uint8_t voided[HF_STORE_SERIAL_LEN];
	char identity[HF_STORE_TEXT_CAP];
};
/* Decide; writes nothing. */
HF_MUST_CHECK hf_err hf_enrol_plan(struct hf_db *db, const struct hf_enrol_req *req,
				   struct hf_enrol_plan *plan);
/* Decide again in this transaction and, when the answer is still to issue under the same name, write
 * certificate, device, claim, journal and event. Errors: HF_ERR_FLEET_CHANGED: plan again. */
HF_MUST_CHECK hf_err hf_enrol_commit(struct hf_db *db, const struct hf_enrol_req *req,
				     const struct hf_enrol_plan *plan, const struct hf_cert_row *cert,
				     hf_bytes der);
/* Write the alarm or quarantine of a plan that does not issue. */
HF_MUST_CHECK hf_err hf_enrol_refuse(struct hf_db *db, const struct hf_enrol_req *req,
				     const struct hf_enrol_plan *plan);
/* Count a wrong MAC: the fifth locks the claim for an hour. Unknown cids cost the same write. */
HF_MUST_CHECK hf_err hf_claim_wrong(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN]);

/* ---- what owners do ---- */

/* Open a claim. `kc_fits` is the ca process's word that the owner's Kc equals the factory's (ignored when the
 * claim is new); `label`, unless empty, is the owner's name for the device, now or as soon as it enrols.
 * Errors: HF_ERR_FLEET_CLAIMED (another account holds it), HF_ERR_FLEET_PROOF (Kc differs, or
 * too many wrong tries). */
HF_MUST_CHECK hf_err hf_claim_open(struct hf_db *db, const struct hf_claim_row *wanted, bool kc_fits,
				   const char *label, const char *actor);
enum hf_owner_act {
	HF_ACT_REVOKE = 1,
	HF_ACT_QUARANTINE = 2,
	HF_ACT_LIFT = 3,
	HF_ACT_REARM = 4,
	HF_ACT_RELEASE = 5
};
/* Errors: HF_ERR_FLEET_STATE (the device's state does not allow it). *audit = event row. */
HF_MUST_CHECK hf_err hf_device_act(struct hf_db *db, struct hf_device_row *d, enum hf_owner_act act,
				   const char *reason, const char *actor, int64_t *audit);
/* Both sides of a clone lose. HF_OK also when it is so already. */
HF_MUST_CHECK hf_err hf_fleet_quarantine(struct hf_db *db, int64_t device, const char *reason,
					 const char *actor, int64_t *audit);

/* ---- lineage: the life of a certificate as sessions show it (identity.md section 9) ---- */

/* issued -> seen: a session was opened with it. */
HF_MUST_CHECK hf_err hf_lineage_seen(struct hf_db *db, const struct hf_cert_row *cert);
/* -> confirmed, and its parent -> superseded: the device put the old key away. */
HF_MUST_CHECK hf_err hf_lineage_confirm(struct hf_db *db, const struct hf_cert_row *cert);
/* The boot counter must not fall within a lineage; `ok` false = it did, and the device is quarantined. */
HF_MUST_CHECK hf_err hf_lineage_boot(struct hf_db *db, const struct hf_cert_row *cert, uint64_t boot_count,
				     bool *ok);
/* One row of the event journal; `detail` is JSON object text, device 0 = unknown. */
HF_MUST_CHECK hf_err hf_lineage_event(struct hf_db *db, int64_t device, int level, const char *kind,
				      const char *detail);

/* ---- factory ---- */

struct hf_unit_req {
	const uint8_t *order;   /* HF_STORE_ORDER_LEN */
	const uint8_t *station; /* SPKI hash of the station's certificate */
	uint8_t spki_sha256[HF_SHA256_LEN];
	uint8_t cid[HF_CLAIM_CID_LEN];
	hf_bytes kc;    /* sealed by the ca process */
	hf_bytes proof; /* the station's signed word, for the journal */
	const char *handle;
};
/* May it be made? HF_OUTCOME_ISSUE, _SAME (same key under the same order: `same`), _DENY with *why. */
HF_MUST_CHECK hf_err hf_unit_plan(struct hf_db *db, const struct hf_unit_req *req, enum hf_outcome *outcome,
				  uint8_t same[static HF_STORE_SERIAL_LEN], const char **why);
/* Decide again and write unit, device, claim, certificate and journal entry in this transaction.
 * Errors: HF_ERR_FLEET_ORDER (count, window, station), HF_ERR_FLEET_CHANGED. */
HF_MUST_CHECK hf_err hf_unit_commit_issue(struct hf_db *db, const struct hf_unit_req *req,
					  const struct hf_cert_row *cert, hf_bytes der);
/* End of line, first call: a nonce for the unit with this handle. */
HF_MUST_CHECK hf_err hf_unit_challenge(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN],
				       const char *handle,
				       const uint8_t nonce[static HF_STORE_UNIT_NONCE_LEN],
				       struct hf_unit_row *unit, struct hf_cert_row *cert);
/* Second call, after the signature over "hf-commit" | nonce | certificate hash was verified.
 * Errors: HF_ERR_FLEET_ORDER when quantity is reached, the unit is not open or too late. */
HF_MUST_CHECK hf_err hf_unit_commit(struct hf_db *db, const struct hf_unit_row *unit);
enum hf_unit_act { HF_UNIT_ACT_SCRAP = 1, HF_UNIT_ACT_SHIP = 2 };
HF_MUST_CHECK hf_err hf_unit_act(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN],
				 const char *handle, enum hf_unit_act act);
struct hf_report {
	struct hf_order_row order;
	struct hf_order_count count;
	unsigned n_problems;
	char problem[8][96];
};
/* issued = committed + void + scrapped + open; shipped <= committed <= quantity; journal = issued. */
HF_MUST_CHECK hf_err hf_order_report(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN],
				     struct hf_report *r);

/* ---- housekeeping, once a minute ---- */

/* Expired certificates and claims, units without commit, old answers and commands. */
HF_MUST_CHECK hf_err hf_fleet_sweep(struct hf_db *db, void *unused);

/* ---- small helpers ---- */

HF_MUST_CHECK hf_err hf_fleet_random(uint8_t *out, size_t n);
HF_MUST_CHECK hf_err hf_fleet_new_dev(char dev[static HF_STORE_DEV_CAP]);
HF_MUST_CHECK hf_err hf_fleet_new_handle(char handle[static HF_STORE_HANDLE_CAP]);
/* "prefix:HEX". */
void hf_fleet_name(char *out, size_t cap, const char *prefix, hf_bytes b);
/* An event about a device; detail NULL = {}. */
HF_MUST_CHECK hf_err hf_fleet_event(struct hf_db *db, const struct hf_device_row *d, int level,
				    const char *kind, const char *actor, const char *detail, int64_t *audit);
#endif

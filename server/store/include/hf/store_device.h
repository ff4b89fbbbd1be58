/* store_device.h -- devices, their certificates, claims and the event journal. Included by store.h.
 * Rows only: which change is allowed is decided in server/fleet.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_DEVICE_H
#define HF_STORE_DEVICE_H
#include <hf/store.h>

/* ---- certificates ------------------------------------------------------------------------------ */

/* Same numbers as enum hf_bus_state; written to disk, extend only. */
enum {
	HF_CERT_ISSUED = 1,
	HF_CERT_SEEN = 2,      /* a session was opened with it */
	HF_CERT_CONFIRMED = 3, /* the device said hello{promoted} */
	HF_CERT_SUPERSEDED = 4,
	HF_CERT_VOID = 5, /* never used, replaced by another issue */
	HF_CERT_QUARANTINED = 6,
	HF_CERT_REVOKED = 7,
	HF_CERT_EXPIRED = 8,
};
enum { HF_CERT_LDEVID = 1, HF_CERT_IDEVID = 2, HF_CERT_OPERATOR = 3, HF_CERT_STATION = 4 };

struct hf_cert_row {
	uint8_t serial[HF_STORE_SERIAL_LEN];
	uint8_t sha256[HF_SHA256_LEN]; /* of the DER; zero for a unit known by its key alone */
	uint8_t spki_sha256[HF_SHA256_LEN];
	uint8_t pub[HF_P256_POINT_LEN];
	int kind;
	int state;
	int64_t device;             /* device row, 0 for people and stations */
	char dev[HF_STORE_DEV_CAP]; /* LDevID: name of that ownership */
	bool has_parent;
	uint8_t parent[HF_STORE_SERIAL_LEN];
	uint8_t lineage[HF_STORE_SERIAL_LEN]; /* serial of the lineage's first certificate */
	char identity
		[HF_STORE_TEXT_CAP]; /* who asked: "cid:HEX", "idevid:HEX", "parent:HEX", "code:HEX", ... */
	int64_t not_before, not_after;
	int64_t issued_at, changed_at;
	uint64_t reissues; /* children of it that were voided */
	uint8_t budget;    /* broker budget class of its device */
};
/* `der` may be empty (manifest unit). Unique: serial, sha256, spki_sha256. Appends to cert_change when it
 * is an LDevID. */
HF_MUST_CHECK hf_err hf_cert_add(struct hf_db *db, const struct hf_cert_row *c, hf_bytes der);
HF_MUST_CHECK hf_err hf_cert_by_serial(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN],
				       struct hf_cert_row *c);
HF_MUST_CHECK hf_err hf_cert_by_hash(struct hf_db *db, const uint8_t sha256[static HF_SHA256_LEN],
				     struct hf_cert_row *c);
HF_MUST_CHECK hf_err hf_cert_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN],
				     struct hf_cert_row *c);
/* Append the DER to `der`. */
HF_MUST_CHECK hf_err hf_cert_der(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN],
				 struct hf_buf *der);
/* Change one state; appends to cert_change for LDevIDs and nudges. */
HF_MUST_CHECK hf_err hf_cert_set_state(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN],
				       int state);
HF_MUST_CHECK hf_err hf_cert_count_reissue(struct hf_db *db,
					   const uint8_t serial[static HF_STORE_SERIAL_LEN]);
typedef hf_err (*hf_cert_each)(void *ctx, const struct hf_cert_row *c);
/* Children of one certificate; certificates of one device (kind 0 = every kind), oldest first. */
HF_MUST_CHECK hf_err hf_cert_children(struct hf_db *db, const uint8_t parent[static HF_STORE_SERIAL_LEN],
				      hf_cert_each each, void *ctx);
HF_MUST_CHECK hf_err hf_cert_of_device(struct hf_db *db, int64_t device, int kind, hf_cert_each each,
				       void *ctx);
/* Revoked LDevIDs that have not ended before `since`, for the CRL. */
HF_MUST_CHECK hf_err hf_cert_revoked(struct hf_db *db, int64_t since, hf_cert_each each, void *ctx);
/* Move issued, seen and confirmed LDevIDs that ended before `before` to expired; at most `limit`. */
HF_MUST_CHECK hf_err hf_cert_expire(struct hf_db *db, int64_t before, unsigned limit, unsigned *n);

/* ---- what the broker must know: every change of an LDevID's admission --------------------------- */

struct hf_change {
	int64_t epoch;
	uint8_t cert_sha256[HF_SHA256_LEN];
	char dev[HF_STORE_DEV_CAP];
	uint8_t state;
	uint8_t budget; /* 1 low, 2 normal, 3 high */
	int64_t not_after;
};
typedef hf_err (*hf_change_each)(void *ctx, const struct hf_change *c);
HF_MUST_CHECK hf_err hf_change_epoch(struct hf_db *db, int64_t *epoch);
/* Changes after `epoch`, in order. */
HF_MUST_CHECK hf_err hf_change_list(struct hf_db *db, int64_t epoch, unsigned limit, hf_change_each each,
				    void *ctx);
/* Every LDevID whose admission matters: issued, seen, confirmed, quarantined, and superseded ones that have
 * not ended. Read it together with hf_change_epoch in one job. */
HF_MUST_CHECK hf_err hf_change_snapshot(struct hf_db *db, hf_change_each each, void *ctx);

/* ---- devices ----------------------------------------------------------------------------------- */

enum {                        /* written to disk, extend only */
	HF_DEVICE_MADE = 1,    /* has a factory certificate or an open claim, no owner */
	HF_DEVICE_CLAIMED = 2, /* has an owner, waits for its first certificate */
	HF_DEVICE_ACTIVE = 3,
	HF_DEVICE_QUARANTINED = 4, /* both sides of a clone lose; the owner is asked */
	HF_DEVICE_REVOKED = 5,     /* lost, scrapped: for ever */
	HF_DEVICE_RELEASED = 6,    /* unbound, waits for the next owner */
};
struct hf_device_row {
	int64_t id;
	char dev[HF_STORE_DEV_CAP];       /* "" before the first binding and after a release */
	char handle[HF_STORE_HANDLE_CAP]; /* "" for self-made devices */
	char line[HF_STORE_NAME_CAP];
	char owner[HF_STORE_NAME_CAP]; /* account; "" = none */
	int state;
	uint8_t budget;
	char reason[HF_STORE_TEXT_CAP]; /* of quarantine or revocation */
	char label[HF_STORE_TEXT_CAP];  /* the owner's own name for it */
	bool rearmed;                   /* the owner's word: the next enrolment may replace the binding */
	bool has_boot_count;
	uint64_t boot_count; /* highest heard in this lineage */
	int64_t created, changed;
	uint64_t version; /* ETag; raised by every hf_device_update */
};
/* Fills id, created, changed, version. */
HF_MUST_CHECK hf_err hf_device_add(struct hf_db *db, struct hf_device_row *d);
HF_MUST_CHECK hf_err hf_device_by_id(struct hf_db *db, int64_t id, struct hf_device_row *d);
HF_MUST_CHECK hf_err hf_device_by_dev(struct hf_db *db, const char *dev, struct hf_device_row *d);
HF_MUST_CHECK hf_err hf_device_by_handle(struct hf_db *db, const char *handle, struct hf_device_row *d);
/* Write all but id and created; HF_ERR_STORE_STALE unless the row still has d->version, which then rises. */
HF_MUST_CHECK hf_err hf_device_update(struct hf_db *db, struct hf_device_row *d);
typedef hf_err (*hf_device_each)(void *ctx, const struct hf_device_row *d);
struct hf_device_query {
	const char *owner; /* NULL = every account */
	const char *line;  /* NULL = every line */
	int state;         /* 0 = every state */
	int64_t after;     /* id of the last row of the page before */
	unsigned limit;
};
HF_MUST_CHECK hf_err hf_device_list(struct hf_db *db, const struct hf_device_query *q, hf_device_each each,
				    void *ctx);
HF_MUST_CHECK hf_err hf_device_count(struct hf_db *db, int state, uint64_t *n); /* 0 = every state */
/* Maker's serial: sealed by the `ca` process, found by its keyed hash. */
HF_MUST_CHECK hf_err hf_device_set_serial(struct hf_db *db, int64_t id, hf_bytes sealed,
					  const uint8_t mac[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_device_serial(struct hf_db *db, int64_t id, struct hf_buf *sealed);
HF_MUST_CHECK hf_err hf_device_by_serial(struct hf_db *db, const uint8_t mac[static HF_SHA256_LEN],
					 struct hf_device_row *d);

/* ---- claims ------------------------------------------------------------------------------------ */

enum { HF_CLAIM_CID_LEN = 16, HF_CLAIM_SEALED_MAX = 96 };
struct hf_claim_row {
	uint8_t cid[HF_CLAIM_CID_LEN];
	uint8_t kc[HF_CLAIM_SEALED_MAX]; /* Kc, sealed by the `ca` process */
	size_t kc_len;
	bool factory;                  /* Kc came with the unit: an owner's must equal it */
	int64_t device;                /* 0 until bound */
	char line[HF_STORE_NAME_CAP];  /* "" until known */
	char owner[HF_STORE_NAME_CAP]; /* "" = nobody claimed it */
	int64_t open_until;            /* 0 = closed */
	bool bound;
	uint8_t spki_sha256[HF_SHA256_LEN]; /* first key that used it */
	unsigned wrong;                     /* wrong MACs since the last right one */
	int64_t locked_until;
	char label[HF_STORE_TEXT_CAP]; /* the owner's name for the device, kept until there is one */
};
HF_MUST_CHECK hf_err hf_claim_get(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN],
				  struct hf_claim_row *c);
HF_MUST_CHECK hf_err hf_claim_of_device(struct hf_db *db, int64_t device, struct hf_claim_row *c);
/* Insert or replace by cid. */
HF_MUST_CHECK hf_err hf_claim_put(struct hf_db *db, const struct hf_claim_row *c);
HF_MUST_CHECK hf_err hf_claim_drop(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN]);

/* ---- one-time codes of the compatibility listener ------------------------------------------------ */

struct hf_basic_code {
	uint8_t hash[HF_SHA256_LEN]; /* of user ":" password */
	int64_t device;              /* the one device row it makes or renews; 0 = none yet */
	char line[HF_STORE_NAME_CAP];
	char owner[HF_STORE_NAME_CAP];
	bool bound;
	uint8_t spki_sha256[HF_SHA256_LEN];
	int64_t expires;
};
HF_MUST_CHECK hf_err hf_basic_get(struct hf_db *db, const uint8_t hash[static HF_SHA256_LEN],
				  struct hf_basic_code *c);
HF_MUST_CHECK hf_err hf_basic_put(struct hf_db *db, const struct hf_basic_code *c);

/* ---- event journal: append only, each row holds the hash of the one before ----------------------- */

enum { HF_EVENT_INFO = 1, HF_EVENT_NOTICE = 2, HF_EVENT_ALARM = 3 };
struct hf_event_row {
	int64_t id;
	int64_t at;
	int level;
	const char *kind;    /* "device.enrolled", "clone.fork", ... */
	const char *account; /* who may see it; "" = nobody but the machine's own people */
	const char *dev;     /* "" = none */
	const char *actor;   /* "operator:NAME", "device", "station:NAME", "server" */
	const char *detail;  /* JSON object text, "{}" when nothing more is to be said */
	uint8_t hash[HF_SHA256_LEN];
};
/* Fills id, at and hash. */
HF_MUST_CHECK hf_err hf_event_add(struct hf_db *db, struct hf_event_row *e);
typedef hf_err (*hf_event_each)(void *ctx, const struct hf_event_row *e);
/* Events after `after` that `account` may see (NULL = all), oldest first. `dev` NULL = of every device. */
HF_MUST_CHECK hf_err hf_event_list(struct hf_db *db, const char *account, const char *dev, int64_t after,
				   unsigned limit, hf_event_each each, void *ctx);
HF_MUST_CHECK hf_err hf_event_last(struct hf_db *db, int64_t *id, uint8_t hash[static HF_SHA256_LEN]);
#endif

/* store_people.h -- operators, factory stations, answers kept for repeated requests, small values.
 * Included by store.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_PEOPLE_H
#define HF_STORE_PEOPLE_H
#include <hf/store.h>

enum { HF_PERSON_ACTIVE = 1, HF_PERSON_BLOCKED = 2 };
enum { HF_PERSON_OPERATOR = 1, HF_PERSON_STATION = 2 };
struct hf_person {
	int kind;
	char name[HF_STORE_NAME_CAP];       /* CN of the certificate; unique within a kind */
	char account[HF_STORE_NAME_CAP];    /* operators: whose devices they see */
	uint8_t spki_sha256[HF_SHA256_LEN]; /* stations and operators are known by their key */
	uint8_t pub[HF_P256_POINT_LEN];
	bool admin; /* may change operators, stations and accounts */
	int state;
	int64_t created;
	uint64_t version;
};
HF_MUST_CHECK hf_err hf_person_add(struct hf_db *db, struct hf_person *p);
HF_MUST_CHECK hf_err hf_person_get(struct hf_db *db, int kind, const char *name, struct hf_person *p);
HF_MUST_CHECK hf_err hf_person_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN],
				       struct hf_person *p);
/* Write account, key, admin, state; HF_ERR_STORE_STALE unless the row still has p->version. */
HF_MUST_CHECK hf_err hf_person_update(struct hf_db *db, struct hf_person *p);
typedef hf_err (*hf_person_each)(void *ctx, const struct hf_person *p);
/* By name; `after` "" = from the start. `account` NULL = every one. */
HF_MUST_CHECK hf_err hf_person_list(struct hf_db *db, int kind, const char *account, const char *after,
				    unsigned limit, hf_person_each each, void *ctx);

/* ---- Idempotency-Key ------------------------------------------------------------------------------- */

struct hf_idem {
	char operator_name[HF_STORE_NAME_CAP];
	char key[65];
	uint8_t request[HF_SHA256_LEN]; /* of method, path and body */
	int status;                     /* 0 = still running */
	char type[64];
	int64_t audit; /* event row, 0 = none */
	int64_t created;
};
/* The answer's body is appended to `body`. */
HF_MUST_CHECK hf_err hf_idem_get(struct hf_db *db, const char *operator_name, const char *key,
				 struct hf_idem *i, struct hf_buf *body);
HF_MUST_CHECK hf_err hf_idem_start(struct hf_db *db, const struct hf_idem *i);
HF_MUST_CHECK hf_err hf_idem_finish(struct hf_db *db, const struct hf_idem *i, hf_bytes body);
HF_MUST_CHECK hf_err hf_idem_drop(struct hf_db *db, const char *operator_name, const char *key);
/* Older than `before`. */
HF_MUST_CHECK hf_err hf_idem_prune(struct hf_db *db, int64_t before);

/* ---- small values: CRL number, deployment id ---------------------------------------------------------- */

HF_MUST_CHECK hf_err hf_value_get(struct hf_db *db, const char *name, struct hf_buf *value);
HF_MUST_CHECK hf_err hf_value_put(struct hf_db *db, const char *name, hf_bytes value);
/* Raise a counter by one; it starts at 1. */
HF_MUST_CHECK hf_err hf_value_count(struct hf_db *db, const char *name, uint64_t *value);
#endif

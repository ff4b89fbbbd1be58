/* store_factory.h -- product lines, production orders, units, CAs and the issuance journal. Included by
 * store.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_FACTORY_H
#define HF_STORE_FACTORY_H
#include <hf/store.h>

/* ---- product lines: a copy of DIR/products, taken at start and on SIGHUP -------------------------- */

struct hf_product_row {
	char line[HF_STORE_NAME_CAP];
	char oid[64];
	int enrol; /* HF_ENROL_... of deploy.h */
	int64_t life_s, grace_s, offline_s;
	bool pop_required, basic, wrap;
	char owner[HF_STORE_NAME_CAP];
	bool has_ca; /* the line has a Device-ID CA */
};
HF_MUST_CHECK hf_err hf_product_put(struct hf_db *db, const struct hf_product_row *p);
HF_MUST_CHECK hf_err hf_product_get(struct hf_db *db, const char *line, struct hf_product_row *p);
typedef hf_err (*hf_product_each)(void *ctx, const struct hf_product_row *p);
HF_MUST_CHECK hf_err hf_product_list(struct hf_db *db, const char *after, unsigned limit,
				     hf_product_each each, void *ctx);

/* ---- CAs ------------------------------------------------------------------------------------------ */

enum { HF_CA_ROOT = 1, HF_CA_SERVER = 2, HF_CA_OPERATIONAL = 3, HF_CA_STATION = 4, HF_CA_DEVICEID = 5 };
struct hf_ca_row {
	int kind;
	char line[HF_STORE_NAME_CAP]; /* Device-ID CA */
	uint8_t spki_sha256[HF_SHA256_LEN];
	int64_t not_after;
	hf_bytes der; /* borrowed */
};
/* Insert, or HF_OK when the same certificate is there. */
HF_MUST_CHECK hf_err hf_ca_add(struct hf_db *db, const struct hf_ca_row *ca);
typedef hf_err (*hf_ca_each)(void *ctx, const struct hf_ca_row *ca);
HF_MUST_CHECK hf_err hf_ca_list(struct hf_db *db, hf_ca_each each, void *ctx);

/* ---- production orders ---------------------------------------------------------------------------- */

enum { HF_STORE_ORDER_LEN = 16, HF_STORE_STATIONS_MAX = 16 };
enum { HF_STORE_ORDER_ONLINE = 0, HF_STORE_ORDER_MANIFEST = 1 };
enum { HF_STORE_ORDER_OPEN = 1, HF_STORE_ORDER_CLOSED = 2 };
struct hf_order_row {
	uint8_t id[HF_STORE_ORDER_LEN];
	char line[HF_STORE_NAME_CAP];
	uint64_t quantity, allowance;
	int64_t not_before, not_after;
	int mode;
	int state;
	int64_t commit_s;
	uint8_t ca_spki[HF_SHA256_LEN];
	size_t n_stations;
	uint8_t station[HF_STORE_STATIONS_MAX][HF_SHA256_LEN]; /* SPKI hashes */
	char by[HF_STORE_NAME_CAP];                            /* operator who brought it */
	int64_t created;
	uint64_t version;
};
HF_MUST_CHECK hf_err hf_order_add(struct hf_db *db, const struct hf_order_row *o, hf_bytes object);
/* `object` NULL = not wanted. */
HF_MUST_CHECK hf_err hf_order_get(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN],
				  struct hf_order_row *o, struct hf_buf *object);
HF_MUST_CHECK hf_err hf_order_close(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN],
				    uint64_t version);
typedef hf_err (*hf_order_each)(void *ctx, int64_t row, const struct hf_order_row *o);
/* Orders after row `after`, in order of arrival; each call names its row. */
HF_MUST_CHECK hf_err hf_order_list(struct hf_db *db, int64_t after, unsigned limit, hf_order_each each,
				   void *ctx);

enum {
	HF_STORE_UNIT_OPEN = 1,
	HF_STORE_UNIT_COMMITTED = 2,
	HF_STORE_UNIT_VOID = 3,
	HF_STORE_UNIT_SCRAPPED = 4
};
enum { HF_STORE_UNIT_NONCE_LEN = 32 };
struct hf_unit_row {
	int64_t id;
	uint8_t order[HF_STORE_ORDER_LEN];
	int64_t device;
	char handle[HF_STORE_HANDLE_CAP];
	uint8_t spki_sha256[HF_SHA256_LEN];
	uint8_t serial[HF_STORE_SERIAL_LEN]; /* of its factory certificate row */
	uint8_t station[HF_SHA256_LEN];
	int state;
	bool shipped;
	bool has_nonce;
	uint8_t nonce[HF_STORE_UNIT_NONCE_LEN];
	int64_t issued_at, commit_by;
};
/* Fills id. Unique: handle, spki_sha256. */
HF_MUST_CHECK hf_err hf_unit_add(struct hf_db *db, struct hf_unit_row *u);
HF_MUST_CHECK hf_err hf_unit_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN],
				     struct hf_unit_row *u);
HF_MUST_CHECK hf_err hf_unit_by_handle(struct hf_db *db, const char *handle, struct hf_unit_row *u);
HF_MUST_CHECK hf_err hf_unit_update(struct hf_db *db, const struct hf_unit_row *u);
typedef hf_err (*hf_unit_each)(void *ctx, const struct hf_unit_row *u);
HF_MUST_CHECK hf_err hf_unit_list(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN],
				  int64_t after, unsigned limit, hf_unit_each each, void *ctx);
/* Open units whose commit time is over, of every order. */
HF_MUST_CHECK hf_err hf_unit_overdue(struct hf_db *db, int64_t now, unsigned limit, hf_unit_each each,
				     void *ctx);
struct hf_order_count {
	uint64_t issued, open, committed, voided, scrapped, shipped;
	uint64_t journal; /* entries of the order's issuance journal */
};
HF_MUST_CHECK hf_err hf_order_count(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN],
				    struct hf_order_count *c);

/* ---- issuance journal: private Merkle trees (RFC 6962), one per order and one for LDevIDs ----------- */

/* Tree name: order id, or 16 zero bytes for LDevIDs. */
HF_MUST_CHECK hf_err hf_journal_append(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN],
				       hf_bytes entry, uint64_t *index);
HF_MUST_CHECK hf_err hf_journal_size(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN],
				     uint64_t *size);
/* Root of the first `size` entries. */
HF_MUST_CHECK hf_err hf_journal_root(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN],
				     uint64_t size, uint8_t root[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_journal_entry(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN],
				      uint64_t index, struct hf_buf *entry);
#endif

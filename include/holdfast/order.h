/* order.h -- production orders: how many devices a factory may make, and its word for each one it made.
 * An order is a statement (statement.h) signed by the quorum "order" of the policy. The stations named in
 * it sign a unit for each device (online), or one list of units (manifest).
 * Promise: an order that was opened is signed by its quorum, written for this policy, and complete; a unit
 * or list that was opened is signed by a station of that order. Counting is the server's work.
 * No allocation, no globals; what is read borrows from its input. Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_ORDER_H
#define HOLDFAST_ORDER_H
#include <holdfast/statement.h>

#define HF_ORDER_TYPE HF_STR("holdfast/order/v1")

enum {
	HF_ORDER_ID_LEN = 16,
	HF_ORDER_MAX_LINE_LEN = 32,
	HF_ORDER_MAX_STATIONS = 16,
	HF_ORDER_MAX_QUANTITY = 100000000,
	HF_ORDER_COMMIT_S = 86400,
	HF_UNIT_CID_LEN = 16,
	HF_UNIT_HANDLE_LEN = 26, /* characters, as in the factory certificate */
	HF_UNIT_MAX_SEALED_LEN = 256,
	HF_UNITS_MAX = 1000, /* units in one list; a larger order brings several */
};

enum hf_order_mode { HF_ORDER_ONLINE = 0, HF_ORDER_MANIFEST = 1 };

/* `hashes` are SHA-256 over a SubjectPublicKeyInfo (DER). */
struct hf_order {
	uint8_t id[HF_ORDER_ID_LEN];
	hf_bytes line;
	uint64_t quantity;
	uint64_t allowance; /* attempts beyond the quantity */
	uint64_t not_before, not_after;
	size_t n_stations;
	hf_bytes station[HF_ORDER_MAX_STATIONS]; /* hashes */
	uint8_t mode;
	uint64_t commit_timeout_s;
	hf_bytes policy_ref;
	hf_bytes ca;     /* hash of the Device-ID CA's key */
	hf_bytes intake; /* 65-byte point that Kc is sealed to */
};

/* 3 % of the quantity, rounded up: the default allowance. */
static inline uint64_t hf_order_default_allowance(uint64_t quantity)
{
	return (quantity * 3 + 99) / 100;
}

/* Append the payload (sign it by hf_statement_write), and read one. Errors: HF_ERR_ORDER_SHAPE,
 * HF_ERR_ORDER_RANGE (a value outside its limits: zero quantity, no station, end before begin, ...);
 * HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_order_write(const struct hf_order *o, struct hf_out *out);
HF_MUST_CHECK hf_err hf_order_read(hf_bytes payload, struct hf_order *o);

/* Read a signed order and check type, quorum and policy_ref. The quorum is the policy's "order"; without
 * one the release quorum of `device_class` (may be empty: then only an entry for every class counts).
 * `at` (Unix seconds) is compared with the signers' not-after; the order's own window is not judged: a
 * report reads old orders too. Errors: hf_order_read's; HF_ERR_ORDER_POLICY; statement.h's, policy.h's. */
HF_MUST_CHECK hf_err hf_order_open(hf_bytes container, const struct hf_policy *p, hf_bytes device_class,
				   uint64_t at, struct hf_out *scratch, struct hf_order *o);
/* May a device be made under it at `now`? Errors: HF_ERR_ORDER_WINDOW. */
HF_MUST_CHECK hf_err hf_order_check_window(const struct hf_order *o, uint64_t now);
/* Is a station with this key hash named in it? Errors: HF_ERR_ORDER_STATION. */
HF_MUST_CHECK hf_err hf_order_check_station(const struct hf_order *o, hf_bytes spki_sha256);

/* ---- Units -------------------------------------------------------------------------------------- */

/* hf/unit/1: what a station says about one certificate request. */
struct hf_unit {
	uint8_t order[HF_ORDER_ID_LEN];
	uint8_t csr_sha256[HF_SHA256_LEN];
	uint8_t cid[HF_UNIT_CID_LEN];
	hf_bytes kc_sealed; /* COSE_Encrypt to the order's intake key */
};
HF_MUST_CHECK hf_err hf_unit_write(const struct hf_unit *u, const struct hf_hwkey *station,
				   struct hf_out *out);
/* `station` is the 65-byte point of the station's certificate, which the caller matched with the order by
 * hf_order_check_station. Errors: HF_ERR_ORDER_SHAPE, _UNIT (another order); the COSE reader's. */
HF_MUST_CHECK hf_err hf_unit_open(hf_bytes object, const uint8_t station[static HF_P256_POINT_LEN],
				  const struct hf_order *o, struct hf_unit *u);

/* hf/units/1: a list of units made without network. */
struct hf_units_row {
	hf_bytes handle; /* HF_UNIT_HANDLE_LEN characters */
	uint8_t spki_sha256[HF_SHA256_LEN];
	uint8_t cid[HF_UNIT_CID_LEN];
	hf_bytes kc_sealed;
};
struct hf_units {
	uint8_t order[HF_ORDER_ID_LEN];
	uint64_t made_at; /* Unix seconds at which the station closed the list */
	size_t n;         /* rows; read them by hf_units_next */
	struct hf_cborr rows;
};
HF_MUST_CHECK hf_err hf_units_write(const uint8_t order[static HF_ORDER_ID_LEN], uint64_t made_at,
				    const struct hf_units_row *rows, size_t n, const struct hf_hwkey *station,
				    struct hf_out *payload, struct hf_out *out);
/* Verify the signature, the order, its window, its mode, and that quantity + allowance is not exceeded and
 * no handle or key stands twice (rows must be sorted by key hash, which the writer does not do for you).
 * Errors: HF_ERR_ORDER_SHAPE, _UNIT (other order, too many, repeated or unsorted), _WINDOW; the COSE
 * reader's. */
HF_MUST_CHECK hf_err hf_units_open(hf_bytes object, const uint8_t station[static HF_P256_POINT_LEN],
				   const struct hf_order *o, struct hf_units *u);
/* The next row; false at the end. The list was checked by hf_units_open. */
bool hf_units_next(struct hf_units *u, struct hf_units_row *row);

/* Kc, the claim's MAC key, sealed to the order's intake key: aad = "hf/kc/1" || cid, so that a sealed key
 * cannot be moved to another device. Errors: the COSE sealing functions'; HF_ERR_ORDER_SHAPE (not 32
 * bytes). */
HF_MUST_CHECK hf_err hf_unit_seal_kc(struct hf_port *port, hf_bytes intake_point,
				     const uint8_t cid[static HF_UNIT_CID_LEN], const struct hf_key *kc,
				     struct hf_out *out);
HF_MUST_CHECK hf_err hf_unit_open_kc(hf_bytes sealed, const struct hf_ecdhkey *intake,
				     const uint8_t cid[static HF_UNIT_CID_LEN], struct hf_key *kc);
#endif

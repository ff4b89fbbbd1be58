/* fleet_priv.h -- shared by the sources of the fleet.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FLEET_PRIV_H
#define HF_FLEET_PRIV_H
#include <hf/fleet.h>

/* Values of product.enrol; the configuration table in deploy.h names them, in this order. */
enum { HF__ENROL_IDEVID_CLAIM = 0, HF__ENROL_CLAIM = 1, HF__ENROL_IDEVID = 2 };

/* issued, seen or confirmed */
bool hf__cert_alive(const struct hf_cert_row *c);
/* Move every live certificate of a kind (0 = all) to `state`. */
HF_MUST_CHECK hf_err hf__end_certs(struct hf_db *db, int64_t device, int kind, int state);
/* Entry {parent or order, certificate hash, station's proof, time} of an issuance journal. */
HF_MUST_CHECK hf_err hf__journal(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN],
				 hf_bytes origin, const uint8_t hash[static HF_SHA256_LEN], hf_bytes proof);
/* Until a unit has an owner, its events go to the account that brought its order. Changes only `d`. */
HF_MUST_CHECK hf_err hf__maker_hears(struct hf_db *db, struct hf_device_row *d);
#endif

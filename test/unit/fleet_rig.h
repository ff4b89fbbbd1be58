/* fleet_rig.h -- a registry on a real file with a clock that the test moves.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FLEET_RIG_H
#define FLEET_RIG_H
#include <hf/fleet.h>

struct rig {
	char dir[64], path[128];
	struct hf_store *store;
	int64_t now;
	struct hf_product_row line;
	uint8_t next;      /* fills the next key and serial */
	const char *label; /* that rig_claim gives */
};
/* One try of a device: what it shows and what came of it. */
struct attempt {
	bool renew, has_claim, has_code, names_differ;
	uint8_t cid[16], code[32];
	uint8_t spki;        /* the key: all bytes this */
	const uint8_t *cert; /* hash of the certificate shown, NULL = none */
	bool expired, self_signed;
	/* results */
	enum hf_outcome outcome;
	struct hf_cert_row issued; /* or the same as before */
};
int rig_setup(void **state);
int rig_teardown(void **state);
/* Plan, and issue or write the refusal. */
void rig_try(struct rig *r, struct attempt *a);
/* With the claim's MAC and this key; the second opens the claim first, and must get a certificate. */
struct attempt rig_by_claim(uint8_t cid, uint8_t key);
struct attempt rig_enrolled(struct rig *r, uint8_t cid, uint8_t key);
void rig_claim(struct rig *r, uint8_t cid, const char *account, hf_err want);
struct hf_device_row rig_device(struct rig *r, int64_t id);
struct hf_cert_row rig_cert(struct rig *r, const uint8_t *serial);
void rig_state(struct rig *r, const uint8_t *serial, int state);
/* What the bus does after hello{promoted}: confirmed, parent superseded. */
void rig_promote(struct rig *r, const struct hf_cert_row *c);
void rig_act(struct rig *r, int64_t device, enum hf_owner_act act, hf_err want);
unsigned rig_events(struct rig *r, const char *kind);
/* An order of this quantity and allowance with station key 0xee.., id 0x0f.. */
void rig_order(struct rig *r, uint64_t quantity, uint64_t allowance);
hf_err rig_unit(struct rig *r, uint8_t key, uint8_t station, struct hf_cert_row *out);
enum { RIG_NOW = 1800000000, RIG_DAY = 86400 };
#endif

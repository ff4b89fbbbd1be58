/* renew_priv.h -- shared by the files of the renewal machine.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_RENEW_PRIV_H
#define HF_RENEW_PRIV_H
#include <holdfast/renew.h>

/* The slot a new key goes to, or lies in. */
static inline unsigned hf__renew_other(const struct hf_renew *r)
{
	return r->active == 0 ? 1 : 0;
}

/* What a key record holds. */
struct hf__renew_key {
	uint8_t signing[HF_P256_POINT_LEN];
	uint8_t encryption[HF_P256_POINT_LEN];
	struct hf_key scalar; /* of the encryption key */
	uint8_t blob_mem[HF_RENEW_BLOB_CAP];
	struct hf_out blob; /* points into blob_mem */
};
static inline void hf__renew_key_wipe(struct hf__renew_key *k)
{
	hf_wipe(k, sizeof(*k));
}

/* Records. Readers give HF_ERR_PORT_ABSENT, HF_ERR_RENEW_RECORD (damaged or foreign) or
 * HF_ERR_PORT_STORAGE. */
HF_MUST_CHECK hf_err hf__renew_load_key(struct hf_port *port, unsigned slot, struct hf__renew_key *key);
HF_MUST_CHECK hf_err hf__renew_store_key(struct hf_port *port, unsigned slot,
					 const struct hf__renew_key *key);
HF_MUST_CHECK hf_err hf__renew_load_slot(struct hf_port *port, unsigned slot, struct hf_renew_slot *s);
HF_MUST_CHECK hf_err hf__renew_store_slot(struct hf_port *port, unsigned slot, const struct hf_renew_slot *s);
HF_MUST_CHECK hf_err hf__renew_load_active(struct hf_renew *r);
HF_MUST_CHECK hf_err hf__renew_store_active(struct hf_renew *r, int active, bool acked);
/* Remove key (first) and certificate of a slot. */
HF_MUST_CHECK hf_err hf__renew_clear_slot(struct hf_renew *r, unsigned slot);
/* Parse the record of a certificate; for the loader and its fuzz target. `s` keeps its key fields. */
HF_MUST_CHECK hf_err hf__renew_parse_slot(hf_bytes record, struct hf_renew_slot *s);

struct hf__renew_prev {
	int64_t until_s;
	struct hf_key scalar;
	uint8_t pub[HF_P256_POINT_LEN];
};
static inline void hf__renew_prev_wipe(struct hf__renew_prev *p)
{
	hf_wipe(p, sizeof(*p));
}
HF_MUST_CHECK hf_err hf__renew_load_prev(struct hf_port *port, struct hf__renew_prev *p);
HF_MUST_CHECK hf_err hf__renew_store_prev(struct hf_port *port, const struct hf__renew_prev *p);

/* Slot for sessions, -1 = none. */
int hf__renew_session(const struct hf_renew *r);
/* Now, by clock and floor. */
HF_MUST_CHECK hf_err hf__renew_now(const struct hf_renew *r, int64_t *now_s);

/* Actions of the table. */
hf_err hf__renew_make_key(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_ask(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_keep_cert(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_later(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_use_new(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_promote(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_fall_back(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_drop_cert(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_wipe_old(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_hasten(struct hf_renew *r, const struct hf_renew_event *ev);
hf_err hf__renew_nothing(struct hf_renew *r, const struct hf_renew_event *ev);
#endif

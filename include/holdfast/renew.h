/* renew.h -- how a device gets its certificate, keeps it alive and never loses it to a power cut.
 * Promise: cut the power at any durable write and the device connects again with a certificate that
 * the server accepts, and nothing that looks like a clone was sent. A fresh key at every renewal; a key
 * is durable before it is asked for, an old one is wiped only after the new one was proven in a real
 * session, made the leader, and acknowledged. Sans-I/O: the program brings events and reads what the
 * machine wants; only records and randomness go through the port. States, edges and invariants:
 * core/identity/renew_table.c.
 * Limits: one identity per struct hf_port. Thread rule: one thread per object.
 *
 *	hf_renew_init(&r, &setup);           boot: what do the records say?
 *	loop: hf_renew_step(&r, &event);     then hf_renew_want(&r, &want), and act on it
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_RENEW_H
#define HOLDFAST_RENEW_H
#include <holdfast/endorse.h>
#include <holdfast/hello.h>

enum {
	HF_RENEW_CERT_CAP = 1536, /* DER of one certificate */
	HF_RENEW_BLOB_CAP = 512,  /* what opens a signing key again: a scalar, or a TPM's two blobs */
	HF_RENEW_GRACE_S = 30 * 86400,
	HF_RENEW_PROOFS = 3, /* refused sessions before the old certificate is used again */
};

/* The facts of a certificate, as the crypto room reads them. `der` borrows. */
struct hf_leaf {
	uint8_t serial[HF_SERIAL_LEN];
	char dev[HF_DEV_LEN + 1];
	int64_t not_before, not_after;
	uint8_t pub[HF_P256_POINT_LEN];
	hf_bytes der;
};

/* Where signing keys live: software, TPM, ... Both calls may take seconds on a slow element. */
struct hf_renew_keys {
	void *ctx;
	/* Make a fresh signing key; `blob` (HF_RENEW_BLOB_CAP) gets what opens it again. */
	hf_err (*make)(void *ctx, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN]);
	/* Open the key of `slot` from its blob; it is valid until the next open of that slot. */
	hf_err (*open)(void *ctx, unsigned slot, hf_bytes blob, struct hf_hwkey *key);
	/* Write the endorsement of generation 0: hf_endorse_write_claim with Ko, or _signed with the factory
	 * key. */
	hf_err (*endorse0)(void *ctx, const struct hf_endorse *e, struct hf_out *out);
};

enum hf_renew_state {
	HF_RENEW_EMPTY,     /* no key, no certificate */
	HF_RENEW_KEYED,     /* the next key is durable; its certificate is to be asked for */
	HF_RENEW_REQUESTED, /* a request is under way (in RAM only: after a power cut this is KEYED) */
	HF_RENEW_HAVE,      /* the next certificate is durable */
	HF_RENEW_PROVE,     /* sessions are made with it */
	HF_RENEW_FALLBACK,  /* it was refused three times: the old one serves until the next try */
	HF_RENEW_PROMOTED,  /* it leads, hello{promoted} waits for its answer; the old one is never used */
	HF_RENEW_STABLE,    /* one certificate, acknowledged */
	HF_RENEW_STATES,
};

enum hf_renew_kind {
	HF_RENEW_TICK,            /* time passed; `settled`: a session is up and its commands have come */
	HF_RENEW_CERT,            /* the request brought `leaf` */
	HF_RENEW_WAIT,            /* the server said later, in `retry_after_s` (202, 429, 503) */
	HF_RENEW_REFUSED,         /* the server said no to the request */
	HF_RENEW_FAILED,          /* no answer */
	HF_RENEW_SESSION,         /* an MQTT session with the certificate of `slot` is accepted */
	HF_RENEW_SESSION_REFUSED, /* ... was refused by a server that proved itself (never: no network) */
	HF_RENEW_ACK,             /* hello{promoted} was answered */
	/* Derived inside, never passed in: */
	HF_RENEW_DUE,
	HF_RENEW_PROOF_FAILED,
	HF_RENEW_ASK_AGAIN,
	HF_RENEW_KINDS,
};
struct hf_renew_event {
	enum hf_renew_kind kind;
	unsigned slot;
	bool settled;
	uint64_t retry_after_s;
	const struct hf_leaf *leaf;
};

/* One of the two slots, as loaded. No secret lies here. */
struct hf_renew_slot {
	bool has_key, has_cert;
	uint32_t gen; /* of `endorsement`, once that is written */
	uint8_t signing[HF_P256_POINT_LEN];
	uint8_t encryption[HF_P256_POINT_LEN];
	struct hf_leaf leaf; /* leaf.der points into `der` */
	uint8_t der[HF_RENEW_CERT_CAP];
	uint8_t endorsement[HF_ENDORSE_MAX_LEN];
	size_t endorsement_len; /* 0 = the slot was never promoted */
};

struct hf_renew_setup {
	struct hf_port *port;
	const struct hf_renew_keys *keys;
	int64_t build_s; /* first time floor */
};

struct hf_renew {
	struct hf_port *port;
	struct hf_renew_keys keys;
	struct hf_floor floor;
	enum hf_renew_state state;
	int active; /* slot that leads, -1 = none */
	bool acked; /* the server has answered the leader's hello{promoted} */
	struct hf_renew_slot slot[2];
	struct hf_backoff backoff;
	int64_t next_try_s;   /* EMPTY, KEYED, PROVE, FALLBACK: not before this */
	int64_t window_s;     /* due time the server asked for, 0 = own */
	int64_t prev_until_s; /* when the previous decryption key ends, 0 = there is none */
	unsigned refusals;    /* of sessions in PROVE */
	unsigned rounds;      /* of proofs that failed */
	bool proven;          /* a session stood, promotion is owed */
	bool fresh_lineage;   /* ask by enrolment, not by renewal */
	bool hasten;          /* sessions are refused: one renewal try now */
	bool alarm;           /* see hf_renew_want */
};

/* Read the records and finish what a power cut interrupted. Damaged records of the slot that does not lead
 * are cleaned away; a leader without a readable key or certificate is given up (its enrolment starts
 * anew). Errors: HF_ERR_PORT_STORAGE, crypto's. */
HF_MUST_CHECK hf_err hf_renew_init(struct hf_renew *r, const struct hf_renew_setup *setup);

/* One event. On an error nothing is lost: the state is what the records say, and a later tick goes on.
 * Errors: HF_ERR_RENEW_EVENT (does not fit the state), _KEY, _NAME, _LIFE (certificate refused, the request
 * counts as failed), port's, the keys'. */
HF_MUST_CHECK hf_err hf_renew_step(struct hf_renew *r, const struct hf_renew_event *event);
/* The server may ask for a renewal between two Unix times; it is clamped to end before notAfter - L/10. */
void hf_renew_window(struct hf_renew *r, int64_t from_s, int64_t to_s);

/* What the machine wants now; ask after every init and step. */
struct hf_renew_want {
	bool request; /* send a certificate request for the key of `request_slot` ... */
	unsigned request_slot;
	int request_auth; /* ... renewing with the certificate of this slot; -1: enrol (factory key, claim) */
	int session;   /* slot for MQTT sessions, -1 = none possible. A live session of another slot must be
	                     * left as soon as this changes. */
	bool promoted; /* the session slot leads: say so in the hello */
	bool endorse;  /* first publish the endorsements that exist: other slot's, then session slot's */
	bool alarm;    /* once: a new certificate was refused three times */
	uint64_t wake_ms; /* boot_ms of the next useful tick, at most an hour away */
};
void hf_renew_want(struct hf_renew *r, struct hf_renew_want *want);

/* The signing key of a slot, opened; valid as hf_renew_keys.open says. Errors: HF_ERR_PORT_ABSENT, port's. */
HF_MUST_CHECK hf_err hf_renew_signing_key(struct hf_renew *r, unsigned slot, struct hf_hwkey *key);
/* The decryption scalar of a slot (its public half is slot[].encryption), and the previous one, which lives
 * on for the longest command expiry after a promotion: HF_ERR_PORT_ABSENT when there is none any more. */
HF_MUST_CHECK hf_err hf_renew_decryption_key(struct hf_renew *r, unsigned slot, struct hf_key *secret);
HF_MUST_CHECK hf_err hf_renew_previous_key(struct hf_renew *r, struct hf_key *secret,
					   uint8_t pub[static HF_P256_POINT_LEN]);

/* Unix time at which a certificate asks for its renewal: notBefore + 0.60 L + jitter of up to L/10 that
 * differs from device to device and from certificate to certificate. Errors: crypto's. */
HF_MUST_CHECK hf_err hf_renew_due(const struct hf_leaf *leaf, int64_t *due_s);
/* Wait between two tries of a renewal: min(4 % of the life, 24 h). */
int64_t hf_renew_retry_s(const struct hf_leaf *leaf);
#endif

/* identity.h -- who a device is: its names, and how long it waits before it tries again.
 * Promise: no I/O, no allocation, no globals; all waits are 64-bit milliseconds, so that nothing ends after
 * 25 or 50 days. The other promises of a life in claim.h, endorse.h, hello.h and renew.h.
 * Thread rule: pure functions; objects belong to their caller.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_IDENTITY_H
#define HOLDFAST_IDENTITY_H
#include <holdfast/base.h>
#include <holdfast/port.h>

enum {
	HF_DEV_LEN = 16,    /* characters of the pseudonym on the wire: base32 of ... */
	HF_DEV_BYTES = 10,  /* ... random bytes */
	HF_HANDLE_LEN = 26, /* characters of the name in the factory certificate: base32 of ... */
	HF_HANDLE_BYTES = 16,
	HF_SERIAL_LEN = 16, /* octets of a certificate serial, the first one 0x40 to 0x7f */
};

/* Lower-case base32, exact length, unused bits zero. Errors: HF_ERR_IDENTITY_NAME. */
HF_MUST_CHECK hf_err hf_identity_check_dev(hf_bytes text);
HF_MUST_CHECK hf_err hf_identity_check_handle(hf_bytes text);
/* A fresh random name, with NUL; also for servers. Errors: port's. */
HF_MUST_CHECK hf_err hf_identity_new_dev(struct hf_port *port, char dev[static HF_DEV_LEN + 1]);
HF_MUST_CHECK hf_err hf_identity_new_handle(struct hf_port *port, char handle[static HF_HANDLE_LEN + 1]);

/* Which schedule a wait follows. */
enum hf_wait {
	HF_WAIT_LINK,    /* no connection: random(0, min(300 s, 1 s * 2^n)) */
	HF_WAIT_REFUSED, /* the server said no (CONNACK 135): 15 min doubling to 6 h */
	HF_WAIT_CLAIM,   /* unclaimed, or waiting for a person: 1 min doubling to 1 h */
};

/* Tries so far, per schedule; all zero at start and after success. */
struct hf_backoff {
	uint8_t n_link, n_refused, n_claim;
};

/* How long to wait before the next try; it never gives up. `retry_after_s` from the server (0 = none)
 * only lengthens, to 24 h at most. Errors: port's (randomness); then wait a minute. */
HF_MUST_CHECK hf_err hf_backoff_next(struct hf_backoff *b, struct hf_port *port, enum hf_wait why,
				     uint64_t retry_after_s, uint64_t *wait_ms);
/* The same number of tries without randomness: the upper bound of the wait. */
uint64_t hf_backoff_bound_ms(enum hf_wait why, unsigned n);

/* The time a device may rely on although its clock is wrong: it never runs behind the newest moment that
 * was proven to it, and it goes on with the machine's own seconds from there. */
struct hf_floor {
	int64_t floor_s;  /* Unix seconds, proven */
	int64_t stored_s; /* what the record holds */
	uint64_t ref_ms;  /* boot_ms when floor_s was loaded or raised */
	bool heard;       /* an authenticated session told the time since this boot */
};
/* Load record HF_REC_FLOOR; an absent or damaged one counts as `build_s`, the build time of the program.
 * Errors: HF_ERR_PORT_STORAGE. */
HF_MUST_CHECK hf_err hf_floor_load(struct hf_floor *f, struct hf_port *port, int64_t build_s);
/* max(clock, floor + time since the floor was heard). */
int64_t hf_floor_now(const struct hf_floor *f, const struct hf_clock *clock);
/* For our own schedule: what was heard goes before the clock, which may stand years ahead and would have us
 * renew without end. Before anything was heard it is hf_floor_now. */
int64_t hf_floor_schedule_now(const struct hf_floor *f, const struct hf_clock *clock);
/* Raise to `heard_s`, but never beyond `cap_s`, the notAfter of the server certificate that carried it: one
 * lying or broken server must not put a device into the year 2099. Stored when it rises by an hour or
 * more, so that flash lasts. Lower values change nothing. Errors: port's; the raise in RAM stands. */
HF_MUST_CHECK hf_err hf_floor_raise(struct hf_floor *f, struct hf_port *port, int64_t heard_s, int64_t cap_s);
#endif

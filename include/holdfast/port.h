/* port.h -- what core needs from a machine: randomness, clocks, and durable records.
 * Each port (port/linux, port/fake) defines its own struct hf_port. Core holds a pointer, never a copy.
 * Thread rule: one thread per struct hf_port.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_PORT_H
#define HOLDFAST_PORT_H
#include <holdfast/base.h>

struct hf_port;

enum { HF_CLOCK_NONE = 0, HF_CLOCK_SET = 1, HF_CLOCK_TRUSTED = 2 }; /* quality of unix_s */

struct hf_clock {
	uint64_t boot_ms;    /* since this boot, monotonic, counts suspend */
	uint64_t boot_count; /* rises by one at each boot of the device, persisted */
	int64_t unix_s;      /* wall clock, as good as `quality` says */
	int quality;         /* HF_CLOCK_TRUSTED: authenticated sync within 24 h */
};

enum { HF_RECORD_MAX_LEN = 16384 };

/* Durable records, named by number; the port maps them to files, sectors or RAM. */
enum hf_record {
	HF_REC_BOOT = 1,  /* boot counter */
	HF_REC_SLOT0 = 2, /* identity slot: certificate and state, no secret */
	HF_REC_SLOT1 = 3,
	HF_REC_ACTIVE = 4, /* which slot leads */
	HF_REC_FLOOR = 5,  /* time floor */
	HF_REC_KEY0 = 6,   /* secret: keys of slot 0 */
	HF_REC_KEY1 = 7,
	HF_REC_CLAIM = 8,      /* secret: S of the claim */
	HF_REC_IDEVID_KEY = 9, /* secret: software factory key */
	HF_REC_IDEVID_CERT = 10,
	HF_REC_POLICY = 11,       /* trust policy in force */
	HF_REC_REPLAY = 12,       /* replay table of commands */
	HF_REC_CONFIG = 13,       /* settings changed by signed commands */
	HF_REC_OWNERS = 14,       /* data-owner public keys */
	HF_REC_PREV_ENC = 15,     /* secret: previous decryption key, at most 24 h */
	HF_REC_RELEASE = 16,      /* the device was given away: ordered or done */
	HF_REC_RECEIPT_BASE = 64, /* 64 receipts, index n mod 64 */
	HF_REC_OUTBOX_BASE = 128, /* alarms and others that wait for an application ack */
	HF_REC_END = 256,
};

/* Fill `p` with `n` random bytes fit for keys. Errors: HF_ERR_PORT_RANDOM. */
HF_MUST_CHECK hf_err hf_port_random(struct hf_port *port, uint8_t *p, size_t n);
/* Read the clocks. Errors: HF_ERR_PORT_STORAGE. */
HF_MUST_CHECK hf_err hf_port_clock(struct hf_port *port, struct hf_clock *now);

/* Read record `rec` into `out` (replacing its content). Errors: HF_ERR_PORT_ABSENT, _CORRUPT, _STORAGE,
 * HF_ERR_BASE_NO_ROOM. On error out->len is 0. */
HF_MUST_CHECK hf_err hf_port_read(struct hf_port *port, enum hf_record rec, struct hf_out *out);
/* Replace a record that holds no secret. After HF_OK the new content is durable; after an error or a
 * power cut the record holds the old or the new content, whole. */
HF_MUST_CHECK hf_err hf_port_replace(struct hf_port *port, enum hf_record rec, hf_bytes data);
/* Create a secret record in place: never renamed, so no copy is left behind. Fails with
 * HF_ERR_BASE_MISUSE when it exists. A torn one reads as HF_ERR_PORT_CORRUPT and may be destroyed. */
HF_MUST_CHECK hf_err hf_port_create_secret(struct hf_port *port, enum hf_record rec, hf_bytes data);
/* Overwrite, flush and remove; HF_OK when the record is already absent. */
HF_MUST_CHECK hf_err hf_port_destroy(struct hf_port *port, enum hf_record rec);
#endif

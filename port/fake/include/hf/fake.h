/* fake.h -- a machine in RAM: settable clocks, repeatable randomness, records that count and fail.
 * Purpose: unit tests, simulations that cut the power at every durable write, and load generators with
 * many devices in one process. Promise: the same seed and calls give the same bytes; a power cut leaves
 * exactly the states that port.h allows (old or new for a replaced record, torn for a secret one).
 * Limits: the randomness is predictable, so never a product. Thread rule: one thread per struct hf_port.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FAKE_H
#define HF_FAKE_H
#include <holdfast/port.h>
#include <setjmp.h>

/* What happens at the chosen durable write (a replace, create_secret or destroy that changes something). */
enum hf_fake_cut {
	HF_FAKE_NEVER = 0,
	HF_FAKE_BEFORE, /* power goes, nothing was written */
	HF_FAKE_INSIDE, /* power goes half-way: replace keeps the old content, a secret record is torn */
	HF_FAKE_AFTER,  /* everything was written, then power goes before the caller learns it */
	HF_FAKE_ERROR,  /* the write fails with HF_ERR_PORT_STORAGE, power stays (disk full) */
};

struct hf_fake_record {
	uint8_t *data;
	uint32_t len;
	uint16_t rec;
	bool torn;
};

/* Fields may be read and set by the test at any time, except `records`. */
struct hf_port {
	struct hf_clock clock;
	uint64_t random_state;
	bool random_fails; /* every hf_port_random gives HF_ERR_PORT_RANDOM */
	bool off;          /* power is off: every call fails until hf_fake_reboot */
	unsigned n_writes; /* durable writes seen since hf_fake_init or hf_fake_cut_at */
	unsigned n_cuts;   /* how often a planned cut or error really happened, ever */
	unsigned cut_at;   /* 1 = first write after hf_fake_cut_at */
	enum hf_fake_cut cut_how;
	jmp_buf *power; /* where a power cut jumps; NULL: calls fail with HF_ERR_PORT_STORAGE instead */
	struct hf_fake_record *records;
	size_t n_records;
};

/* An empty machine: boot 1, 2026-01-01T00:00:00Z, clock quality HF_CLOCK_TRUSTED. */
void hf_fake_init(struct hf_port *port, uint64_t seed);
/* Release the records. */
void hf_fake_free(struct hf_port *port);
/* Plan one event: at durable write number `n` from now (1 = the next) do `how`; a power cut jumps to
 * `power`, or with NULL turns the machine off. Restarts n_writes at 0. A test must compare n_cuts. */
void hf_fake_cut_at(struct hf_port *port, unsigned n, enum hf_fake_cut how, jmp_buf *power);
/* Power on again after `off_s` seconds: boot_count + 1, boot_ms 0, no cut planned; records stay. */
void hf_fake_reboot(struct hf_port *port, int64_t off_s);
/* Let time pass on all clocks. */
void hf_fake_advance(struct hf_port *port, uint64_t ms);
/* Whether a record exists, torn or whole. */
bool hf_fake_has(const struct hf_port *port, enum hf_record rec);
/* Make an existing record read as HF_ERR_PORT_CORRUPT. */
void hf_fake_tear(struct hf_port *port, enum hf_record rec);
#endif

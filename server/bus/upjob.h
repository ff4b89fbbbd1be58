/* upjob.h -- what one event of a device does to the store, and what it is answered with.
 * Runs in a transaction of the store's writer thread; the answer is sent after the commit, so nothing is
 * acknowledged that a power cut could take back. Every job first asks for the session's certificate row:
 * the broker vouches for the hash, the row for what it may do.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_UPJOB_H
#define HF_UPJOB_H
#include <hf/bus.h>
#include <hf/store.h>

struct hf_upjob {
	/* in */
	char dev[HF_BUS_DEV_LEN + 1];
	char cls[16];
	char id[HF_BUS_ID_MAX_LEN + 1];
	uint8_t cert_sha256[HF_SHA256_LEN];
	hf_bytes payload;
	char address[64]; /* presence */
	/* read on the way */
	struct hf_cert_row cert;
	/* out: what the loop does after the commit */
	bool answer;
	char answer_cls[16];
	char answer_id[HF_BUS_ID_MAX_LEN + 1];
	uint8_t answer_mem[64];
	struct hf_out answer_bytes;
	bool send_commands; /* the device is here and listens */
	bool refused;       /* not for us: counted and logged, nothing changed */
};

void hf__upjob_reset(struct hf_upjob *job); /* the out part */

/* hf_store_job, ctx = struct hf_upjob. */
hf_err hf__upjob_message(struct hf_db *db, void *ctx); /* by cls and id */
hf_err hf__upjob_came(struct hf_db *db, void *ctx);    /* presence: up */
hf_err hf__upjob_left(struct hf_db *db, void *ctx);    /* presence: down */

/* Alarm of the broker: `kind`, dev ("" = unknown), address, detail. */
struct hf_alarmjob {
	struct hf_bus_alarm alarm;
};
hf_err hf__alarmjob(struct hf_db *db, void *ctx);
#endif

/* identity_world.h -- a device on port/fake and a model of the server's lineage rules (identity.md s7 to s9),
 * for the simulations of enrolment and renewal. Every message between the two is counted and can be cut: lost
 * before the server saw it, or its answer lost.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TEST_IDENTITY_WORLD_H
#define HF_TEST_IDENTITY_WORLD_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/renew.h>

enum { DAY = 86400, HOUR = 3600, MAX_CERTS = 64, MAX_TRIES = 4096 };
#define DEV "abcdefghij234567"

enum row_state { ISSUED, SEEN, CONFIRMED, SUPERSEDED, VOID };
struct row {
	enum row_state state;
	int parent; /* -1 = enrolled */
	int children_voided;
	struct hf_leaf leaf;
	uint8_t der[8];
};

struct server {
	struct row rows[MAX_CERTS];
	int n_rows;
	int64_t now_s; /* the true time */
	int64_t life_s;
	bool quarantined; /* something looked like a clone: no test may ever see this ... */
	const char *why;  /* ... and this says what */
	uint64_t boot_count;
	bool est_down, broker_down, network_down;
	/* what the owner's CLI would fetch */
	uint8_t endorsements[MAX_CERTS * 2][HF_ENDORSE_MAX_LEN];
	size_t endorsement_len[MAX_CERTS * 2];
	int n_endorsements;
	/* when renewals were tried */
	int64_t tries[MAX_TRIES];
	int n_tries;
};

enum cut_message { MESSAGE_KEPT = 0, MESSAGE_LOST, ANSWER_LOST };

struct world {
	struct hf_port port;
	struct server server;
	struct hf_key secret[2], ko;
	struct hf_renew_keys keys;
	struct hf_renew renew;
	struct hf_renew_want want;
	int session; /* slot of the live session, -1 = none */
	bool acked;  /* the live session's hello was answered */
	uint64_t refused_until_ms;
	unsigned alarms;
	/* cutting messages */
	unsigned n_messages, message_cut_at, message_cuts;
	enum cut_message message_how;
	jmp_buf power;
};

void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);
/* Power on: read the records. */
void world_boot(struct world *w);
/* One turn of the device: tick, request, session, hello, as its program would do; then time passes until its
 * next useful tick, at most `max_s`. */
void world_turn(struct world *w, int64_t max_s);
/* True time and the device's clocks. */
void world_sleep(struct world *w, int64_t s);
/* Turns until the newest certificate is confirmed by a stable device and `certs` of them exist; fails the
 * test
 * after 4,000. */
void world_run_until(struct world *w, int certs);
/* Number of certificates that were confirmed at some time. */
int world_confirmed(const struct world *w);
/* What must hold at every end: no quarantine, a live session with the newest certificate, no key left over,
 * and
 * the owner's chain of endorsements ends at that certificate's key. */
void world_check(struct world *w);
#endif

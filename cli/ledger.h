/* ledger.h -- which receipts of a device this operator has seen, so that one that is held back shows.
 * Each chained receipt carries its number n and the hash of receipt n - 1 (receipt.h). The ledger reads the
 * server's list, verifies each receipt with a key the device endorsed, and enters it once. Numbers that were
 * passed over stay as gaps, with the hashes at both ends, until the missing receipts come and fit.
 * Kept in FOLDER/devices/DEV.receipts, replaced as a whole after each page: a power cut loses nothing, the
 * page is read again. What a hostile server can still do is to be silent; the tail check makes that show too.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_H
#define LEDGER_H
#include <hf/buf.h>
#include "trust.h"

enum {
	LEDGER_GAPS_MAX = 64,
	LEDGER_CURSOR_CAP = 64,
	LEDGER_SEEN_CEILING = 4 << 20, /* about 80,000 receipts in one pass */
	LEDGER_KEPT = 64, /* the newest ones, which a device sends again when it is asked */
};

/* Numbers left.n + 1 to `to` were not shown. */
struct ledger_gap {
	struct hf_receipt_chain left;
	uint64_t to;
	uint8_t right[HF_SHA256_LEN]; /* what receipt `to` must hash to */
};

struct ledger {
	char dev[HF_DEV_LEN + 1];
	struct hf_receipt_chain chain; /* the newest one seen */
	uint8_t past[HF_COMMAND_REP_LEN]; /* the epoch before it */
	uint64_t boot;                 /* boot counter in the newest one: epochs never go back */
	uint64_t lost;                 /* missing ones that can no longer come */
	uint64_t conflict;             /* a number that two different receipts carry, 0 = none */
	size_t n_gaps;
	struct ledger_gap gap[LEDGER_GAPS_MAX];
	char cursor[LEDGER_CURSOR_CAP]; /* where the last page began; "" = the beginning */
	/* Of the last pass only. */
	unsigned foreign;  /* objects that are no receipt of this device, or under another command's name */
	unsigned repeated; /* receipts that were shown twice */
	bool tail;         /* the device speaks of receipts newer than the newest one shown */
	/* Not kept. */
	bool changed;
	struct hf_buf seen; /* struct ledger_seen of this pass */
	size_t n_signers;
	uint8_t signer[TRUST_SIGNERS_MAX][HF_P256_POINT_LEN];
};

enum { LEDGER_NAME_CAP = 23 }; /* base64url of 16 bytes and NUL */
/* Each prints its own error. */
bool ledger_load(const struct session *s, const char *dev, struct ledger *l);
bool ledger_save(const struct session *s, struct ledger *l);
void ledger_drop(struct ledger *l);
/* One pass over what the server lists from the cursor on; `each` (may be NULL) gets every receipt that
 * verified, in the server's order. */
typedef void (*ledger_each)(void *ctx, hf_bytes object);
bool ledger_read(struct session *s, struct ledger *l, ledger_each each, void *ctx);
/* Enter one object that the server shows under `name`. */
void ledger_enter(struct ledger *l, const char *name, hf_bytes object, ledger_each each, void *ctx);
/* Was a receipt with this hash entered, or is it the start of the chain? For `prev` of an unchained one. */
bool ledger_knows(const struct ledger *l, const uint8_t hash[static HF_SHA256_LEN]);
/* How many are missing; whether anything at all is wrong. */
uint64_t ledger_missing(const struct ledger *l);
bool ledger_is_whole(const struct ledger *l);
/* Lowest missing number, 0 = none. */
uint64_t ledger_first_missing(const struct ledger *l);
/* Take note of what is missing for good, and stop saying so. */
void ledger_accept(struct ledger *l);

/* ledger_print.c: nothing when the ledger is whole. Lines for people on stderr; a JSON member. */
void ledger_warn(const struct ledger *l);
void ledger_put_json(struct hf_json_out *j, const char *name, const struct ledger *l);
#endif

/* plugin_rig.h -- a gate that knows one certificate, and a CONNECT that fits it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TEST_PLUGIN_RIG_H
#define HF_TEST_PLUGIN_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gate.h"

#define DEV "abcdefgh234567ab"
#define TELE "hf/1/" DEV "/-/up/tele/x"
enum { YEAR = 31536000, START_S = 1700000000 };

extern struct hf_gate gate; /* half a megabyte: not for a stack */
extern uint8_t room[1 << 18];

struct rig {
	struct hf_now now;
	struct hf_connect c;
	uint64_t epoch;
	const char *user;
};

/* Certificate {1, 0, ...} of DEV is confirmed; nothing is waiting to be sent. */
struct rig new_rig(void);
/* One frame of the bus; `b` is the row count of END and the time of BEAT. */
bool feed(struct rig *r, const struct hf_row *row, int kind, uint64_t a, uint64_t b);
struct hf_row row_of(uint8_t first, uint8_t state);
void change(struct rig *r, uint8_t first, uint8_t state);
void snapshot(struct rig *r, uint8_t first, uint8_t state);
enum hf_answer come(struct rig *r, uintptr_t client);
enum hf_permit may(struct rig *r, uintptr_t client, int access, const char *topic);
/* Was a frame with this text written? Empties the output. */
bool said(const char *text);
/* One tick: does it kick DEV? */
bool kicks(struct rig *r);
#endif

/* renew_rig.h -- a device with its renewal machine, for the unit tests of renew.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TEST_RENEW_RIG_H
#define HF_TEST_RENEW_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/renew.h>

enum { DAY = 86400, LIFE = 90 * DAY };

struct rig {
	struct hf_port port;
	struct hf_key secret[2];
	struct hf_key ko;
	struct hf_renew_keys keys;
	struct hf_renew_setup setup;
	struct hf_renew renew;
	struct hf_renew_want want;
	uint8_t der[64];
	uint8_t next_serial;
};

#define DEV_A "abcdefghij234567"
#define DEV_B "bbbbbbbbbbbbbbbb"

int set_up(void **state);
int tear_down(void **state);
/* Read the records again, as after a power cut. */
void boot(struct rig *r);
/* Bring an event; a session event is about the session wanted now. */
hf_err step(struct rig *r, struct hf_renew_event ev);
hf_err tick(struct rig *r);
hf_err event(struct rig *r, enum hf_renew_kind kind);
void refuse_sessions(struct rig *r, int n);
/* What the server would issue for the key that is asked for, and its arrival. */
struct hf_leaf leaf_for(struct rig *r, const char *dev);
hf_err bring(struct rig *r, struct hf_leaf leaf);
/* From nothing to STABLE; then sleep until the renewal is due and is asked for. */
void enrol(struct rig *r);
void fall_due(struct rig *r);

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#endif

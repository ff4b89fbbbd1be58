/* scan_rig.h -- one file through the scanner, its facts kept and asked for.
 *
 *	struct scan_rig *r = scan_rig_new();
 *	scan_rig_text(r, "/etc/shadow", "root::19000:0:99999:7:::\n");
 *	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 1);
 *	scan_rig_free(r);
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCAN_RIG_H
#define SCAN_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <hf/scan.h>

struct scan_rig;
struct scan_rig *scan_rig_new(void);
struct scan_rig *scan_rig_with(const struct hf_scan_opts *opts);
/* Scan one file in memory; facts of the file before are forgotten. */
void scan_rig_bytes(struct scan_rig *r, const char *name, hf_bytes content);
void scan_rig_text(struct scan_rig *r, const char *name, const char *content);
/* The same through read(), as files that are not in memory come. */
void scan_rig_read(struct scan_rig *r, const char *name, hf_bytes content);
void scan_rig_link(struct scan_rig *r, const char *name, const char *target);
/* As a top-level input. */
void scan_rig_input(struct scan_rig *r, const char *name, hf_bytes content);
size_t scan_rig_n(const struct scan_rig *r, unsigned kind);
/* The i-th fact of a kind; fails the test when there is none. */
const struct hf_fact *scan_rig_at(const struct scan_rig *r, unsigned kind, size_t i);
/* The first setting of this subject and name (NULL: any); NULL when there is none. */
const struct hf_fact *scan_rig_setting(const struct scan_rig *r, unsigned subject, const char *name);
const struct hf_fact *scan_rig_hit(const struct scan_rig *r, unsigned class);
bool scan_rig_is(hf_bytes text, const char *want);
void scan_rig_free(struct scan_rig *r);

/* One test with a rig of its own: it is made in, and freed from, the pointer at `at`. */
int scan_rig_set_up(void **at);
int scan_rig_tear_down(void **at);
#define SCAN_RIG_TEST(f, at) \
	cmocka_unit_test_prestate_setup_teardown(f, scan_rig_set_up, scan_rig_tear_down, at)
#endif

/* audit_rig.h -- a model made of a few facts, one group of checks run over it, findings counted.
 *
 *	struct audit_rig r = audit_rig_new();
 *	audit_rig_file(&r, "fw.tar!/etc/shadow", 0100640, 0, 0);
 *	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_ACCOUNT, .path = HF_STR("fw.tar!/etc/shadow"),
 *					      .text = { HF_STR("root") } });
 *	audit_rig_run(&r, "CRED");
 *	assert_int_equal(audit_rig_count(&r, "CRED-001"), 1);
 *	audit_rig_end(&r);
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RIG_H
#define AUDIT_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <hf/case.h>
#include <hf/model.h>

enum { RIG_TODAY = 20700 }; /* 2026-09-04 */

/* Once run, it must stay where it is: the case borrows its policy. */
struct audit_rig {
	struct hf_model *model;
	struct hf_case *c;
	struct hf_auditpolicy policy;
	struct hf_outcome *outcome; /* after run */
	struct hf_feed *feed;       /* set before run; the caller's */
};

struct audit_rig audit_rig_new(void);
/* Replace the built-in policy by this TOML text. */
void audit_rig_policy(struct audit_rig *r, const char *toml);
void audit_rig_fact(struct audit_rig *r, const struct hf_fact *fact);
/* A FILE fact: `path` complete and escaped ("fw.tar!/etc/x"), `mode` as stat gives it (0100755; S_IFLNK and
 * others set the type), its SHA-256 made of the path. Tree and name are taken from the path. */
void audit_rig_file(struct audit_rig *r, const char *path, unsigned mode, unsigned uid, unsigned gid);
void audit_rig_link(struct audit_rig *r, const char *path, const char *target);
/* Seal the model and run one group, or all with NULL. */
void audit_rig_run(struct audit_rig *r, const char *group);
size_t audit_rig_count(const struct audit_rig *r, const char *id);    /* findings */
size_t audit_rig_unknowns(const struct audit_rig *r, const char *id); /* unknown verdicts */
uint64_t audit_rig_passes(const struct audit_rig *r, const char *id);
/* The n-th finding of a rule; fails the test when there is none. */
const struct hf_finding *audit_rig_find(const struct audit_rig *r, const char *id, size_t n);
void audit_rig_end(struct audit_rig *r);
#endif

/* monitor.h -- one who watches a log: reads every leaf and the object behind it, says what nobody planned.
 * Promise: a finding is reported before the leaf it is about counts as read, so a kill repeats findings and
 * never loses one; what was read is kept as a compact range, so the log cannot change its past unseen.
 * Limits: MONITOR_RELEASES_MAX releases. Thread rule: one thread per struct monitor.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_H
#define MONITOR_H
#include <hf/buf.h>
#include <hf/why.h>
#include <holdfast/merkle.h>
#include <holdfast/statement.h>
#include "log_ask.h"
#include "log_text.h"

enum {
	MONITOR_RELEASES_MAX = 16384,
	MONITOR_RELEASE_LEN = 97, /* of one in the state */
	MONITOR_STATE_MAX = 4096 + 2 * HF_STATEMENT_MAX_LEN + MONITOR_RELEASES_MAX * MONITOR_RELEASE_LEN,
	MONITOR_PATH_MAX = 1024,
	MONITOR_TEXT_MAX = 256,
};

/* What can be found. Names and which are alarms: monitor_say.c. Extend only: the state keeps them as bits. */
enum monitor_kind {
	MONITOR_RELEASE,       /* notice: a release by its quorum */
	MONITOR_REVOKED,       /* notice: a release was withdrawn by its quorum */
	MONITOR_OLD_POLICY,    /* notice: a policy that came before the one we began with */
	MONITOR_UNPLANNED,     /* not in --planned */
	MONITOR_PUBLISHER,     /* leaf by nobody the policy lets publish, or its signature is wrong */
	MONITOR_NO_OBJECT,     /* nothing is shown for the leaf, or for what it names */
	MONITOR_WRONG_OBJECT,  /* what is shown is another thing */
	MONITOR_UNKNOWN_TYPE,  /* statement of a type we do not know */
	MONITOR_UNSIGNED,      /* below the quorum that its kind needs */
	MONITOR_POLICY,        /* the trust policy changed */
	MONITOR_BAD_POLICY,    /* a policy that does not follow the one in force */
	MONITOR_CA_KEY,        /* a CA key of enrolment changed */
	MONITOR_REBUILD,       /* the rebuilders the policy asks for did not confirm in time */
	MONITOR_CAPABILITY,    /* an image can do more, and nobody accepted it */
	MONITOR_SHARED_IMAGE,  /* two products, one image */
	MONITOR_BACK,          /* sequence below an earlier one of the class */
	MONITOR_QUORUM,        /* standing: too few witnesses for too long */
	MONITOR_COSIGNATURE,   /* standing: a witness's signature is wrong */
	MONITOR_STALE,         /* standing: newest good head is older than the policy allows */
	MONITOR_FORK,          /* standing: contradicts what the log showed before */
	MONITOR_LOG_SIGNATURE, /* standing: the head is not signed by the log we watch */
	MONITOR_UNREAD,        /* standing: leaves behind a good head could not be judged for too long */
	MONITOR_KINDS,
};

struct monitor_release {
	uint8_t d[HF_SHA256_LEN], class_id[HF_POLICY_UUID_LEN], image[HF_SHA256_LEN];
	uint64_t sequence, seen; /* seen: Unix seconds */
	uint8_t rebuild;         /* 0: still waited for; 1: met or not asked; 2: reported */
};

/* What outlives the program. */
struct monitor_state {
	bool begun; /* `log` is known */
	uint8_t log[HF_ED25519_PUB_LEN];
	uint64_t size;
	struct hf_merkle_hash node[HF_MERKLE_MAX_LEVELS];
	uint64_t head_time;      /* quorum time of the newest good head */
	uint64_t unmet_since;    /* Unix seconds since when the monitor quorum is not met; 0: it is */
	uint32_t standing;       /* bits of monitor_kind that are reported and last */
	struct hf_buf policy[2]; /* statements: in force, and the one before it (may be empty) */
	size_t n_releases;
	struct monitor_release *release; /* room for MONITOR_RELEASES_MAX */
};
/* Errors: HF_ERR_MONITOR_STATE, _FULL; HF_ERR_HOST_MEMORY. `out` must be empty and is released with _free. */
HF_MUST_CHECK hf_err monitor_state_new(struct monitor_state *s);
HF_MUST_CHECK hf_err monitor_state_read(hf_bytes in, struct monitor_state *s);
HF_MUST_CHECK hf_err monitor_state_write(const struct monitor_state *s, struct hf_buf *out);
HF_MUST_CHECK hf_err monitor_state_add(struct monitor_state *s, const struct monitor_release *r);
void monitor_state_free(struct monitor_state *s);

/* Lines of a file that people keep: '#' begins a comment. */
bool monitor_has_line(const struct hf_buf *file, const char *line);

struct monitor {
	struct log_client log;
	const char *dir, *hook, *planned, *accepted; /* the last three may be NULL */
	uint64_t patience_s, rebuild_s;
	uint64_t unread_since; /* Unix seconds; 0: all leaves of the newest good head were judged */
	bool json;
	struct hf_why why;
	struct monitor_state s;
	struct hf_policy p[2]; /* of s.policy; p[1].number 0: none */
	struct hf_buf planned_file, accepted_file;
	unsigned n_alarms;
};

/* monitor_say.c: print, run the hook, count. `d` may be NULL. Errors: HF_ERR_MONITOR_HOOK. */
HF_MUST_CHECK hf_err monitor_say(struct monitor *m, enum monitor_kind kind, const uint64_t *index,
				 const uint8_t *d, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* A condition that lasts: reported when it begins. `is` false: it is over. */
HF_MUST_CHECK hf_err monitor_stand(struct monitor *m, enum monitor_kind kind, bool is, const char *text);
const char *monitor_kind_name(enum monitor_kind kind);

/* monitor_head.c: the published head. *good: the log and a device quorum signed it, so its leaves count.
 * Errors: transport's, HF_ERR_LOG_TEXT; HF_ERR_MONITOR_FORK after it was reported. */
HF_MUST_CHECK hf_err monitor_head(struct monitor *m, struct hf_tree_head *head, bool *good);
/* Keep the text of the newest head, or of one that contradicts it. */
HF_MUST_CHECK hf_err monitor_keep(struct monitor *m, const char *name, hf_bytes text);

/* monitor_leaves.c: from state to head, batch by batch; each is saved. */
HF_MUST_CHECK hf_err monitor_leaves(struct monitor *m, const struct hf_tree_head *head);
HF_MUST_CHECK hf_err monitor_save(struct monitor *m);

/* monitor_object.c: one leaf that is in the tree. monitor_release.c: a release, its record and rebuilders. */
HF_MUST_CHECK hf_err monitor_leaf(struct monitor *m, uint64_t index, const uint8_t leaf[static HF_LEAF_LEN]);
HF_MUST_CHECK hf_err monitor_judge_release(struct monitor *m, uint64_t index, hf_bytes object);
HF_MUST_CHECK hf_err monitor_rebuilds(struct monitor *m);
/* GET folder/<hash>; *found false when the log has none. */
HF_MUST_CHECK hf_err monitor_fetch(struct monitor *m, const char *folder, const uint8_t *hash,
				   struct hf_buf *out, bool *found);
/* The policy in force; index 1 the one before. Borrows from s.policy. */
HF_MUST_CHECK hf_err monitor_use_policies(struct monitor *m);
HF_MUST_CHECK hf_err monitor_adopt(struct monitor *m, hf_bytes statement);
#endif

/* check_rig.h -- one check, a few facts, and what it must say of them: a finding, nothing, or "unknown".
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_RIG_H
#define CHECK_RIG_H
#include "audit_rig.h"
#include <hf/factscan.h>

struct given {
	unsigned kind; /* HF_FACT_*; 0 ends the list */
	const char *path;
	uint64_t num[HF_FACT_NUMS];
	const char *text[HF_FACT_TEXTS]; /* texts end at their NUL */
};
/* A file of a tree: {HF_FACT_FILE, "fw!/x", FILE_(mode, uid, gid, kind), TREE_("fw", "/x")} */
#define FILE_(mode, uid, gid, kind) \
	{ \
		HF_NODE_FILE, mode, uid, gid, 1, 0, HF_KNOWN_MODE | HF_KNOWN_OWNER, kind \
	}
#define DIR_(mode) \
	{ \
		HF_NODE_DIR, mode, 0, 0, 0, 0, HF_KNOWN_MODE | HF_KNOWN_OWNER, 0 \
	}
#define LOST_(kind) \
	{ \
		HF_NODE_FILE, 0755, 0, 0, 1, 0, 0, kind \
	} /* the container told neither mode nor owner */
#define DIGEST_ "0123456789abcdef0123456789abcdef"
#define TREE_(tree, name) \
	{ \
		DIGEST_, "", "", name, "", tree \
	}
#define UNREAD_(tree, name) \
	{ \
		"", "", "", name, "", tree \
	}

enum { FINDS, PASSES, UNKNOWN };
/* Run the group of `id` over the facts; `want` is the only thing `id` may say. */
void check_says(const char *id, const struct given *facts, int want);
/* The same under a policy. */
void check_says_under(const char *policy, const char *id, const struct given *facts, int want);
/* The severity of the one finding. */
unsigned check_severity(const char *id, const struct given *facts);
#define GIVEN(...) \
	(const struct given[]) \
	{ \
		__VA_ARGS__, \
		{ \
			0 \
		} \
	}
#endif

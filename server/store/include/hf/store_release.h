/* store_release.h -- releases: bundles by content address, what a device shall look at, heads of the log.
 * Included by store.h. The server selects among released images; it never authorises one, so it keeps these
 * bytes verbatim and devices judge them alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_RELEASE_H
#define HF_STORE_RELEASE_H
#include <hf/store.h>

enum {
	HF_STORE_BUNDLE_MAX = 120000, /* one message between the agent's processes holds it */
	HF_STORE_REF_LEN = 8,
	HF_STORE_HEADS_MAX = 4, /* given to a device at check-in */
};
enum { HF_RELEASE_CURRENT = 1, HF_RELEASE_REVOKED = 2 };
struct hf_release_row {
	int64_t id;
	char account[HF_STORE_NAME_CAP];
	uint8_t d[HF_SHA256_LEN];
	uint8_t bundle[HF_SHA256_LEN]; /* content address of the newest bundle */
	uint64_t sequence;
	int state;
	char reason[HF_STORE_TEXT_CAP];
	char by[HF_STORE_NAME_CAP];
	int64_t created, changed;
	uint64_t version;
};
/* Keep `bytes` under their hash, which is written to r->bundle. A new D becomes a row; a known one is
 * pointed at the new bundle, the older ones stay. *fresh = false when exactly this was here already.
 * r->id, state, times and version are filled in. Errors: HF_ERR_STORE_LIMIT (longer than
 * HF_STORE_BUNDLE_MAX). */
HF_MUST_CHECK hf_err hf_release_put(struct hf_db *db, struct hf_release_row *r, hf_bytes bytes, bool *fresh);
HF_MUST_CHECK hf_err hf_release_get(struct hf_db *db, const char *account,
				    const uint8_t d[static HF_SHA256_LEN], struct hf_release_row *r);
typedef hf_err (*hf_release_each)(void *ctx, const struct hf_release_row *r);
HF_MUST_CHECK hf_err hf_release_list(struct hf_db *db, const char *account, int64_t after, unsigned limit,
				     hf_release_each each, void *ctx);
/* Withdraw: it is offered and given to nobody any more. Errors: HF_ERR_STORE_STALE (it is revoked). */
HF_MUST_CHECK hf_err hf_release_revoke(struct hf_db *db, int64_t id, const char *reason);
/* Bytes of a bundle of a current release of this account, appended. */
HF_MUST_CHECK hf_err hf_bundle_get(struct hf_db *db, const char *account,
				   const uint8_t sha256[static HF_SHA256_LEN], struct hf_buf *bytes);

/* ---- what a device shall look at: the newest wish only ------------------------------------------- */

enum { HF_LOOK_QUEUED = 1, HF_LOOK_SENT = 2, HF_LOOK_REPORTED = 3 };
struct hf_look_row {
	char dev[HF_STORE_DEV_CAP];
	uint8_t d[HF_SHA256_LEN], bundle[HF_SHA256_LEN];
	int state;
	int64_t changed;
};
/* Nudges. */
HF_MUST_CHECK hf_err hf_look_put(struct hf_db *db, const char *dev, int64_t release, const char *by);
/* Of one device, with the newest bundle; HF_ERR_STORE_ABSENT also when the release is revoked. */
HF_MUST_CHECK hf_err hf_look_get(struct hf_db *db, const char *dev, struct hf_look_row *l);
typedef hf_err (*hf_look_each)(void *ctx, const struct hf_look_row *l);
HF_MUST_CHECK hf_err hf_look_queued(struct hf_db *db, unsigned limit, hf_look_each each, void *ctx);
/* queued -> sent. */
HF_MUST_CHECK hf_err hf_look_sent(struct hf_db *db, const char *dev);
/* The device has told its verdict about D. */
HF_MUST_CHECK hf_err hf_look_reported(struct hf_db *db, const char *dev, hf_bytes d);

/* ---- floors: the lowest sequence a device still accepts, as it reported -------------------------- */

/* Only ever raised. *known: what was known before, 0 when nothing was; above `sequence` when it fell. Errors:
 * HF_ERR_STORE_LIMIT (above 2^63-1). */
HF_MUST_CHECK hf_err hf_device_floor_raise(struct hf_db *db, const char *dev, uint64_t sequence,
					   uint64_t *known);
/* Errors: HF_ERR_STORE_ABSENT: it never reported one. */
HF_MUST_CHECK hf_err hf_device_floor_get(struct hf_db *db, const char *dev, uint64_t *sequence);

/* ---- heads of the log ---------------------------------------------------------------------------- */

struct hf_head_row {
	uint8_t policy_ref[HF_STORE_REF_LEN];
	unsigned log;
	uint64_t size;
	hf_bytes bytes; /* borrowed */
	int64_t received;
};
/* The newest of each (policy, log). Errors: HF_ERR_STORE_STALE: a larger one is here. */
HF_MUST_CHECK hf_err hf_head_put(struct hf_db *db, const char *account, const struct hf_head_row *h);
typedef hf_err (*hf_head_each)(void *ctx, const struct hf_head_row *h);
/* Latest received first. */
HF_MUST_CHECK hf_err hf_head_list(struct hf_db *db, const char *account, unsigned limit, hf_head_each each,
				  void *ctx);
#endif

/* store_channel.h -- what passes between owner and device: commands out, signed objects in. Included by
 * store.h. The server keeps these bytes verbatim and reads nothing in them but their names.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_CHANNEL_H
#define HF_STORE_CHANNEL_H
#include <hf/store.h>

/* ---- outbox ------------------------------------------------------------------------------------ */

enum { HF_OUTBOX_OPEN_MAX = 64, HF_STORE_CTI_LEN = 16 };
enum { HF_OUTBOX_QUEUED = 1, HF_OUTBOX_SENT = 2, HF_OUTBOX_RECEIPTED = 3, HF_OUTBOX_WITHDRAWN = 4 };
struct hf_command_row {
	int64_t id; /* order of arrival */
	char dev[HF_STORE_DEV_CAP];
	uint8_t cti[HF_STORE_CTI_LEN];
	int state;
	hf_bytes bytes; /* borrowed */
	uint8_t sha256[HF_SHA256_LEN];
	int64_t created, changed;
	uint64_t version;
	char by[HF_STORE_NAME_CAP]; /* operator */
};
/* Queue. Errors: HF_ERR_STORE_EXISTS (the cti is taken), HF_ERR_STORE_LIMIT (64 open ones). Nudges. */
HF_MUST_CHECK hf_err hf_command_add(struct hf_db *db, const char *dev,
				    const uint8_t cti[static HF_STORE_CTI_LEN], hf_bytes bytes,
				    const char *by);
/* One command; its bytes are appended to `bytes` (NULL = not wanted) and row->bytes is empty. */
HF_MUST_CHECK hf_err hf_command_get(struct hf_db *db, const char *dev,
				    const uint8_t cti[static HF_STORE_CTI_LEN], struct hf_command_row *row,
				    struct hf_buf *bytes);
typedef hf_err (*hf_command_each)(void *ctx, const struct hf_command_row *row);
/* Not receipted and not withdrawn, in order of arrival, bytes included: what a device gets at connect. */
HF_MUST_CHECK hf_err hf_command_open(struct hf_db *db, const char *dev, hf_command_each each, void *ctx);
/* Queued for any device, id above `after`, in order of arrival, bytes included: what `bus` sends next. */
HF_MUST_CHECK hf_err hf_command_queued(struct hf_db *db, int64_t after, unsigned limit, hf_command_each each,
				       void *ctx);
/* Every command of a device, bytes left out. */
HF_MUST_CHECK hf_err hf_command_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit,
				     hf_command_each each, void *ctx);
/* queued -> sent; HF_OK also when it was sent before. */
HF_MUST_CHECK hf_err hf_command_sent(struct hf_db *db, const char *dev,
				     const uint8_t cti[static HF_STORE_CTI_LEN]);
/* Best effort. HF_ERR_STORE_STALE when it is receipted; `version` 0 = whichever. */
HF_MUST_CHECK hf_err hf_command_withdraw(struct hf_db *db, const char *dev,
					 const uint8_t cti[static HF_STORE_CTI_LEN], uint64_t version);
/* Drop finished ones and those older than 400 days. */
HF_MUST_CHECK hf_err hf_command_prune(struct hf_db *db, int64_t before, unsigned *n);

/* ---- signed objects of a device, verbatim ------------------------------------------------------- */

struct hf_object {
	int64_t id;
	char dev[HF_STORE_DEV_CAP];
	const char *cls;  /* channel class: "rcpt", "alarm", "tamper", "tele", "hb", "upd" */
	const char *name; /* last topic level */
	hf_bytes bytes;
	int64_t received;
	uint8_t cert_sha256[HF_SHA256_LEN]; /* of the session that brought it */
};
typedef hf_err (*hf_object_each)(void *ctx, const struct hf_object *o);

/* Receipts. A repeat of the same bytes is HF_OK with *fresh = false. A fresh one moves its command (when
 * there is one) to receipted and puts its hash into the event journal. */
HF_MUST_CHECK hf_err hf_receipt_add(struct hf_db *db, const char *dev,
				    const uint8_t cti[static HF_STORE_CTI_LEN], hf_bytes bytes,
				    const uint8_t cert_sha256[static HF_SHA256_LEN], bool *fresh);
HF_MUST_CHECK hf_err hf_receipt_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit,
				     hf_object_each each, void *ctx);

/* Key endorsements by generation; every distinct object of a generation is kept, as the owner must see
 * a contradiction. */
HF_MUST_CHECK hf_err hf_endorsement_add(struct hf_db *db, const char *dev, uint32_t gen, hf_bytes bytes,
					const uint8_t cert_sha256[static HF_SHA256_LEN], bool *fresh);
/* `gen` stands in o->id, oldest first. */
HF_MUST_CHECK hf_err hf_endorsement_list(struct hf_db *db, const char *dev, hf_object_each each, void *ctx);

/* The newest signed replay state. */
HF_MUST_CHECK hf_err hf_devstate_put(struct hf_db *db, const char *dev, hf_bytes bytes,
				     const uint8_t cert_sha256[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_devstate_get(struct hf_db *db, const char *dev, struct hf_buf *bytes,
				     int64_t *received);

/* Alarms, tamper notices, telemetry, heartbeats, update reports. A repeat (dev, class, name, same bytes) is
 * HF_OK with *fresh = false; other bytes under the same name are kept as well. Of "tele" the newest
 * HF_TELE_KEEP stay, of "hb" and "upd" the newest one; alarms and tamper notices stay for ever. */
enum { HF_TELE_KEEP = 256 };
HF_MUST_CHECK hf_err hf_message_add(struct hf_db *db, const char *dev, const char *cls, const char *name,
				    hf_bytes bytes, const uint8_t cert_sha256[static HF_SHA256_LEN],
				    bool *fresh);
HF_MUST_CHECK hf_err hf_message_list(struct hf_db *db, const char *dev, const char *cls, int64_t after,
				     unsigned limit, hf_object_each each, void *ctx);

/* ---- sealed user data ---------------------------------------------------------------------------- */

enum { HF_STREAM_KID_MAX = 16 };
struct hf_frame_row {
	int64_t id;
	char dev[HF_STORE_DEV_CAP];
	hf_bytes kid;
	uint64_t counter;
	hf_bytes bytes;
	int64_t received;
};
typedef hf_err (*hf_frame_each)(void *ctx, const struct hf_frame_row *f);
/* Stream key, one object for each data owner. Repeats as above. */
HF_MUST_CHECK hf_err hf_stream_add(struct hf_db *db, const char *dev, hf_bytes kid, hf_bytes bytes,
				   bool *fresh);
/* Stream keys, id after `after`; counter is 0. */
HF_MUST_CHECK hf_err hf_stream_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit,
				    hf_frame_each each, void *ctx);
HF_MUST_CHECK hf_err hf_frame_add(struct hf_db *db, const char *dev, hf_bytes kid, uint64_t counter,
				  hf_bytes bytes, bool *fresh);
/* Frames of a stream (empty kid = of every stream), in order of arrival. */
HF_MUST_CHECK hf_err hf_frame_list(struct hf_db *db, const char *dev, hf_bytes kid, int64_t after,
				   unsigned limit, hf_frame_each each, void *ctx);

/* ---- presence ------------------------------------------------------------------------------------- */

struct hf_presence_row {
	char dev[HF_STORE_DEV_CAP];
	bool up;
	uint8_t cert_sha256[HF_SHA256_LEN];
	char address[HF_STORE_TEXT_CAP];
	int64_t since;
	int64_t hello; /* last hello heard, 0 = never */
};
HF_MUST_CHECK hf_err hf_presence_set(struct hf_db *db, const char *dev, bool up,
				     const uint8_t cert_sha256[static HF_SHA256_LEN], const char *address);
HF_MUST_CHECK hf_err hf_presence_hello(struct hf_db *db, const char *dev);
HF_MUST_CHECK hf_err hf_presence_get(struct hf_db *db, const char *dev, struct hf_presence_row *p);
/* Nobody is connected: the broker, or our way to it, is gone. */
HF_MUST_CHECK hf_err hf_presence_clear(struct hf_db *db);
HF_MUST_CHECK hf_err hf_presence_count(struct hf_db *db, uint64_t *up);
#endif

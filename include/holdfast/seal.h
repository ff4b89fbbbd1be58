/* seal.h -- user data that only its owner can read: the device seals, broker and server just carry.
 * A stream has a key made at start and kept in RAM only; the device sends it sealed to each data owner and
 * signed by its LDevID key, then sends frames under it. Formats: doc/protocol/seal.md.
 * Promise: no key is used beyond HF_SEAL_MAX_*; no counter is used twice with a key; a reader accepts only
 * keys that the device signed for that device name.
 * Never store a struct hf_seal: a restored counter would repeat a nonce, and AES-GCM then gives the key
 * stream away. After a restart begin again with hf_seal_start.
 * No allocation, no globals; one thread per object.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_SEAL_H
#define HOLDFAST_SEAL_H
#include <holdfast/cose.h>

enum {
	HF_SEAL_DEV_LEN = 16,
	HF_SEAL_MAX_STREAM_LEN = 32, /* name of a stream: 1 to 32 bytes of UTF-8, chosen by the application */
	HF_SEAL_MAX_OWNERS = 4,      /* data-owner keys of one device */
	HF_SEAL_KEY_CAP = 384,       /* room for one sealed stream key */
	HF_SEAL_FRAME_OVERHEAD = 44, /* room beyond the plain text */
	HF_SEAL_MAX_FRAME_LEN = 65536,
	HF_SEAL_MAX_PLAIN_LEN = HF_SEAL_MAX_FRAME_LEN - HF_SEAL_FRAME_OVERHEAD,
	HF_SEAL_MAX_AGE_MS = 24 * 3600 * 1000,
};
#define HF_SEAL_MAX_FRAMES (UINT64_C(1) << 32)
#define HF_SEAL_MAX_BYTES (UINT64_C(64) << 30)

/* ---- Device ------------------------------------------------------------------------------------- */

/* One open stream. Declare with HF_AUTO(hf_seal_wipe) or wipe at the end of the session. */
struct hf_seal {
	struct hf_port *port;
	uint8_t dev[HF_SEAL_DEV_LEN];
	uint8_t stream[HF_SEAL_MAX_STREAM_LEN];
	uint8_t stream_len;
	uint8_t kid[HF_KID_LEN]; /* random; names the key and its frames in topics */
	uint8_t base_iv[HF_AEAD_NONCE_LEN];
	struct hf_key key;
	uint64_t born_ms; /* boot_ms at which the key was made */
	uint64_t frames;  /* sealed so far; the next counter */
	uint64_t bytes;   /* plain text sealed so far */
};

/* Make a stream with a fresh key. Errors: HF_ERR_BASE_MISUSE (names), HF_ERR_CBOR_FORM (stream is not
 * UTF-8), port's. On error the object holds no key and every frame is HF_ERR_SEAL_SPENT. */
HF_MUST_CHECK hf_err hf_seal_start(struct hf_seal *s, struct hf_port *port, hf_bytes dev, hf_bytes stream);
/* Replace the key by a fresh one: when a frame answered HF_ERR_SEAL_SPENT, or when an owner was removed.
 * Afterwards send the key to every owner again, before the frames. Errors: port's. */
HF_MUST_CHECK hf_err hf_seal_renew(struct hf_seal *s);
void hf_seal_wipe(struct hf_seal *s);

/* Append the stream key, sealed to one data owner's point and signed by `ldevid` (HF_COSE_ES256). Called
 * once for each owner on the same `out` it makes the message k-{kid hex}: one object after another.
 * Errors: HF_ERR_SEAL_SPENT (no key), HF_ERR_COSE_POINT, HF_ERR_BASE_NO_ROOM; port's; the key's own. */
HF_MUST_CHECK hf_err hf_seal_key_write(const struct hf_seal *s, const struct hf_cose_signer *ldevid,
				       const uint8_t owner[static HF_P256_POINT_LEN], struct hf_out *out);
/* Append one frame; *counter (may be NULL) is its number under this key, from 0.
 * Errors: HF_ERR_SEAL_SPENT (age, frames or bytes used up: renew), HF_ERR_SEAL_TOO_LARGE,
 * HF_ERR_BASE_NO_ROOM; port's; crypto's. A failed frame may leave a gap in the counters, never a repeat. */
HF_MUST_CHECK hf_err hf_seal_frame_write(struct hf_seal *s, hf_bytes plain, uint32_t *counter,
					 struct hf_out *out);

/* ---- Owner -------------------------------------------------------------------------------------- */

/* An opened stream key. Declare with HF_AUTO(hf_seal_key_wipe). */
struct hf_seal_key {
	uint8_t kid[HF_KID_LEN];
	uint8_t base_iv[HF_AEAD_NONCE_LEN];
	struct hf_key key;
	uint8_t stream[HF_SEAL_MAX_STREAM_LEN];
	uint8_t stream_len;
	bool has_time; /* the device had a trusted clock */
	int64_t unix_s;
};
void hf_seal_key_wipe(struct hf_seal_key *key);

/* Find in the message k-{kid hex} the object for the owner key `kid` (hf_crypto_kid of its point).
 * Errors: HF_ERR_SEAL_KEY (none for this owner), HF_ERR_SEAL_SHAPE, the reader's. */
HF_MUST_CHECK hf_err hf_seal_key_find(hf_bytes message, const uint8_t kid[static HF_KID_LEN],
				      hf_bytes *object);
/* Open a sealed stream key of device `dev` with the owner's private key; `device` is the device's endorsed
 * signing key (HF_COSE_ES256).
 * Errors: HF_ERR_COSE_DECRYPT (other owner, device or tampered), HF_ERR_COSE_SIGNATURE (not signed by this
 * device), HF_ERR_SEAL_DEV, HF_ERR_SEAL_SHAPE, the COSE reader's. On error *key is empty. */
HF_MUST_CHECK hf_err hf_seal_key_open(hf_bytes object, const struct hf_ecdhkey *owner,
				      const struct hf_cose_pub *device, hf_bytes dev,
				      struct hf_seal_key *key);
/* Which key and counter does a frame claim? Nothing is verified. Errors: HF_ERR_SEAL_SHAPE, the reader's. */
HF_MUST_CHECK hf_err hf_seal_frame_peek(hf_bytes frame, uint8_t kid[static HF_KID_LEN], uint32_t *counter);
/* Append the plain text of a frame. Errors: HF_ERR_SEAL_KEY (another kid), HF_ERR_COSE_DECRYPT,
 * HF_ERR_SEAL_SHAPE, HF_ERR_BASE_NO_ROOM, the reader's. */
HF_MUST_CHECK hf_err hf_seal_frame_open(hf_bytes frame, const struct hf_seal_key *key, hf_bytes dev,
					uint32_t *counter, struct hf_out *plain);

/* Account of the counters seen under one key, so that gaps show. Frames may come a little out of order:
 * a late one within the last 64 fills its gap. All zero = nothing seen. */
struct hf_seal_tally {
	uint64_t next;     /* highest counter seen, plus one */
	uint64_t window;   /* bit i: counter next - 1 - i was seen */
	uint64_t seen;     /* distinct frames */
	uint64_t repeated; /* frames seen before, or too old to tell */
};
/* Enter the counter of an opened frame; false when it is a repeat (drop the frame). */
bool hf_seal_tally_add(struct hf_seal_tally *t, uint32_t counter);
/* Frames that are missing below the highest counter seen. */
uint64_t hf_seal_tally_missing(const struct hf_seal_tally *t);
#endif

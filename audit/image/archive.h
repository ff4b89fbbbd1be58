/* archive.h -- archives by libarchive: from a file at any place, or from a compressed stream as it comes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__ARCHIVE_H
#define HF__ARCHIVE_H
#include "codec.h"
#include "walk_priv.h"

enum { HF__STREAM_BLOCK = 1 << 17 };

/* Where an archive's bytes come from: `src`, or else `head` and then `stream`. */
struct hf__feed {
	struct hf__box *outer; /* of the stream: pays for what comes out of it */
	const struct hf_src *src;
	struct hf_src head;
	struct hf__stream *stream;
	uint8_t *block; /* HF__STREAM_BLOCK bytes; the caller's */
	const uint8_t *last;
	size_t last_len; /* what was handed over last, ending at `at` */
	uint64_t at;
	hf_err err; /* why the feed stopped */
};

/* Give every entry. `used` is where the archive ends in the feed. */
HF_MUST_CHECK hf_err hf__archive_read(struct hf__box *box, struct hf__feed *feed, uint64_t *used);
/* Can this format be read without seeking? */
bool hf__archive_streams(const struct hf__format *format);
#endif

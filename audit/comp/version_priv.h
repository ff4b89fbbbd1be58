/* version_priv.h -- the engine of all version orders: two token streams, compared in step.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_VERSION_PRIV_H
#define HF_VERSION_PRIV_H
#include <hf/version.h>

struct hf__cursor {
	hf_bytes rest;
	int state; /* what came before, for streams that ask */
};
/* One token. The rank decides first, so tokens of one rank must be of one nature. */
struct hf__token {
	int rank;
	enum { HF__SAME, HF__DIGITS, HF__BYTES } by; /* within a rank */
	bool end; /* the text ends here: from now on the stream repeats this token */
	hf_bytes text;
};
typedef struct hf__token (*hf__next)(struct hf__cursor *c);
int hf__order(hf_bytes a, hf_bytes b, hf__next next);
int hf__digits_order(hf_bytes a, hf_bytes b);
int hf__bytes_order(hf_bytes a, hf_bytes b);
/* Take the longest prefix whose bytes all satisfy `is`. */
hf_bytes hf__take(hf_bytes *rest, bool (*is)(uint8_t c));
bool hf__is_digit(uint8_t c);
bool hf__is_letter(uint8_t c);
hf_bytes hf__skip(hf_bytes b, size_t n);
bool hf__is_zero(hf_bytes digits);

int hf__version_dpkg(hf_bytes a, hf_bytes b);
int hf__version_apk(hf_bytes a, hf_bytes b);
int hf__version_rpm(hf_bytes a, hf_bytes b);
int hf__version_semver(hf_bytes a, hf_bytes b);
int hf__version_generic(hf_bytes a, hf_bytes b);
int hf__version_linux(hf_bytes a, hf_bytes b);

/* "2:1.0-3": digits before the first colon are the epoch, empty when there is none. */
hf_bytes hf__take_epoch(hf_bytes *version);
/* Split at the last hyphen; `found` false and an empty result when there is none. */
hf_bytes hf__cut_last_hyphen(hf_bytes *version, bool *found);
#endif

/* known.h -- is a password hash that of a public password? Tried with crypt_r, within a limit of CPU time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef KNOWN_H
#define KNOWN_H
#include "scan_priv.h"

/* `more`: further passwords, one a line, borrowed; `ms` of CPU time a hash, 0 = 10,000. */
HF_MUST_CHECK hf_err hf__scan_known_new(hf_bytes more, unsigned ms, struct hf__scan_known **out);
void hf__scan_known_free(struct hf__scan_known *k);
/* A new file: its hashes together may take 8 s of CPU time. */
void hf__scan_known_begin(struct hf__scan_known *k);
/* HF_KNOWNPW_*; *password is the one that fits, borrowed from the list. Equal hashes are tried once. */
unsigned hf__scan_known_try(struct hf__scan_known *k, hf_bytes hash, hf_bytes *password);
/* The same for a password in plain text: HF_KNOWNPW_YES or _NO. */
unsigned hf__scan_known_plain(const struct hf__scan_known *k, hf_bytes plain);
/* HF_PASSWORD_* of field 2 of passwd or shadow, and its HF_SCHEME_*. */
unsigned hf__scan_password_state(hf_bytes field, unsigned *scheme);
/* Would one try cost far more than the scheme's default? */
bool hf__scan_hash_is_costly(hf_bytes hash);
#endif

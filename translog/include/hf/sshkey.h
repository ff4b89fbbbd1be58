/* sshkey.h -- Ed25519 keys as OpenSSH writes them, so that sigsum-key, ssh-keygen and ours read each other.
 * Promise: a private key file that others can reach is refused; encrypted ones are refused.
 * Thread rule: any thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SSHKEY_H
#define HF_SSHKEY_H
#include <holdfast/crypto.h>
#include <hf/buf.h>
#include <hf/why.h>

enum { HF_SSHKEY_FILE_MAX = 4096 };
/* "ssh-ed25519 AAAA… comment". Errors of all: HF_ERR_LOG_KEY, crypto's. */
HF_MUST_CHECK hf_err hf_sshkey_put_public(struct hf_buf *b, const uint8_t pub[static HF_ED25519_PUB_LEN],
					  const char *comment);
HF_MUST_CHECK hf_err hf_sshkey_read_public(hf_bytes line, uint8_t pub[static HF_ED25519_PUB_LEN]);
/* The whole file between and with its BEGIN and END lines. `b` should be a secret buffer. */
HF_MUST_CHECK hf_err hf_sshkey_put_private(struct hf_buf *b, const struct hf_key *seed);
HF_MUST_CHECK hf_err hf_sshkey_read_private(hf_bytes text, struct hf_key *seed);
/* From a file of mode 0600. Also file.h's errors. */
HF_MUST_CHECK hf_err hf_sshkey_load(const char *path, struct hf_key *seed,
				    uint8_t pub[static HF_ED25519_PUB_LEN], struct hf_why *why);
#endif

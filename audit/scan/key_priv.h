/* key_priv.h -- steps shared by the readers of keys.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_PRIV_H
#define KEY_PRIV_H
#include <hf/keyfacts.h>
#include "scan_priv.h"

enum { HF__KEY_ROOM = 65536 };
/* Decode base64 (RFC 4648 s4), leaving out blanks, line ends and what C strings put between lines.
 * False when other characters are there, or the room is too small. */
bool hf__scan_base64(hf_bytes text, struct hf_out *out);
/* The fact of a key of this class at `offset`. */
struct hf_fact hf__scan_key_fact(const struct hf__scan_job *job, unsigned class, uint64_t offset,
				 uint64_t length);
void hf__scan_key_measure(struct hf_fact *fact, const struct hf_keyfacts *facts);
/* Send it, with its redacted evidence: made from `secret`. */
HF_MUST_CHECK hf_err hf__scan_key_put(const struct hf__scan_job *job, struct hf_fact *fact, hf_bytes secret);
/* DER of any kind: certificate, private, encrypted or public key. HF_OK and nothing sent when it is none. */
HF_MUST_CHECK hf_err hf__scan_key_put_der(const struct hf__scan_job *job, hf_bytes der, uint64_t offset,
					  uint64_t length);
/* "openssh-key-v1" without its base64. */
HF_MUST_CHECK hf_err hf__scan_key_put_openssh(const struct hf__scan_job *job, hf_bytes blob, uint64_t offset,
					      uint64_t length);
/* The host key of dropbear, and each line of authorized_keys. */
HF_MUST_CHECK hf_err hf__scan_key_ssh_files(struct hf__scan_job *job);
#endif

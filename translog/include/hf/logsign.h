/* logsign.h -- the log's signing key, in a process that has no network: it keeps the last head it signed on
 * a volume of its own and signs only what extends that head.
 * Promise: never a smaller size, never a second root for a size, never a tree that is not shown to contain
 * the one before; the new head is durable before it is signed. A front that was taken over cannot fork.
 * Thread rule: one thread per struct. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGSIGN_H
#define HF_LOGSIGN_H
#include <holdfast/checkpoint.h>
#include <hf/ipc.h>
#include <hf/logstore.h>

struct hf_logsign {
	struct hf_key seed;
	uint8_t pub[HF_ED25519_PUB_LEN];
	char path[HF_LOG_PATH_MAX]; /* of sign-state */
	struct hf_tree_head last;
};
/* Seed and path are the caller's; reads the state. Errors: HF_ERR_LOG_STATE, file.h's. */
HF_MUST_CHECK hf_err hf_logsign_open(struct hf_logsign *s, struct hf_why *why);
/* Errors: HF_ERR_LOG_BACK (smaller size), HF_ERR_LOG_FORK (other root, or the proof does not hold),
 * file.h's. */
HF_MUST_CHECK hf_err hf_logsign_sign(struct hf_logsign *s, const struct hf_tree_head *head,
				     const struct hf_merkle_hash *proof, size_t n,
				     uint8_t sig[static HF_ED25519_SIG_LEN]);

/* Over IPC: the process with the key answers for ever; the other side asks. */
hf_err hf_logsign_serve(struct hf_logsign *s, int fd);
/* Public key and last signed head. */
HF_MUST_CHECK hf_err hf_logsign_ask_state(struct hf_ipc *ipc, uint8_t pub[static HF_ED25519_PUB_LEN],
					  struct hf_tree_head *last);
HF_MUST_CHECK hf_err hf_logsign_ask(struct hf_ipc *ipc, const struct hf_tree_head *head,
				    const struct hf_merkle_hash *proof, size_t n,
				    uint8_t sig[static HF_ED25519_SIG_LEN]);
#endif

/* signer.h -- an Ed25519 key of the release world by its name, wherever it lies.
 *
 *	file:PATH            OpenSSH or PKCS#8 PEM, the latter also encrypted; refused unless 0600 and own
 *	agent:SHA256:PRINT   in the ssh-agent behind $SSH_AUTH_SOCK; plain ssh-ed25519 only
 *	exec:PROGRAM         run without a shell: the public key in hexadecimal is its only argument, the
 *	                     message comes on stdin, 64 bytes are wanted on stdout: the hook for HSMs
 *
 * Promise: every signature is verified before anybody sees it. A secret from a file is wiped by close.
 * Limits: messages of SIGNER_MESSAGE_MAX bytes; agent and program have SIGNER_WAIT_S. One thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNER_H
#define SIGNER_H
#include <hf/openssh.h>
#include <hf/why.h>

enum { SIGNER_MESSAGE_MAX = 8192, SIGNER_WAIT_S = 120, SIGNER_PATH_MAX = 1024 };

struct signer {
	hf_err (*back_end)(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN]);
	struct hf_hwkey key; /* of HF_CURVE_ED25519, for COSE */
	uint8_t pub[HF_ED25519_PUB_LEN];
	uint8_t kid[HF_KID_LEN];
	struct hf_key seed;          /* file: */
	char place[SIGNER_PATH_MAX]; /* program or socket */
	struct hf_why why;           /* what went wrong last */
};

/* Open; `pub` says which key an exec: program stands for, and what the others must be; NULL: any.
 * `passphrase` is that of an encrypted file, or empty.
 * The struct must not be moved while it is open. Errors: HF_ERR_SIGNER_URI, _ABSENT, _FAILED; file's;
 * sshkey's; HF_ERR_CRYPTO_KEY; all with words in s->why. */
HF_MUST_CHECK hf_err signer_open(const char *uri, const uint8_t *pub, hf_bytes passphrase, struct signer *s);
/* Errors: HF_ERR_SIGNER_FAILED, _WRONG. */
HF_MUST_CHECK hf_err signer_sign(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN]);
void signer_close(struct signer *s);
/* A public key that somebody names: 64 hexadecimal digits, or a file with an OpenSSH line or such digits.
 * Errors: sshkey's, file's, HF_ERR_CRYPTO_POINT, with words in `why`. */
HF_MUST_CHECK hf_err signer_public(const char *text, uint8_t pub[static HF_ED25519_PUB_LEN],
				   struct hf_why *why);

/* signer_agent.c, signer_exec.c: finish signer_open. */
HF_MUST_CHECK hf_err signer_open_agent(struct signer *s, const char *print);
HF_MUST_CHECK hf_err signer_open_exec(struct signer *s, const char *program);
#endif

/* openssh.h -- Ed25519 keys as OpenSSH writes them: public line, private file, key blob of the agent.
 * Promise: pure; the whole input is read, nothing may follow; only plain `ssh-ed25519` is taken. A key on a
 * security key (sk-ssh-ed25519@openssh.com) signs other bytes than asked for, so it is HF_ERR_SSHKEY_KIND.
 * Limits: text HF_OPENSSH_MAX bytes. Sources: RFC 4253 s6.6, RFC 8709, OpenSSH PROTOCOL.key.
 * Thread rule: none needed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_OPENSSH_H
#define HF_OPENSSH_H
#include <hf/buf.h>
#include <hf/why.h>
#include <holdfast/crypto.h>

enum {
	HF_OPENSSH_MAX = 8192,
	HF_OPENSSH_BLOB_LEN = 51, /* string "ssh-ed25519", string of 32 bytes */
	HF_OPENSSH_COMMENT_MAX = 200,
	HF_OPENSSH_PRINT_LEN = 50, /* SHA256: and 43 characters */
};

/* Take one SSH string (u32 length, bytes) off the front of `rest`. Errors: HF_ERR_SSHKEY_FORMAT. */
HF_MUST_CHECK hf_err hf_openssh_take(hf_bytes *rest, hf_bytes *string);

/* `ssh-ed25519 BASE64 [comment]`, one line, or 64 hexadecimal digits.
 * Errors: HF_ERR_SSHKEY_FORMAT, _KIND; HF_ERR_CRYPTO_POINT (weak key). */
HF_MUST_CHECK hf_err hf_openssh_read_public(hf_bytes text, uint8_t pub[static HF_ED25519_PUB_LEN]);
/* Append the line, with its line feed. Errors: HF_ERR_BASE_NO_ROOM, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_openssh_write_public(const uint8_t pub[static HF_ED25519_PUB_LEN],
					     const char *comment, struct hf_buf *out);
/* An unencrypted `OPENSSH PRIVATE KEY` with one key. Both are zero on error. Is `text` such a file at all?
 * Errors: HF_ERR_SSHKEY_FORMAT, _KIND, _LOCKED (it has a passphrase). */
bool hf_openssh_is_private(hf_bytes text);
HF_MUST_CHECK hf_err hf_openssh_read_private(hf_bytes text, struct hf_key *seed,
					    uint8_t pub[static HF_ED25519_PUB_LEN]);
/* Append such a file; `out` should be a secret buffer. Errors: HF_ERR_BASE_NO_ROOM; crypto's. */
HF_MUST_CHECK hf_err hf_openssh_write_private(const struct hf_key *seed, struct hf_buf *out);
/* hf_openssh_read_private from a file that only its owner can reach. Also hf_file_read_secret's errors. */
HF_MUST_CHECK hf_err hf_openssh_load(const char *path, struct hf_key *seed,
				     uint8_t pub[static HF_ED25519_PUB_LEN], struct hf_why *why);

/* The key blob an agent lists. Errors: HF_ERR_SSHKEY_FORMAT, _KIND. */
HF_MUST_CHECK hf_err hf_openssh_read_blob(hf_bytes blob, uint8_t pub[static HF_ED25519_PUB_LEN]);
void hf_openssh_blob(const uint8_t pub[static HF_ED25519_PUB_LEN], uint8_t out[static HF_OPENSSH_BLOB_LEN]);
/* Fingerprint of a blob as `ssh-add -l` prints it: "SHA256:..." and a NUL. */
HF_MUST_CHECK hf_err hf_openssh_print(hf_bytes blob, char out[static HF_OPENSSH_PRINT_LEN + 1]);
#endif

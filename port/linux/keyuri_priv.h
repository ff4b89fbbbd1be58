/* keyuri_priv.h -- shared by the key backends of port/linux.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KEYURI_PRIV_H
#define HF_KEYURI_PRIV_H
#include <hf/keyuri.h>

struct hf_keyuri {
	struct hf_hwkey key;
	void (*close)(void *ctx); /* frees key.ctx */
};
/* A new key around `hwkey`; on an error its ctx is closed. Errors: HF_ERR_PORT_KEY. */
HF_MUST_CHECK hf_err hf__keyuri_new(const struct hf_hwkey *hwkey, void (*close)(void *ctx),
				    struct hf_keyuri **out);
/* Words beside a code; returns `err`. */
hf_err hf__keyuri_say(struct hf_keyuri_why *why, hf_err err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Small private files, of this user or root and of no other. Both report HF_ERR_KEYURI_ABSENT, _EXISTS,
 * _MODE, _FILE, and a file that exceeds `out` as _FILE. */
HF_MUST_CHECK hf_err hf__keyuri_read(const char *path, struct hf_out *out, struct hf_keyuri_why *why);
HF_MUST_CHECK hf_err hf__keyuri_create(const char *path, hf_bytes data, struct hf_keyuri_why *why);

/* ---- backends; `rest` is what follows the scheme and its colon ---- */
struct hf__keyuri_backend {
	const char *scheme;
	hf_err (*check)(const char *rest, struct hf_keyuri_why *why);
	hf_err (*open)(const char *rest, hf_bytes passphrase, struct hf_keyuri **key,
		       struct hf_keyuri_why *why);
	hf_err (*generate)(const char *rest, int curve, hf_bytes passphrase, struct hf_keyuri **key,
			   struct hf_keyuri_why *why);
};
extern const struct hf__keyuri_backend hf__key_file, hf__key_tpm, hf__key_p11;

/* One connection to a TPM, shared by the keys made through it. */
struct hf__tpm;
/* Split "PATH?tcti=CONF"; `tcti` is left at the default when there is none. */
HF_MUST_CHECK hf_err hf__tpm_split(const char *rest, char path[static HF_KEYURI_MAX + 1],
				   char tcti[static HF_KEYURI_MAX + 1], struct hf_keyuri_why *why);
HF_MUST_CHECK hf_err hf__tpm_open(const char *tcti, struct hf__tpm **tpm, struct hf_keyuri_why *why);
void hf__tpm_release(struct hf__tpm *tpm);
HF_MUST_CHECK hf_err hf__tpm_make(struct hf__tpm *tpm, struct hf_out *blob,
				  uint8_t pub[static HF_P256_POINT_LEN], struct hf_keyuri_why *why);
HF_MUST_CHECK hf_err hf__tpm_load(struct hf__tpm *tpm, hf_bytes blob, struct hf_keyuri **key,
				  struct hf_keyuri_why *why);
#endif

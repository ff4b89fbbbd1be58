/* keyuri.h -- private keys by name: a URI in, the one sign callback (struct hf_hwkey) out.
 *
 *	file:PATH                      PKCS#8 PEM, mode 0600; encrypted when a passphrase is given
 *	tpm2:PATH[?tcti=CONF]          key of a TPM 2.0; PATH holds its two wrapped blobs, useless elsewhere.
 *	                               CONF as in tss2: device:/dev/tpmrm0 (default), swtpm:host=H,port=P
 *	pkcs11:token=T;object=O[;id=I]?module-path=M[&pin-source=file:F]
 *	                               RFC 7512. The PIN is read from a file, which must be private; it never
 *	                               stands in a URI, so pin-value is refused.
 *
 * The path of file: and tpm2: is taken as it stands (no % decoding); file:///x is /x.
 * A store makes and opens nameless keys for programs that keep the blobs themselves, as devices do:
 *
 *	software                       blob = the P-256 scalar: as secret as the place it is kept in
 *	tpm2:[?tcti=CONF]              blob = wrapped by this TPM
 *
 * Promise: no private key leaves its backend; a key file or PIN file that others can reach is refused; the
 * TPM holds no handle of ours between two calls, so any number of keys fits its three slots.
 * Limits: TPM keys and store keys are P-256. A connection to a TPM lives as long as a key or store is open.
 * The swtpm TCTI opens a socket for every command; a process whose sandbox has none uses
 * "cmd:tpm2_send --tcti=swtpm:...", which starts a helper at open and then needs only pipes.
 * device: needs only the one descriptor. PKCS#11 modules stay loaded until the process ends.
 * Thread rule: different keys from any thread; signatures of one key or one TPM take turns. A key of a store
 * may outlive the store. Not usable across fork() without exec.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KEYURI_H
#define HF_KEYURI_H
#include <holdfast/crypto.h>

enum {
	HF_KEYURI_MAX = 1023,       /* characters of a URI */
	HF_KEYSTORE_BLOB_MAX = 512, /* bytes of a store's blob */
	HF_KEYURI_WHY_CAP = 160,
};
/* What the backend itself said, one line; empty when there is nothing to add. May be NULL everywhere. */
struct hf_keyuri_why {
	char text[HF_KEYURI_WHY_CAP];
};

struct hf_keyuri; /* one open private key */

/* Is this a key URI, without looking at what it names? For configuration checks.
 * Errors: HF_ERR_KEYURI_SYNTAX, HF_ERR_KEYURI_KIND (no such scheme). */
HF_MUST_CHECK hf_err hf_keyuri_check(const char *uri, struct hf_keyuri_why *why);

/* Open the key that a URI names. `passphrase` is for file: only, and empty for an unencrypted file.
 * Errors: as above, and HF_ERR_KEYURI_ABSENT, _MODE, _FILE, _PASSPHRASE (missing or wrong), _CURVE (not P-256
 * or P-384), _TPM, _BLOB (not of this TPM), _MODULE, _TOKEN (none, or two fit), _PIN; HF_ERR_CRYPTO_KEY
 * (damaged file); HF_ERR_PORT_KEY (no memory). Its sign() gives HF_ERR_PORT_KEY when the backend fails and
 * HF_ERR_BASE_MISUSE for a digest of another length. */
HF_MUST_CHECK hf_err hf_keyuri_open(const char *uri, hf_bytes passphrase, struct hf_keyuri **key,
				    struct hf_keyuri_why *why);
/* Make a new key there (HF_CURVE_P256 or HF_CURVE_P384) and open it; never replaces one.
 * Errors: the same, and HF_ERR_KEYURI_EXISTS, HF_ERR_KEYURI_KIND (this backend has no such curve). */
HF_MUST_CHECK hf_err hf_keyuri_generate(const char *uri, int curve, hf_bytes passphrase,
					struct hf_keyuri **key, struct hf_keyuri_why *why);
/* Valid until close. */
const struct hf_hwkey *hf_keyuri_hwkey(const struct hf_keyuri *key);
void hf_keyuri_close(struct hf_keyuri *key); /* NULL is fine */
static inline void hf_keyuri_drop(struct hf_keyuri **key)
{
	hf_keyuri_close(*key);
}

struct hf_keystore;
/* Is this the URI of a store, without looking at what it names? Errors: HF_ERR_KEYURI_SYNTAX, _KIND. */
HF_MUST_CHECK hf_err hf_keystore_check(const char *uri, struct hf_keyuri_why *why);
/* "software" or tpm2:. Errors: HF_ERR_KEYURI_SYNTAX, _KIND, _TPM, HF_ERR_PORT_KEY. */
HF_MUST_CHECK hf_err hf_keystore_open(const char *uri, struct hf_keystore **store, struct hf_keyuri_why *why);
/* Make a P-256 key; appends what opens it again to `blob`.
 * Errors: HF_ERR_KEYURI_TPM, HF_ERR_BASE_NO_ROOM, crypto's. */
HF_MUST_CHECK hf_err hf_keystore_make(struct hf_keystore *store, struct hf_out *blob,
				      uint8_t pub[static HF_P256_POINT_LEN], struct hf_keyuri_why *why);
/* Open a key from its blob. Errors: HF_ERR_KEYURI_BLOB, HF_ERR_KEYURI_TPM, HF_ERR_PORT_KEY. */
HF_MUST_CHECK hf_err hf_keystore_load(struct hf_keystore *store, hf_bytes blob, struct hf_keyuri **key,
				      struct hf_keyuri_why *why);
void hf_keystore_close(struct hf_keystore *store); /* NULL is fine */
static inline void hf_keystore_drop(struct hf_keystore **store)
{
	hf_keystore_close(*store);
}
#endif

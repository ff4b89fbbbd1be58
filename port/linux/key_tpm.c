/* key_tpm.c -- tpm2: URIs: a file with the blobs, and the TPM that opens them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "keyuri_priv.h"

#define DEFAULT_TCTI "device:/dev/tpmrm0"

hf_err hf__tpm_split(const char *rest, char path[static HF_KEYURI_MAX + 1],
		     char tcti[static HF_KEYURI_MAX + 1], struct hf_keyuri_why *why)
{
	static const char key[] = "?tcti=";
	size_t n = strcspn(rest, "?");
	const char *conf = rest[n] == '\0' ? DEFAULT_TCTI : rest + n + sizeof(key) - 1;

	path[0] = '\0';
	if (strlen(rest) > HF_KEYURI_MAX ||
	    (rest[n] != '\0' && (strncmp(rest + n, key, sizeof(key) - 1) != 0 || conf[0] == '\0')))
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "after the path only ?tcti=CONF may follow");
	memcpy(path, rest, n);
	path[n] = '\0';
	memcpy(tcti, conf, strlen(conf) + 1);
	return HF_OK;
}

struct parts {
	char path[HF_KEYURI_MAX + 1];
	char tcti[HF_KEYURI_MAX + 1];
};

static hf_err split(const char *rest, struct parts *parts, struct hf_keyuri_why *why)
{
	HF_TRY(hf__tpm_split(rest, parts->path, parts->tcti, why));
	if (parts->path[0] == '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "tpm2: needs the path of the key's blobs");
	return HF_OK;
}

/* A bare tpm2: is the URI of a store; a key needs the path. */
static hf_err check(const char *rest, struct hf_keyuri_why *why)
{
	struct parts parts;

	return split(rest, &parts, why);
}

static void release(struct hf__tpm **tpm)
{
	hf__tpm_release(*tpm);
}

static hf_err open_key(const char *rest, hf_bytes passphrase, struct hf_keyuri **key,
		       struct hf_keyuri_why *why)
{
	struct hf__tpm *tpm HF_AUTO(release) = NULL;
	uint8_t bytes[HF_KEYSTORE_BLOB_MAX + 1]; /* one more, so that a full blob is seen to end */
	struct hf_out blob = HF_OUT(bytes);
	struct parts parts;

	(void)passphrase;
	HF_TRY(split(rest, &parts, why));
	HF_TRY(hf__keyuri_read(parts.path, &blob, why));
	HF_TRY(hf__tpm_open(parts.tcti, &tpm, why));
	return hf__tpm_load(tpm, hf_out_bytes(&blob), key, why);
}

static hf_err generate(const char *rest, int curve, hf_bytes passphrase, struct hf_keyuri **key,
		       struct hf_keyuri_why *why)
{
	struct hf__tpm *tpm HF_AUTO(release) = NULL;
	uint8_t bytes[HF_KEYSTORE_BLOB_MAX], pub[HF_P256_POINT_LEN];
	struct hf_out blob = HF_OUT(bytes);
	struct parts parts;

	(void)passphrase;
	HF_TRY(split(rest, &parts, why));
	if (curve != HF_CURVE_P256)
		return hf__keyuri_say(why, HF_ERR_KEYURI_KIND, "TPM keys are P-256");
	HF_TRY(hf__tpm_open(parts.tcti, &tpm, why));
	HF_TRY(hf__tpm_make(tpm, &blob, pub, why));
	HF_TRY(hf__keyuri_create(parts.path, hf_out_bytes(&blob), why));
	return hf__tpm_load(tpm, hf_out_bytes(&blob), key, why);
}

const struct hf__keyuri_backend hf__key_tpm = { "tpm2", check, open_key, generate };

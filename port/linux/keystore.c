/* keystore.c -- nameless keys for programs that keep the blobs: bare scalars, or a TPM's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "keyuri_priv.h"

struct soft {
	struct hf_key secret; /* first, because the callback's ctx points to it */
};
static_assert(offsetof(struct soft, secret) == 0, "the ctx of the callback is what gets freed");

static void close_soft(void *ctx)
{
	struct soft *soft = ctx;

	hf_wipe(soft, sizeof(*soft));
	free(soft);
}

static hf_err soft_load(hf_bytes blob, struct hf_keyuri **key)
{
	struct hf_hwkey hwkey;
	struct soft *soft;
	hf_err err;

	*key = NULL;
	if (blob.len != 32)
		return HF_ERR_KEYURI_BLOB;
	soft = calloc(1, sizeof(*soft));
	if (soft == NULL)
		return HF_ERR_PORT_KEY;
	soft->secret.len = 32;
	memcpy(soft->secret.b, blob.ptr, 32);
	err = hf_crypto_p256_hwkey(&soft->secret, &hwkey);
	if (err != HF_OK) { /* zero, or not below the group's order */
		close_soft(soft);
		return err == HF_ERR_CRYPTO_FAILED ? err : HF_ERR_KEYURI_BLOB;
	}
	return hf__keyuri_new(&hwkey, close_soft, key);
}

static hf_err soft_make(struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_key secret HF_AUTO(hf_key_wipe) = { 0 };

	HF_TRY(hf_crypto_p256_generate(&secret, pub));
	return hf_out_put(blob, (hf_bytes){ secret.b, secret.len });
}

/* ---- the store ---- */

struct hf_keystore {
	struct hf__tpm *tpm; /* NULL: software */
};

/* `tcti` is left empty for the software store. */
static hf_err read_uri(const char *uri, char tcti[static HF_KEYURI_MAX + 1], struct hf_keyuri_why *why)
{
	char path[HF_KEYURI_MAX + 1];

	tcti[0] = '\0';
	if (why != NULL)
		why->text[0] = '\0';
	if (strcmp(uri, "software") == 0)
		return HF_OK;
	if (strncmp(uri, "tpm2:", 5) != 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_KIND, "key stores are software and tpm2:");
	HF_TRY(hf__tpm_split(uri + 5, path, tcti, why));
	if (path[0] != '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "a TPM key store has no path");
	return HF_OK;
}

hf_err hf_keystore_check(const char *uri, struct hf_keyuri_why *why)
{
	char tcti[HF_KEYURI_MAX + 1];

	return read_uri(uri, tcti, why);
}

hf_err hf_keystore_open(const char *uri, struct hf_keystore **store, struct hf_keyuri_why *why)
{
	char tcti[HF_KEYURI_MAX + 1];
	struct hf__tpm *tpm = NULL;

	*store = NULL;
	HF_TRY(read_uri(uri, tcti, why));
	if (tcti[0] != '\0')
		HF_TRY(hf__tpm_open(tcti, &tpm, why));
	*store = calloc(1, sizeof(**store));
	if (*store == NULL) {
		hf__tpm_release(tpm);
		return HF_ERR_PORT_KEY;
	}
	(*store)->tpm = tpm;
	return HF_OK;
}

hf_err hf_keystore_make(struct hf_keystore *store, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN],
			struct hf_keyuri_why *why)
{
	if (why != NULL)
		why->text[0] = '\0';
	return store->tpm != NULL ? hf__tpm_make(store->tpm, blob, pub, why) : soft_make(blob, pub);
}

hf_err hf_keystore_load(struct hf_keystore *store, hf_bytes blob, struct hf_keyuri **key,
			struct hf_keyuri_why *why)
{
	if (why != NULL)
		why->text[0] = '\0';
	return store->tpm != NULL ? hf__tpm_load(store->tpm, blob, key, why) : soft_load(blob, key);
}

void hf_keystore_close(struct hf_keystore *store)
{
	if (store == NULL)
		return;
	hf__tpm_release(store->tpm);
	free(store);
}

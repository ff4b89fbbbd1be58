/* keyuri.c -- from a URI to its backend.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keyuri_priv.h"

static const struct hf__keyuri_backend *const backends[] = { &hf__key_file, &hf__key_tpm, &hf__key_p11 };

hf_err hf__keyuri_say(struct hf_keyuri_why *why, hf_err err, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return err;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return err;
}

hf_err hf__keyuri_new(const struct hf_hwkey *hwkey, void (*close)(void *ctx), struct hf_keyuri **out)
{
	struct hf_keyuri *key = calloc(1, sizeof(*key));

	*out = key;
	if (key == NULL) {
		close(hwkey->ctx);
		return HF_ERR_PORT_KEY;
	}
	key->key = *hwkey;
	key->close = close;
	return HF_OK;
}

/* Finds the backend and what follows its scheme. */
static hf_err find(const char *uri, const struct hf__keyuri_backend **backend, const char **rest,
		   struct hf_keyuri_why *why)
{
	size_t n = strcspn(uri, ":");

	if (why != NULL)
		why->text[0] = '\0';
	if (uri[n] == '\0' || strlen(uri) > HF_KEYURI_MAX)
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX,
				      "a key URI is file:PATH, tpm2:PATH or pkcs11:...");
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (strlen(backends[i]->scheme) == n && memcmp(backends[i]->scheme, uri, n) == 0) {
			*backend = backends[i];
			*rest = uri + n + 1;
			return (*backend)->check(*rest, why);
		}
	return hf__keyuri_say(why, HF_ERR_KEYURI_KIND, "schemes are file, tpm2 and pkcs11");
}

hf_err hf_keyuri_check(const char *uri, struct hf_keyuri_why *why)
{
	const struct hf__keyuri_backend *backend;
	const char *rest;

	return find(uri, &backend, &rest, why);
}

hf_err hf_keyuri_open(const char *uri, hf_bytes passphrase, struct hf_keyuri **key, struct hf_keyuri_why *why)
{
	const struct hf__keyuri_backend *backend;
	const char *rest;

	*key = NULL;
	HF_TRY(find(uri, &backend, &rest, why));
	return backend->open(rest, passphrase, key, why);
}

hf_err hf_keyuri_generate(const char *uri, int curve, hf_bytes passphrase, struct hf_keyuri **key,
			  struct hf_keyuri_why *why)
{
	const struct hf__keyuri_backend *backend;
	const char *rest;

	*key = NULL;
	HF_TRY(find(uri, &backend, &rest, why));
	if (curve != HF_CURVE_P256 && curve != HF_CURVE_P384)
		return hf__keyuri_say(why, HF_ERR_KEYURI_KIND, "curves are P-256 and P-384");
	return backend->generate(rest, curve, passphrase, key, why);
}

const struct hf_hwkey *hf_keyuri_hwkey(const struct hf_keyuri *key)
{
	return &key->key;
}

void hf_keyuri_close(struct hf_keyuri *key)
{
	if (key == NULL)
		return;
	key->close(key->key.ctx);
	free(key);
}

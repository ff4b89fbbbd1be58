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

/* The backend of a scheme, and in `rest` what follows the colon; NULL and `err` for no key URI. */
static const struct hf__keyuri_backend *find(const char *uri, const char **rest, hf_err *err,
					     struct hf_keyuri_why *why)
{
	size_t n = strcspn(uri, ":");

	if (why != NULL)
		why->text[0] = '\0';
	*rest = uri + n + 1;
	if (uri[n] == '\0' || strlen(uri) > HF_KEYURI_MAX) {
		*err = hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX,
				      "a key URI is file:PATH, tpm2:PATH or pkcs11:...");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (strlen(backends[i]->scheme) != n || memcmp(backends[i]->scheme, uri, n) != 0)
			continue;
		*err = backends[i]->check(*rest, why);
		return *err == HF_OK ? backends[i] : NULL;
	}
	*err = hf__keyuri_say(why, HF_ERR_KEYURI_KIND, "schemes are file, tpm2 and pkcs11");
	return NULL;
}

hf_err hf_keyuri_check(const char *uri, struct hf_keyuri_why *why)
{
	const char *rest;
	hf_err err;

	(void)find(uri, &rest, &err, why);
	return err;
}

hf_err hf_keyuri_open(const char *uri, hf_bytes passphrase, struct hf_keyuri **key, struct hf_keyuri_why *why)
{
	const char *rest;
	hf_err err;
	const struct hf__keyuri_backend *backend = find(uri, &rest, &err, why);

	*key = NULL;
	return backend == NULL ? err : backend->open(rest, passphrase, key, why);
}

hf_err hf_keyuri_generate(const char *uri, int curve, hf_bytes passphrase, struct hf_keyuri **key,
			  struct hf_keyuri_why *why)
{
	const char *rest;
	hf_err err;
	const struct hf__keyuri_backend *backend = find(uri, &rest, &err, why);

	*key = NULL;
	if (backend == NULL)
		return err;
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

/* key_p11.c -- pkcs11: URIs: CKM_ECDSA over a digest, one session per key, used by one thread at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "p11_priv.h"

struct p11_key {
	pthread_mutex_t lock;
	struct hf__p11_uri uri;
	struct hf__p11_session session;
	CK_OBJECT_HANDLE object;
	struct hf_hwkey half; /* curve and public point */
};

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

static hf_err connect_key(struct p11_key *key, struct hf_keyuri_why *why)
{
	struct hf_hwkey before = key->half;

	hf__p11_close(&key->session);
	HF_TRY(hf__p11_open(&key->uri, false, &key->session, why));
	HF_TRY(hf__p11_find(&key->session, &key->uri, &key->object, &key->half, why));
	if (before.curve == 0 || memcmp(before.pub, key->half.pub, sizeof(before.pub)) == 0)
		return HF_OK;
	key->half = before; /* the name belongs to another key by now */
	hf__p11_close(&key->session);
	return HF_ERR_KEYURI_ABSENT;
}

static CK_RV sign_once(struct p11_key *key, const uint8_t *digest, size_t n, uint8_t *rs)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_ULONG len = 2 * n;
	CK_RV rv;

	if (key->session.handle == 0)
		return CKR_SESSION_HANDLE_INVALID;
	rv = key->session.p11->C_SignInit(key->session.handle, &mechanism, key->object);
	if (rv == CKR_OK)
		rv = key->session.p11->C_Sign(key->session.handle, (CK_BYTE *)(uintptr_t)digest, n, rs, &len);
	return rv == CKR_OK && len != 2 * n ? CKR_SIGNATURE_LEN_RANGE : rv;
}

static hf_err sign(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	struct p11_key *key = ctx;
	pthread_mutex_t *held HF_AUTO(unlock) = (pthread_mutex_lock(&key->lock), &key->lock);

	(void)held; /* clang counts a clean-up as no use */
	if (n != (key->half.curve == HF_CURVE_P384 ? 48 : 32))
		return HF_ERR_BASE_MISUSE;
	if (sign_once(key, digest, n, rs) == CKR_OK)
		return HF_OK;
	/* A token pulled and put back, or a network HSM that restarted, lost our session: once more. */
	if (connect_key(key, NULL) != HF_OK || sign_once(key, digest, n, rs) != CKR_OK)
		return HF_ERR_PORT_KEY;
	return HF_OK;
}

static void close_key(void *ctx)
{
	struct p11_key *key = ctx;

	hf__p11_close(&key->session);
	pthread_mutex_destroy(&key->lock);
	free(key);
}

/* A public object can be left over from another key, and a CA would then issue certificates that nobody can
 * verify: let the token sign once before it is believed. */
static hf_err prove(struct p11_key *key, struct hf_keyuri_why *why)
{
	static const uint8_t digest[48] = { 'h', 'o', 'l', 'd', 'f', 'a', 's', 't' };
	size_t n = key->half.curve == HF_CURVE_P384 ? 48 : 32;
	uint8_t rs[HF_P384_SIG_LEN];
	CK_RV rv = sign_once(key, digest, n, rs);

	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_Sign", rv);
	if (key->half.curve == HF_CURVE_P256 && hf_crypto_p256_verify(key->half.pub, digest, rs) != HF_OK)
		return hf__keyuri_say(why, HF_ERR_KEYURI_MODULE, "public object is not the private key's");
	return HF_OK;
}

static hf_err check(const char *rest, struct hf_keyuri_why *why)
{
	struct hf__p11_uri uri;

	return hf__p11_parse(rest, &uri, why);
}

static hf_err open_key(const char *rest, hf_bytes passphrase, struct hf_keyuri **out,
		       struct hf_keyuri_why *why)
{
	struct p11_key *key = calloc(1, sizeof(*key));
	struct hf_hwkey hwkey;
	hf_err err;

	(void)passphrase;
	if (key == NULL || pthread_mutex_init(&key->lock, NULL) != 0) {
		free(key);
		return HF_ERR_PORT_KEY;
	}
	err = hf__p11_parse(rest, &key->uri, why);
	if (err == HF_OK)
		err = connect_key(key, why);
	if (err == HF_OK)
		err = prove(key, why);
	if (err != HF_OK) {
		close_key(key);
		return err;
	}
	hwkey = key->half;
	hwkey.sign = sign;
	hwkey.ctx = key;
	return hf__keyuri_new(&hwkey, close_key, out);
}

static hf_err generate(const char *rest, int curve, hf_bytes passphrase, struct hf_keyuri **key,
		       struct hf_keyuri_why *why)
{
	struct hf__p11_session session HF_AUTO(hf__p11_close) = { 0 };
	struct hf__p11_uri uri;

	HF_TRY(hf__p11_parse(rest, &uri, why));
	if (uri.object[0] == '\0')
		return hf__keyuri_say(why, HF_ERR_KEYURI_SYNTAX, "a new key needs object=NAME");
	HF_TRY(hf__p11_open(&uri, true, &session, why));
	HF_TRY(hf__p11_generate(&session, &uri, curve, why));
	return open_key(rest, passphrase, key, why);
}

const struct hf__keyuri_backend hf__key_p11 = { "pkcs11", check, open_key, generate };

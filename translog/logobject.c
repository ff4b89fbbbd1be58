/* logobject.c -- what stands behind the leaves: a publisher hands it over, monitors fetch it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <hf/lognote.h>
#include <holdfast/manifest.h>
#include <holdfast/statement.h>
#include "logfront_priv.h"

/* Two requests for one name must not write beside each other. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

hf_err hf_log_object_digest(hf_bytes object, uint8_t d[static HF_SHA256_LEN])
{
	struct hf_statement s;
	struct hf_envelope e;

	if (hf_envelope_read(object, &e) == HF_OK) {
		memcpy(d, e.d, HF_SHA256_LEN);
		return HF_OK;
	}
	if (hf_statement_read(object, &s) == HF_OK)
		return hf_crypto_sha256(&s.sign.payload, 1, d);
	return HF_ERR_LOG_OBJECT;
}

hf_err hf_log_object_message(hf_bytes object, uint8_t out[static HF_LOG_OBJECT_MESSAGE_LEN])
{
	static const char context[] = "hf/log-object/1"; /* with its NUL */
	struct hf_out message = { out, HF_LOG_OBJECT_MESSAGE_LEN, 0 };
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&object, 1, hash));
	HF_TRY(hf_out_put(&message, (hf_bytes){ (const uint8_t *)context, sizeof(context) }));
	return hf_out_put(&message, HF_ARR(hash));
}

/* "leafobj/<checksum>" of what a leaf can name, "object/<hash>" of everything else. */
static hf_err name_of(hf_bytes object, char name[static 80])
{
	uint8_t d[HF_SHA256_LEN], hash[HF_SHA256_LEN];
	bool is_leaf = hf_log_object_digest(object, d) == HF_OK;
	int n = snprintf(name, 80, "%s", is_leaf ? "leafobj/" : "object/");

	HF_TRY(is_leaf ? hf_leaf_checksum(d, hash) : hf_crypto_sha256(&object, 1, hash));
	for (size_t i = 0; i < sizeof(hash); i++)
		n += snprintf(name + n, 3, "%02x", hash[i]);
	return HF_OK;
}

static hf_err store(const struct hf_logfront *f, hf_bytes object)
{
	char name[80], path[HF_LOG_PATH_MAX];
	hf_err err;

	HF_TRY(name_of(object, name));
	HF_TRY(hf_path_join(path, sizeof(path), hf_logstore_dir(f->store), name));
	(void)pthread_mutex_lock(&writing);
	err = hf_file_replace(path, object, 0644, NULL);
	(void)pthread_mutex_unlock(&writing);
	return err;
}

static bool is_signed(const struct hf_http_req *req, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	uint8_t sig[HF_ED25519_SIG_LEN], message[HF_LOG_OBJECT_MESSAGE_LEN];
	const char *key = req->param[0], *text = req->param[1];

	return hf_kv_hex((hf_bytes){ (const uint8_t *)key, strlen(key) }, pub, HF_ED25519_PUB_LEN) &&
	       hf_kv_hex((hf_bytes){ (const uint8_t *)text, strlen(text) }, sig, sizeof(sig)) &&
	       hf_log_object_message(req->body, message) == HF_OK &&
	       hf_crypto_ed25519_verify(pub, HF_ARR(message), sig) == HF_OK;
}

void hf__logfront_object(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	uint8_t pub[HF_ED25519_PUB_LEN];

	if (!is_signed(req, pub))
		hf__logfront_refuse(call, 403, "signature does not verify\n");
	else if (!hf__logfront_is_publisher(f->policy, pub))
		hf__logfront_refuse(call, 403, "key is not a publisher of the policy\n");
	else if (store(f, req->body) != HF_OK)
		hf__logfront_refuse(call, 500, "the log cannot store, its operator was told\n");
	else
		hf__logfront_say(call, 200, NULL, (hf_bytes){ NULL, 0 });
}

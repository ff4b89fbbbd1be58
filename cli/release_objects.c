/* release_objects.c -- hand the log what stands behind a leaf, before the leaf: so that no monitor ever meets
 * a leaf without its object. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <hf/logfront.h>
#include "log_ask.h"
#include "release.h"

enum { NOT_FOUND = 404, NOT_ALLOWED = 405 };

static hf_err give_one(struct shelf *s, struct log_client *log, struct signer *key, hf_bytes object,
		       bool *keeps)
{
	uint8_t message[HF_LOG_OBJECT_MESSAGE_LEN], sig[HF_ED25519_SIG_LEN];
	char pub_hex[SHELF_HEX], sig_hex[2 * HF_ED25519_SIG_LEN + 1], path[256];
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	int status = 0;
	hf_err err;

	HF_TRY(hf_log_object_message(object, message));
	err = signer_sign(key, HF_ARR(message), sig);
	if (err != HF_OK) {
		s->why = key->why;
		return err;
	}
	shelf_hex(HF_ARR(key->pub), pub_hex);
	shelf_hex(HF_ARR(sig), sig_hex);
	(void)snprintf(path, sizeof(path), "add-object/%s/%s", pub_hex, sig_hex);
	HF_TRY(log_client_ask(log, path, object, &status, &answer));
	*keeps = status != NOT_FOUND && status != NOT_ALLOWED;
	return status == 200 || !*keeps
		       ? HF_OK
		       : hf_why_set(&s->why, HF_ERR_LOG_REFUSED, "add-object: the log answered %d", status);
}

hf_err release_give(struct shelf *s, const struct hf_policy *p, const hf_bytes *object, size_t n)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	struct log_client log;
	bool keeps = true;

	if (cli_flag(s->args, "late"))
		return HF_OK;
	HF_TRY(log_client_open(cli_option(s->args, "log"), cli_option(s->args, "log-ca"), &s->why, &log));
	HF_TRY(release_publisher(s, p, &key));
	for (size_t i = 0; i < n && keeps; i++)
		if (object[i].len > 0)
			HF_TRY(give_one(s, &log, &key, object[i], &keeps));
	if (!keeps)
		cli_say(s->args, "This log keeps no objects: show monitors the signed file elsewhere.");
	return HF_OK;
}

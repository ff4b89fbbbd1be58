/* The words of the application socket (doc/protocol/app-socket.md). A word reads its arguments, asks key, and
 * leaves the answer's text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "app.h"
#include <string.h>

struct word {
	const char *name;
	size_t n_args;
	hf_err (*handle)(struct app_client *c, struct hf_cborr *r, struct hf_out *reply);
};

static hf_err on_status(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	HF_TRY(hf_cbor_done(r));
	return app_ask(c->app, MSG_APP_STATUS, (hf_bytes){ NULL, 0 }, reply);
}

static hf_err on_poll(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	HF_TRY(hf_cbor_done(r));
	return app_ask(c->app, MSG_APP_POLL, (hf_bytes){ NULL, 0 }, reply);
}

static hf_err on_config(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	hf_bytes name;

	hf_cbor_read_text(r, &name);
	HF_TRY(hf_cbor_done(r));
	return app_ask(c->app, MSG_APP_CONFIG, name, reply);
}

/* A name and a payload, for key. */
static hf_err hand_over(struct app_client *c, uint16_t type, struct hf_cborr *r, struct hf_out *reply)
{
	struct hf_out body = HF_OUT(c->app->body);
	hf_bytes name, payload;

	hf_cbor_read_text(r, &name);
	hf_cbor_read_bytes(r, &payload);
	HF_TRY(hf_cbor_done(r));
	HF_TRY(msg_pair_write(name, payload, &body));
	return app_ask(c->app, type, hf_out_bytes(&body), reply);
}

static hf_err on_tele(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	return hand_over(c, MSG_APP_TELE, r, reply);
}

static hf_err on_data(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	return hand_over(c, MSG_APP_DATA, r, reply);
}

static const struct word words[] = {
	{ "status", 0, on_status },     { "poll", 0, on_poll },     { "tele", 2, on_tele },
	{ "data", 2, on_data },         { "config", 1, on_config }, { "ops", 1, app_on_ops },
	{ "result", 3, app_on_result },
};

hf_err app_word(struct app_client *c, hf_bytes packet, struct hf_out *reply)
{
	hf_bytes name = { NULL, 0 };
	struct hf_cborr r;
	size_t n = 0;

	reply->len = 0;
	hf_cbor_reader(&r, packet);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_text_max(&r, APP_WORD_CAP, &name);
	HF_TRY(hf_cbor_error(&r));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hf_bytes known = { (const uint8_t *)words[i].name, strlen(words[i].name) };

		if (hf_bytes_equal(name, known) && n == 1 + words[i].n_args)
			return words[i].handle(c, &r, reply);
	}
	return HF_ERR_AGENT_APP;
}

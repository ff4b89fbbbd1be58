/* Fuzz target: packets of the application socket, and deliveries from keyproc. The first byte chooses;
 * keyproc is played here and takes everything.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "app.h"
#include "fuzz.h"

static struct app app;

/* What goes to keyproc is one deterministic item, or nothing, or a bare name. */
hf_err app_ask(struct app *a, uint16_t type, hf_bytes body, struct hf_out *reply)
{
	(void)a;
	reply->len = 0;
	if (type != MSG_APP_CONFIG && body.len > 0 && hf_cbor_check(body) != HF_OK)
		abort();
	return HF_OK;
}

void app_send(struct app_client *c, hf_bytes packet)
{
	(void)c;
	if (hf_cbor_check(packet) != HF_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mem[APP_PACKET_CAP];
	struct hf_out reply = HF_OUT(mem);
	hf_bytes rest;
	hf_err err;

	memset(app.client, 0, sizeof(app.client));
	for (int i = 0; i < APP_CLIENTS_MAX; i++) {
		app.client[i].app = &app;
		app.client[i].fd = i < 2 ? 100 + i : -1;
	}
	if (size == 0 || size > APP_PACKET_CAP)
		return 0;
	memcpy(app.client[1].op[0].name, "x", 2);
	app.client[1].n_ops = 1;
	rest = (hf_bytes){ data + 1, size - 1 };
	err = data[0] == 0 ? app_on_deliver(&app, rest, &reply) : app_word(&app.client[0], rest, &reply);
	if (err != HF_OK && reply.len != 0)
		abort();
	app_forget(&app.client[0]);
	app_forget(&app.client[1]);
	return 0;
}

/* Alarms: COSE_Sign1 by the LDevID key, aad "hf/alarm/1/{dev}", kept until the server has acknowledged them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <holdfast/cose.h>
#include <stdio.h>
#include <string.h>

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

struct alarm {
	const char *dev, *kind;
	hf_bytes detail;
	uint8_t id[16];
	struct hf_clock now;
};

/* {1 dev, 6 iat if trusted, 7 id, -65537: [kind, boot counter, uptime, detail]} */
static hf_err write_claims(const struct alarm *a, struct hf_out *out)
{
	bool timed = a->now.quality == HF_CLOCK_TRUSTED;
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, timed ? 4 : 3);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_text(&w, text(a->dev));
	if (timed) {
		hf_cbor_put_key(&w, 6);
		hf_cbor_put_uint(&w, (uint64_t)a->now.unix_s);
	}
	hf_cbor_put_key(&w, 7);
	hf_cbor_put_bytes(&w, HF_ARR(a->id));
	hf_cbor_put_key(&w, -65537);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, text(a->kind));
	hf_cbor_put_uint(&w, a->now.boot_count);
	hf_cbor_put_uint(&w, a->now.boot_ms / 1000);
	hf_cbor_put_text(&w, a->detail);
	return hf_cbor_finish(&w);
}

hf_err key_alarm(struct keyproc *k, const char *kind, hf_bytes detail)
{
	uint8_t mem[1024], claims_mem[768], id_text[24];
	struct hf_out out = HF_OUT(mem), claims = HF_OUT(claims_mem), id = HF_OUT(id_text);
	struct alarm a = { key_dev(k), kind, detail, { 0 }, { 0 } };
	struct hf_hwkey key = { 0 };
	const struct hf_cose_signer signer = { HF_COSE_ES256, { NULL, 0 }, &key, NULL };
	char aad[32], topic[AGENT_TOPIC_CAP];

	HF_TRY(key_signer(k, &key));
	HF_TRY(hf_port_clock(&k->port, &a.now));
	HF_TRY(hf_port_random(&k->port, a.id, sizeof(a.id)));
	HF_TRY(hf_base64url_encode(HF_ARR(a.id), &id));
	HF_TRY(write_claims(&a, &claims));
	(void)snprintf(aad, sizeof(aad), "hf/alarm/1/%s", a.dev);
	HF_TRY(hf_cose_sign1_write(&signer, text(aad), hf_out_bytes(&claims), false, NULL, &out));
	(void)snprintf(topic, sizeof(topic), "alarm/%.*s", (int)id.len, (const char *)id_text);
	return key_up_put(k, topic, hf_out_bytes(&out), KEY_UP_ACK | KEY_UP_STORE);
}

/* Application data, sealed so that only the data owners read it (doc/protocol/seal.md). Stream keys live in
 * RAM and begin anew at each start; the outbox holds nothing but sealed objects, so an erase finds no more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <stdio.h>
#include <string.h>

enum { DATA_MAX = 16000, KID_HEX_LEN = 2 * HF_KID_LEN }; /* a frame fits one outbox record */

void key_streams_forget(struct keyproc *k)
{
	hf_wipe(k->stream, sizeof(k->stream));
	k->n_streams = 0;
}

static void write_kid(const struct hf_seal *s, char hex[static KID_HEX_LEN + 1])
{
	struct hf_out out = { (uint8_t *)hex, KID_HEX_LEN, 0 };

	hex[0] = '\0';
	if (hf_hex_encode(HF_ARR(s->kid), &out) == HF_OK)
		hex[KID_HEX_LEN] = '\0';
}

/* Queue the stream's key: one sealed copy for each owner. */
static hf_err send_key(struct keyproc *k, const struct hf_seal *s)
{
	static uint8_t mem[HF_SEAL_MAX_OWNERS * HF_SEAL_KEY_CAP];
	char topic[AGENT_TOPIC_CAP], hex[KID_HEX_LEN + 1];
	struct hf_cose_signer signer = { .alg = HF_COSE_ES256 };
	struct hf_out out = HF_OUT(mem);
	struct hf_hwkey key = { 0 };
	uint8_t kid[HF_KID_LEN];

	HF_TRY(key_signer(k, &key));
	HF_TRY(hf_crypto_kid((hf_bytes){ key.pub, HF_P256_POINT_LEN }, kid));
	signer.kid = HF_ARR(kid);
	signer.hw = &key;
	for (size_t i = 0; i < k->settings.n_owners; i++)
		HF_TRY(hf_seal_key_write(s, &signer, k->settings.owner[i], &out));
	write_kid(s, hex);
	(void)snprintf(topic, sizeof(topic), "seal/k-%s", hex);
	return key_up_put(k, topic, hf_out_bytes(&out), KEY_UP_ACK | KEY_UP_STORE);
}

static hf_err send_frame(struct keyproc *k, struct hf_seal *s, hf_bytes plain)
{
	static uint8_t mem[DATA_MAX + HF_SEAL_FRAME_OVERHEAD];
	char topic[AGENT_TOPIC_CAP], hex[KID_HEX_LEN + 1];
	struct hf_out out = HF_OUT(mem);
	uint32_t counter = 0;

	HF_TRY(hf_seal_frame_write(s, plain, &counter, &out));
	write_kid(s, hex);
	(void)snprintf(topic, sizeof(topic), "seal/f-%s-%lu", hex, (unsigned long)counter);
	return key_up_put(k, topic, hf_out_bytes(&out), KEY_UP_ACK | KEY_UP_STORE);
}

static struct hf_seal *find(struct keyproc *k, hf_bytes name)
{
	for (size_t i = 0; i < k->n_streams; i++)
		if (hf_bytes_equal((hf_bytes){ k->stream[i].stream, k->stream[i].stream_len }, name))
			return &k->stream[i];
	return NULL;
}

/* A stream whose key did not reach the outbox is of no use: it goes again. */
static hf_err begin(struct keyproc *k, hf_bytes dev, hf_bytes name, struct hf_seal **out)
{
	struct hf_seal *s = &k->stream[k->n_streams];
	hf_err err;

	if (k->n_streams == KEY_STREAMS_MAX)
		return HF_ERR_AGENT_FULL;
	err = hf_seal_start(s, &k->port, dev, name);
	if (err == HF_OK)
		err = send_key(k, s);
	if (err != HF_OK) {
		hf_seal_wipe(s);
		return err;
	}
	k->n_streams++;
	*out = s;
	return HF_OK;
}

static hf_err renew(struct keyproc *k, struct hf_seal *s)
{
	hf_err err = hf_seal_renew(s);

	if (err == HF_OK)
		err = send_key(k, s);
	if (err != HF_OK) /* without a key, every frame asks for another one */
		hf_wipe(&s->key, sizeof(s->key));
	return err;
}

static hf_err seal(struct keyproc *k, hf_bytes name, hf_bytes payload)
{
	const char *dev = key_dev(k);
	hf_bytes dev_bytes = { (const uint8_t *)dev, strlen(dev) };
	struct hf_seal *s;
	hf_err err;

	if (dev_bytes.len != HF_SEAL_DEV_LEN || k->settings.n_owners == 0)
		return HF_ERR_AGENT_OWNER;
	if (k->n_streams > 0 && memcmp(k->stream[0].dev, dev, HF_SEAL_DEV_LEN) != 0)
		key_streams_forget(k); /* another name, another owner */
	s = find(k, name);
	if (s == NULL)
		HF_TRY(begin(k, dev_bytes, name, &s));
	err = send_frame(k, s, payload);
	if (err != HF_ERR_SEAL_SPENT)
		return err;
	HF_TRY(renew(k, s));
	return send_frame(k, s, payload);
}

hf_err key_on_app_data(void *ctx, hf_bytes body, struct hf_out *reply)
{
	hf_bytes name = { NULL, 0 }, payload = { NULL, 0 };
	struct keyproc *k = ctx;

	reply->len = 0;
	HF_TRY(msg_pair_read(body, &name, &payload));
	if (name.len == 0 || name.len > HF_SEAL_MAX_STREAM_LEN)
		return HF_ERR_AGENT_APP;
	if (payload.len > DATA_MAX)
		return HF_ERR_SEAL_TOO_LARGE;
	return seal(k, name, payload);
}

/* What waits to go up. Telemetry lives in RAM; what the server's application must acknowledge is also kept in
 * outbox records ["hf-up1", order, topic, expiry, payload] until its ack came, so that no alarm, stream key
 * or
 * frame is lost to a restart. Receipts have records of their own (core/command).
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_CAP = HF_RECORD_MAX_LEN, SLOW_MS = 60000 };

static const char *const ranks[] = { "id/", "state/", "rcpt/", "alarm/", "seal/", "tele/" };
enum { N_RANKS = sizeof(ranks) / sizeof(ranks[0]), RANK_SEAL = 4 };

static uint8_t rank_of(const char *topic)
{
	for (int i = 0; i < N_RANKS; i++)
		if (strncmp(topic, ranks[i], strlen(ranks[i])) == 0)
			return (uint8_t)i;
	return N_RANKS;
}

static enum hf_record record_of(int index)
{
	return (enum hf_record)(HF_REC_OUTBOX_BASE + index);
}

static void drop(struct keyproc *k, struct key_up *u)
{
	if (u->record >= 0 && hf_port_destroy(&k->port, record_of(u->record)) != HF_OK)
		hf_log(HF_LOG_WARN, "outbox", "record not removed", "record=%d", u->record);
	k->up_bytes -= u->len;
	free(u->data);
	*u = (struct key_up){ .record = -1 };
}

static struct key_up *free_entry(struct keyproc *k, size_t len)
{
	if (k->up_bytes + len > KEY_UP_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		if (k->up[i].token == 0)
			return &k->up[i];
	return NULL;
}

/* The oldest of the least important; frames and telemetry only. */
static struct key_up *least(struct keyproc *k)
{
	struct key_up *found = NULL;

	for (size_t i = 0; i < KEY_UP_MAX; i++) {
		struct key_up *u = &k->up[i];

		if (u->token == 0 || u->rank < RANK_SEAL)
			continue;
		if (found == NULL || u->rank > found->rank ||
		    (u->rank == found->rank && u->token < found->token))
			found = u;
	}
	return found;
}

/* Room for a message of this rank; telemetry goes for what matters more, never the other way round. */
static struct key_up *make_room(struct keyproc *k, uint8_t rank, size_t len)
{
	struct key_up *u = free_entry(k, len);

	while (u == NULL) {
		struct key_up *victim = least(k);

		if (victim == NULL || victim->rank < rank)
			return NULL;
		k->dropped++;
		drop(k, victim);
		u = free_entry(k, len);
	}
	return u;
}

static int free_record(const struct keyproc *k)
{
	for (int r = 0; r < KEY_OUTBOX_RECORDS; r++) {
		bool used = false;

		for (size_t i = 0; i < KEY_UP_MAX && !used; i++)
			used = k->up[i].token != 0 && k->up[i].record == r;
		if (!used)
			return r;
	}
	return -1;
}

static hf_err store(struct keyproc *k, struct key_up *u)
{
	static uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	int record = free_record(k);
	struct hf_cborw w;

	if (record < 0)
		return HF_ERR_AGENT_FULL;
	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 5);
	hf_cbor_put_text(&w, HF_STR("hf-up1"));
	hf_cbor_put_uint(&w, u->token);
	hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)u->topic, strlen(u->topic) });
	hf_cbor_put_uint(&w, u->expiry_s);
	hf_cbor_put_bytes(&w, (hf_bytes){ u->data, u->len });
	HF_TRY(hf_cbor_finish(&w));
	HF_TRY(hf_port_replace(&k->port, record_of(record), hf_out_bytes(&out)));
	u->record = record;
	return HF_OK;
}

static hf_err fill(struct keyproc *k, struct key_up *u, const char *topic, hf_bytes payload)
{
	uint8_t *data = malloc(payload.len + 1);

	if (data == NULL)
		return HF_ERR_HOST_MEMORY;
	if (payload.len > 0)
		memcpy(data, payload.ptr, payload.len);
	*u = (struct key_up){ .token = ++k->next_token, .rank = rank_of(topic), .record = -1, .qos = 1 };
	(void)snprintf(u->topic, sizeof(u->topic), "%s", topic);
	u->data = data;
	u->len = payload.len;
	k->up_bytes += payload.len;
	return HF_OK;
}

hf_err key_up_put(struct keyproc *k, const char *topic, hf_bytes payload, unsigned flags)
{
	struct key_up *u = make_room(k, rank_of(topic), payload.len);
	hf_err err = HF_OK;

	if (u == NULL || payload.len > AGENT_PAYLOAD_CAP)
		return HF_ERR_AGENT_FULL;
	HF_TRY(fill(k, u, topic, payload));
	u->app_ack = (flags & KEY_UP_ACK) != 0;
	u->qos = (flags & KEY_UP_QOS0) != 0 ? 0 : 1;
	if ((flags & KEY_UP_STORE) != 0)
		err = store(k, u);
	if (err != HF_OK) {
		drop(k, u);
		return err;
	}
	if (k->session_up)
		key_look(k);
	return HF_OK;
}

/* One record of an earlier run; a damaged one is removed. */
static hf_err load(struct keyproc *k, int record)
{
	static uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	hf_bytes topic = { NULL, 0 }, payload = { NULL, 0 };
	uint64_t order = 0, expiry = 0;
	char text[AGENT_TOPIC_CAP] = "";
	struct key_up *u;
	struct hf_cborr r;
	hf_err err = hf_port_read(&k->port, record_of(record), &out);

	if (err == HF_ERR_PORT_ABSENT || err == HF_ERR_PORT_STORAGE)
		return err == HF_ERR_PORT_ABSENT ? HF_OK : err;
	hf_cbor_reader(&r, hf_out_bytes(&out));
	hf_cbor_expect_array(&r, 5);
	hf_cbor_expect_text(&r, HF_STR("hf-up1"));
	hf_cbor_read_uint(&r, &order);
	hf_cbor_read_text_max(&r, AGENT_TOPIC_CAP - 1, &topic);
	hf_cbor_read_uint_max(&r, UINT32_MAX, &expiry);
	hf_cbor_read_bytes(&r, &payload);
	if (err != HF_OK || hf_cbor_done(&r) != HF_OK || order == 0)
		return hf_port_destroy(&k->port, record_of(record));
	memcpy(text, topic.ptr, topic.len);
	u = free_entry(k, payload.len);
	if (u == NULL)
		return HF_OK; /* stays in its record until there is room at the next start */
	HF_TRY(fill(k, u, text, payload));
	u->token = order;
	u->record = record;
	u->app_ack = true;
	u->expiry_s = (uint32_t)expiry;
	return HF_OK;
}

hf_err key_up_open(struct keyproc *k)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < KEY_UP_MAX; i++)
		k->up[i].record = -1;
	for (int r = 0; r < KEY_OUTBOX_RECORDS; r++)
		HF_TRY(load(k, r));
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		highest = k->up[i].token > highest ? k->up[i].token : highest;
	k->next_token = highest;
	return HF_OK;
}

void key_up_close(struct keyproc *k)
{
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		free(k->up[i].data);
	memset(k->up, 0, sizeof(k->up));
}

void key_up_forget(struct keyproc *k, const char *class_prefix)
{
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		if (k->up[i].token != 0 && strncmp(k->up[i].topic, class_prefix, strlen(class_prefix)) == 0)
			drop(k, &k->up[i]);
}

/* A new session sends again whatever the application has not acknowledged. */
void key_up_session(struct keyproc *k, bool up)
{
	(void)up;
	for (size_t i = 0; i < KEY_UP_MAX; i++) {
		k->up[i].in_flight = false;
		k->up[i].sent = false;
		k->up[i].not_before_ms = 0;
	}
}

static bool ready(const struct key_up *u, uint64_t now)
{
	return u->token != 0 && !u->in_flight && !u->sent && u->not_before_ms <= now;
}

hf_err key_on_pull(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;
	struct key_up *next = NULL;
	uint64_t now = hf_now_ms();
	struct agent_up up = { .token = 0 };

	(void)body;
	reply->len = 0;
	if (!k->session_up)
		return HF_OK;
	for (size_t i = 0; i < KEY_UP_MAX; i++) {
		struct key_up *u = &k->up[i];

		if (!ready(u, now))
			continue;
		if (next == NULL || u->rank < next->rank || (u->rank == next->rank && u->token < next->token))
			next = u;
	}
	if (next == NULL)
		return HF_OK;
	next->in_flight = true;
	up.token = next->token;
	memcpy(up.topic, next->topic, sizeof(up.topic));
	up.qos = next->qos;
	up.expiry_s = next->expiry_s;
	up.payload = (hf_bytes){ next->data, next->len };
	return msg_up_write(&up, reply);
}

static struct key_up *by_token(struct keyproc *k, uint64_t token)
{
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		if (k->up[i].token == token && token != 0)
			return &k->up[i];
	return NULL;
}

/* PUBACK 16: the server is absent, keep it and try in random(5, 60) s. 135: over budget, one try a minute. */
static uint64_t later_ms(struct keyproc *k, uint64_t reason)
{
	uint8_t raw = 0;

	if (reason != 16 || hf_port_random(&k->port, &raw, 1) != HF_OK)
		return SLOW_MS;
	return 5000 + (uint64_t)raw * 55000 / 255;
}

hf_err key_on_sent(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;
	uint64_t v[2] = { 0, 0 };
	struct key_up *u;

	reply->len = 0;
	HF_TRY(msg_numbers_read(body, v, 2));
	u = by_token(k, v[0]);
	if (u == NULL)
		return HF_OK;
	u->in_flight = false;
	if (v[1] != 0) {
		u->not_before_ms = hf_now_ms() + later_ms(k, v[1]);
		if (!u->app_ack && u->rank > RANK_SEAL && v[1] != 16) { /* telemetry goes first */
			k->dropped++;
			drop(k, u);
		}
	} else if (u->app_ack) {
		u->sent = true;
	} else {
		drop(k, u);
	}
	return HF_OK;
}

void key_up_acked(struct keyproc *k, hf_bytes id, hf_bytes payload)
{
	uint8_t hash[HF_SHA256_LEN];

	for (size_t i = 0; i < KEY_UP_MAX; i++) {
		struct key_up *u = &k->up[i];
		const char *own = strchr(u->topic, '/');
		hf_bytes data = { u->data, u->len };

		if (u->token == 0 || !u->app_ack || own == NULL || strlen(own + 1) != id.len ||
		    memcmp(own + 1, id.ptr, id.len) != 0)
			continue;
		if (hf_crypto_sha256(&data, 1, hash) != HF_OK || !hf_bytes_equal(HF_ARR(hash), payload))
			continue;
		if (strncmp(u->topic, "rcpt/", 5) == 0)
			key_cmd_acked(k, data);
		drop(k, u);
	}
}

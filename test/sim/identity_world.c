/* The device of the simulations: what its program does with the wants of the machine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "identity_server.h"

static hf_err make(void *ctx, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_key secret;

	(void)ctx;
	HF_TRY(hf_crypto_p256_generate(&secret, pub));
	return hf_out_put(blob, (hf_bytes){ secret.b, secret.len });
}

static hf_err open_key(void *ctx, unsigned slot, hf_bytes blob, struct hf_hwkey *key)
{
	struct world *w = ctx;

	memcpy(w->secret[slot].b, blob.ptr, HF_KEY_CAP);
	w->secret[slot].len = HF_KEY_CAP;
	return hf_crypto_p256_hwkey(&w->secret[slot], key);
}

static hf_err endorse0(void *ctx, const struct hf_endorse *e, struct hf_out *out)
{
	return hf_endorse_write_claim(e, &((struct world *)ctx)->ko, out);
}

void world_open(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	hf_fake_init(&w->port, seed);
	w->ko = (struct hf_key){ { 5 }, HF_KEY_CAP };
	w->keys = (struct hf_renew_keys){ w, make, open_key, endorse0 };
	w->server.now_s = w->port.clock.unix_s;
	w->server.life_s = 90 * DAY;
	w->session = -1;
}

void world_close(struct world *w)
{
	hf_fake_free(&w->port);
}

static void take_want(struct world *w)
{
	hf_renew_want(&w->renew, &w->want);
	w->alarms += w->want.alarm;
	if (w->session >= 0 && w->want.session != w->session)
		w->session = -1;
}

void world_boot(struct world *w)
{
	const struct hf_renew_setup setup = { &w->port, &w->keys, 1700000000 };

	w->session = -1;
	w->refused_until_ms = 0;
	assert_int_equal(hf_renew_init(&w->renew, &setup), HF_OK);
	take_want(w);
}

/* An error of storage is met with another tick later; everything else would be a bug of the test. */
static void step(struct world *w, struct hf_renew_event ev)
{
	hf_err err = hf_renew_step(&w->renew, &ev);

	if (err != HF_OK)
		assert_int_equal(err, HF_ERR_PORT_STORAGE);
	take_want(w);
}

static void power_off(struct world *w)
{
	w->message_cuts++;
	longjmp(w->power, 1);
}

/* Count one message; cut here if this is the one. */
static void message(struct world *w)
{
	w->n_messages++;
	if (w->message_how == MESSAGE_LOST && w->n_messages == w->message_cut_at)
		power_off(w);
}

static void answer(struct world *w)
{
	if (w->message_how == ANSWER_LOST && w->n_messages == w->message_cut_at)
		power_off(w);
}

static void do_request(struct world *w)
{
	const uint8_t *pub = w->renew.slot[w->want.request_slot].signing;
	struct hf_renew_event ev = { .kind = HF_RENEW_FAILED };
	struct hf_leaf leaf;

	message(w);
	if (!w->server.est_down && !w->server.network_down)
		ev.kind = w->want.request_auth < 0
				  ? server_enrol(&w->server, pub, &leaf)
				  : server_renew(&w->server, &w->renew.slot[w->want.request_auth].leaf, pub,
						 &leaf);
	answer(w);
	if (ev.kind == HF_RENEW_CERT)
		ev.leaf = &leaf;
	step(w, ev);
}

static void do_session(struct world *w)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_SESSION, .slot = (unsigned)w->want.session };

	message(w);
	if (w->server.broker_down || w->server.network_down)
		return; /* no network is no refusal */
	if (!server_connect(&w->server, &w->renew.slot[ev.slot].leaf)) {
		ev.kind = HF_RENEW_SESSION_REFUSED;
		w->refused_until_ms = w->port.clock.boot_ms + 900 * 1000;
	}
	answer(w);
	w->session = ev.kind == HF_RENEW_SESSION ? (int)ev.slot : -1;
	w->acked = false;
	step(w, ev);
}

static void publish_endorsement(struct world *w, unsigned slot)
{
	const struct hf_renew_slot *s = &w->renew.slot[slot];

	if (!s->has_cert || s->endorsement_len == 0)
		return;
	message(w);
	server_endorse(&w->server, (hf_bytes){ s->endorsement, s->endorsement_len });
	answer(w);
}

static void do_hello(struct world *w)
{
	uint8_t mem[HF_HELLO_MAX_LEN], ack_mem[HF_HELLO_ACK_MAX_LEN];
	struct hf_out out = HF_OUT(mem), ack = HF_OUT(ack_mem);
	unsigned slot = (unsigned)w->session;
	const struct hf_leaf *leaf = &w->renew.slot[slot].leaf;
	struct hf_hello h = { .boot_count = w->port.clock.boot_count, .promoted = w->want.promoted };
	struct hf_hwkey key;
	uint64_t heard = 0;

	if (w->want.endorse) {
		publish_endorsement(w, 1 - slot);
		publish_endorsement(w, slot);
	}
	memcpy(h.serial, leaf->serial, sizeof(h.serial));
	assert_int_equal(hf_renew_signing_key(&w->renew, slot, &key), HF_OK);
	assert_int_equal(hf_hello_write(&h, &key, &out), HF_OK);
	message(w);
	server_hello(&w->server, hf_out_bytes(&out), leaf, &ack);
	answer(w);
	assert_int_equal(hf_hello_ack_read(hf_out_bytes(&ack), hf_out_bytes(&out), &heard), HF_OK);
	(void)!hf_floor_raise(&w->renew.floor, &w->port, (int64_t)heard, w->server.now_s + 365 * DAY);
	w->acked = true;
	if (h.promoted)
		step(w, (struct hf_renew_event){ .kind = HF_RENEW_ACK });
}

void world_sleep(struct world *w, int64_t s)
{
	w->server.now_s += s;
	hf_fake_advance(&w->port, (uint64_t)s * 1000);
}

static void leave_dead_session(struct world *w)
{
	if (w->session < 0)
		return;
	if (w->server.broker_down || w->server.network_down ||
	    w->server.now_s >= w->renew.slot[w->session].leaf.not_after) /* the plugin kicks at notAfter */
		w->session = -1;
}

void world_turn(struct world *w, int64_t max_s)
{
	int64_t s;

	leave_dead_session(w);
	step(w, (struct hf_renew_event){ .kind = HF_RENEW_TICK, .settled = w->session >= 0 });
	if (w->want.request)
		do_request(w);
	if (w->session < 0 && w->want.session >= 0 && w->port.clock.boot_ms >= w->refused_until_ms)
		do_session(w);
	/* A promotion that a full disk delayed: the hello of this session is said again. */
	if (w->session >= 0 && (!w->acked || w->renew.state == HF_RENEW_PROMOTED))
		do_hello(w);
	s = w->want.wake_ms > w->port.clock.boot_ms
		    ? (int64_t)(w->want.wake_ms - w->port.clock.boot_ms + 999) / 1000
		    : 1;
	world_sleep(w, s < max_s ? s : max_s);
}

int world_confirmed(const struct world *w)
{
	int n = 0;

	for (int i = 0; i < w->server.n_rows; i++)
		n += w->server.rows[i].state == CONFIRMED || w->server.rows[i].state == SUPERSEDED;
	return n;
}

void world_run_until(struct world *w, int certs)
{
	for (int i = 0; i < 4000; i++) {
		world_turn(w, HOUR);
		if (w->server.quarantined)
			fail_msg("quarantined: %s", w->server.why);
		if (w->renew.state != HF_RENEW_STABLE || w->session < 0)
			continue;
		if (world_confirmed(w) >= certs)
			return;
		world_sleep(w, w->server.life_s / 50); /* quiet days between renewals */
	}
	fail_msg("stuck in state %d", (int)w->renew.state);
}

static void check_endorsements(struct world *w, const uint8_t *pub)
{
	const struct server *s = &w->server;
	struct hf_endorse have, next;

	assert_true(s->n_endorsements > 0);
	assert_int_equal(hf_endorse_open_claim((hf_bytes){ s->endorsements[0], s->endorsement_len[0] },
					       HF_STR(DEV), &w->ko, &have),
			 HF_OK);
	for (int i = 1; i < s->n_endorsements; i++) {
		assert_int_equal(hf_endorse_open_next((hf_bytes){ s->endorsements[i], s->endorsement_len[i] },
						      &have, &next),
				 HF_OK);
		have = next;
	}
	assert_int_equal(hf_endorse_check_key(&have, pub), HF_OK);
}

void world_check(struct world *w)
{
	const struct server *s = &w->server;
	const struct row *newest = &s->rows[s->n_rows - 1];

	if (s->quarantined)
		fail_msg("quarantined: %s", s->why);
	assert_int_equal(w->renew.state, HF_RENEW_STABLE);
	assert_true(w->session >= 0);
	assert_int_equal(newest->state, CONFIRMED);
	assert_memory_equal(w->renew.slot[w->session].leaf.serial, newest->leaf.serial, HF_SERIAL_LEN);
	assert_true(hf_fake_has(&w->port, HF_REC_KEY0) != hf_fake_has(&w->port, HF_REC_KEY1));
	assert_true(hf_fake_has(&w->port, HF_REC_SLOT0) != hf_fake_has(&w->port, HF_REC_SLOT1));
	check_endorsements(w, newest->leaf.pub);
}

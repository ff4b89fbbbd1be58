/* gate_connect.c -- admission.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "gate_priv.h"

static const char bus_user[] = "hf-bus";

struct judged {
	const struct hf_connect *c;
	const struct hf_row *row;
	int64_t now_s;
};

static bool is_superseded(const struct judged *j)
{
	return j->row->state == HF_ROW_SUPERSEDED;
}

static bool is_bad_row(const struct judged *j)
{
	return !hf__row_is_good(j->row, j->now_s);
}

static bool is_other_cn(const struct judged *j)
{
	return strlen(j->c->cn) != 3 + HF_TABLE_DEV_LEN || memcmp(j->c->cn, "hf-", 3) != 0 ||
	       memcmp(j->c->cn + 3, j->row->dev, HF_TABLE_DEV_LEN) != 0;
}

static bool is_other_id(const struct judged *j)
{
	return j->c->id == NULL || strlen(j->c->id) != HF_TABLE_DEV_LEN ||
	       memcmp(j->c->id, j->row->dev, HF_TABLE_DEV_LEN) != 0;
}

static bool is_old_mqtt(const struct judged *j)
{
	return j->c->version != 5;
}

static bool is_persistent(const struct judged *j)
{
	return !j->c->clean_start;
}

/* In this order; the first that holds refuses. */
static const struct {
	bool (*holds)(const struct judged *j);
	const char *alarm; /* NULL: counted only */
} refusals[] = {
	{ is_superseded, "superseded" }, { is_bad_row, NULL },  { is_other_cn, "identity" },
	{ is_other_id, "identity" },     { is_old_mqtt, NULL }, { is_persistent, NULL },
};

static enum hf_answer refuse(struct hf_gate *g)
{
	g->count[HF_COUNT_REFUSED]++;
	return HF_REFUSE;
}

static enum hf_answer throttle(struct hf_gate *g)
{
	g->count[HF_COUNT_THROTTLED]++;
	return HF_LATER;
}

static enum hf_answer admit_bus(struct hf_gate *g, const void *client, const struct hf_connect *c,
				const char **user)
{
	if (c->user == NULL || strcmp(c->user, bus_user) != 0 || c->version != 5)
		return refuse(g);
	if (hf__session_add(&g->sessions, client, NULL) == NULL)
		return HF_LATER;
	*user = bus_user;
	return HF_ADMIT;
}

static bool is_refused(struct hf_gate *g, const struct judged *j, const struct hf_now *now)
{
	char dev[HF_TABLE_DEV_LEN + 1] = { 0 };

	memcpy(dev, j->row->dev, HF_TABLE_DEV_LEN);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (!refusals[i].holds(j))
			continue;
		if (refusals[i].alarm != NULL)
			hf__gate_alarm(g, refusals[i].alarm, dev, j->c->address, "", now);
		return true;
	}
	return false;
}

/* The old session is still live: a reconnect the broker has not noticed, a NAT rebind, or a clone. */
static void watch_takeover(struct hf_gate *g, struct hf_device *device, const struct hf_connect *c,
			   const struct hf_net *net, const struct hf_now *now)
{
	const struct hf_session *old = device->sessions;

	if (old == NULL)
		return;
	if (memcmp(old->hash, c->hash, sizeof(old->hash)) != 0)
		hf__gate_alarm(g, "two-certificates", device->dev, c->address, old->address, now);
	if (now->ms - old->traffic_ms < HF_CLONE_TRAFFIC_MS && !hf__net_equal(&old->net, net) &&
	    hf__takeovers_add(&device->takeovers, now->ms))
		hf__gate_alarm(g, "clone", device->dev, c->address, old->address, now);
}

static enum hf_answer open_session(struct hf_gate *g, const void *client, const struct hf_connect *c,
				   struct hf_device *device, const struct hf_row *row,
				   const struct hf_now *now)
{
	struct hf_net net = hf__net_of(c->address);
	struct hf_session *s;
	struct hf_out hex;

	watch_takeover(g, device, c, &net, now);
	s = hf__session_add(&g->sessions, client, device);
	if (s == NULL)
		return HF_LATER;
	memcpy(s->hash, c->hash, sizeof(s->hash));
	hex = (struct hf_out){ (uint8_t *)s->hex, sizeof(s->hex) - 1, 0 };
	if (hf_hex_encode(HF_ARR(s->hash), &hex) != HF_OK) {
		hf__session_drop(&g->sessions, s);
		return HF_LATER;
	}
	s->quarantined = row->state == HF_ROW_QUARANTINED;
	s->net = net;
	s->traffic_ms = now->ms;
	strncpy(s->address, c->address == NULL ? "" : c->address, sizeof(s->address) - 1);
	g->count[HF_COUNT_ADMITTED]++;
	hf__gate_tell_up(g, s);
	return HF_ADMIT;
}

static enum hf_answer admit_device(struct hf_gate *g, const void *client, const struct hf_connect *c,
				   const struct hf_now *now, const char **user)
{
	struct judged j = { c, hf__table_find(&g->feed.live, c->hash), hf__gate_time(g, now) };
	struct hf_device *device;

	if (j.row == NULL) {
		hf__gate_alarm(g, "unknown-certificate", "", c->address, "", now);
		return refuse(g);
	}
	if (is_refused(g, &j, now))
		return refuse(g);
	device = hf__device_get(&g->sessions, c->id);
	if (device == NULL)
		return HF_LATER;
	if (device->refuse_until_ms > now->ms)
		return refuse(g);
	if (!hf__bucket_take(&device->connects, &hf__connect_device, 1, now->ms))
		return throttle(g);
	*user = device->dev;
	return open_session(g, client, c, device, j.row, now);
}

/* SIGHUP asks again for each live client: only what may have changed counts. */
static enum hf_answer recheck(struct hf_gate *g, const struct hf_session *s, const struct hf_now *now,
			      const char **user)
{
	*user = s->device == NULL ? bus_user : s->device->dev;
	return hf__gate_is_bad(g, s, now) ? refuse(g) : HF_ADMIT;
}

static bool is_same(const struct hf_session *s, const struct hf_connect *c)
{
	if (s->device == NULL)
		return c->local;
	return c->has_cert && memcmp(s->hash, c->hash, sizeof(s->hash)) == 0;
}

enum hf_answer hf__gate_connect(struct hf_gate *g, const void *client, const struct hf_connect *c,
				const struct hf_now *now, const char **user)
{
	struct hf_session *known = hf__session_find(&g->sessions, client);
	struct hf_net net = hf__net_of(c->address);

	if (known != NULL && is_same(known, c))
		return recheck(g, known, now, user);
	if (known != NULL) /* memory used again for another connection, whose end nobody told us */
		hf__gate_gone(g, client);
	if (c->local)
		return admit_bus(g, client, c, user);
	if (!c->has_cert)
		return refuse(g);
	if (!hf__sources_take(&g->sources, &net, now->ms) ||
	    !hf__bucket_take(&g->connects, &hf__connect_broker, 1, now->ms))
		return throttle(g);
	if (!hf__feed_is_usable(&g->feed, now->ms)) {
		g->count[HF_COUNT_LATER]++;
		return HF_LATER;
	}
	return admit_device(g, client, c, now, user);
}

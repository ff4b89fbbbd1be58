/* gate.c -- live sessions: access, frames of the bus, periodic work.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "gate_priv.h"

enum {
	SWEEP_MS = 2000, /* every session and device is looked at once in this time */
	COUNTERS_MS = 10000,
	RESYNC_SLOTS = 512,  /* per tick */
	RESYNC_ROOM = 65536, /* leave this much for what happens meanwhile */
	QUIET_MS = 60000,    /* one alarm of a kind per device and minute */
};

static const struct hf_bucket_rule alarm_rule = { 100, 600 };

hf_err hf__gate_init(struct hf_gate *g, uint8_t *out, size_t out_cap, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	if (out == NULL || out_cap < RESYNC_ROOM * 2)
		return HF_ERR_PLUGIN_ROOM;
	g->out = (struct hf_out){ out, out_cap, 0 };
	g->sessions.seed = seed;
	g->sources.seed = hf__map_mix(seed + 1);
	return HF_OK;
}

void hf__gate_free(struct hf_gate *g)
{
	hf__sessions_free(&g->sessions);
	hf__feed_free(&g->feed);
}

int64_t hf__gate_time(const struct hf_gate *g, const struct hf_now *now)
{
	return g->feed.time_s > now->unix_s ? g->feed.time_s : now->unix_s;
}

static void sent(struct hf_gate *g, hf_err err)
{
	if (err != HF_OK)
		g->out_full = true;
}

void hf__gate_tell_up(struct hf_gate *g, const struct hf_session *s)
{
	if (g->link_up)
		sent(g, hf__frame_put_up(&g->out, s->device->dev, s->hash, s->address));
}

void hf__gate_tell_down(struct hf_gate *g, const struct hf_session *s)
{
	if (g->link_up)
		sent(g, hf__frame_put_down(&g->out, s->device->dev, s->hash));
}

void hf__gate_alarm(struct hf_gate *g, const char *kind, const char *dev, const char *address,
		    const char *detail, const struct hf_now *now)
{
	struct hf_device *device = dev[0] == '\0' ? NULL : hf__device_get(&g->sessions, dev);
	bool quiet =
		device != NULL && device->quiet_until_ms > now->ms && strcmp(kind, device->quiet_kind) == 0;

	if (quiet)
		return;
	if (!g->link_up || !hf__bucket_take(&g->alarms, &alarm_rule, 1, now->ms)) {
		g->count[HF_COUNT_ALARMS_LOST]++;
		return;
	}
	if (device != NULL) {
		device->quiet_until_ms = now->ms + QUIET_MS;
		device->quiet_kind = kind;
	}
	sent(g, hf__frame_put_alarm(&g->out, kind, dev, address == NULL ? "" : address, detail));
}

bool hf__gate_is_bad(const struct hf_gate *g, const struct hf_session *s, const struct hf_now *now)
{
	const struct hf_row *row;

	if (s->device == NULL)
		return false;
	row = hf__table_find(&g->feed.live, s->hash);
	if (!hf__row_is_good(row, hf__gate_time(g, now)))
		return true;
	return row->state == HF_ROW_QUARANTINED && !s->quarantined;
}

void hf__gate_gone(struct hf_gate *g, const void *client)
{
	struct hf_session *s = hf__session_find(&g->sessions, client);
	bool was_newest;

	if (s == NULL)
		return;
	was_newest = s->device != NULL && s->device->sessions == s;
	/* An overtaken session ends in silence; should the newer one end first, the older is back. */
	if (was_newest && s->next == NULL)
		hf__gate_tell_down(g, s);
	else if (was_newest)
		hf__gate_tell_up(g, s->next);
	hf__session_drop(&g->sessions, s);
}

const char *hf__gate_cert(struct hf_gate *g, const void *client)
{
	const struct hf_session *s = hf__session_find(&g->sessions, client);

	return s == NULL || s->device == NULL ? NULL : s->hex;
}

static enum hf_permit deny(struct hf_gate *g, struct hf_session *s, const struct hf_now *now)
{
	g->count[HF_COUNT_DENIED]++;
	if (s == NULL || s->device == NULL || !hf__denials_add(&s->device->denials, now->ms))
		return HF_DENY;
	s->device->refuse_until_ms = now->ms + HF_FLOOD_REFUSE_MS;
	s->device->denials = (struct hf_denials){ 0 };
	g->count[HF_COUNT_FLOODS]++;
	hf__gate_alarm(g, "flood", s->device->dev, s->address, "", now);
	return HF_CLOSE;
}

static bool bus_may(int access, const struct hf_acl_msg *m)
{
	switch (access) {
	case HF_ACCESS_READ:
		return hf__acl_bus_read(m->topic);
	case HF_ACCESS_WRITE:
		return hf__acl_bus_write(m);
	case HF_ACCESS_SUBSCRIBE:
	case HF_ACCESS_UNSUBSCRIBE:
		return hf__acl_bus_subscribe(m->topic);
	default:
		return false;
	}
}

static bool device_may(struct hf_session *s, const struct hf_row *row, int access, const struct hf_acl_msg *m,
		       const struct hf_now *now)
{
	const char *dev = s->device->dev;
	bool quarantined = row->state == HF_ROW_QUARANTINED;

	switch (access) {
	case HF_ACCESS_READ:
		return hf__acl_device_read(dev, quarantined, m->topic);
	case HF_ACCESS_WRITE:
		s->traffic_ms = now->ms;
		return hf__acl_device_write(dev, quarantined, m) &&
		       hf__budget_take(&s->device->budget, row->budget, m->len, now->ms);
	case HF_ACCESS_SUBSCRIBE:
	case HF_ACCESS_UNSUBSCRIBE:
		s->traffic_ms = now->ms;
		return hf__acl_device_subscribe(dev, m->topic);
	default:
		return false;
	}
}

enum hf_permit hf__gate_access(struct hf_gate *g, const void *client, int access, const struct hf_acl_msg *m,
			       const struct hf_now *now)
{
	struct hf_session *s = hf__session_find(&g->sessions, client);
	const struct hf_row *row;

	if (s == NULL)
		return deny(g, NULL, now);
	if (s->device == NULL)
		return bus_may(access, m) ? HF_PERMIT : deny(g, s, now);
	/* In a takeover the broker publishes the old session's will before it tells us of the end: with
	 * properties of its own, so with any hf-cert it likes. */
	if (s->device->sessions != s)
		return HF_DENY;
	row = hf__table_find(&g->feed.live, s->hash);
	if (hf__row_is_good(row, hf__gate_time(g, now)) && device_may(s, row, access, m, now))
		return HF_PERMIT;
	/* A delivery the device may not read is not the device's doing. */
	return access == HF_ACCESS_READ ? HF_DENY : deny(g, s, now);
}

static void kick_if_bad(struct hf_gate *g, const struct hf_session *s, const struct hf_now *now)
{
	if (hf__gate_is_bad(g, s, now))
		hf__kick_add(&g->sessions, s->device);
}

static void row_changed(struct hf_gate *g, const struct hf_row *row, const struct hf_now *now)
{
	struct hf_device *device = hf__device_find(&g->sessions, row->dev);

	for (struct hf_session *s = device == NULL ? NULL : device->sessions; s != NULL; s = s->next)
		kick_if_bad(g, s, now);
}

static void all_changed(struct hf_gate *g, const struct hf_now *now)
{
	struct hf_map *m = &g->sessions.by_client;

	for (size_t i = 0; i < m->cap; i++)
		for (struct hf_node *node = m->slots[i]; node != NULL; node = node->next)
			kick_if_bad(g, (struct hf_session *)node, now);
	g->count[HF_COUNT_SNAPSHOTS]++;
	g->resync = true;
	g->resync_at = 0;
	g->resync_cap = m->cap;
}

bool hf__gate_frame(struct hf_gate *g, hf_bytes body, const struct hf_now *now)
{
	struct hf_frame frame;
	struct hf_device *device;

	if (hf__frame_read(body, &frame) != HF_OK) {
		g->count[HF_COUNT_BAD_FRAMES]++;
		return false;
	}
	switch (hf__feed_frame(&g->feed, &frame, now->ms)) {
	case HF_FEED_ASK:
		sent(g, hf__frame_put_hello(&g->out, g->feed.epoch));
		break;
	case HF_FEED_ROW:
		row_changed(g, &frame.row, now);
		break;
	case HF_FEED_SWAPPED:
		all_changed(g, now);
		break;
	case HF_FEED_KICK:
		device = hf__device_find(&g->sessions, frame.dev);
		if (device != NULL && device->sessions != NULL) {
			device->kick_forced = true;
			hf__kick_add(&g->sessions, device);
		}
		break;
	case HF_FEED_BROKEN:
		return false;
	case HF_FEED_NOTHING:
		break;
	}
	return true;
}

void hf__gate_link(struct hf_gate *g, const struct hf_now *now)
{
	g->out.len = 0;
	g->out_full = false;
	g->link_up = true;
	g->resync = false;
	g->count[HF_COUNT_LINKS]++;
	hf__feed_reset(&g->feed, now->ms);
	sent(g, hf__frame_put_hello(&g->out, g->feed.epoch));
}

bool hf__gate_kick(struct hf_gate *g, const struct hf_now *now, char dev[static HF_TABLE_DEV_LEN + 1])
{
	while (hf__kick_take(&g->sessions, dev)) {
		struct hf_device *device = hf__device_find(&g->sessions, dev);
		bool forced;

		/* The broker kicks by client id, which the newest session holds; an older one is already
		 * being taken over and must not drag a good one out. */
		forced = device != NULL && device->kick_forced;
		if (device != NULL)
			device->kick_forced = false;
		if (device == NULL || device->sessions == NULL)
			continue;
		if (!forced && !hf__gate_is_bad(g, device->sessions, now))
			continue;
		g->count[HF_COUNT_KICKS]++;
		return true;
	}
	return false;
}

/* Slots to visit now so that a whole round takes SWEEP_MS. */
static size_t slice(size_t cap, int64_t passed_ms)
{
	if (passed_ms >= SWEEP_MS || cap == 0)
		return cap;
	return cap * (size_t)passed_ms / SWEEP_MS + 1;
}

static void sweep_sessions(struct hf_gate *g, size_t n, const struct hf_now *now)
{
	const struct hf_map *m = &g->sessions.by_client;

	for (; n > 0; n--, g->sweep_at++)
		for (struct hf_node *node = m->slots[g->sweep_at & (m->cap - 1)]; node; node = node->next)
			kick_if_bad(g, (struct hf_session *)node, now);
}

static void sweep_devices(struct hf_gate *g, size_t n, const struct hf_now *now)
{
	const struct hf_map *m = &g->sessions.by_dev;

	for (; n > 0; n--, g->forget_at++) {
		struct hf_node *node = m->slots[g->forget_at & (m->cap - 1)];

		while (node != NULL) {
			struct hf_node *next = node->next;

			hf__device_forget(&g->sessions, (struct hf_device *)node, now->ms);
			node = next;
		}
	}
}

static void resync(struct hf_gate *g)
{
	const struct hf_map *m = &g->sessions.by_client;

	if (g->resync_cap != m->cap) { /* the map grew: once more from the start */
		g->resync_cap = m->cap;
		g->resync_at = 0;
	}
	for (size_t n = 0; n < RESYNC_SLOTS && g->resync_at < m->cap; n++, g->resync_at++) {
		if (g->out.cap - g->out.len < RESYNC_ROOM)
			return;
		for (struct hf_node *node = m->slots[g->resync_at]; node != NULL; node = node->next)
			if (((struct hf_session *)node)->device != NULL)
				hf__gate_tell_up(g, (struct hf_session *)node);
	}
	g->resync = g->resync_at < m->cap;
}

void hf__gate_tick(struct hf_gate *g, const struct hf_now *now)
{
	int64_t passed = now->ms - g->sweep_ms;

	if (passed > 0) {
		g->sweep_ms = now->ms;
		sweep_sessions(g, slice(g->sessions.by_client.cap, passed), now);
		sweep_devices(g, slice(g->sessions.by_dev.cap, passed), now);
	}
	if (g->resync && g->link_up)
		resync(g);
	if (g->link_up && now->ms - g->counters_ms >= COUNTERS_MS) {
		g->counters_ms = now->ms;
		g->count[HF_COUNT_SESSIONS] = g->sessions.by_client.n;
		g->count[HF_COUNT_ROWS] = g->feed.live.n;
		sent(g, hf__frame_put_counters(&g->out, g->count, HF_COUNTERS));
	}
}

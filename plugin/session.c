/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "session.h"

static uint64_t client_hash(const void *client)
{
	return hf__map_mix((uint64_t)(uintptr_t)client);
}

static uint64_t dev_hash(const struct hf_sessions *s, const char *dev)
{
	return hf__map_hash((hf_bytes){ (const uint8_t *)dev, HF_TABLE_DEV_LEN }, s->seed);
}

static void free_nodes(struct hf_map *m)
{
	for (size_t i = 0; i < m->cap; i++) {
		struct hf_node *node = m->slots[i];

		while (node != NULL) {
			struct hf_node *next = node->next;

			free(node);
			node = next;
		}
	}
	hf__map_free(m);
}

void hf__sessions_free(struct hf_sessions *s)
{
	free_nodes(&s->by_client);
	free_nodes(&s->by_dev);
	s->kicks = NULL;
	s->last = NULL;
}

struct hf_session *hf__session_find(struct hf_sessions *s, const void *client)
{
	struct hf_node *node;

	if (s->last != NULL && s->last->client == client)
		return s->last;
	node = hf__map_first(&s->by_client, client_hash(client));
	while (node != NULL && ((struct hf_session *)node)->client != client)
		node = hf__map_next(node);
	if (node != NULL)
		s->last = (struct hf_session *)node;
	return (struct hf_session *)node;
}

struct hf_session *hf__session_add(struct hf_sessions *s, const void *client, struct hf_device *device)
{
	struct hf_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	if (hf__map_put(&s->by_client, &session->node, client_hash(client)) != HF_OK) {
		free(session);
		return NULL;
	}
	session->client = client;
	session->device = device;
	if (device != NULL) {
		session->next = device->sessions;
		device->sessions = session;
	}
	return session;
}

void hf__session_drop(struct hf_sessions *s, struct hf_session *session)
{
	if (session->device != NULL) {
		struct hf_session **at = &session->device->sessions;

		while (*at != session)
			at = &(*at)->next;
		*at = session->next;
	}
	if (s->last == session)
		s->last = NULL;
	hf__map_remove(&s->by_client, &session->node);
	free(session);
}

struct hf_device *hf__device_find(const struct hf_sessions *s, const char *dev)
{
	struct hf_node *node = hf__map_first(&s->by_dev, dev_hash(s, dev));

	while (node != NULL && memcmp(((struct hf_device *)node)->dev, dev, HF_TABLE_DEV_LEN) != 0)
		node = hf__map_next(node);
	return (struct hf_device *)node;
}

struct hf_device *hf__device_get(struct hf_sessions *s, const char *dev)
{
	struct hf_device *device = hf__device_find(s, dev);

	if (device != NULL)
		return device;
	device = calloc(1, sizeof(*device));
	if (device == NULL)
		return NULL;
	memcpy(device->dev, dev, HF_TABLE_DEV_LEN);
	if (hf__map_put(&s->by_dev, &device->node, dev_hash(s, dev)) == HF_OK)
		return device;
	free(device);
	return NULL;
}

static bool remembers_takeover(const struct hf_device *d, int64_t now_ms)
{
	for (uint32_t i = 0; i < HF_CLONE_COUNT && i < d->takeovers.count; i++)
		if (now_ms - d->takeovers.at_ms[i] <= HF_CLONE_WINDOW_MS)
			return true;
	return false;
}

void hf__device_forget(struct hf_sessions *s, struct hf_device *d, int64_t now_ms)
{
	bool busy = d->sessions != NULL || d->kick_pending || d->refuse_until_ms > now_ms ||
		    d->quiet_until_ms > now_ms || remembers_takeover(d, now_ms);

	if (busy || !hf__bucket_is_full(&d->connects, &hf__connect_device, now_ms) ||
	    !hf__budget_is_full(&d->budget, now_ms))
		return;
	hf__map_remove(&s->by_dev, &d->node);
	free(d);
}

void hf__kick_add(struct hf_sessions *s, struct hf_device *device)
{
	if (device->kick_pending)
		return;
	device->kick_pending = true;
	device->next_kick = s->kicks;
	s->kicks = device;
}

bool hf__kick_take(struct hf_sessions *s, char dev[static HF_TABLE_DEV_LEN + 1])
{
	struct hf_device *device = s->kicks;

	if (device == NULL)
		return false;
	s->kicks = device->next_kick;
	device->next_kick = NULL;
	device->kick_pending = false;
	memcpy(dev, device->dev, HF_TABLE_DEV_LEN + 1);
	return true;
}

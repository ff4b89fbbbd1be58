/* What applications and the person at the device ask of keyproc.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/json.h>
#include <stdio.h>
#include <string.h>

static bool is_id_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

/* A topic id: 1 to 64 of [A-Za-z0-9_-]. */
static bool is_topic_id(hf_bytes id)
{
	if (id.len < 1 || id.len > 64)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!is_id_char(id.ptr[i]))
			return false;
	return true;
}

hf_err key_on_app_tele(void *ctx, hf_bytes body, struct hf_out *reply)
{
	hf_bytes id = { NULL, 0 }, payload = { NULL, 0 };
	char topic[AGENT_TOPIC_CAP];
	struct keyproc *k = ctx;

	reply->len = 0;
	HF_TRY(msg_pair_read(body, &id, &payload));
	if (!is_topic_id(id) || payload.len > 4096)
		return HF_ERR_AGENT_APP;
	(void)snprintf(topic, sizeof(topic), "tele/%.*s", (int)id.len, (const char *)id.ptr);
	return key_up_put(k, topic, payload, 0);
}

hf_err key_on_app_poll(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;

	(void)body;
	reply->len = 0;
	if (k->renew.state == HF_RENEW_KEYED || k->renew.state == HF_RENEW_EMPTY)
		k->renew.next_try_s = 0;
	key_identity_tick(k);
	key_look(k);
	return HF_OK;
}

static unsigned waiting(const struct keyproc *k)
{
	unsigned n = 0;

	for (size_t i = 0; i < KEY_UP_MAX; i++)
		n += k->up[i].token != 0;
	return n;
}

hf_err key_on_app_status(void *ctx, hf_bytes body, struct hf_out *reply)
{
	static const char *const states[HF_RENEW_STATES] = {
		"empty", "keyed", "requested", "have", "prove", "fallback", "promoted", "stable",
	};
	struct keyproc *k = ctx;
	const struct hf_leaf *leaf = k->renew.active >= 0 ? &k->renew.slot[k->renew.active].leaf : NULL;
	int64_t due_s = 0;
	int n;

	(void)body;
	reply->len = 0;
	if (leaf != NULL)
		HF_TRY(hf_renew_due(leaf, &due_s));
	n = snprintf(
		(char *)reply->ptr, reply->cap,
		"{\"version\":\"" AGENT_VERSION "\",\"line\":\"%.*s\",\"dev\":\"%s\",\"identity\":\"%s\","
		"\"connected\":%s,\"boot\":%llu,\"renewal_due\":%lld,\"not_after\":%lld,\"waiting\":%u,"
		"\"dropped\":%llu}",
		(int)k->provision.line.len, (const char *)k->provision.line.ptr, key_dev(k),
		states[k->renew.state], k->session_up ? "true" : "false",
		(unsigned long long)k->port.boot_count, (long long)due_s,
		leaf != NULL ? (long long)leaf->not_after : 0, waiting(k), (unsigned long long)k->dropped);
	if (n < 0 || (size_t)n >= reply->cap)
		return HF_ERR_BASE_NO_ROOM;
	reply->len = (size_t)n;
	return HF_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "acl.h"

enum { LEVELS = 7, KI = 1024 };

static const struct hf_acl_class classes[] = {
	/* name, up, dn, QoS 0, quarantined up, dn */
	{ "id", 2 * KI, 2 * KI, false, true, false },
	{ "state", 1 * KI, 0, false, false, false },
	{ "cmd", 0, 16 * KI, false, false, false },
	{ "rcpt", 16 * KI, 0, false, false, false },
	{ "tele", 4 * KI, 0, true, false, false },
	{ "hb", 512, 0, true, false, false },
	{ "seal", 64 * KI, 0, false, false, false },
	{ "alarm", 1 * KI, 0, false, false, false },
	{ "tamper", 1 * KI, 0, false, true, false },
	{ "upd", 4 * KI, 4 * KI, false, false, false },
	{ "release", 0, 4 * KI, false, false, true },
	{ "ack", 0, 64, false, false, false },
	{ "cfg", 0, 1 * KI, false, false, false },
};

static bool is(hf_bytes level, const char *text)
{
	return level.len == strlen(text) && memcmp(level.ptr, text, level.len) == 0;
}

static bool is_dev(hf_bytes level)
{
	if (level.len != HF_ACL_DEV_LEN)
		return false;
	for (size_t i = 0; i < level.len; i++) {
		uint8_t c = level.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
			return false;
	}
	return true;
}

static bool is_id(hf_bytes level)
{
	if (level.len < 1 || level.len > HF_ACL_ID_MAX_LEN)
		return false;
	for (size_t i = 0; i < level.len; i++) {
		uint8_t c = level.ptr[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!word && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Exactly LEVELS levels, or false. */
static bool cut(const char *topic, hf_bytes level[static LEVELS])
{
	const char *from = topic;

	for (size_t i = 0; i < LEVELS; i++) {
		const char *end = strchr(from, '/');
		bool last = i == LEVELS - 1;

		if ((end == NULL) != last)
			return false;
		level[i] = (hf_bytes){ (const uint8_t *)from, last ? strlen(from) : (size_t)(end - from) };
		from = last ? from : end + 1;
	}
	return true;
}

static enum hf_acl_dir find_dir(hf_bytes level)
{
	if (is(level, "up"))
		return HF_ACL_UP;
	return is(level, "dn") ? HF_ACL_DN : HF_ACL_NONE;
}

static uint32_t max_len(const struct hf_acl_class *c, enum hf_acl_dir dir)
{
	return dir == HF_ACL_UP ? c->max_up : dir == HF_ACL_DN ? c->max_dn : 0;
}

/* NULL as well when the class has no such direction. */
static const struct hf_acl_class *find_class(hf_bytes level, enum hf_acl_dir dir)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (is(level, classes[i].name))
			return max_len(&classes[i], dir) > 0 ? &classes[i] : NULL;
	return NULL;
}

bool hf__acl_split(const char *topic, struct hf_acl_topic *t)
{
	hf_bytes level[LEVELS];

	memset(t, 0, sizeof(*t));
	if (topic == NULL || !cut(topic, level))
		return false;
	if (!is(level[0], "hf") || !is(level[1], "1") || !is_dev(level[2]) || !is(level[3], "-"))
		return false;
	t->dir = find_dir(level[4]);
	t->cls = find_class(level[5], t->dir);
	t->dev = level[2];
	t->id = level[6];
	return t->cls != NULL && is_id(level[6]);
}

bool hf__acl_device_write(const char *dev, bool quarantined, const struct hf_acl_msg *m)
{
	struct hf_acl_topic t;

	if (m->retain || m->qos > 1 || !hf__acl_split(m->topic, &t) || t.dir != HF_ACL_UP || !is(t.dev, dev))
		return false;
	if (m->len > t.cls->max_up || (m->qos == 0 && !t.cls->qos0))
		return false;
	return !quarantined || t.cls->quarantine_up;
}

bool hf__acl_device_read(const char *dev, bool quarantined, const char *topic)
{
	struct hf_acl_topic t;

	if (!hf__acl_split(topic, &t) || t.dir != HF_ACL_DN || !is(t.dev, dev))
		return false;
	return !quarantined || t.cls->quarantine_dn;
}

bool hf__acl_device_subscribe(const char *dev, const char *filter)
{
	char own[] = "hf/1/0123456789abcdef/+/dn/#";

	if (filter == NULL || strlen(dev) != HF_ACL_DEV_LEN)
		return false;
	memcpy(own + 5, dev, HF_ACL_DEV_LEN);
	return strcmp(filter, own) == 0;
}

bool hf__acl_bus_write(const struct hf_acl_msg *m)
{
	struct hf_acl_topic t;

	return !m->retain && m->qos <= 1 && hf__acl_split(m->topic, &t) && t.dir == HF_ACL_DN &&
	       m->len <= t.cls->max_dn;
}

bool hf__acl_bus_read(const char *topic)
{
	struct hf_acl_topic t;

	return hf__acl_split(topic, &t) && t.dir == HF_ACL_UP;
}

bool hf__acl_bus_subscribe(const char *filter)
{
	return filter != NULL && strcmp(filter, "hf/1/+/+/up/#") == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "acl.h"

/* Where things lie in hf/1/{dev}/-/{up|dn}/{class}/{id}: a dev is 16 characters, so only the class has a
 * length of its own. This runs for every message of every device. */
enum {
	KI = 1024,
	DEV_AT = 5,
	CHILD_AT = DEV_AT + HF_ACL_DEV_LEN,
	DIR_AT = CHILD_AT + 3,
	CLASS_AT = DIR_AT + 3,
	SHORTEST = CLASS_AT + 4, /* "hb/x" */
};

#define NAME(text) text, sizeof(text) - 1
static const struct hf_acl_class classes[] = {
	/* name, up, dn, QoS 0, quarantined up, dn */
	{ NAME("tele"), 4 * KI, 0, true, false, false },
	{ NAME("hb"), 512, 0, true, false, false },
	{ NAME("id"), 2 * KI, 2 * KI, false, true, false },
	{ NAME("state"), 1 * KI, 0, false, false, false },
	{ NAME("cmd"), 0, 16 * KI, false, false, false },
	{ NAME("rcpt"), 16 * KI, 0, false, false, false },
	{ NAME("seal"), 64 * KI, 0, false, false, false },
	{ NAME("alarm"), 1 * KI, 0, false, false, false },
	{ NAME("tamper"), 1 * KI, 0, false, true, false },
	{ NAME("upd"), 4 * KI, 4 * KI, false, false, false },
	{ NAME("release"), 0, 4 * KI, false, false, true },
	{ NAME("ack"), 0, 64, false, false, false },
	{ NAME("cfg"), 0, 1 * KI, false, false, false },
};

/* A set of ASCII characters, one bit each. */
struct set {
	uint64_t bits[2];
};
static const struct set dev_chars = { { UINT64_C(0x00fc000000000000), UINT64_C(0x07fffffe00000000) } };
static const struct set id_chars = { { UINT64_C(0x03ff200000000000), UINT64_C(0x07fffffe87fffffe) } };

static bool consists_of(hf_bytes text, const struct set *set)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c >= 128 || (set->bits[c >> 6] >> (c & 63) & 1) == 0)
			return false;
	}
	return true;
}

bool hf__acl_is_dev(hf_bytes name)
{
	return name.len == HF_ACL_DEV_LEN && consists_of(name, &dev_chars);
}

static enum hf_acl_dir find_dir(const uint8_t *at)
{
	if (memcmp(at, "up/", 3) == 0)
		return HF_ACL_UP;
	return memcmp(at, "dn/", 3) == 0 ? HF_ACL_DN : HF_ACL_NONE;
}

static uint32_t max_len(const struct hf_acl_class *c, enum hf_acl_dir dir)
{
	return dir == HF_ACL_UP ? c->max_up : dir == HF_ACL_DN ? c->max_dn : 0;
}

/* The class whose name and slash begin `text`; NULL as well when it has no such direction. */
static const struct hf_acl_class *find_class(hf_bytes text, enum hf_acl_dir dir)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		const struct hf_acl_class *c = &classes[i];

		if (text.ptr[0] == (uint8_t)c->name[0] && c->name_len < text.len &&
		    text.ptr[c->name_len] == '/' && memcmp(text.ptr, c->name, c->name_len) == 0)
			return max_len(c, dir) > 0 ? c : NULL;
	}
	return NULL;
}

/* `own` is the device's name: one that equals it needs no look at its characters. NULL: any device's. */
static bool split(const char *topic, const char *own, struct hf_acl_topic *t)
{
	const uint8_t *at = (const uint8_t *)topic;
	size_t len = topic == NULL ? 0 : strlen(topic);

	*t = (struct hf_acl_topic){ 0 };
	if (len < SHORTEST || memcmp(at, "hf/1/", 5) != 0 || memcmp(at + CHILD_AT, "/-/", 3) != 0)
		return false;
	t->dir = find_dir(at + DIR_AT);
	t->cls = find_class((hf_bytes){ at + CLASS_AT, len - CLASS_AT }, t->dir);
	if (t->cls == NULL)
		return false;
	t->dev = (hf_bytes){ at + DEV_AT, HF_ACL_DEV_LEN };
	size_t id_at = CLASS_AT + t->cls->name_len + 1;
	t->id = (hf_bytes){ at + id_at, len - id_at };
	if (own != NULL ? memcmp(t->dev.ptr, own, HF_ACL_DEV_LEN) != 0 : !consists_of(t->dev, &dev_chars))
		return false;
	return t->id.len >= 1 && t->id.len <= HF_ACL_ID_MAX_LEN && consists_of(t->id, &id_chars);
}

bool hf__acl_split(const char *topic, struct hf_acl_topic *t)
{
	return split(topic, NULL, t);
}

bool hf__acl_device_write(const char *dev, bool quarantined, const struct hf_acl_msg *m)
{
	struct hf_acl_topic t;

	if (m->retain || m->qos > 1 || !split(m->topic, dev, &t) || t.dir != HF_ACL_UP)
		return false;
	if (m->len > t.cls->max_up || (m->qos == 0 && !t.cls->qos0))
		return false;
	return !quarantined || t.cls->quarantine_up;
}

bool hf__acl_device_read(const char *dev, bool quarantined, const char *topic)
{
	struct hf_acl_topic t;

	if (!split(topic, dev, &t) || t.dir != HF_ACL_DN)
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

/* acl.h -- who may read, write and subscribe which topic: code, not a list, so nothing can be misconfigured.
 * A topic is split into exactly seven levels hf/1/{dev}/{child}/{dir}/{class}/{id}; a compare of prefixes
 * would let ".." and extra levels through. Pure functions, no state, no allocation.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_ACL_H
#define HF_PLUGIN_ACL_H
#include <holdfast/base.h>

enum { HF_ACL_DEV_LEN = 16, HF_ACL_ID_MAX_LEN = 64 };
enum hf_acl_dir { HF_ACL_NONE = 0, HF_ACL_UP = 1, HF_ACL_DN = 2 };

/* One class of channel.md section 5. */
struct hf_acl_class {
	const char *name;
	size_t name_len;
	uint32_t max_up; /* largest payload, 0 = no such direction */
	uint32_t max_dn;
	bool qos0;          /* device may send it with QoS 0 */
	bool quarantine_up; /* still allowed to a quarantined device */
	bool quarantine_dn;
};

struct hf_acl_topic {
	hf_bytes dev;
	enum hf_acl_dir dir;
	const struct hf_acl_class *cls;
	hf_bytes id;
};

/* Parse a topic name; false for anything that is not exactly of the form above. */
bool hf__acl_split(const char *topic, struct hf_acl_topic *t);
/* 16 characters of a-z and 2-7. */
bool hf__acl_is_dev(hf_bytes name);

struct hf_acl_msg {
	const char *topic;
	uint32_t len;
	int qos;
	bool retain;
};

/* What a device may do; `dev` is its own name, which hf__acl_is_dev holds for. */
bool hf__acl_device_write(const char *dev, bool quarantined, const struct hf_acl_msg *m);
bool hf__acl_device_read(const char *dev, bool quarantined, const char *topic);
bool hf__acl_device_subscribe(const char *dev, const char *filter);
/* What the bus may do. */
bool hf__acl_bus_write(const struct hf_acl_msg *m);
bool hf__acl_bus_read(const char *topic);
bool hf__acl_bus_subscribe(const char *filter);
#endif

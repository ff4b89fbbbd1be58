/* Fuzz target: topics and filters as a hostile client sends them. Whatever is allowed must be spelled
 * exactly as the rules say, character by character.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "acl.h"
#include "fuzz.h"

static const char dev[] = "abcdefgh234567ab";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_allowed(const char *topic, const char *dir)
{
	struct hf_acl_topic t;
	char head[64] = "hf/1/abcdefgh234567ab/-/";

	strcat(head, dir);
	must(strncmp(topic, head, strlen(head)) == 0);
	must(strpbrk(topic, "+#$ .") == NULL);
	must(hf__acl_split(topic, &t));
	must(t.id.len >= 1 && t.id.len <= HF_ACL_ID_MAX_LEN);
	must(t.id.ptr + t.id.len == (const uint8_t *)topic + strlen(topic));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char topic[512];
	struct hf_acl_msg m = { topic, 0, 1, false };

	if (size < 2 || size - 2 >= sizeof(topic))
		return 0;
	memcpy(topic, data + 2, size - 2);
	topic[size - 2] = '\0';
	m.len = (uint32_t)data[0] << 10;
	m.qos = data[1] & 3;
	m.retain = (data[1] & 4) != 0;
	if (hf__acl_device_write(dev, (data[1] & 8) != 0, &m)) {
		must(!m.retain && m.qos <= 1 && m.len <= 65536);
		check_allowed(topic, "up/");
	}
	if (hf__acl_device_read(dev, (data[1] & 8) != 0, topic))
		check_allowed(topic, "dn/");
	if (hf__acl_device_subscribe(dev, topic))
		must(strcmp(topic, "hf/1/abcdefgh234567ab/+/dn/#") == 0);
	must(!(hf__acl_bus_write(&m) && hf__acl_bus_read(topic)));
	return 0;
}

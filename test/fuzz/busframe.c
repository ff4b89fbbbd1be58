/* Fuzz target: what the plugin sends the bus, and topics and properties of devices as the bus reads them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "busframe.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_busframe f;
	struct hf_bus_up up;
	char topic[512], again[512];
	uint8_t sha256[32];

	if (hf__busframe_read((hf_bytes){ data, size }, &f) == HF_OK && f.kind == HF_BUSFRAME_UP &&
	    strlen(f.presence.dev) != HF_BUS_DEV_LEN)
		abort();
	if (size >= sizeof(topic))
		return 0;
	if (size > 0)
		memcpy(topic, data, size);
	topic[size] = '\0';
	(void)hf__bus_cert_read(topic, sha256);
	if (!hf__bus_topic_read(topic, &up))
		return 0;
	if (!hf__bus_topic_write(again, sizeof(again), up.dev, up.cls, up.id))
		abort();
	memcpy(strstr(again, "/dn/"), "/up/", 4);
	if (strcmp(again, topic) != 0)
		abort();
	return 0;
}

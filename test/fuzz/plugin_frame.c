/* Fuzz target: what the bus sends the plugin, cut into frames, read and fed to a gate.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "gate.h"
#include "fuzz.h"

static struct hf_gate gate;
static uint8_t room[1 << 18];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_connect c = { .has_cert = true,
				.cn = "hf-abcdefgh234567ab",
				.id = "abcdefgh234567ab",
				.address = "10.0.0.1",
				.version = 5,
				.clean_start = true };
	struct hf_now now = { 1000, 1700000000 };
	const char *user = NULL;
	char dev[HF_TABLE_DEV_LEN + 1];
	size_t at = 0;

	if (hf__gate_init(&gate, room, sizeof(room), 1) != HF_OK)
		abort();
	hf__gate_link(&gate, &now);
	while (at < size) {
		size_t len = data[at] < size - at - 1 ? data[at] : size - at - 1;
		uint64_t before = gate.count[HF_COUNT_SNAPSHOTS];

		hf__gate_frame(&gate, (hf_bytes){ data + at + 1, len }, &now);
		at += 1 + len;
		now.ms += 100;
		/* Nobody comes in before a whole snapshot did. */
		if (hf__gate_connect(&gate, &gate, &c, &now, &user) == HF_ADMIT &&
		    gate.count[HF_COUNT_SNAPSHOTS] == 0)
			abort();
		if (gate.count[HF_COUNT_SNAPSHOTS] < before)
			abort();
		hf__gate_tick(&gate, &now);
		while (hf__gate_kick(&gate, &now, dev))
			if (strlen(dev) != HF_TABLE_DEV_LEN && memchr(dev, 0, HF_TABLE_DEV_LEN) == NULL)
				abort();
	}
	hf__gate_free(&gate);
	return 0;
}

/* What came down. Nothing unsigned may change security: an ack only ends a retry, cfg is a hint for net.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <string.h>

struct down_class {
	hf_bytes prefix;
	void (*handle)(struct keyproc *k, hf_bytes id, hf_bytes payload);
};

static void on_id(struct keyproc *k, hf_bytes id, hf_bytes payload)
{
	if (hf_bytes_equal(id, HF_STR("hello")))
		key_hello_answered(k, payload);
}

static void on_command(struct keyproc *k, hf_bytes id, hf_bytes payload)
{
	(void)id; /* the command names itself, inside its seal */
	key_cmd_received(k, payload);
}

static void on_ack(struct keyproc *k, hf_bytes id, hf_bytes payload)
{
	key_up_acked(k, id, payload);
}

hf_err key_on_down(void *ctx, hf_bytes body, struct hf_out *reply)
{
	const struct down_class classes[] = {
		{ HF_STR("id/"), on_id },
		{ HF_STR("ack/"), on_ack },
		{ HF_STR("cmd/"), on_command },
	};
	hf_bytes topic = { NULL, 0 }, payload = { NULL, 0 };
	struct keyproc *k = ctx;

	reply->len = 0;
	HF_TRY(msg_pair_read(body, &topic, &payload));
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		hf_bytes prefix = classes[i].prefix;

		if (topic.len > prefix.len && memcmp(topic.ptr, prefix.ptr, prefix.len) == 0) {
			classes[i].handle(k, (hf_bytes){ topic.ptr + prefix.len, topic.len - prefix.len },
					  payload);
			return HF_OK;
		}
	}
	hf_log(HF_LOG_DEBUG, "down", "not ours", "topic=%s", HF_LOG_TEXT(topic));
	return HF_OK;
}

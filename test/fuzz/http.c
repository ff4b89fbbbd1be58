/* The pieces of HTTP we read ourselves: request framing, paths, queries, patterns, heads of answers. The
 * verdict of the framing must not depend on how the bytes are cut.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "http_wire.h"
#include "httpc_priv.h"

static void cut_anywhere(const uint8_t *data, size_t size)
{
	struct hf__http_wire whole, bytes;

	hf__http_wire_init(&whole, 1000);
	hf__http_wire_init(&bytes, 1000);
	(void)hf__http_wire_feed(&whole, (hf_bytes){ data, size });
	for (size_t i = 0; i < size; i++)
		(void)hf__http_wire_feed(&bytes, (hf_bytes){ data + i, 1 });
	if (whole.status != bytes.status || whole.n_requests != bytes.n_requests)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_httpc_res res = HF_HTTPC_RES(1);
	struct hf__httpc_head head;
	const char *param[HF_HTTP_PARAMS_MAX];
	char text[2048], out[256], room[256];

	cut_anywhere(data, size);
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (hf__http_path(text, out, sizeof(out)) == HF_OK && (strstr(out, "//") != NULL || out[0] != '/'))
		abort();
	(void)!hf__http_query(text, "q", out, sizeof(out));
	(void)hf__http_match("/a/{x}/{*}", text, room, sizeof(room), param);
	if (hf__httpc_head_read(text, &res, &head) == HF_OK && head.status < 100)
		abort();
	return 0;
}

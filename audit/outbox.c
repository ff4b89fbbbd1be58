/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include "audit_priv.h"

uint64_t hf__now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Encoded in place: the head's four bytes are filled when the length is known. */
hf_err hf__frame_put(struct hf_buf *to, const struct hf_fact *fact)
{
	struct hf_out out = { .cap = HF__FRAME_MAX };
	uint8_t *where;

	HF_TRY(hf_buf_reserve(to, HF__FRAME_HEAD + HF__FRAME_MAX, &where));
	out.ptr = where + HF__FRAME_HEAD;
	HF_TRY(hf_fact_encode(fact, &out));
	hf_put_be32(where, (uint32_t)out.len);
	hf_buf_commit(to, HF__FRAME_HEAD + out.len);
	return HF_OK;
}

hf_err hf__outbox_put(struct hf__outbox *o, const struct hf_fact *fact)
{
	return hf__frame_put(&o->buf, fact);
}

hf_err hf__outbox_flush(struct hf__outbox *o)
{
	HF_TRY(hf_fd_write_all(o->fd, hf_buf_bytes(&o->buf), NULL));
	hf_buf_reset(&o->buf);
	return HF_OK;
}

void hf__outbox_drop(struct hf__outbox *o)
{
	hf_buf_reset(&o->buf);
}

hf_err hf__audit_problem(const struct hf_fact_sink *sink, unsigned rule, hf_bytes path, const char *why)
{
	struct hf_fact f = { .kind = HF_FACT_PROBLEM, .path = path, .num = { [HF_PROBLEM_RULE] = rule } };

	f.text[HF_PROBLEM_WHY] = (hf_bytes){ (const uint8_t *)why, strlen(why) };
	return sink->put(sink->ctx, &f);
}

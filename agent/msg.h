/* msg.h -- bodies of the messages between the agent's processes: one deterministic CBOR array each.
 * Readers borrow from the body. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_MSG_H
#define HF_AGENT_MSG_H
#include "agent.h"

HF_MUST_CHECK hf_err msg_want_write(const struct agent_want *w, struct hf_out *out);
HF_MUST_CHECK hf_err msg_want_read(hf_bytes body, struct agent_want *w);
HF_MUST_CHECK hf_err msg_up_write(const struct agent_up *u, struct hf_out *out);
/* HF_ERR_PORT_ABSENT when nothing waits. */
HF_MUST_CHECK hf_err msg_up_read(hf_bytes body, struct agent_up *u);
/* Two byte strings: CSR and header, certificate and MAC, topic and payload. */
HF_MUST_CHECK hf_err msg_pair_write(hf_bytes a, hf_bytes b, struct hf_out *out);
HF_MUST_CHECK hf_err msg_pair_read(hf_bytes body, hf_bytes *a, hf_bytes *b);
/* dn/upd/look (doc/protocol/upd.md), from the server. Errors: CBOR's. */
struct agent_look {
	uint8_t names[2 * HF_SHA256_LEN]; /* D, content address */
	uint16_t port;
};
HF_MUST_CHECK hf_err msg_look_read(hf_bytes payload, struct agent_look *look);
/* `n` unsigned numbers. */
HF_MUST_CHECK hf_err msg_numbers_write(const uint64_t *v, size_t n, struct hf_out *out);
HF_MUST_CHECK hf_err msg_numbers_read(hf_bytes body, uint64_t *v, size_t n);
#endif

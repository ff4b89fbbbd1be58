/* gate_priv.h -- shared by the files of the gate.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_GATE_PRIV_H
#define HF_PLUGIN_GATE_PRIV_H
#include "gate.h"

/* The later of our clock and the bus's: with either of them right, an expired certificate is out. */
int64_t hf__gate_time(const struct hf_gate *g, const struct hf_now *now);
void hf__gate_alarm(struct hf_gate *g, const char *kind, const char *dev, const char *address,
		    const char *detail, const struct hf_now *now);
void hf__gate_tell_up(struct hf_gate *g, const struct hf_session *s);
void hf__gate_tell_down(struct hf_gate *g, const struct hf_session *s);
/* Must this live session end? */
bool hf__gate_is_bad(const struct hf_gate *g, const struct hf_session *s, const struct hf_now *now);
#endif

/* loop_priv.h -- for the rooms' other users of libevent.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOOP_PRIV_H
#define HF_LOOP_PRIV_H
#include <event2/event.h>
#include <hf/loop.h>

struct event_base *hf__loop_base(struct hf_loop *loop);
#endif

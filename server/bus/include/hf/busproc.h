/* busproc.h -- the `bus` process of holdfastd: messages of devices into the store, commands out of it.
 * It holds no secret and decides nothing about keys: it routes signed objects verbatim, moves
 * certificates from issued to confirmed, and throws out what the store no longer allows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUSPROC_H
#define HF_BUSPROC_H
#include <hf/bus.h>

struct hf_store;

struct hf_busproc_conf {
	struct hf_store *store;
	struct hf_bus_conf bus;
	uint16_t device_port; /* where devices fetch bundles; told to them with each look */
	int nudge_fd; /* datagram socket; any datagram = "look at the store now"; -1 = polling only */
};

struct hf_busproc;

/* Attach the process's work to `loop`; everything else happens in callbacks. */
HF_MUST_CHECK hf_err hf_busproc_new(struct hf_loop *loop, const struct hf_busproc_conf *conf,
				    struct hf_busproc **proc);
void hf_busproc_free(struct hf_busproc *proc);
#endif

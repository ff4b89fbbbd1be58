/* outbox.h -- commands on their way out: each unreceipted one at every hello of its device, in order of
 * arrival, and at once when it is queued while the device is here. "Sent" means handed to the broker;
 * only the receipt proves anything.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_OUTBOX_H
#define HF_OUTBOX_H
#include <hf/bus.h>
#include <hf/store.h>

struct hf_outbox {
	struct hf_store *store;
	struct hf_bus *bus;
	int64_t seen; /* id of the last queued command looked at */
};

void hf__outbox_init(struct hf_outbox *o, struct hf_store *store, struct hf_bus *bus);
/* The device said hello. */
void hf__outbox_device(struct hf_outbox *o, const char *dev);
/* Something may have been queued. */
void hf__outbox_queued(struct hf_outbox *o);
#endif

/* releases.h -- what a device hears of releases at check-in: the newest heads of its owner's log, and the
 * release it shall look at until it has reported.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUS_RELEASES_H
#define HF_BUS_RELEASES_H
#include <hf/bus.h>
#include <hf/store.h>

/* The device said hello. `port`: where it finds bundles. */
void hf__releases_device(struct hf_store *store, struct hf_bus *bus, uint16_t port, const char *dev);
/* Something may have been queued. */
void hf__releases_queued(struct hf_store *store, struct hf_bus *bus, uint16_t port);
/* What the server reads of a report (doc/protocol/upd.md): keys 1 and 12 of the map; the rest is for people.
 * Errors: CBOR's. */
struct hf__report {
	hf_bytes d; /* borrowed; empty: about no release */
	bool has_floor;
	uint64_t floor;
};
HF_MUST_CHECK hf_err hf__report_read(hf_bytes bytes, struct hf__report *out);
/* Writer thread: a report came up; it may end a look and raise the floor. A floor that fell is an alarm: an
 * older state of the device was restored, or somebody else speaks for it. `device`: its row. */
HF_MUST_CHECK hf_err hf__releases_reported(struct hf_db *db, const char *dev, int64_t device,
					   hf_bytes report);
#endif

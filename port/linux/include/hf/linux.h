/* linux.h -- the port of a Linux machine: a directory of records, the kernel's clocks and randomness.
 * Promise: a record is one file in a directory of mode 0700. Replacing writes NAME.new, flushes, renames and
 * flushes the directory. A secret record is written in place under its final name (so no second copy of it
 * ever existed), carries a CRC that shows a torn write, and is overwritten before it is unlinked.
 * Limits: a flash translation layer below the file system may keep old blocks; only a vault key that lies in
 * a TPM or in raw flash answers that. Thread rule: one thread per struct hf_port.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LINUX_H
#define HF_LINUX_H
#include <holdfast/port.h>

/* When the wall clock counts as HF_CLOCK_TRUSTED, the only quality that lets `danger` commands run without
 * a deadline. Plain NTP is not authenticated, so the default is never. */
enum hf_linux_clock {
	HF_LINUX_CLOCK_NEVER = 0, /* HF_CLOCK_SET at best */
	HF_LINUX_CLOCK_SYNCED =
		1, /* when the kernel says "synchronised" (the machine runs NTS or the like) */
	HF_LINUX_CLOCK_ALWAYS = 2, /* a battery clock that was set from an authenticated source */
};

struct hf_port {
	int dir; /* directory of records, locked; -1 = none, then only clocks and randomness work */
	uint64_t boot_count;
	int64_t build_s; /* a wall clock before this is HF_CLOCK_NONE */
	enum hf_linux_clock clock;
	int reason; /* errno of the last write that ended in HF_ERR_PORT_STORAGE, for the log; 0 = none yet */
};
#define HF_LINUX_PORT_NONE ((struct hf_port){ -1, 0, 0, HF_LINUX_CLOCK_NEVER, 0 })

/* Open `dir` (it must exist), lock it against a second process, and settle the boot counter: it rises by
 * one when /proc/sys/kernel/random/boot_id differs from the stored one, so that a restart of the program on
 * the same boot keeps it. Where the kernel gives no boot id it rises at every open. A damaged counter
 * goes on from the wall clock in seconds, which lies above any honest count: it must never fall, because
 * the server takes a fall for a clone.
 * Errors: HF_ERR_PORT_STORAGE, HF_ERR_PORT_BUSY. */
HF_MUST_CHECK hf_err hf_linux_open(struct hf_port *port, const char *dir);
/* Release the directory; fits HF_AUTO. */
void hf_linux_close(struct hf_port *port);
#endif

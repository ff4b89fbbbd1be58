/* upd.h -- what this device believes about releases, and its verdicts: used by updproc, which hears from
 * the channel, and by `holdfast-agent verify`, which a person runs. Both open the state for one question and
 * close it again, so neither keeps the other out.
 * State: STATE/trust, records of port/linux: policy in force, quorum time, newest head (core/trust).
 * Thread rule: one thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_UPD_H
#define HF_AGENT_UPD_H
#include "agent.h"
#include <hf/deploy.h>
#include <holdfast/bundle.h>

enum { UPD_BUNDLE_MAX = 120000, UPD_REPORT_CAP = 512, UPD_LEVEL = 1 };
enum { UPD_FLOOR = 0 }; /* lowest sequence accepted; it rises with what is installed, and nothing is yet */

struct upd_device { /* what does not change while a process runs */
	const struct agent *agent;
	struct hf_buf file;
	struct hf_provision provision;
	uint8_t vendor[HF_MANIFEST_UUID_LEN], class_id[HF_MANIFEST_UUID_LEN];
};
struct upd_report {
	bool has_release; /* a bundle was judged: */
	uint8_t d[HF_SHA256_LEN], address[HF_SHA256_LEN];
	hf_err verdict; /* HF_OK: may be installed */
	uint64_t sequence;
	unsigned n_links, n_signers, n_witnesses;
	/* what the device believes afterwards */
	hf_err head_err; /* of the newest head that came, HF_OK when it was taken */
	uint64_t policy_number, quorum_time, head_size, head_time;
	uint64_t floor; /* lowest sequence accepted */
	bool stale;
};
/* Errors: file.h's, HF_ERR_DEPLOY_PROVISION, crypto's. */
HF_MUST_CHECK hf_err upd_open(struct upd_device *u, const struct agent *a, struct hf_why *why);
/* Make STATE/trust when it is not there: devices provisioned by an older agent have none. */
HF_MUST_CHECK hf_err upd_make_state(const struct agent *a, struct hf_why *why);
/* Enter the sandbox of whoever judges releases: no network, nothing but STATE/trust, the agent's user whoever
 * started it. `max_fds` as in sandbox.h. Errors: sandbox.h's. */
HF_MUST_CHECK hf_err upd_seal(const struct agent *a, uint64_t max_fds, struct hf_why *why);
/* Judge a bundle and bring the state up to date. HF_OK: see r->verdict, also when the stored state is
 * damaged. Errors: the machine's (port, storage): no verdict, to be tried again. */
HF_MUST_CHECK hf_err upd_verify(const struct upd_device *u, hf_bytes bundle, struct upd_report *r,
				struct hf_why *why);
/* A head came down (empty: only tell what is believed). One of another policy is passed over; why one was
 * not taken stands in r->head_err. Errors: the machine's. */
HF_MUST_CHECK hf_err upd_hear(const struct upd_device *u, hf_bytes head, struct upd_report *r,
			      struct hf_why *why);
/* doc/protocol/upd.md */
HF_MUST_CHECK hf_err upd_report_write(const struct upd_report *r, struct hf_out *out);
/* "E_QUORUM" and the like; "good"; else the error's own words. */
const char *upd_reason(hf_err verdict);
#endif

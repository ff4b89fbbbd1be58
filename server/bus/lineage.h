/* lineage.h -- the life of a certificate as sessions show it: seen, confirmed, parent superseded; and the
 * clone rules that a session can break (identity.md section 9).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LINEAGE_H
#define HF_LINEAGE_H
#include <hf/store.h>

/* issued -> seen: a session was opened with it. */
HF_MUST_CHECK hf_err hf__lineage_seen(struct hf_db *db, const struct hf_cert_row *cert);
/* -> confirmed, and its parent -> superseded: the device put the old key away. */
HF_MUST_CHECK hf_err hf__lineage_confirm(struct hf_db *db, const struct hf_cert_row *cert);
/* The boot counter must not fall within a lineage; `ok` false = it did, and the device is quarantined. */
HF_MUST_CHECK hf_err hf__lineage_boot(struct hf_db *db, const struct hf_cert_row *cert, uint64_t boot_count,
				      bool *ok);
/* One row of the event journal; `detail` is JSON object text, device 0 = unknown. */
HF_MUST_CHECK hf_err hf__lineage_event(struct hf_db *db, int64_t device, int level, const char *kind,
				       const char *detail);
#endif

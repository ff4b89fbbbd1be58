/* bundle_names.h -- what the server reads of a bundle and of a head: names and sizes only, as of everything
 * that passes between operators and devices. Who may be believed is judged by devices.
 * Thread rule: pure; what is read borrows from its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BUNDLE_NAMES_H
#define BUNDLE_NAMES_H
#include <hf/store.h>

/* D and sequence of the release in a bundle of kind 1 (release-log: "HFB1"). Errors: HF_ERR_BASE_TEXT (not a
 * bundle), CBOR's, crypto's. */
HF_MUST_CHECK hf_err api_bundle_names(hf_bytes bundle, uint8_t d[static HF_SHA256_LEN], uint64_t *sequence);
/* Policy, log and size of a head ("HFH1"). Errors: HF_ERR_BASE_TEXT. */
HF_MUST_CHECK hf_err api_head_names(hf_bytes head, struct hf_head_row *row);
#endif

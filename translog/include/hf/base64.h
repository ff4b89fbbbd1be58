/* base64.h -- base64 with padding (RFC 4648 s4), as checkpoints and OpenSSH files have it; one spelling each.
 * Thread rule: pure. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BASE64_H
#define HF_BASE64_H
#include <holdfast/base.h>

/* Errors: HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_base64_encode(hf_bytes in, struct hf_out *out);
/* Errors: HF_ERR_BASE_NO_ROOM, HF_ERR_BASE_TEXT (length, padding, foreign character, unused bits). */
HF_MUST_CHECK hf_err hf_base64_decode(hf_bytes text, struct hf_out *out);
#endif

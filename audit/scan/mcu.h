/* mcu.h -- Intel HEX as bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MCU_H
#define MCU_H
#include "scan_priv.h"

enum { HF__HEX_MAX = 16 << 20 };
/* Data records from the lowest address on, gaps filled with 0xff. Errors: HF_ERR_BASE_TEXT (not the format, a
 * wrong sum, addresses that go backwards), HF_ERR_BASE_NO_ROOM, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__scan_hex_read(hf_bytes text, struct hf_buf *out);
#endif

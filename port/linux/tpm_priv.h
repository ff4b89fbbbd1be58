/* tpm_priv.h -- shared by the TPM's files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TPM_PRIV_H
#define HF_TPM_PRIV_H
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include "keyuri_priv.h"

/* Flush what killed processes of ours left loaded: `key` (may be NULL) and what the template `parent` makes.
 * True when there was any. The caller holds no handle at this moment. */
bool hf__tpm_sweep(ESYS_CONTEXT *esys, const TPM2B_PUBLIC *key, const TPM2B_PUBLIC *parent);
#endif

/* tpm_sweep.c -- clear our own leavings out of a TPM that has no resource manager in front.
 * A process killed between load and flush leaves its handle behind, and two of these close the TPM to
 * everybody until its next reset. So when the slots are full, objects that are ours are flushed: the very key
 * that is wanted, and storage parents made by our template, which anybody can make again. Behind /dev/tpmrm0
 * none is ever seen.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "tpm_priv.h"

static bool same_public(const TPM2B_PUBLIC *a, const TPM2B_PUBLIC *b)
{
	uint8_t one[sizeof(TPM2B_PUBLIC)], two[sizeof(TPM2B_PUBLIC)];
	size_t n_one = 0, n_two = 0;

	return Tss2_MU_TPM2B_PUBLIC_Marshal(a, one, sizeof(one), &n_one) == TSS2_RC_SUCCESS &&
	       Tss2_MU_TPM2B_PUBLIC_Marshal(b, two, sizeof(two), &n_two) == TSS2_RC_SUCCESS &&
	       n_one == n_two && memcmp(one, two, n_one) == 0;
}

/* Made by the template: everything but the point is equal. */
static bool made_by(const TPM2B_PUBLIC *object, const TPM2B_PUBLIC *template)
{
	TPM2B_PUBLIC with_point = *template;

	if (object->publicArea.type != TPM2_ALG_ECC)
		return false;
	with_point.publicArea.unique.ecc = object->publicArea.unique.ecc;
	return same_public(object, &with_point);
}

/* True when the object at `handle` was ours and is gone. */
static bool flush_ours(ESYS_CONTEXT *esys, TPM2_HANDLE handle, const TPM2B_PUBLIC *key,
		       const TPM2B_PUBLIC *parent)
{
	ESYS_TR tr = ESYS_TR_NONE;
	TPM2B_PUBLIC *pub = NULL;
	bool ours;

	if (Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr) !=
	    TSS2_RC_SUCCESS)
		return false;
	ours = Esys_ReadPublic(esys, tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub, NULL, NULL) ==
		       TSS2_RC_SUCCESS &&
	       ((key != NULL && same_public(pub, key)) || made_by(pub, parent));
	Esys_Free(pub);
	if (ours && Esys_FlushContext(esys, tr) == TSS2_RC_SUCCESS)
		return true;
	(void)Esys_TR_Close(esys, &tr);
	return false;
}

bool hf__tpm_sweep(ESYS_CONTEXT *esys, const TPM2B_PUBLIC *key, const TPM2B_PUBLIC *parent)
{
	/* The header's own TPM2_TRANSIENT_FIRST shifts into the sign of an int. */
	const UINT32 first = (UINT32)TPM2_HT_TRANSIENT << TPM2_HR_SHIFT;
	TPMS_CAPABILITY_DATA *found = NULL;
	TPMI_YES_NO more = TPM2_NO;
	bool swept = false;

	if (Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first,
			       TPM2_MAX_CAP_HANDLES, &more, &found) != TSS2_RC_SUCCESS)
		return false;
	for (UINT32 i = 0; i < found->data.handles.count; i++)
		swept |= flush_ours(esys, found->data.handles.handle[i], key, parent);
	Esys_Free(found);
	return swept;
}

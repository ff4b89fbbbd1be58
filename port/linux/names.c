/* Record numbers to file names that a person can read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "linux_priv.h"
#include <stdio.h>

static const char *const names[] = {
	[HF_REC_BOOT] = "boot",
	[HF_REC_SLOT0] = "slot0",
	[HF_REC_SLOT1] = "slot1",
	[HF_REC_ACTIVE] = "active",
	[HF_REC_FLOOR] = "floor",
	[HF_REC_KEY0] = "key0",
	[HF_REC_KEY1] = "key1",
	[HF_REC_CLAIM] = "claim",
	[HF_REC_IDEVID_KEY] = "idevid-key",
	[HF_REC_IDEVID_CERT] = "idevid-cert",
	[HF_REC_POLICY] = "policy",
	[HF_REC_REPLAY] = "replay",
	[HF_REC_CONFIG] = "config",
	[HF_REC_OWNERS] = "owners",
	[HF_REC_PREV_ENC] = "previous-encryption-key",
	[HF_REC_RELEASE] = "release",
};

hf_err hf__linux_name(enum hf_record rec, char name[static HF__LINUX_NAME_CAP])
{
	unsigned n = (unsigned)rec;

	if (n < sizeof(names) / sizeof(names[0]) && names[n] != NULL)
		(void)snprintf(name, HF__LINUX_NAME_CAP, "%s", names[n]);
	else if (n >= HF_REC_RECEIPT_BASE && n < HF_REC_OUTBOX_BASE)
		(void)snprintf(name, HF__LINUX_NAME_CAP, "receipt-%02u", n - HF_REC_RECEIPT_BASE);
	else if (n >= HF_REC_OUTBOX_BASE && n < HF_REC_END)
		(void)snprintf(name, HF__LINUX_NAME_CAP, "outbox-%03u", n - HF_REC_OUTBOX_BASE);
	else if (n >= HF_REC_BOOT && n < HF_REC_END)
		(void)snprintf(name, HF__LINUX_NAME_CAP, "record-%03u",
			       n); /* a record newer than this table */
	else
		return HF_ERR_BASE_MISUSE;
	return HF_OK;
}

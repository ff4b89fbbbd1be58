/* lineage.c -- the life of a certificate as sessions show it, and the clone rule a session can break.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fleet_priv.h"

hf_err hf_lineage_event(struct hf_db *db, int64_t device, int level, const char *kind, const char *detail)
{
	struct hf_device_row d = { 0 };

	/* Nobody's device is the machine's own people's business. */
	if (device != 0)
		HF_TRY(hf_device_by_id(db, device, &d));
	return hf_fleet_event(db, &d, level, kind, "server", detail, NULL);
}

hf_err hf_lineage_seen(struct hf_db *db, const struct hf_cert_row *cert)
{
	return cert->state == HF_CERT_ISSUED ? hf_cert_set_state(db, cert->serial, HF_CERT_SEEN) : HF_OK;
}

/* A parent that already ended in another way stays as it is. */
static hf_err supersede_parent(struct hf_db *db, const struct hf_cert_row *cert)
{
	struct hf_cert_row parent;
	hf_err err;

	if (!cert->has_parent)
		return HF_OK;
	err = hf_cert_by_serial(db, cert->parent, &parent);
	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	if (!hf__cert_alive(&parent))
		return HF_OK;
	return hf_cert_set_state(db, parent.serial, HF_CERT_SUPERSEDED);
}

hf_err hf_lineage_confirm(struct hf_db *db, const struct hf_cert_row *cert)
{
	if (cert->state != HF_CERT_ISSUED && cert->state != HF_CERT_SEEN)
		return HF_OK;
	HF_TRY(hf_cert_set_state(db, cert->serial, HF_CERT_CONFIRMED));
	HF_TRY(supersede_parent(db, cert));
	return hf_lineage_event(db, cert->device, HF_EVENT_INFO, "certificate.confirmed", NULL);
}

hf_err hf_lineage_boot(struct hf_db *db, const struct hf_cert_row *cert, uint64_t boot_count, bool *ok)
{
	struct hf_device_row d;

	*ok = true;
	HF_TRY(hf_device_by_id(db, cert->device, &d));
	if (d.has_boot_count && boot_count < d.boot_count) {
		*ok = false;
		return hf_fleet_quarantine(db, cert->device, "boot counter fell", "server", NULL);
	}
	if (d.has_boot_count && boot_count == d.boot_count)
		return HF_OK;
	d.has_boot_count = true;
	d.boot_count = boot_count;
	return hf_device_update(db, &d);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "lineage.h"

enum { CERTS_MAX = 64, DETAIL_CAP = 256 };

hf_err hf__lineage_event(struct hf_db *db, int64_t device, int level, const char *kind, const char *detail)
{
	struct hf_device_row d = { 0 };
	struct hf_event_row e = { .level = level, .kind = kind, .actor = "server", .detail = detail };

	/* Nobody's device is the machine's own people's business. */
	if (device != 0)
		HF_TRY(hf_device_by_id(db, device, &d));
	e.account = d.owner;
	e.dev = d.dev;
	return hf_event_add(db, &e);
}

hf_err hf__lineage_seen(struct hf_db *db, const struct hf_cert_row *cert)
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
	if (parent.state != HF_CERT_ISSUED && parent.state != HF_CERT_SEEN && parent.state != HF_CERT_CONFIRMED)
		return HF_OK;
	return hf_cert_set_state(db, parent.serial, HF_CERT_SUPERSEDED);
}

hf_err hf__lineage_confirm(struct hf_db *db, const struct hf_cert_row *cert)
{
	if (cert->state != HF_CERT_ISSUED && cert->state != HF_CERT_SEEN)
		return HF_OK;
	HF_TRY(hf_cert_set_state(db, cert->serial, HF_CERT_CONFIRMED));
	HF_TRY(supersede_parent(db, cert));
	return hf__lineage_event(db, cert->device, HF_EVENT_INFO, "certificate.confirmed", "{}");
}

struct serials {
	uint8_t of[CERTS_MAX][HF_STORE_SERIAL_LEN];
	size_t n;
};

static hf_err collect_usable(void *ctx, const struct hf_cert_row *c)
{
	struct serials *s = ctx;
	bool usable = c->state == HF_CERT_ISSUED || c->state == HF_CERT_SEEN || c->state == HF_CERT_CONFIRMED;

	if (!usable)
		return HF_OK;
	if (s->n == CERTS_MAX)
		return HF_ERR_STORE_LIMIT;
	memcpy(s->of[s->n++], c->serial, HF_STORE_SERIAL_LEN);
	return HF_OK;
}

hf_err hf__lineage_quarantine(struct hf_db *db, int64_t device, const char *reason)
{
	struct hf_device_row d;
	struct serials s = { .n = 0 };
	char detail[DETAIL_CAP];

	HF_TRY(hf_device_by_id(db, device, &d));
	if (d.state == HF_DEVICE_QUARANTINED || d.state == HF_DEVICE_REVOKED)
		return HF_OK;
	d.state = HF_DEVICE_QUARANTINED;
	snprintf(d.reason, sizeof(d.reason), "%s", reason);
	HF_TRY(hf_device_update(db, &d));
	HF_TRY(hf_cert_of_device(db, device, HF_CERT_LDEVID, collect_usable, &s));
	for (size_t i = 0; i < s.n; i++)
		HF_TRY(hf_cert_set_state(db, s.of[i], HF_CERT_QUARANTINED));
	snprintf(detail, sizeof(detail), "{\"reason\":\"%s\"}", reason);
	return hf__lineage_event(db, device, HF_EVENT_ALARM, "device.quarantined", detail);
}

hf_err hf__lineage_boot(struct hf_db *db, const struct hf_cert_row *cert, uint64_t boot_count, bool *ok)
{
	struct hf_device_row d;

	*ok = true;
	HF_TRY(hf_device_by_id(db, cert->device, &d));
	if (d.has_boot_count && boot_count < d.boot_count) {
		*ok = false;
		return hf__lineage_quarantine(db, cert->device, "boot counter fell");
	}
	if (d.has_boot_count && boot_count == d.boot_count)
		return HF_OK;
	d.has_boot_count = true;
	d.boot_count = boot_count;
	return hf_device_update(db, &d);
}

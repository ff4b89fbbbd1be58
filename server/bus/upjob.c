/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <holdfast/endorse.h>
#include <holdfast/hello.h>
#include <hf/fleet.h>
#include "releases.h"
#include "upjob.h"

enum { CTI_TEXT_LEN = 22, DETAIL_CAP = 512 };

void hf__upjob_reset(struct hf_upjob *job)
{
	job->answer = job->send_commands = job->refused = false;
	job->answer_bytes = HF_OUT(job->answer_mem);
}

static hf_err refuse(struct hf_upjob *job)
{
	job->refused = true;
	return HF_OK;
}

static void answer_to(struct hf_upjob *job, const char *cls, const char *id)
{
	snprintf(job->answer_cls, sizeof(job->answer_cls), "%s", cls);
	snprintf(job->answer_id, sizeof(job->answer_id), "%s", id);
	job->answer = true;
}

/* The application's acknowledgement: what we now hold is exactly what you sent. */
static hf_err answer_hash(struct hf_upjob *job, const char *cls)
{
	HF_TRY(hf_crypto_sha256(&job->payload, 1, job->answer_mem));
	job->answer_bytes.len = HF_SHA256_LEN;
	answer_to(job, cls, job->id);
	return HF_OK;
}

/* ---- id ---- */

static hf_err store_hello(struct hf_db *db, struct hf_upjob *job)
{
	struct hf_hello h;
	bool boot_ok = false;

	if (hf_hello_open(job->payload, job->cert.pub, &h) != HF_OK ||
	    memcmp(h.serial, job->cert.serial, sizeof(h.serial)) != 0)
		return refuse(job);
	HF_TRY(hf_lineage_boot(db, &job->cert, h.boot_count, &boot_ok));
	if (!boot_ok)
		return HF_OK; /* quarantined: no answer, no commands */
	if (h.promoted)
		HF_TRY(hf_lineage_confirm(db, &job->cert));
	else
		HF_TRY(hf_lineage_seen(db, &job->cert));
	HF_TRY(hf_presence_hello(db, job->dev));
	HF_TRY(hf_hello_ack_write(job->payload, (uint64_t)hf_db_now(db), &job->answer_bytes));
	answer_to(job, "id", "hello");
	job->send_commands = job->cert.state != HF_CERT_QUARANTINED;
	return HF_OK;
}

static hf_err store_endorsement(struct hf_db *db, struct hf_upjob *job)
{
	struct hf_endorse e;
	bool fresh = false;

	if (hf_endorse_peek(job->payload, &e) != HF_OK || strcmp(e.dev, job->dev) != 0)
		return refuse(job);
	HF_TRY(hf_endorsement_add(db, job->dev, e.gen, job->payload, job->cert_sha256, &fresh));
	return answer_hash(job, "id");
}

static hf_err store_id(struct hf_db *db, struct hf_upjob *job)
{
	if (strcmp(job->id, "hello") == 0)
		return store_hello(db, job);
	return strcmp(job->id, "endorse") == 0 ? store_endorsement(db, job) : refuse(job);
}

/* ---- the others ---- */

static hf_err store_state(struct hf_db *db, struct hf_upjob *job)
{
	if (strcmp(job->id, "now") != 0)
		return refuse(job);
	return hf_devstate_put(db, job->dev, job->payload, job->cert_sha256);
}

static hf_err store_receipt(struct hf_db *db, struct hf_upjob *job)
{
	uint8_t cti[HF_STORE_CTI_LEN];
	struct hf_out out = HF_OUT(cti);
	bool fresh = false;

	if (strlen(job->id) != CTI_TEXT_LEN ||
	    hf_base64url_decode((hf_bytes){ (const uint8_t *)job->id, CTI_TEXT_LEN }, &out) != HF_OK ||
	    out.len != sizeof(cti))
		return refuse(job);
	HF_TRY(hf_receipt_add(db, job->dev, cti, job->payload, job->cert_sha256, &fresh));
	return answer_hash(job, "ack");
}

static hf_err store_message(struct hf_db *db, struct hf_upjob *job)
{
	bool fresh = false;

	return hf_message_add(db, job->dev, job->cls, job->id, job->payload, job->cert_sha256, &fresh);
}

static hf_err store_upd(struct hf_db *db, struct hf_upjob *job)
{
	HF_TRY(store_message(db, job));
	if (strcmp(job->id, "report") != 0)
		return HF_OK;
	return hf__releases_reported(db, job->dev, job->cert.device, job->payload);
}

/* Alarms and tamper notices: kept for ever, shown to the owner, acknowledged. */
static hf_err store_notice(struct hf_db *db, struct hf_upjob *job)
{
	char kind[32], detail[DETAIL_CAP];
	bool fresh = false;

	HF_TRY(hf_message_add(db, job->dev, job->cls, job->id, job->payload, job->cert_sha256, &fresh));
	if (fresh) {
		snprintf(kind, sizeof(kind), "device.%s", job->cls);
		snprintf(detail, sizeof(detail), "{\"id\":\"%s\"}", job->id); /* [A-Za-z0-9_-] */
		HF_TRY(hf_lineage_event(db, job->cert.device, HF_EVENT_ALARM, kind, detail));
	}
	return answer_hash(job, "ack");
}

/* `{hex of kid}` and, for frames, `-{counter}`. */
static bool read_kid(const char *text, size_t len, struct hf_out *kid)
{
	return len > 0 && hf_hex_decode((hf_bytes){ (const uint8_t *)text, len }, kid) == HF_OK;
}

static bool read_counter(const char *text, uint64_t *counter)
{
	char *end = NULL;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 19)
		return false;
	*counter = strtoull(text, &end, 10);
	return *end == '\0';
}

static hf_err store_sealed(struct hf_db *db, struct hf_upjob *job)
{
	uint8_t mem[HF_STREAM_KID_MAX];
	struct hf_out kid = HF_OUT(mem);
	const char *rest = job->id + 2, *dash;
	uint64_t counter = 0;
	bool fresh = false;

	if (strncmp(job->id, "k-", 2) == 0) {
		if (!read_kid(rest, strlen(rest), &kid))
			return refuse(job);
		HF_TRY(hf_stream_add(db, job->dev, hf_out_bytes(&kid), job->payload, &fresh));
		return answer_hash(job, "ack");
	}
	dash = strncmp(job->id, "f-", 2) == 0 ? strchr(rest, '-') : NULL;
	if (dash == NULL || !read_kid(rest, (size_t)(dash - rest), &kid) || !read_counter(dash + 1, &counter))
		return refuse(job);
	HF_TRY(hf_frame_add(db, job->dev, hf_out_bytes(&kid), counter, job->payload, &fresh));
	return answer_hash(job, "ack");
}

static const struct {
	const char *cls;
	hf_err (*store)(struct hf_db *db, struct hf_upjob *job);
	bool quarantined; /* also from a quarantined device */
} classes[] = {
	{ "id", store_id, true },         { "state", store_state, false },  { "rcpt", store_receipt, false },
	{ "tele", store_message, false }, { "hb", store_message, false },   { "upd", store_upd, false },
	{ "seal", store_sealed, false },  { "alarm", store_notice, false }, { "tamper", store_notice, true },
};

/* The row behind the session's hash: an LDevID of that very device in a state that may speak. */
static hf_err find_cert(struct hf_db *db, struct hf_upjob *job, bool *ok)
{
	hf_err err = hf_cert_by_hash(db, job->cert_sha256, &job->cert);
	int state = job->cert.state;

	*ok = false;
	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	*ok = job->cert.kind == HF_CERT_LDEVID && strcmp(job->cert.dev, job->dev) == 0 &&
	      (state == HF_CERT_ISSUED || state == HF_CERT_SEEN || state == HF_CERT_CONFIRMED ||
	       state == HF_CERT_QUARANTINED);
	return HF_OK;
}

hf_err hf__upjob_message(struct hf_db *db, void *ctx)
{
	struct hf_upjob *job = ctx;
	bool ok = false;

	hf__upjob_reset(job);
	HF_TRY(find_cert(db, job, &ok));
	for (size_t i = 0; ok && i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcmp(job->cls, classes[i].cls) != 0)
			continue;
		if (job->cert.state == HF_CERT_QUARANTINED && !classes[i].quarantined)
			break;
		return classes[i].store(db, job);
	}
	return refuse(job);
}

hf_err hf__upjob_came(struct hf_db *db, void *ctx)
{
	struct hf_upjob *job = ctx;
	bool ok = false;

	hf__upjob_reset(job);
	HF_TRY(find_cert(db, job, &ok));
	if (!ok)
		return refuse(job);
	HF_TRY(hf_lineage_seen(db, &job->cert));
	return hf_presence_set(db, job->dev, true, job->cert_sha256, job->address);
}

/* The plugin says so of a device's last session only. */
hf_err hf__upjob_left(struct hf_db *db, void *ctx)
{
	struct hf_upjob *job = ctx;

	hf__upjob_reset(job);
	return hf_presence_set(db, job->dev, false, job->cert_sha256, "");
}

/* ---- alarms of the broker ---- */

/* JSON text of a foreign string: only what needs no escape. */
static void plain(char *out, size_t cap, const char *in)
{
	size_t n = 0;

	for (; *in != '\0' && n + 1 < cap; in++)
		if ((unsigned char)*in >= 0x20 && (unsigned char)*in < 0x7f && *in != '"' && *in != '\\')
			out[n++] = *in;
	out[n] = '\0';
}

hf_err hf__alarmjob(struct hf_db *db, void *ctx)
{
	const struct hf_bus_alarm *a = &((struct hf_alarmjob *)ctx)->alarm;
	struct hf_device_row d = { 0 };
	char kind[64], address[64], more[128], detail[DETAIL_CAP];
	hf_err err = a->dev[0] == '\0' ? HF_ERR_STORE_ABSENT : hf_device_by_dev(db, a->dev, &d);

	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	snprintf(kind, sizeof(kind), "broker.%s", a->kind);
	plain(address, sizeof(address), a->address);
	plain(more, sizeof(more), a->detail);
	snprintf(detail, sizeof(detail), "{\"address\":\"%s\",\"detail\":\"%s\"}", address, more);
	HF_TRY(hf_lineage_event(db, d.id, HF_EVENT_ALARM, kind, detail));
	/* A superseded certificate at any door: somebody kept what the device put away. */
	if (d.id != 0 && strcmp(a->kind, "superseded") == 0)
		return hf_fleet_quarantine(db, d.id, "superseded certificate used", "server", NULL);
	return HF_OK;
}

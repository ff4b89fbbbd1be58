/* machine.c -- how the control plane is: status, metrics, revocation list, event journal.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api_priv.h"

enum { WAIT_MAX_S = 30, WAIT_STEP_MS = 200, CRL_CEILING = 1 << 17, CRL_LIFE_S = 2 * 86400 };

static const char *const device_states[] = { "",        "made",    "claimed", "active", "quarantined",
					     "revoked", "released" };
enum { N_STATES = sizeof(device_states) / sizeof(device_states[0]) };

static hf_err show_status(struct hf_db *db, struct api_call *c)
{
	struct hf_json_out *j = &c->json;
	uint8_t hash[HF_SHA256_LEN];
	uint64_t up = 0, n = 0;
	int64_t last = 0;

	HF_TRY(hf_event_last(db, &last, hash));
	HF_TRY(hf_presence_count(db, &up));
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "version", c->api->conf.version);
	hf_json_put_int(j, "time", hf_db_now(db));
	hf_json_open(j, "devices", '{');
	for (int i = 1; i < N_STATES; i++) {
		HF_TRY(hf_device_count(db, i, &n));
		hf_json_put_uint(j, device_states[i], n);
	}
	hf_json_close(j);
	hf_json_put_uint(j, "connected", up);
	hf_json_put_int(j, "events", last);
	hf_json_put_hex(j, "events_hash", HF_ARR(hash));
	hf_json_put_text(j, "operator", c->who.name);
	hf_json_put_text(j, "account", c->who.account);
	hf_json_put_bool(j, "admin", c->who.admin);
	hf_json_close(j);
	return HF_OK;
}

static hf_err put_metric(struct hf_buf *out, const char *name, const char *kind, const char *help,
			 uint64_t value)
{
	return hf_buf_printf(out, "# HELP holdfast_%s %s\n# TYPE holdfast_%s %s\nholdfast_%s %llu\n", name,
			     help, name, kind, name, (unsigned long long)value);
}

/* Prometheus text format 0.0.4. No device is named. */
static hf_err show_metrics(struct hf_db *db, struct api_call *c)
{
	struct hf_store_stats store;
	struct hf_http_stats http;
	uint64_t up = 0, n = 0;
	uint8_t hash[HF_SHA256_LEN];
	int64_t last = 0;

	hf_store_stats(c->api->conf.store, &store);
	hf_http_stats(c->api->http, &http);
	HF_TRY(hf_presence_count(db, &up));
	HF_TRY(hf_event_last(db, &last, hash));
	c->type = "text/plain; version=0.0.4";
	HF_TRY(hf_buf_puts(&c->body,
			   "# HELP holdfast_devices Devices by state.\n# TYPE holdfast_devices gauge\n"));
	for (int i = 1; i < N_STATES; i++) {
		HF_TRY(hf_device_count(db, i, &n));
		HF_TRY(hf_buf_printf(&c->body, "holdfast_devices{state=\"%s\"} %llu\n", device_states[i],
				     (unsigned long long)n));
	}
	HF_TRY(put_metric(&c->body, "connected", "gauge", "Live sessions at the broker.", up));
	HF_TRY(put_metric(&c->body, "events_total", "counter", "Rows of the event journal.", (uint64_t)last));
	HF_TRY(put_metric(&c->body, "store_writes_total", "counter", "Write jobs of this process.",
			  store.writes));
	HF_TRY(put_metric(&c->body, "store_commits_total", "counter", "Transactions of this process.",
			  store.commits));
	HF_TRY(put_metric(&c->body, "store_failures_total", "counter", "Write jobs that failed.",
			  store.failures));
	HF_TRY(put_metric(&c->body, "api_requests_total", "counter", "Requests to the API.", http.requests));
	return put_metric(&c->body, "api_refused_total", "counter", "Requests refused before a handler.",
			  http.refused);
}

struct revocations {
	struct hf_buf list; /* serial (16) and time (8) of each */
	uint64_t number;
	int64_t now;
};

static void free_revocations(struct revocations *r)
{
	hf_buf_free(&r->list);
}

static hf_err add_revoked(void *ctx, const struct hf_cert_row *row)
{
	struct revocations *r = ctx;
	uint8_t when[8];

	hf_put_be64(when, (uint64_t)row->changed_at);
	HF_TRY(hf_buf_put(&r->list, HF_ARR(row->serial)));
	return hf_buf_put(&r->list, HF_ARR(when));
}

static hf_err collect_revoked(struct hf_db *db, void *ctx)
{
	struct revocations *r = ctx;

	r->now = hf_db_now(db);
	HF_TRY(hf_value_count(db, "crl-number", &r->number));
	return hf_cert_revoked(db, r->now, add_revoked, r);
}

/* For third parties; our own doors ask the store. */
static hf_err prepare_crl(struct api_call *c)
{
	struct revocations r HF_AUTO(free_revocations) = { .list = HF_BUF(HF_CA_REVOKED_MAX * 24) };
	uint8_t *at = NULL;
	struct hf_out der;

	HF_TRY(hf_store_write(c->api->conf.store, collect_revoked, &r));
	HF_TRY(hf_buf_reserve(&c->body, CRL_CEILING, &at));
	der = (struct hf_out){ at, CRL_CEILING, 0 };
	HF_TRY(hf_ca_crl(c->api->conf.ca, r.number, r.now, r.now + CRL_LIFE_S, hf_buf_bytes(&r.list), &der));
	hf_buf_commit(&c->body, der.len);
	c->type = "application/pkix-crl";
	return HF_OK;
}

/* ---- events ---- */

struct events {
	struct api_call *c;
	struct api_page page;
};

static hf_err list_event(void *ctx, const struct hf_event_row *e)
{
	static const char *const levels[] = { "", "info", "notice", "alarm" };
	struct events *r = ctx;
	struct hf_json_out *j = &r->c->json;

	if (!api_page_take(&r->page, e->id))
		return HF_OK;
	hf_json_open(j, NULL, '{');
	hf_json_put_int(j, "id", e->id);
	hf_json_put_int(j, "at", e->at);
	hf_json_put_text(j, "level", levels[e->level >= 1 && e->level <= 3 ? e->level : 1]);
	hf_json_put_text(j, "kind", e->kind);
	hf_json_put_text(j, "dev", e->dev[0] != '\0' ? e->dev : NULL);
	hf_json_put_text(j, "actor", e->actor);
	hf_json_put_raw(j, "detail", (hf_bytes){ (const uint8_t *)e->detail, strlen(e->detail) });
	hf_json_put_hex(j, "hash", HF_ARR(e->hash));
	hf_json_close(j);
	return HF_OK;
}

struct peek {
	const char *account, *dev;
	int64_t after;
	bool found;
};

static hf_err see_event(void *ctx, const struct hf_event_row *e)
{
	(void)e;
	*(bool *)ctx = true;
	return HF_OK;
}

static hf_err peek_job(struct hf_db *db, void *ctx)
{
	struct peek *p = ctx;

	return hf_event_list(db, p->account, p->dev, p->after, 1, see_event, &p->found);
}

static hf_err read_dev(struct api_call *c, char dev[static HF_STORE_DEV_CAP], bool *given)
{
	hf_err err = hf_http_query(c->req, "dev", dev, HF_STORE_DEV_CAP);

	*given = err == HF_OK;
	return err == HF_OK || err == HF_ERR_HTTP_ABSENT
		       ? HF_OK
		       : api_refuse(c, API_BAD_REQUEST, "dev: not well formed");
}

static hf_err read_wait(struct api_call *c, unsigned *wait_s)
{
	char text[8];
	char *end;
	unsigned long v;
	hf_err err = hf_http_query(c->req, "wait", text, sizeof(text));

	*wait_s = 0;
	if (err == HF_ERR_HTTP_ABSENT)
		return HF_OK;
	v = err == HF_OK && text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : WAIT_MAX_S + 1;
	if (v > WAIT_MAX_S || *end != '\0')
		return api_refuse(c, API_BAD_REQUEST, "wait: 0 to %d seconds", WAIT_MAX_S);
	*wait_s = (unsigned)v;
	return HF_OK;
}

/* Wait for news outside of any transaction. The call's thread waits with it; api_may_wait leaves half of the
 * threads to the others, and whoever may not wait is answered at once. */
static hf_err wait_for_news(struct api_call *c)
{
	char dev[HF_STORE_DEV_CAP];
	struct api_page page;
	struct peek p = { .account = c->who.account };
	bool of_device;
	unsigned wait_s;

	HF_TRY(read_wait(c, &wait_s));
	HF_TRY(read_dev(c, dev, &of_device));
	HF_TRY(api_page_read(c, &page));
	if (wait_s == 0 || !api_may_wait(c->api, true))
		return HF_OK;
	p.dev = of_device ? dev : NULL;
	p.after = page.after;
	for (unsigned step = 0; step < wait_s * 1000 / WAIT_STEP_MS && !p.found && !c->api->stopping;
	     step++) {
		const struct timespec pause = { 0, WAIT_STEP_MS * 1000000L };

		if (hf_store_read(c->api->conf.store, peek_job, &p) != HF_OK)
			break;
		if (!p.found)
			nanosleep(&pause, NULL);
	}
	(void)api_may_wait(c->api, false);
	return HF_OK;
}

static hf_err list_events(struct hf_db *db, struct api_call *c)
{
	char dev[HF_STORE_DEV_CAP];
	struct events r = { .c = c };
	bool of_device;
	char text[8];

	HF_TRY(api_page_read(c, &r.page));
	HF_TRY(read_dev(c, dev, &of_device));
	r.page.last = r.page.after;
	api_page_open(c);
	HF_TRY(hf_event_list(db, c->who.account, of_device ? dev : NULL, r.page.after, api_page_ask(&r.page),
			     list_event, &r));
	/* Who waits follows the journal, which has no end: the cursor is given even after the last row. */
	api_page_close(c, &r.page, hf_http_query(c->req, "wait", text, sizeof(text)) == HF_OK);
	return HF_OK;
}

const struct api_route api_machine_routes[] = {
	{ HF_HTTP_GET, "/v1/status", API_READ, 0, NULL, NULL, show_status },
	{ HF_HTTP_GET, "/metrics", API_READ, 0, NULL, NULL, show_metrics },
	{ HF_HTTP_GET, "/v1/crl", API_READ, 0, NULL, prepare_crl, NULL },
	{ HF_HTTP_GET, "/v1/events", API_READ, 0, NULL, wait_for_news, list_events },
	{ .pattern = NULL },
};

/* fleet_rig.c -- see fleet_rig.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fleet_rig.h"

static int64_t fake_now(void *ctx)
{
	return ((struct rig *)ctx)->now;
}

static hf_err put_line(struct hf_db *db, void *ctx)
{
	return hf_product_put(db, ctx);
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct hf_store_conf conf = { .now = fake_now, .now_ctx = r };

	strcpy(r->dir, "/tmp/hf-fleet-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(r->path, sizeof(r->path), "%s/holdfast.db", r->dir);
	conf.path = r->path;
	r->now = RIG_NOW;
	r->next = 1;
	r->label = "";
	r->line = (struct hf_product_row){ .line = "lamp",
					   .enrol = 1,
					   .life_s = 90 * RIG_DAY,
					   .grace_s = 30 * RIG_DAY,
					   .offline_s = 30 * RIG_DAY,
					   .owner = "main",
					   .basic = true };
	assert_int_equal(hf_store_create(r->path, NULL), HF_OK);
	assert_int_equal(hf_store_open(&conf, &r->store, NULL), HF_OK);
	assert_int_equal(hf_store_write(r->store, put_line, &r->line), HF_OK);
	*state = r;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *r = *state;
	char cmd[128];

	hf_store_close(r->store);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", r->dir);
	assert_int_equal(system(cmd), 0);
	free(r);
	return 0;
}

struct step {
	struct rig *r;
	struct attempt *a;
	struct hf_identity who;
	struct hf_enrol_req req;
	struct hf_enrol_plan plan;
};

static hf_err plan_it(struct hf_db *db, void *ctx)
{
	struct step *s = ctx;
	struct hf_shown shown = { .has_cert = s->a->cert != NULL,
				  .expired = s->a->expired,
				  .self_signed = s->a->self_signed,
				  .not_after = s->a->expired ? 1 : INT64_MAX,
				  .cn = "x",
				  .ou = "" };

	if (s->a->cert && s->a->self_signed)
		memset(shown.spki_sha256, *s->a->cert, 32);
	else if (s->a->cert)
		memcpy(shown.sha256, s->a->cert, 32);
	HF_TRY(hf_identify(db, &shown, &s->who));
	return hf_enrol_plan(db, &s->req, &s->plan);
}

static hf_err finish_it(struct hf_db *db, void *ctx)
{
	struct step *s = ctx;
	struct hf_cert_row *c = &s->a->issued;

	if (s->plan.outcome == HF_OUTCOME_SAME)
		return hf_cert_by_serial(db, s->plan.same, c);
	if (s->plan.outcome != HF_OUTCOME_ISSUE)
		return hf_enrol_refuse(db, &s->req, &s->plan);
	memset(c, 0, sizeof(*c));
	memset(c->serial, s->r->next, sizeof(c->serial));
	memset(c->sha256, s->r->next++, sizeof(c->sha256));
	memcpy(c->spki_sha256, s->req.spki_sha256, sizeof(c->spki_sha256));
	c->not_before = s->r->now;
	c->not_after = s->r->now + s->r->line.life_s;
	HF_TRY(hf_enrol_commit(db, &s->req, &s->plan, c, HF_STR("der")));
	uint8_t serial[16];
	memcpy(serial, c->serial, 16);
	return hf_cert_by_serial(db, serial, c);
}

void rig_try(struct rig *r, struct attempt *a)
{
	struct step s = { .r = r, .a = a };

	s.req = (struct hf_enrol_req){ .renew = a->renew,
				       .line = &r->line,
				       .who = &s.who,
				       .has_claim = a->has_claim,
				       .has_code = a->has_code,
				       .names_differ = a->names_differ };
	memcpy(s.req.cid, a->cid, 16);
	memcpy(s.req.code, a->code, 32);
	memset(s.req.spki_sha256, a->spki, 32);
	assert_int_equal(hf_fleet_new_dev(s.req.new_dev), HF_OK);
	assert_int_equal(hf_store_read(r->store, plan_it, &s), HF_OK);
	assert_int_equal(hf_store_write(r->store, finish_it, &s), HF_OK);
	a->outcome = s.plan.outcome;
}

struct claim {
	struct hf_claim_row row;
	bool fits;
	const char *label;
};

static hf_err open_it(struct hf_db *db, void *ctx)
{
	struct claim *c = ctx;
	return hf_claim_open(db, &c->row, c->fits, c->label, "operator:test");
}

void rig_claim(struct rig *r, uint8_t cid, const char *account, hf_err want)
{
	struct claim c = { .row = { .kc = { 1 }, .kc_len = 1 }, .fits = true, .label = r->label };

	memset(c.row.cid, cid, sizeof(c.row.cid));
	(void)snprintf(c.row.owner, sizeof(c.row.owner), "%s", account);
	assert_int_equal(hf_store_write(r->store, open_it, &c), want);
}

struct attempt rig_by_claim(uint8_t cid, uint8_t key)
{
	struct attempt a = { .has_claim = true, .spki = key };
	memset(a.cid, cid, sizeof(a.cid));
	return a;
}

struct attempt rig_enrolled(struct rig *r, uint8_t cid, uint8_t key)
{
	struct attempt a = rig_by_claim(cid, key);

	rig_claim(r, cid, "main", HF_OK);
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_ISSUE);
	return a;
}

struct get {
	int64_t id;
	const uint8_t *serial;
	int state;
	enum hf_owner_act act;
	struct hf_device_row d;
	struct hf_cert_row c;
	const char *kind;
	unsigned n;
};

static hf_err get_device(struct hf_db *db, void *ctx)
{
	struct get *g = ctx;
	return hf_device_by_id(db, g->id, &g->d);
}

struct hf_device_row rig_device(struct rig *r, int64_t id)
{
	struct get g = { .id = id };
	assert_int_equal(hf_store_read(r->store, get_device, &g), HF_OK);
	return g.d;
}

static hf_err get_cert(struct hf_db *db, void *ctx)
{
	struct get *g = ctx;
	return hf_cert_by_serial(db, g->serial, &g->c);
}

struct hf_cert_row rig_cert(struct rig *r, const uint8_t *serial)
{
	struct get g = { .serial = serial };
	assert_int_equal(hf_store_read(r->store, get_cert, &g), HF_OK);
	return g.c;
}

static hf_err set_state(struct hf_db *db, void *ctx)
{
	struct get *g = ctx;
	return hf_cert_set_state(db, g->serial, g->state);
}

void rig_state(struct rig *r, const uint8_t *serial, int state)
{
	struct get g = { .serial = serial, .state = state };
	assert_int_equal(hf_store_write(r->store, set_state, &g), HF_OK);
}

void rig_promote(struct rig *r, const struct hf_cert_row *c)
{
	rig_state(r, c->serial, HF_CERT_CONFIRMED);
	if (c->has_parent)
		rig_state(r, c->parent, HF_CERT_SUPERSEDED);
}

static hf_err act_on(struct hf_db *db, void *ctx)
{
	struct get *g = ctx;
	int64_t audit = 0;

	HF_TRY(hf_device_by_id(db, g->id, &g->d));
	return hf_device_act(db, &g->d, g->act, "because", "operator:test", &audit);
}

void rig_act(struct rig *r, int64_t device, enum hf_owner_act act, hf_err want)
{
	struct get g = { .id = device, .act = act };
	assert_int_equal(hf_store_write(r->store, act_on, &g), want);
}

static hf_err count_kind(void *ctx, const struct hf_event_row *e)
{
	struct get *g = ctx;
	g->n += strcmp(e->kind, g->kind) == 0;
	return HF_OK;
}

static hf_err count_events(struct hf_db *db, void *ctx)
{
	return hf_event_list(db, NULL, NULL, 0, 10000, count_kind, ctx);
}

unsigned rig_events(struct rig *r, const char *kind)
{
	struct get g = { .kind = kind };
	assert_int_equal(hf_store_read(r->store, count_events, &g), HF_OK);
	return g.n;
}

static hf_err add_order(struct hf_db *db, void *ctx)
{
	return hf_order_add(db, ctx, HF_STR("object"));
}

void rig_order(struct rig *r, uint64_t quantity, uint64_t allowance)
{
	struct hf_order_row o = { .line = "lamp",
				  .quantity = quantity,
				  .allowance = allowance,
				  .not_before = RIG_NOW - 10,
				  .not_after = RIG_NOW + 10 * RIG_DAY,
				  .state = HF_STORE_ORDER_OPEN,
				  .commit_s = RIG_DAY,
				  .n_stations = 1,
				  .by = "alice" };

	memset(o.id, 0x0f, sizeof(o.id));
	memset(o.station[0], 0xee, 32);
	assert_int_equal(hf_store_write(r->store, add_order, &o), HF_OK);
}

struct unit {
	struct hf_unit_req req;
	struct hf_cert_row *cert;
};

static hf_err make_unit(struct hf_db *db, void *ctx)
{
	struct unit *u = ctx;
	return hf_unit_commit_issue(db, &u->req, u->cert, HF_STR("der"));
}

hf_err rig_unit(struct rig *r, uint8_t key, uint8_t station, struct hf_cert_row *out)
{
	uint8_t order[16], who[32];
	char handle[HF_STORE_HANDLE_CAP];
	struct unit u = { .req = { .order = order,
				   .station = who,
				   .kc = HF_STR("kc"),
				   .proof = HF_STR("word"),
				   .handle = handle },
			  .cert = out };

	memset(order, 0x0f, sizeof(order));
	memset(who, station, sizeof(who));
	memset(u.req.spki_sha256, key, 32);
	memset(u.req.cid, key, 16);
	memset(out, 0, sizeof(*out));
	memset(out->serial, key, sizeof(out->serial));
	memset(out->sha256, key, sizeof(out->sha256));
	memset(out->spki_sha256, key, sizeof(out->spki_sha256));
	out->not_after = INT64_MAX;
	assert_int_equal(hf_fleet_new_handle(handle), HF_OK);
	return hf_store_write(r->store, make_unit, &u);
}

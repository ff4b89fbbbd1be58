/* people.c -- operators, stations, one-time codes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/fleet.h>
#include <hf/pki.h>
#include "api_priv.h"

enum { CODE_LIFE_S = 86400, CODE_LEN = 10, SMALL = 8192 };

/* ---- operators and stations ---- */

static void put_person(struct api_call *c, const struct hf_person *p)
{
	struct hf_json_out *j = &c->json;

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "name", p->name);
	if (p->kind == HF_PERSON_OPERATOR) {
		hf_json_put_text(j, "account", p->account);
		hf_json_put_bool(j, "admin", p->admin);
		hf_json_put_bytes(j, "public_key", HF_ARR(p->pub));
	} else {
		hf_json_put_hex(j, "spki_sha256", HF_ARR(p->spki_sha256));
	}
	hf_json_put_text(j, "state", p->state == HF_PERSON_ACTIVE ? "active" : "blocked");
	hf_json_put_int(j, "created", p->created);
	hf_json_close(j);
}

static hf_err list_person(void *ctx, const struct hf_person *p)
{
	put_person(ctx, p);
	return HF_OK;
}

static hf_err list_people(struct hf_db *db, struct api_call *c, int kind)
{
	struct api_page page;

	HF_TRY(api_page_read(c, &page));
	api_page_open(c);
	HF_TRY(hf_person_list(db, kind, kind == HF_PERSON_OPERATOR && !c->who.admin ? c->who.account : NULL,
			      "", HF_STORE_LIST_MAX, list_person, c));
	api_page_close(c, &page, false);
	return HF_OK;
}

static hf_err list_operators(struct hf_db *db, struct api_call *c)
{
	return list_people(db, c, HF_PERSON_OPERATOR);
}

static hf_err list_stations(struct hf_db *db, struct api_call *c)
{
	return list_people(db, c, HF_PERSON_STATION);
}

static hf_err find_operator(struct hf_db *db, struct api_call *c, struct hf_person *p)
{
	if (strlen(c->req->param[0]) >= HF_STORE_NAME_CAP)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	HF_TRY(hf_person_get(db, HF_PERSON_OPERATOR, c->req->param[0], p));
	if (!c->who.admin && strcmp(p->account, c->who.account) != 0)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	return HF_OK;
}

static hf_err show_operator(struct hf_db *db, struct api_call *c)
{
	struct hf_person p = { 0 };

	HF_TRY(find_operator(db, c, &p));
	api_set_etag(c, p.version);
	put_person(c, &p);
	return HF_OK;
}

static hf_err spki_of(const uint8_t pub[static HF_P256_POINT_LEN], uint8_t out[static HF_SHA256_LEN])
{
	return hf_pki_spki_sha256(pub, out);
}

struct operator_in {
	char name[HF_STORE_NAME_CAP], account[HF_STORE_NAME_CAP];
	struct hf_buf pub;
	bool admin;
};

static void free_operator_in(struct operator_in *in)
{
	hf_buf_free(&in->pub);
}

static hf_err add_operator(struct hf_db *db, struct api_call *c)
{
	static const struct hf_json_field fields[] = {
		{ .name = "name",
		  .type = HF_JSON_TEXT,
		  .required = true,
		  .offset = offsetof(struct operator_in, name),
		  .cap = HF_STORE_NAME_CAP },
		{ .name = "account",
		  .type = HF_JSON_TEXT,
		  .required = true,
		  .offset = offsetof(struct operator_in, account),
		  .cap = HF_STORE_NAME_CAP },
		{ .name = "public_key",
		  .type = HF_JSON_BYTES,
		  .required = true,
		  .offset = offsetof(struct operator_in, pub) },
		{ .name = "admin", .type = HF_JSON_BOOL, .offset = offsetof(struct operator_in, admin) },
	};
	struct operator_in in HF_AUTO(free_operator_in) = { .pub = HF_BUF(HF_P256_POINT_LEN) };
	struct hf_person p = { .kind = HF_PERSON_OPERATOR, .state = HF_PERSON_ACTIVE };
	struct hf_why why = { 0 };

	if (hf_json_read(c->req->body, fields, 4, &in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	if (in.pub.len != HF_P256_POINT_LEN || hf_crypto_p256_check(in.pub.ptr) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "public_key: a P-256 point of 65 bytes is needed");
	if (!hf_deploy_is_name(in.name) || !hf_deploy_is_name(in.account))
		return api_refuse(c, API_BAD_REQUEST, "name and account: a-z, 0-9 and '-'");
	memcpy(p.name, in.name, sizeof(p.name));
	memcpy(p.account, in.account, sizeof(p.account));
	memcpy(p.pub, in.pub.ptr, sizeof(p.pub));
	p.admin = in.admin;
	HF_TRY(spki_of(p.pub, p.spki_sha256));
	HF_TRY(hf_person_add(db, &p));
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "operator.added", "", "{}"));
	c->status = 201;
	api_set_etag(c, p.version);
	put_person(c, &p);
	return HF_OK;
}

static hf_err block_operator(struct hf_db *db, struct api_call *c)
{
	struct hf_person p = { 0 };

	HF_TRY(find_operator(db, c, &p));
	HF_TRY(api_match(c, p.version));
	if (strcmp(p.name, c->who.name) == 0)
		return api_refuse(c, API_CONFLICT, "nobody blocks themselves");
	p.state = HF_PERSON_BLOCKED;
	HF_TRY(hf_person_update(db, &p));
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "operator.blocked", "", "{}"));
	api_set_etag(c, p.version);
	put_person(c, &p);
	return HF_OK;
}

static hf_err put_certificate(struct api_call *c)
{
	uint8_t mem[4096];
	struct hf_out pem = { mem, sizeof(mem) - 1, 0 };

	HF_TRY(hf_pki_pem_write("CERTIFICATE", (hf_bytes){ c->der, c->der_len }, &pem));
	mem[pem.len] = '\0';
	c->status = 201;
	hf_json_open(&c->json, NULL, '{');
	hf_json_put_text(&c->json, "certificate", (const char *)mem);
	hf_json_put_int(&c->json, "not_after", c->not_after);
	hf_json_close(&c->json);
	return HF_OK;
}

static hf_err certify(struct api_call *c, bool station, const char *name,
		      const uint8_t pub[static HF_P256_POINT_LEN])
{
	const struct hf_ca_order order = {
		.profile = station ? HF_CA_PROFILE_STATION : HF_CA_PROFILE_OPERATOR, .pub = pub, .name = name
	};
	struct hf_out der = HF_OUT(c->der);
	struct hf_ca_issued issued;

	HF_TRY(hf_ca_issue(c->api->conf.ca, &order, &issued, &der));
	c->not_after = issued.not_after;
	c->der_len = der.len;
	return HF_OK;
}

static hf_err prepare_renewal(struct api_call *c)
{
	struct hf_pki_csr csr;

	if (strcmp(c->req->param[0], c->who.name) != 0)
		return api_refuse(c, API_FORBIDDEN, "only one's own certificate can be renewed");
	if (hf_pki_csr_read(c->req->body, &csr) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "a PKCS#10 request (DER) is needed");
	if (memcmp(csr.pub, c->who.pub, sizeof(csr.pub)) != 0)
		return api_refuse(c, API_FORBIDDEN, "the request holds another key than the one on file");
	return certify(c, false, c->who.name, csr.pub);
}

static hf_err renew_operator(struct hf_db *db, struct api_call *c)
{
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "operator.renewed", "", "{}"));
	return put_certificate(c);
}

struct station_in {
	char name[HF_STORE_NAME_CAP];
	struct hf_buf csr;
};

static void free_station_in(struct station_in *in)
{
	hf_buf_free(&in->csr);
}

static hf_err prepare_station(struct api_call *c)
{
	static const struct hf_json_field fields[] = {
		{ .name = "name",
		  .type = HF_JSON_TEXT,
		  .required = true,
		  .offset = offsetof(struct station_in, name),
		  .cap = HF_STORE_NAME_CAP },
		{ .name = "csr",
		  .type = HF_JSON_BYTES,
		  .required = true,
		  .offset = offsetof(struct station_in, csr) },
	};
	struct station_in in HF_AUTO(free_station_in) = { .csr = HF_BUF(HF_PKI_CSR_MAX) };
	struct hf_person *p = &c->person;
	struct hf_why why = { 0 };
	struct hf_pki_csr csr;

	if (hf_json_read(c->req->body, fields, 2, &in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	if (!hf_deploy_is_name(in.name) || hf_pki_csr_read(hf_buf_bytes(&in.csr), &csr) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "a name and a PKCS#10 request (DER) are needed");
	*p = (struct hf_person){ .kind = HF_PERSON_STATION, .state = HF_PERSON_ACTIVE };
	memcpy(p->name, in.name, sizeof(p->name));
	memcpy(p->account, c->who.account, sizeof(p->account));
	memcpy(p->pub, csr.pub, sizeof(p->pub));
	memcpy(p->spki_sha256, csr.spki_sha256, sizeof(p->spki_sha256));
	return certify(c, true, p->name, csr.pub);
}

/* The same key again is a renewal. */
static hf_err add_station(struct hf_db *db, struct api_call *c)
{
	struct hf_person found;
	hf_err err = hf_person_get(db, HF_PERSON_STATION, c->person.name, &found);

	if (err == HF_OK && (!hf_bytes_equal(HF_ARR(found.spki_sha256), HF_ARR(c->person.spki_sha256)) ||
			     found.state != HF_PERSON_ACTIVE))
		return api_refuse(c, API_CONFLICT, "a station of this name has another key, or is blocked");
	if (err == HF_ERR_STORE_ABSENT)
		err = hf_person_add(db, &c->person);
	HF_TRY(err);
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "station.certified", "", "{}"));
	return put_certificate(c);
}

/* ---- one-time codes ---- */

struct code_in {
	char line[HF_STORE_NAME_CAP];
};

static hf_err make_code(char out[static 17])
{
	uint8_t raw[CODE_LEN];
	struct hf_out text = { (uint8_t *)out, 16, 0 };

	HF_TRY(hf_fleet_random(raw, sizeof(raw)));
	out[16] = '\0';
	return hf_base32_encode(HF_ARR(raw), &text);
}

static hf_err add_code(struct hf_db *db, struct api_call *c)
{
	static const struct hf_json_field fields[] = {
		{ .name = "line", .type = HF_JSON_TEXT, .required = true, .cap = HF_STORE_NAME_CAP }
	};
	struct hf_basic_code code = { .expires = hf_db_now(db) + CODE_LIFE_S };
	struct hf_product_row line;
	struct code_in in = { "" };
	struct hf_why why = { 0 };
	char user[17], password[17];
	hf_bytes parts[3] = { { (uint8_t *)user, 16 }, HF_STR(":"), { (uint8_t *)password, 16 } };

	if (hf_json_read(c->req->body, fields, 1, &in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	HF_TRY(hf_product_get(db, in.line, &line));
	if (!line.basic)
		return api_refuse(c, API_NOT_FOUND, "this line has no one-time codes");
	HF_TRY(make_code(user));
	HF_TRY(make_code(password));
	HF_TRY(hf_crypto_sha256(parts, 3, code.hash));
	memcpy(code.line, in.line, sizeof(code.line));
	memcpy(code.owner, c->who.account, sizeof(code.owner));
	HF_TRY(hf_basic_put(db, &code));
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "code.made", "", "{}"));
	c->status = 201;
	hf_json_open(&c->json, NULL, '{');
	hf_json_put_text(&c->json, "user", user);
	hf_json_put_text(&c->json, "password", password);
	hf_json_put_int(&c->json, "expires", code.expires);
	hf_json_close(&c->json);
	return HF_OK;
}

static const char json[] = "application/json";
enum { ACT = API_WRITE | API_ONCE, ADMIN = API_WRITE | API_ONCE | API_ADMIN };

const struct api_route api_people_routes[] = {
	{ HF_HTTP_GET, "/v1/operators", API_READ, 0, NULL, NULL, list_operators },
	{ HF_HTTP_POST, "/v1/operators", ADMIN, SMALL, json, NULL, add_operator },
	{ HF_HTTP_GET, "/v1/operators/{name}", API_READ, 0, NULL, NULL, show_operator },
	{ HF_HTTP_DELETE, "/v1/operators/{name}", API_WRITE | API_ADMIN, 0, NULL, NULL, block_operator },
	{ HF_HTTP_POST, "/v1/operators/{name}/certificate", ACT | API_RENEW, SMALL, "application/pkcs10",
	  prepare_renewal, renew_operator },
	{ HF_HTTP_GET, "/v1/stations", API_READ, 0, NULL, NULL, list_stations },
	{ HF_HTTP_POST, "/v1/stations", ADMIN, SMALL, json, prepare_station, add_station },
	/* The answer holds a secret, so it is not kept for a repeated request: the store holds no secrets. */
	{ HF_HTTP_POST, "/v1/codes", API_WRITE, SMALL, json, NULL, add_code },
	{ .pattern = NULL },
};

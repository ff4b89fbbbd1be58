/* store_rig.c -- see store_rig.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "store_rig.h"

static int64_t fake_now(void *ctx)
{
	return ((struct rig *)ctx)->now;
}

static void count_nudge(void *ctx)
{
	((struct rig *)ctx)->nudges++;
}

void rig_open(struct rig *r)
{
	struct hf_store_conf conf = {
		.path = r->path, .now = fake_now, .now_ctx = r, .after_commit = count_nudge, .after_ctx = r
	};
	assert_int_equal(hf_store_open(&conf, &r->store, NULL), HF_OK);
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	strcpy(r->dir, "/tmp/hf-store-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(r->path, sizeof(r->path), "%s/holdfast.db", r->dir);
	r->now = 1800000000;
	assert_int_equal(hf_store_create(r->path, NULL), HF_OK);
	rig_open(r);
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

void rig_raw(struct rig *r, const char *sql, int want)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(r->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), want);
	sqlite3_close(db);
}

struct hf_cert_row rig_cert(uint8_t n, int state)
{
	struct hf_cert_row c = {
		.kind = HF_CERT_LDEVID, .state = state, .not_before = 1, .not_after = 1900000000
	};

	memset(c.serial, n, sizeof(c.serial));
	memset(c.sha256, n, sizeof(c.sha256));
	memset(c.spki_sha256, n, sizeof(c.spki_sha256));
	memcpy(c.lineage, c.serial, sizeof(c.lineage));
	(void)snprintf(c.dev, sizeof(c.dev), "abcdefghijklmn%02x", n);
	strcpy(c.identity, "test");
	return c;
}

hf_err rig_add_cert(struct hf_db *db, void *ctx)
{
	return hf_cert_add(db, ctx, HF_STR("der"));
}

hf_err rig_get_cert(struct hf_db *db, void *ctx)
{
	struct hf_cert_row *c = ctx;
	uint8_t serial[16];

	memcpy(serial, c->serial, 16);
	return hf_cert_by_serial(db, serial, c);
}

/* crl.c -- the revocation list for third parties, kept for ten minutes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <hf/ca.h>
#include <hf/store.h>

enum { KEEP_S = 600, NEXT_S = 2 * 86400 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hf_buf kept = { .ceiling = HF_IPC_BODY_MAX };
static int64_t kept_at;

struct list {
	struct hf_buf rows;
	uint64_t number;
	int64_t now;
};

static hf_err put_row(void *ctx, const struct hf_cert_row *c)
{
	struct list *l = ctx;
	uint8_t when[8];

	HF_TRY(hf_buf_put(&l->rows, HF_ARR(c->serial)));
	hf_put_be64(when, (uint64_t)c->changed_at);
	return hf_buf_put(&l->rows, HF_ARR(when));
}

static hf_err collect(struct hf_db *db, void *ctx)
{
	struct list *l = ctx;

	l->now = hf_db_now(db);
	hf_buf_reset(&l->rows);
	HF_TRY(hf_value_count(db, "crl.number", &l->number));
	return hf_cert_revoked(db, l->now, put_row, l);
}

static hf_err make(struct hf_ca *ca, struct hf_store *store)
{
	struct list l = { .rows = HF_BUF(HF_CA_REVOKED_MAX * 24) };
	uint8_t *der = malloc(HF_IPC_BODY_MAX);
	hf_err err = der ? hf_store_write(store, collect, &l) : HF_ERR_HOST_MEMORY;

	if (err == HF_OK) {
		struct hf_out out = { der, HF_IPC_BODY_MAX, 0 };

		err = hf_ca_crl(ca, l.number, l.now, l.now + NEXT_S, hf_buf_bytes(&l.rows), &out);
		if (err == HF_OK) {
			hf_buf_reset(&kept);
			err = hf_buf_put(&kept, hf_out_bytes(&out));
			kept_at = hf_now_unix();
		}
	}
	hf_buf_free(&l.rows);
	free(der);
	return err;
}

hf_err hf_ca_make_crl(struct hf_ca *ca, struct hf_store *store, struct hf_buf *der)
{
	int64_t now = hf_now_unix();

	pthread_mutex_lock(&lock);
	/* A clock that went back must not keep an old list for ever. */
	bool fresh = kept.len && now >= kept_at && now - kept_at < KEEP_S;
	hf_err err = fresh ? HF_OK : make(ca, store);
	if (err == HF_OK)
		err = hf_buf_put(der, hf_buf_bytes(&kept));
	pthread_mutex_unlock(&lock);
	return err;
}

/* store_rig.h -- a registry on a real file, with a clock that the test holds.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RIG_H
#define STORE_RIG_H
#include <sqlite3.h>
#include <hf/store.h>

struct rig {
	char dir[64], path[128];
	struct hf_store *store;
	int64_t now;
	int nudges;
};

void rig_open(struct rig *r);
int rig_setup(void **state);
int rig_teardown(void **state);
/* SQL behind the store's back, as a tamperer would. */
void rig_raw(struct rig *r, const char *sql, int want);
struct hf_cert_row rig_cert(uint8_t n, int state);
/* Jobs over a struct hf_cert_row. */
hf_err rig_add_cert(struct hf_db *db, void *ctx);
hf_err rig_get_cert(struct hf_db *db, void *ctx);
#endif

/* feed_store.h -- one connection to a feed database that is being written.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FEED_STORE_H
#define HF_FEED_STORE_H
#include "feed_priv.h"

#define HF__SOURCE_COLUMNS \
	"SELECT name,kind,count,newest,newest_day,imported,sha256,signer,shrink,id FROM source"

HF_MUST_CHECK hf_err hf__sql(sqlite3 *db, const char *sql);
HF_MUST_CHECK hf_err hf__store_open(struct hf__store *s, const char *path);
void hf__store_close(struct hf__store *s);
HF_MUST_CHECK hf_err hf__store_find(struct hf__store *s, const char *name, struct hf_feed_source *out,
				    bool *found);
/* Make the source and forget its former rows. */
HF_MUST_CHECK hf_err hf__store_begin(struct hf__store *s, const char *name);
/* Write what s->about says of it. */
HF_MUST_CHECK hf_err hf__store_end(struct hf__store *s);
void hf__read_source_row(sqlite3_stmt *st, struct hf_feed_source *out);
#endif

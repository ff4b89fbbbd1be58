/* feed_rig.h -- a feed database in a folder of its own, imports into it and answers as lines.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FEED_RIG_H
#define FEED_RIG_H
#include <hf/feed.h>

enum { NOW = 1784678400, LINES = 16 }; /* 2026-07-22 */

struct feed_rig {
	char dir[32], db[64], file[64];
	struct hf_feed_source source;
	struct hf_why why;
	size_t n;
	char line[LINES][256];
};

struct feed_rig feed_rig(void);
void feed_rig_drop(struct feed_rig *r);
hf_bytes feed_text(const char *t);
/* `name` NULL: as the content says; `reason` NULL: refusals stand. */
hf_err feed_import_path(struct feed_rig *r, const char *path, const char *name, const char *reason);
hf_err feed_import_as(struct feed_rig *r, const char *name, const char *content);
void feed_import(struct feed_rig *r, const char *content);
/* Puts a hit into r->line. */
hf_err feed_hit(void *ctx, const struct hf_vuln_hit *h);
/* "debian:12/x", "cpe/a:b", "generic/x": answers in r->line; was the key known? */
bool feed_ask(struct feed_rig *r, unsigned scheme, const char *key, const char *version);
void feed_expect(struct feed_rig *r, unsigned scheme, const char *key, const char *version, const char *line);
/* The CSV of a KEV catalogue with `n` entries of one day. */
void feed_kev(char *out, size_t cap, unsigned n, const char *day);
extern const char feed_nvd[], feed_tracker[];
#endif

/* feed_priv.h -- what the readers of advisories write into, and how versions stand in the file.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FEED_PRIV_H
#define HF_FEED_PRIV_H
#include <sqlite3.h>
#include <holdfast/crypto.h>
#include <hf/buf.h>
#include <hf/feed.h>
#include <hf/version.h>
#include "comp_priv.h"
#include "jscan.h"

enum { HF__RANGES_MAX = 1 << 20, HF__ARENA = 1 << 16, HF__FEED_VERSION = 1 };

/* ---- ranges of versions, as text: one a line, "a1.0\t<1.2" ----
 * First 'a' (affected) or 'u' (not), the first version (empty: from the beginning), a tab, then '<' or '='
 * with the end (below it; up to and with it), '*' (no end), or '.' (this version only). The first line that
 * holds a version decides; when none does, it is not affected. */
struct hf__range {
	bool affected;
	hf_bytes from, to;
	char end; /* '<' '=' '*' '.' */
};
/* A version with a tab or line end in it is left out. */
HF_MUST_CHECK hf_err hf__range_put(struct hf_buf *ranges, const struct hf__range *r);
bool hf__range_next(hf_bytes *ranges, struct hf__range *r);
/* Is `version` affected; *fixed: where the range that holds it ends. */
bool hf__ranges_say(hf_bytes ranges, unsigned scheme, hf_bytes version, hf_bytes *fixed);

/* ---- the file while a source is imported ---- */
struct hf__store {
	sqlite3 *db;
	sqlite3_stmt *affects, *score, *kev, *epss;
	sqlite3_int64 source, seq;
	struct hf_feed_source *about;
	uint64_t now_s;
	const char *kind;     /* set by the first file; all others must be of it */
	struct hf_buf ranges; /* of the row that is being made */
};
struct hf__row {
	hf_bytes key, vuln, files;
	unsigned scheme, status;
};
/* With the ranges in store->ranges, which is emptied. */
HF_MUST_CHECK hf_err hf__store_row(struct hf__store *s, const struct hf__row *row);
HF_MUST_CHECK hf_err hf__store_score(struct hf__store *s, hf_bytes vuln, unsigned cvss);
HF_MUST_CHECK hf_err hf__store_kev(struct hf__store *s, hf_bytes vuln, hf_bytes due);
HF_MUST_CHECK hf_err hf__store_epss(struct hf__store *s, hf_bytes vuln, unsigned score);
/* One record more, last changed then ("2026-07-16T..."; empty = not told). */
void hf__store_count(struct hf__store *s, hf_bytes modified);

/* ---- readers: one document each. Errors: HF_ERR_FEED_FORMAT, the store's ---- */
HF_MUST_CHECK hf_err hf__read_osv(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_debian(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_cve(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_nvd(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_kev_json(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_kev_csv(struct hf__store *s, hf_bytes text);
HF_MUST_CHECK hf_err hf__read_epss(struct hf__store *s, hf_bytes text);
/* Told apart by content; the kind must be that of the files before. */
HF_MUST_CHECK hf_err hf__read_advisories(struct hf__store *s, hf_bytes text);

/* ---- small things ---- */
unsigned hf__cvss3(hf_bytes vector);
unsigned hf__tenths(hf_bytes number);
unsigned hf__severity_word(hf_bytes word);
bool hf__is_nocase(hf_bytes b, const char *text);
bool hf__is_cve(hf_bytes id);
/* Days since 1970 of "YYYY-MM-DD..."; 0 when it is none. */
uint64_t hf__day_of(hf_bytes date);
/* "2026-07-16" */
void hf__day_text(uint64_t day, char out[static 32]);
/* A key in lower case, blanks as '_': "cpe/" + vendor + ":" + product. False: it does not fit. */
bool hf__key(struct hf_out *out, const char *kind, hf_bytes a, const char *sign, hf_bytes b);

/* ---- files ---- */
typedef hf_err (*hf__on_document)(void *ctx, hf_bytes text);
/* Each file of a folder (sorted, at most 8 folders deep), of a zip, or the file itself. */
HF_MUST_CHECK hf_err hf__each_document(const char *path, hf__on_document on, void *ctx,
				       uint8_t sha256[static 32], uint64_t *mtime, struct hf_why *why);
HF_MUST_CHECK hf_err hf__zip_each(hf_bytes zip, hf__on_document on, void *ctx);
/* FILE.cose beside FILE: the fingerprint of the signer, "" when there is no such file. */
HF_MUST_CHECK hf_err hf__signer_of(const char *path, const uint8_t sha256[static 32], const char *pinned,
				   char signer[static HF_FEED_TEXT_CAP], struct hf_why *why);
#endif

/* feed.h -- advisories: imported from public sources into one SQLite file, asked read-only.
 * Promise: an import replaces the file whole or not at all, and refuses a source that shrank below 95 %,
 * whose newest record is older than before or lies in the future, or that lost its signature; the reason of
 * an override is kept and shown with the source. Matching never asks the network.
 * Sources: OSV (zip, folder, record), Debian tracker JSON, CVE 5 records (folder, zip, record), NVD 2.0 JSON,
 * CISA KEV (CSV or JSON), EPSS CSV. They are told apart by content.
 * Thread rule: one thread per struct hf_feed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FEED_H
#define HF_FEED_H
#include <hf/why.h>

enum {
	HF_FEED_NAME_CAP = 64,
	HF_FEED_TEXT_CAP = 128,
	HF_FEED_STALE_DAYS = 14, /* when the policy says nothing */
};

/* ---- import ---- */
struct hf_feed_import {
	const char *db;           /* created when absent; its folder must exist */
	const char *source;       /* NULL: named after what the files hold: "osv", "nvd", ... */
	const char *allow_shrink; /* NULL, or why refusals are overruled */
	const char *const *paths; /* files and folders, all of one kind */
	size_t n_paths;
	uint64_t now_s; /* seconds since 1970, real clock */
};
struct hf_feed_source {
	char name[HF_FEED_NAME_CAP];
	char kind[16];       /* "osv" "debian" "cve" "nvd" "kev" "epss" */
	uint64_t count;      /* records */
	char newest[32];     /* newest `modified`, "2026-07-16T00:00:00Z" or its day; "" = not told */
	uint64_t newest_day; /* days since 1970; 0 = not told */
	uint64_t imported_s; /* seconds since 1970 */
	uint8_t sha256[32];  /* of the file; of a folder, of its files' digests in the order of their names */
	char signer[HF_FEED_TEXT_CAP]; /* fingerprint of the key whose signature was checked; "" = none */
	char shrink[HF_FEED_TEXT_CAP]; /* why a refusal was overruled; "" = it was not */
};
/* *out tells what was imported. Errors, with words: HF_ERR_FEED_FORMAT (not a source we know, or damaged),
 * _SHRUNK, _OLDER, _FUTURE, _UNSIGNED, _SIGNATURE, _IO; HF_ERR_FILE_*, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_feed_import(const struct hf_feed_import *in, struct hf_feed_source *out,
				    struct hf_why *why);

/* ---- asking ---- */
struct hf_feed;
/* Errors: HF_ERR_FILE_ABSENT, HF_ERR_FEED_FORMAT (not a feed, or of another version), HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_feed_open(const char *path, struct hf_feed **out, struct hf_why *why);
/* The same over bytes that are already in memory and stay there: for a process that may not open files. */
HF_MUST_CHECK hf_err hf_feed_open_bytes(hf_bytes bytes, struct hf_feed **out, struct hf_why *why);
void hf_feed_close(struct hf_feed *feed);             /* NULL is fine */
size_t hf_feed_n_sources(const struct hf_feed *feed); /* sorted by name; NULL has none */
const struct hf_feed_source *hf_feed_source(const struct hf_feed *feed, size_t i);
/* Older than `max_days` (0 = HF_FEED_STALE_DAYS) on the day `today`, or of unknown age. */
bool hf_feed_is_stale(const struct hf_feed_source *source, uint64_t today, uint64_t max_days);

/* ---- matching ---- */
/* What advisories are looked up by. `keys` as hf_feed_key_* make them; every key is asked. */
enum { HF_FEED_KEYS_MAX = 4, HF_FEED_KEY_CAP = 192 };
struct hf_component {
	unsigned scheme; /* HF_VERSION_* of `version` */
	hf_bytes version;
	size_t n_keys;
	char key[HF_FEED_KEYS_MAX][HF_FEED_KEY_CAP];
};
/* Add "debian:12/openssl", "cpe/openssl:openssl", "generic/openssl". A key that does not fit is left out. */
void hf_feed_key_distro(struct hf_component *c, hf_bytes distro, hf_bytes release, hf_bytes name);
void hf_feed_key_cpe(struct hf_component *c, hf_bytes vendor_product);
void hf_feed_key_generic(struct hf_component *c, hf_bytes name);

/* What a source says about this version. */
enum {
	HF_VULN_AFFECTED = 1,
	HF_VULN_NOT_AFFECTED = 2, /* fixed, or never affected */
	HF_VULN_UNIMPORTANT = 3,  /* the distribution: no security effect */
	HF_VULN_NO_DSA = 4,       /* the distribution: affected, too minor for an advisory of its own */
	HF_VULN_UNDETERMINED = 5,
};
struct hf_vuln_hit {
	const char *id;     /* CVE, else the source's own */
	unsigned status;    /* HF_VULN_* */
	unsigned cvss;      /* score x 10; 0 = none known */
	unsigned epss;      /* x 100,000; 0 = none known */
	bool kev;           /* known to be exploited */
	const char *fixed;  /* first good version, "" when not told */
	const char *files;  /* source files that hold the fault, one a line; "" when not told */
	const char *source; /* name of the source */
};
struct hf_feed_match {
	void *ctx;
	/* Borrowed during the call. In order of ids, one hit each: the distribution's word before others'. */
	hf_err (*hit)(void *ctx, const struct hf_vuln_hit *hit);
};
/* *known becomes true when any source knows one of the keys. Errors: the callback's, HF_ERR_FEED_IO. */
HF_MUST_CHECK hf_err hf_feed_match(struct hf_feed *feed, const struct hf_component *c,
				   const struct hf_feed_match *match, bool *known);
/* Does a source cover the worlds of these keys ("debian:12/"), so that silence about a name means "none
 * known"? For upstream keys silence means nothing, and the answer is no. */
bool hf_feed_covers(struct hf_feed *feed, const struct hf_component *c);
#endif

/* An import: a copy of the database, one source of it made anew, judged against what was there, put in place.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include "feed_store.h"

enum { PATH_CAP = 4096, COPY_LEN = 1 << 16, KEEP_PERCENT = 95, DAY_S = 86400 };

/* ---- which kind a document is ---- */
struct kind {
	const char *name;
	hf_err (*read)(struct hf__store *s, hf_bytes text);
};
static const struct kind osv = { "osv", hf__read_osv }, cve = { "cve", hf__read_cve },
			 nvd = { "nvd", hf__read_nvd }, kev = { "kev", hf__read_kev_json },
			 kev_csv = { "kev", hf__read_kev_csv }, epss = { "epss", hf__read_epss },
			 debian = { "debian", hf__read_debian };

/* The names of an object's members tell; a tracker's are names of packages. */
static const struct kind *kind_of_json(hf_bytes text)
{
	static const struct {
		const char *member;
		const struct kind *kind;
	} table[] = { { "cveMetadata", &cve },  { "dataType", &cve },       { "catalogVersion", &kev },
		      { "totalResults", &nvd }, { "resultsPerPage", &nvd }, { "schema_version", &osv },
		      { "affected", &osv },     { "modified", &osv },       { "aliases", &osv } };
	uint8_t room[1024];
	struct hf__json j = hf__json_start(text, HF_OUT(room));
	hf_bytes name;

	if (!hf__json_enter(&j, '{'))
		return NULL;
	while (hf__json_member(&j, &name)) {
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (hf_span_is(name, table[i].member))
				return table[i].kind;
		hf__json_skip(&j);
		if (j.p - text.ptr > 1 << 20)
			break;
	}
	return j.bad ? NULL : &debian;
}

static const struct kind *kind_of(hf_bytes text)
{
	hf_bytes start = hf_span_upto(text, 4096);

	while (start.len > 0 &&
	       (start.ptr[0] <= ' ' || start.ptr[0] >= 0x80)) /* blanks and a byte order mark */
		start = hf_span_from(start, 1);
	if (hf_span_begins(start, "{"))
		return kind_of_json(text);
	if (hf_span_begins(start, "cveID,") || hf_span_begins(start, "\"cveID\","))
		return &kev_csv;
	return hf_span_begins(start, "#model_version") || hf_span_begins(start, "cve,epss") ? &epss : NULL;
}

hf_err hf__read_advisories(struct hf__store *s, hf_bytes text)
{
	const struct kind *kind = kind_of(text);

	if (kind == NULL || (s->kind != NULL && strcmp(s->kind, kind->name) != 0))
		return HF_ERR_FEED_FORMAT;
	s->kind = kind->name;
	return kind->read(s, text);
}

static hf_err on_document(void *ctx, hf_bytes text)
{
	return hf__read_advisories(ctx, text);
}

/* ---- what is refused ---- */
static hf_err check_shape(const struct hf__store *s, struct hf_why *why)
{
	const struct hf_feed_source *new = s->about;

	if (new->count == 0)
		return hf_why_set(why, HF_ERR_FEED_FORMAT, "no record in it");
	if (new->newest_day > s->now_s / DAY_S + 1)
		return hf_why_set(why, HF_ERR_FEED_FUTURE, "newest record is of %s, which lies in the future",
				  new->newest);
	return HF_OK;
}

static hf_err check_change(const struct hf_feed_source *new, const struct hf_feed_source *old,
			   struct hf_why *why)
{
	if (new->count * 100 < old->count * KEEP_PERCENT)
		return hf_why_set(why, HF_ERR_FEED_SHRUNK, "%llu records, it had %llu",
				  (unsigned long long)new->count, (unsigned long long)old->count);
	if (new->newest_day < old->newest_day)
		return hf_why_set(why, HF_ERR_FEED_OLDER, "newest record is of %s, it had one of %s",
				  new->newest[0] ? new->newest : "no date", old->newest);
	if (old->signer[0] && !new->signer[0])
		return hf_why_set(why, HF_ERR_FEED_UNSIGNED, "was signed by %s, and is no longer",
				  old->signer);
	return HF_OK;
}

/* ---- the steps ---- */
static hf_err read_paths(const struct hf_feed_import *in, struct hf__store *s, const char *pinned,
			 struct hf_why *why)
{
	struct hf_feed_source *about = s->about;
	hf_bytes digests[2] = { HF_ARR(about->sha256), { 0 } };
	uint8_t one[32];
	uint64_t mtime = 0, newest = 0;

	for (size_t i = 0; i < in->n_paths; i++) {
		hf_err err = hf__each_document(in->paths[i], on_document, s, one, &mtime, why);

		if (err != HF_OK)
			return hf_why_add(why, err, "%s", in->paths[i]);
		HF_TRY(hf__signer_of(in->paths[i], one, pinned, about->signer, why));
		newest = mtime > newest ? mtime : newest;
		digests[1] = HF_ARR(one);
		if (in->n_paths == 1)
			memcpy(about->sha256, one, sizeof(one));
		else
			HF_TRY(hf_crypto_sha256(digests, 2, about->sha256));
	}
	/* Only the tracker has no dates of its own. */
	if (about->newest_day == 0 && newest > 0) {
		about->newest_day = newest / DAY_S;
		hf__day_text(about->newest_day, about->newest);
	}
	return HF_OK;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < HF_FEED_NAME_CAP &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

/* The first document tells the kind; an error ends the walk there. */
static hf_err first_kind(void *ctx, hf_bytes text)
{
	const struct kind *kind = kind_of(text);

	*(const char **)ctx = kind ? kind->name : NULL;
	return HF_ERR_FEED_FORMAT;
}

static hf_err name_source(const struct hf_feed_import *in, const char **name, struct hf_why *why)
{
	uint8_t sha256[32];
	uint64_t mtime;

	*name = in->source;
	if (*name != NULL)
		return is_name(*name) ? HF_OK
				      : hf_why_set(why, HF_ERR_BASE_MISUSE,
						   "source name \"%s\": a-z 0-9 - _ . only", *name);
	hf_err err = hf__each_document(in->paths[0], first_kind, name, sha256, &mtime, why);
	if (*name != NULL)
		return HF_OK;
	if (err != HF_OK && err != HF_ERR_FEED_FORMAT)
		return hf_why_add(why, err, "%s", in->paths[0]);
	return hf_why_set(why, HF_ERR_FEED_FORMAT, "%s: no advisories of a kind we know", in->paths[0]);
}

static hf_err make_source(const struct hf_feed_import *in, struct hf__store *s, struct hf_why *why)
{
	struct hf_feed_source old = { 0 };
	const char *name;
	bool known;
	hf_err err;

	HF_TRY(name_source(in, &name, why));
	HF_TRY(hf__store_find(s, name, &old, &known));
	(void)snprintf(s->about->name, sizeof(s->about->name), "%s", name);
	s->about->imported_s = in->now_s;
	HF_TRY(hf__store_begin(s, name));
	HF_TRY(read_paths(in, s, old.signer, why));
	(void)snprintf(s->about->kind, sizeof(s->about->kind), "%s", s->kind ? s->kind : "");
	HF_TRY(check_shape(s, why));
	err = known ? check_change(s->about, &old, why) : HF_OK;
	if (err != HF_OK && in->allow_shrink == NULL)
		return hf_why_add(why, err, "source %s", name);
	if (err != HF_OK)
		(void)snprintf(s->about->shrink, sizeof(s->about->shrink), "%s", in->allow_shrink);
	return hf__store_end(s);
}

static hf_err import_into(const struct hf_feed_import *in, const char *path, struct hf_feed_source *out,
			  struct hf_why *why)
{
	struct hf__store s HF_AUTO(
		hf__store_close) = { .about = out, .now_s = in->now_s, .ranges = HF_BUF(HF__RANGES_MAX) };
	hf_err err = hf__store_open(&s, path);

	if (err == HF_OK)
		err = hf__sql(s.db, "BEGIN");
	if (err == HF_OK)
		err = make_source(in, &s, why);
	if (err == HF_OK)
		err = hf__sql(s.db, "COMMIT");
	if (err == HF_ERR_FEED_IO)
		return hf_why_set(why, err, "%s: %s", path, s.db ? sqlite3_errmsg(s.db) : "no memory");
	return err;
}

static hf_err copy(int from, int to, struct hf_why *why)
{
	uint8_t room[COPY_LEN];
	ssize_t n;

	while ((n = read(from, room, sizeof(room))) > 0)
		HF_TRY(hf_fd_write_all(to, (hf_bytes){ room, (size_t)n }, why));
	return n == 0 ? HF_OK : hf_why_errno(why, HF_ERR_FEED_IO, "read");
}

/* The former database, or nothing, into a new file beside it. */
static hf_err copy_former(const char *db, const char *path, struct hf_why *why)
{
	int to HF_AUTO(hf_fd_close) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int from HF_AUTO(hf_fd_close) = open(db, O_RDONLY | O_CLOEXEC);

	if (to < 0)
		return hf_why_errno(why, HF_ERR_FEED_IO, "%s", path);
	if (from < 0)
		return errno == ENOENT ? HF_OK : hf_why_errno(why, HF_ERR_FEED_IO, "%s", db);
	return copy(from, to, why);
}

static hf_err sync_path(const char *path, int flags, struct hf_why *why)
{
	int fd HF_AUTO(hf_fd_close) = open(path, flags | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return hf_why_errno(why, HF_ERR_FEED_IO, "%s", path);
	return HF_OK;
}

static hf_err put_in_place(const char *path, const char *db, struct hf_why *why)
{
	char folder[PATH_CAP];

	HF_TRY(sync_path(path, O_RDONLY, why));
	if (rename(path, db) != 0)
		return hf_why_errno(why, HF_ERR_FEED_IO, "%s", db);
	(void)snprintf(folder, sizeof(folder), "%s", db);
	return sync_path(dirname(folder), O_RDONLY | O_DIRECTORY, why);
}

hf_err hf_feed_import(const struct hf_feed_import *in, struct hf_feed_source *out, struct hf_why *why)
{
	char path[PATH_CAP];
	hf_err err;

	*out = (struct hf_feed_source){ 0 };
	if (in->n_paths == 0 || strlen(in->db) > PATH_CAP - 16)
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "nothing to import");
	(void)snprintf(path, sizeof(path), "%s.%ld.new", in->db, (long)getpid());
	err = copy_former(in->db, path, why);
	if (err == HF_OK)
		err = import_into(in, path, out, why);
	if (err == HF_OK)
		err = put_in_place(path, in->db, why);
	if (err != HF_OK)
		(void)unlink(path);
	return err;
}

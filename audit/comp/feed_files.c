/* The files of a source: one, a zip of many, or a folder, walked in the order of names so that its digest is
 * one value.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include "feed_priv.h"

enum { DEPTH_MAX = 8 };

struct walk {
	hf__on_document on;
	void *ctx;
	uint8_t (*sha256)[32];
	uint64_t *mtime;
	struct hf_why *why;
};

static hf_err give(const struct walk *w, hf_bytes text)
{
	if (hf_span_begins(text, "PK\3\4"))
		return hf__zip_each(text, w->on, w->ctx);
	return w->on(w->ctx, text);
}

/* Mapped, not read: a source may be hundreds of megabytes. */
static hf_err read_mapped(const struct walk *w, int fd, size_t size, uint8_t sha256[static 32])
{
	hf_bytes text = { .len = size };
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	hf_err err;

	if (map == MAP_FAILED)
		return hf_why_errno(w->why, HF_ERR_FEED_IO, "map");
	text.ptr = map;
	err = hf_crypto_sha256(&text, 1, sha256);
	if (err == HF_OK)
		err = give(w, text);
	(void)munmap(map, size);
	return err;
}

static hf_err read_file(const struct walk *w, int fd, const struct stat *st, uint8_t sha256[static 32])
{
	hf_bytes none = { 0 };

	if (!S_ISREG(st->st_mode))
		return hf_why_set(w->why, HF_ERR_FEED_FORMAT, "neither a file nor a folder");
	*w->mtime = (uint64_t)st->st_mtime > *w->mtime ? (uint64_t)st->st_mtime : *w->mtime;
	if (st->st_size == 0)
		return hf_crypto_sha256(&none, 1, sha256);
	return read_mapped(w, fd, (size_t)st->st_size, sha256);
}

static void free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* The order of bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int wanted(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static hf_err read_path(const struct walk *w, const char *path, unsigned depth, uint8_t sha256[static 32]);

/* Signatures and what else lies beside the records is no record. */
static bool is_record(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL || strcmp(dot, ".json") == 0 || strcmp(dot, ".csv") == 0 ||
	       strcmp(dot, ".zip") == 0;
}

static hf_err read_entry(const struct walk *w, const char *folder, const char *name, unsigned depth,
			 uint8_t sha256[static 32])
{
	char path[PATH_MAX];
	uint8_t one[32];
	hf_bytes both[2] = { { sha256, 32 }, HF_ARR(one) };

	if (!is_record(name))
		return HF_OK;
	HF_TRY(hf_path_join(path, sizeof(path), folder, name));
	hf_err err = read_path(w, path, depth + 1, one);
	if (err == HF_ERR_FEED_FORMAT)
		return hf_why_set(w->why, err, "%s: not advisories of this source, or damaged", name);
	HF_TRY(err);
	return hf_crypto_sha256(both, 2, sha256);
}

static hf_err read_folder(const struct walk *w, const char *path, unsigned depth, uint8_t sha256[static 32])
{
	struct dirent **names;
	hf_err err = HF_OK;
	int n;

	if (depth >= DEPTH_MAX)
		return hf_why_set(w->why, HF_ERR_FEED_FORMAT, "folders deeper than %d", DEPTH_MAX);
	n = scandir(path, &names, wanted, by_name);
	if (n < 0)
		return hf_why_errno(w->why, HF_ERR_FEED_IO, "%s", path);
	memset(sha256, 0, 32);
	for (int i = 0; i < n && err == HF_OK; i++)
		err = read_entry(w, path, names[i]->d_name, depth, sha256);
	free_names(names, n);
	return err;
}

static hf_err read_path(const struct walk *w, const char *path, unsigned depth, uint8_t sha256[static 32])
{
	/* Below the path that was named no link is followed. */
	int fd HF_AUTO(hf_fd_close) =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (depth > 0 ? O_NOFOLLOW : 0));
	struct stat st;

	if (fd < 0)
		return hf_why_errno(w->why, HF_ERR_FILE_ABSENT, "open");
	if (fstat(fd, &st) != 0)
		return hf_why_errno(w->why, HF_ERR_FEED_IO, "stat");
	return S_ISDIR(st.st_mode) ? read_folder(w, path, depth, sha256) : read_file(w, fd, &st, sha256);
}

hf_err hf__each_document(const char *path, hf__on_document on, void *ctx, uint8_t sha256[static 32],
			 uint64_t *mtime, struct hf_why *why)
{
	struct walk w = { .on = on, .ctx = ctx, .mtime = mtime, .why = why };

	*mtime = 0;
	return read_path(&w, path, 0, sha256);
}

/* keysecret.c -- small private files: keys, wrapped blobs, PINs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "keyuri_priv.h"

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static hf_err say_errno(struct hf_keyuri_why *why, hf_err err, const char *path)
{
	return hf__keyuri_say(why, err, "%s: %s", path, strerror(errno));
}

static hf_err judge(int fd, const char *path, struct hf_keyuri_why *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return say_errno(why, HF_ERR_KEYURI_FILE, path);
	if (!S_ISREG(st.st_mode))
		return hf__keyuri_say(why, HF_ERR_KEYURI_FILE, "%s: not a regular file", path);
	if ((st.st_mode & 077) != 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_MODE, "%s: mode %04o, must be 0600", path,
				      (unsigned)st.st_mode & 07777);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_MODE, "%s: belongs to user %u", path,
				      (unsigned)st.st_uid);
	return HF_OK;
}

hf_err hf__keyuri_read(const char *path, struct hf_out *out, struct hf_keyuri_why *why)
{
	/* Not blocking, else a pipe in the file's place would hold the program up. */
	int fd HF_AUTO(close_fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got = 1;

	if (fd < 0)
		return say_errno(
			why, errno == ENOENT || errno == ENOTDIR ? HF_ERR_KEYURI_ABSENT : HF_ERR_KEYURI_FILE,
			path);
	HF_TRY(judge(fd, path, why));
	while (got > 0) {
		if (out->len == out->cap)
			return hf__keyuri_say(why, HF_ERR_KEYURI_FILE, "%s: too large", path);
		got = read(fd, out->ptr + out->len, out->cap - out->len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			out->len += (size_t)got;
	}
	return got == 0 ? HF_OK : say_errno(why, HF_ERR_KEYURI_FILE, path);
}

static bool write_all(int fd, hf_bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* The name of a new file is durable only when its directory is. */
static bool sync_parent(const char *path)
{
	char copy[HF_KEYURI_MAX + 1];
	int fd HF_AUTO(close_fd) = -1;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0;
}

hf_err hf__keyuri_create(const char *path, hf_bytes data, struct hf_keyuri_why *why)
{
	int fd HF_AUTO(close_fd) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return say_errno(why, errno == EEXIST ? HF_ERR_KEYURI_EXISTS : HF_ERR_KEYURI_FILE, path);
	if (write_all(fd, data) && sync_parent(path))
		return HF_OK;
	(void)say_errno(why, HF_ERR_KEYURI_FILE, path);
	(void)unlink(path);
	return HF_ERR_KEYURI_FILE;
}

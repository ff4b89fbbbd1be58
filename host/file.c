/* Replacing is write beside, fsync, rename, fsync the directory: after a power cut the name holds the old
 * or the new content, whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>

enum { READ_STEP = 4096, PATH_CAP = 4096 };

void hf_fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static hf_err from_errno(struct hf_why *why, const char *path)
{
	if (errno == ENOENT)
		return hf_why_errno(why, HF_ERR_FILE_ABSENT, "%s", path);
	if (errno == EEXIST)
		return hf_why_errno(why, HF_ERR_FILE_EXISTS, "%s", path);
	return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
}

hf_err hf_fd_read_all(int fd, struct hf_buf *out, struct hf_why *why)
{
	uint8_t step[READ_STEP];
	hf_err err = HF_OK;

	while (err == HF_OK) {
		ssize_t n = read(fd, step, sizeof(step));

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = hf_why_errno(why, HF_ERR_FILE_IO, "read");
		else if (hf_buf_put(out, (hf_bytes){ step, (size_t)n }) != HF_OK)
			err = hf_why_set(why, HF_ERR_FILE_TOO_LARGE, "more than %zu bytes", out->ceiling);
	}
	hf_wipe(step, sizeof(step));
	return err;
}

hf_err hf_fd_write_all(int fd, hf_bytes data, struct hf_why *why)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hf_why_errno(why, HF_ERR_FILE_IO, "write");
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return HF_OK;
}

hf_err hf_file_read(const char *path, struct hf_buf *out, struct hf_why *why)
{
	int fd HF_AUTO(hf_fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	hf_err err;

	if (fd < 0)
		return from_errno(why, path);
	err = hf_fd_read_all(fd, out, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

hf_err hf_file_read_secret(const char *path, struct hf_buf *out, struct hf_why *why)
{
	int fd HF_AUTO(hf_fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	hf_err err;

	if (fd < 0)
		return from_errno(why, path);
	if (fstat(fd, &st) != 0)
		return from_errno(why, path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return hf_why_set(why, HF_ERR_FILE_MODE,
				  "%s: must be a file that only its owner can read (chmod 600)", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hf_why_set(why, HF_ERR_FILE_MODE, "%s: belongs to another user", path);
	err = hf_fd_read_all(fd, out, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err sync_directory_of(const char *path, struct hf_why *why)
{
	char dir[PATH_CAP];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (len >= sizeof(dir))
		return hf_why_set(why, HF_ERR_FILE_PATH, "%s", "path is too long");
	memcpy(dir, path, len);
	dir[len] = 0;
	if (slash == NULL)
		memcpy(dir, ".", 2);
	else if (len == 0)
		memcpy(dir, "/", 2);

	int fd HF_AUTO(hf_fd_close) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return from_errno(why, dir);
	return HF_OK;
}

/* Write and sync a new file; an existing one is an error unless `flags` has O_TRUNC. */
static hf_err write_new(const char *path, int flags, hf_bytes data, unsigned mode, struct hf_why *why)
{
	int fd HF_AUTO(hf_fd_close) = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	hf_err err;

	if (fd < 0)
		return from_errno(why, path);
	err = hf_fd_write_all(fd, data, why);
	if (err != HF_OK)
		return hf_why_add(why, err, "%s", path);
	if (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0)
		return from_errno(why, path);
	return HF_OK;
}

hf_err hf_file_create(const char *path, hf_bytes data, unsigned mode, struct hf_why *why)
{
	hf_err err = write_new(path, O_EXCL, data, mode, why);

	if (err != HF_OK) {
		if (err != HF_ERR_FILE_EXISTS)
			(void)unlink(path);
		return err;
	}
	return sync_directory_of(path, why);
}

hf_err hf_file_replace(const char *path, hf_bytes data, unsigned mode, struct hf_why *why)
{
	char beside[PATH_CAP];
	int n = snprintf(beside, sizeof(beside), "%s.new", path);
	hf_err err;

	if (n < 0 || (size_t)n >= sizeof(beside))
		return hf_why_set(why, HF_ERR_FILE_PATH, "%s", "path is too long");
	err = write_new(beside, O_TRUNC, data, mode, why);
	if (err == HF_OK && rename(beside, path) != 0)
		err = from_errno(why, path);
	if (err != HF_OK) {
		(void)unlink(beside);
		return err;
	}
	return sync_directory_of(path, why);
}

hf_err hf_dir_create(const char *path, unsigned mode, struct hf_why *why)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0) {
		if (chmod(path, (mode_t)mode) != 0)
			return from_errno(why, path);
		return sync_directory_of(path, why);
	}
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return HF_OK;
	return from_errno(why, path);
}

bool hf_file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

hf_err hf_path_join(char *out, size_t cap, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	int n = snprintf(out, cap, "%s%s%s", dir, len > 0 && dir[len - 1] == '/' ? "" : "/", name);

	if (n < 0 || (size_t)n >= cap) {
		out[0] = 0;
		return HF_ERR_FILE_PATH;
	}
	return HF_OK;
}

/* Durable records as files. Every file is: magic "HFR1", length, CRC-32C, content.
 * SPDX-License-Identifier: Apache-2.0 */
#include "linux_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_LEN = 12 };
static const uint8_t magic[4] = { 'H', 'F', 'R', '1' };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static hf_err write_all(int fd, hf_bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return HF_ERR_PORT_STORAGE;
		b.ptr += n;
		b.len -= (size_t)n;
	}
	return HF_OK;
}

/* Fill exactly `n` bytes; a shorter file is damaged. */
static hf_err read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return HF_ERR_PORT_STORAGE;
		if (got == 0)
			return HF_ERR_PORT_CORRUPT;
		p += got;
		n -= (size_t)got;
	}
	return HF_OK;
}

static hf_err flush(int fd)
{
	return fsync(fd) == 0 ? HF_OK : HF_ERR_PORT_STORAGE;
}

static void make_header(uint8_t header[static HEADER_LEN], hf_bytes data)
{
	memcpy(header, magic, sizeof(magic));
	hf_put_be32(header + 4, (uint32_t)data.len);
	hf_put_be32(header + 8, hf_crc32c(data));
}

static hf_err put_file(const struct hf_port *port, const char *name, int flags, hf_bytes data)
{
	int fd HF_AUTO(close_fd) =
		openat(port->dir, name, flags | O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint8_t header[HEADER_LEN];

	if (fd < 0)
		return errno == EEXIST ? HF_ERR_BASE_MISUSE : HF_ERR_PORT_STORAGE;
	make_header(header, data);
	HF_TRY(write_all(fd, HF_ARR(header)));
	HF_TRY(write_all(fd, data));
	return flush(fd);
}

static hf_err write_file(struct hf_port *port, const char *name, int flags, hf_bytes data)
{
	hf_err err = put_file(port, name, flags, data);

	if (err == HF_ERR_PORT_STORAGE)
		port->reason = errno;
	return err;
}

/* Length of the content behind a whole header, or HF_ERR_PORT_CORRUPT. */
static hf_err check_header(int fd, const uint8_t header[static HEADER_LEN], size_t *len)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return HF_ERR_PORT_STORAGE;
	*len = hf_get_be32(header + 4);
	if (memcmp(header, magic, sizeof(magic)) != 0 || *len > HF_RECORD_MAX_LEN ||
	    st.st_size != (off_t)(HEADER_LEN + *len))
		return HF_ERR_PORT_CORRUPT;
	return HF_OK;
}

static hf_err read_content(int fd, struct hf_out *out)
{
	uint8_t header[HEADER_LEN];
	size_t len = 0;

	HF_TRY(read_all(fd, header, sizeof(header)));
	HF_TRY(check_header(fd, header, &len));
	if (len > out->cap)
		return HF_ERR_BASE_NO_ROOM;
	HF_TRY(read_all(fd, out->ptr, len));
	if (hf_crc32c((hf_bytes){ out->ptr, len }) != hf_get_be32(header + 8)) {
		hf_wipe(out->ptr, len);
		return HF_ERR_PORT_CORRUPT;
	}
	out->len = len;
	return HF_OK;
}

hf_err hf_port_read(struct hf_port *port, enum hf_record rec, struct hf_out *out)
{
	char name[HF__LINUX_NAME_CAP];
	int fd HF_AUTO(close_fd) = -1;

	out->len = 0;
	HF_TRY(hf__linux_name(rec, name));
	fd = openat(port->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? HF_ERR_PORT_ABSENT : HF_ERR_PORT_STORAGE;
	return read_content(fd, out);
}

hf_err hf_port_replace(struct hf_port *port, enum hf_record rec, hf_bytes data)
{
	char name[HF__LINUX_NAME_CAP], fresh[HF__LINUX_NAME_CAP + 4];
	hf_err err;

	HF_TRY(hf__linux_name(rec, name));
	if (data.len > HF_RECORD_MAX_LEN)
		return HF_ERR_BASE_MISUSE;
	(void)snprintf(fresh, sizeof(fresh), "%s.new", name);
	err = write_file(port, fresh, O_TRUNC, data);
	if (err != HF_OK) {
		(void)unlinkat(port->dir, fresh, 0); /* give the room of a full disk back */
		return err;
	}
	if (renameat(port->dir, fresh, port->dir, name) != 0)
		return HF_ERR_PORT_STORAGE;
	return flush(port->dir);
}

hf_err hf_port_create_secret(struct hf_port *port, enum hf_record rec, hf_bytes data)
{
	char name[HF__LINUX_NAME_CAP];

	HF_TRY(hf__linux_name(rec, name));
	if (data.len > HF_RECORD_MAX_LEN)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(write_file(port, name, O_EXCL,
			  data)); /* a torn one stays: the CRC tells, destroy removes it */
	return flush(port->dir);
}

static hf_err overwrite(const struct hf_port *port, const char *name)
{
	static const uint8_t zeros[512];
	int fd HF_AUTO(close_fd) = openat(port->dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? HF_ERR_PORT_ABSENT : HF_ERR_PORT_STORAGE;
	if (fstat(fd, &st) != 0)
		return HF_ERR_PORT_STORAGE;
	for (off_t left = st.st_size; left > 0; left -= (off_t)sizeof(zeros)) {
		size_t n = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

		HF_TRY(write_all(fd, (hf_bytes){ zeros, n }));
	}
	return flush(fd);
}

static hf_err destroy_file(const struct hf_port *port, const char *name)
{
	hf_err err = overwrite(port, name);

	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	HF_TRY(err);
	if (unlinkat(port->dir, name, 0) != 0)
		return HF_ERR_PORT_STORAGE;
	return flush(port->dir);
}

/* A replacement that a power cut left unfinished holds the same kind of content. */
hf_err hf_port_destroy(struct hf_port *port, enum hf_record rec)
{
	char name[HF__LINUX_NAME_CAP], fresh[HF__LINUX_NAME_CAP + 4];

	HF_TRY(hf__linux_name(rec, name));
	(void)snprintf(fresh, sizeof(fresh), "%s.new", name);
	HF_TRY(destroy_file(port, fresh));
	return destroy_file(port, name);
}

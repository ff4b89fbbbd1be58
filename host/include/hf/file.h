/* file.h -- whole files: read below a ceiling, replace so that a power cut leaves old or new.
 * Thread rule: every function may be called from any thread.
 * Errors: HF_ERR_FILE_ABSENT, _EXISTS, _TOO_LARGE, _MODE, _IO, each with words in `why`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FILE_H
#define HF_FILE_H
#include <hf/buf.h>
#include <hf/why.h>

/* Append the content to `out`, whose ceiling is the limit. */
HF_MUST_CHECK hf_err hf_file_read(const char *path, struct hf_buf *out, struct hf_why *why);
/* Same, and refuses (HF_ERR_FILE_MODE) a file that group or others may read or write, that is not a
 * regular file, or that belongs neither to this user nor to root. */
HF_MUST_CHECK hf_err hf_file_read_secret(const char *path, struct hf_buf *out, struct hf_why *why);
/* Write beside, fsync, rename, fsync the directory. */
HF_MUST_CHECK hf_err hf_file_replace(const char *path, hf_bytes data, unsigned mode, struct hf_why *why);
/* Create; HF_ERR_FILE_EXISTS when it is there. Synced like hf_file_replace. */
HF_MUST_CHECK hf_err hf_file_create(const char *path, hf_bytes data, unsigned mode, struct hf_why *why);
/* Create a directory; HF_OK when it exists. The mode is set exactly, whatever the umask. */
HF_MUST_CHECK hf_err hf_dir_create(const char *path, unsigned mode, struct hf_why *why);
bool hf_file_exists(const char *path);
/* "a/b" from "a" and "b" into a fixed array. Errors: HF_ERR_FILE_PATH. */
HF_MUST_CHECK hf_err hf_path_join(char *out, size_t cap, const char *dir, const char *name);
/* close() for HF_AUTO on an int that starts at -1. */
void hf_fd_close(int *fd);
/* Read all of a descriptor (pipe, tty) up to the ceiling; for passphrases use a secret buffer. */
HF_MUST_CHECK hf_err hf_fd_read_all(int fd, struct hf_buf *out, struct hf_why *why);
HF_MUST_CHECK hf_err hf_fd_write_all(int fd, hf_bytes data, struct hf_why *why);
#endif

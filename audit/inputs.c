/* Main looks at what an input is called and at its kind, never into it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include "audit_priv.h"

static bool has(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A root file system, or a source tree: its files belong together. */
static bool is_tree(int dir)
{
	return (has(dir, "etc") && (has(dir, "bin") || has(dir, "usr"))) || has(dir, ".git");
}

/* The last element of the path; "." and ".." are named by what they are. */
static hf_err name_of(const char *path, char out[static HF_WALK_NAME_MAX], struct hf_why *why)
{
	char full[PATH_MAX], *base;

	if (realpath(path, full) == NULL)
		return hf_why_errno(why, HF_ERR_AUDIT_INPUT, "%s", path);
	base = basename(full);
	if (strlen(base) >= HF_WALK_NAME_MAX)
		return hf_why_set(why, HF_ERR_AUDIT_INPUT, "%s: name is too long", path);
	(void)memcpy(out, base, strlen(base) + 1);
	return HF_OK;
}

static hf_err open_one(const char *path, struct hf__input *in, struct hf_why *why)
{
	struct stat st;

	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (in->fd < 0 || fstat(in->fd, &st) != 0)
		return hf_why_errno(why, HF_ERR_AUDIT_INPUT, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return hf_why_set(why, HF_ERR_AUDIT_INPUT, "%s: neither a file nor a directory", path);
	in->is_dir = S_ISDIR(st.st_mode);
	in->is_tree = in->is_dir && is_tree(in->fd);
	in->size = (uint64_t)st.st_size;
	return name_of(path, in->name, why);
}

/* Paths in a report begin with the input's name, so two inputs cannot share one. */
static hf_err name_once(struct hf__input *inputs, size_t i, struct hf_why *why)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(inputs[k].name, inputs[i].name) == 0)
			return hf_why_set(why, HF_ERR_AUDIT_INPUT, "two inputs are called %s",
					  inputs[i].name);
	return HF_OK;
}

hf_err hf__inputs_open(const char *const *paths, size_t n, struct hf__input **out, struct hf_why *why)
{
	struct hf__input *inputs = calloc(n + 1, sizeof(*inputs));
	hf_err err = HF_OK;

	*out = NULL;
	if (inputs == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < n; i++)
		inputs[i].fd = -1;
	for (size_t i = 0; i < n && err == HF_OK; i++) {
		err = open_one(paths[i], &inputs[i], why);
		if (err == HF_OK)
			err = name_once(inputs, i, why);
	}
	if (err != HF_OK) {
		hf__inputs_close(inputs, n);
		return err;
	}
	*out = inputs;
	return HF_OK;
}

void hf__inputs_close(struct hf__input *inputs, size_t n)
{
	for (size_t i = 0; inputs != NULL && i < n; i++)
		hf_fd_close(&inputs[i].fd);
	free(inputs);
}

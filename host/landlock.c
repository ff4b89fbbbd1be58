/* Landlock by raw system calls: the library wrappers are younger than Debian 12. Newer kernels know more
 * kinds of access; each is asked for only where the kernel's ABI has it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <hf/file.h>
#include "sandbox_priv.h"

#define ACCESS_TRUNCATE (1ULL << 14) /* ABI 3; not in the headers of Debian 12 */

static const uint64_t read_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
				     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;
/* Forbidden to everybody. */
static const uint64_t other_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
				     LANDLOCK_ACCESS_FS_MAKE_SYM;
/* The part of the above that makes sense for a rule on a single file. */
static const uint64_t file_access =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE;

int hf_sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static hf_err allow(int ruleset, const struct hf_sandbox_path *p, uint64_t extra, struct hf_why *why)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = read_access };
	int fd HF_AUTO(hf_fd_close) = open(p->path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return HF_OK;
	if (fd < 0 || fstat(fd, &st) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_LANDLOCK, "%s", p->path);
	if (p->write)
		rule.allowed_access |= write_access | extra;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= file_access | (extra & ACCESS_TRUNCATE);
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_LANDLOCK, "%s", p->path);
	return HF_OK;
}

static hf_err restrict_paths(const struct hf_sandbox *s, int abi, struct hf_why *why)
{
	uint64_t extra = (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (abi >= 3 ? ACCESS_TRUNCATE : 0);
	struct landlock_ruleset_attr attr = { .handled_access_fs =
						      read_access | write_access | other_access | extra };
	int ruleset HF_AUTO(hf_fd_close) =
		(int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);

	if (ruleset < 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_LANDLOCK, "ruleset");
	for (size_t i = 0; i < s->n_paths; i++)
		HF_TRY(allow(ruleset, &s->paths[i], extra, why));
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_LANDLOCK, "restrict");
	return HF_OK;
}

hf_err hf__sandbox_landlock(const struct hf_sandbox *s, struct hf_why *why)
{
	bool opens_files = (s->powers & (HF_POWER_READ | HF_POWER_WRITE)) != 0;
	int abi = hf_sandbox_landlock_abi();

	if (abi == 0 || (s->powers & HF_POWER_SPAWN) != 0 || (opens_files && s->n_paths == 0))
		return HF_OK;
	return restrict_paths(s, abi, why);
}

/* System calls by name, so one table serves every processor; names a processor or libseccomp does not know
 * are left out. clone3 answers ENOSYS, so that the C library takes clone, whose flags can be looked at.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <malloc.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sandbox_priv.h"

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Calls of every process: they touch only itself and what it has open. */
static const char *const floor_calls[] = {
	"read",
	"readv",
	"pread64",
	"preadv",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"lseek",
	"close",
	"fstat",
	"newfstatat",
	"fcntl",
	"dup",
	"dup2",
	"dup3",
	"pipe",
	"pipe2",
	"fsync",
	"fdatasync",
	"munmap",
	"mremap",
	"brk",
	"madvise",
	"mlock",
	"mlock2",
	"munlock",
	"membarrier",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigtimedwait",
	"sigaltstack",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"epoll_create1",
	"epoll_create",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"eventfd2",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_gettime",
	"futex",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"getrandom",
	"getrlimit",
	"getrusage",
	"times",
	"sysinfo",
	"uname",
	"umask",
	"sendmsg",
	"sendto",
	"recvmsg",
	"recvfrom",
	"getsockopt",
	"setsockopt",
	"getsockname",
	"getpeername",
	"shutdown",
	"exit",
	"exit_group",
	"restart_syscall",
	NULL,
};

/* All that a parser needs: what is open, its own memory, the time, its end. mmap and mprotect are added with
 * a look at their arguments. */
static const char *const parser_calls[] = {
	"read",	  "pread64", "lseek",	      "fstat", "munmap",  "mremap",	  "brk",  "madvise",
	"futex",  "getrandom", "clock_gettime", "write", "recvmsg", "close", "rt_sigreturn", "exit",
	"exit_group", NULL,
};

static const struct {
	unsigned power;
	const char *const *names;
} power_calls[] = {
	{ HF_POWER_READ | HF_POWER_WRITE,
	  (const char *const[]){ "access", "faccessat", "faccessat2", "stat", "lstat", "statx", "statfs",
				 "fstatfs", "readlink", "readlinkat", "getdents64", "getdents", "getcwd",
				 "chdir", "flock", NULL } },
	{ HF_POWER_WRITE,
	  (const char *const[]){
		  "open",      "openat",    "creat",           "unlink",          "unlinkat", "rename",
		  "renameat",  "renameat2", "mkdir",           "mkdirat",         "rmdir",    "truncate",
		  "ftruncate", "fallocate", "chmod",           "fchmod",          "fchmodat", "fchown",
		  "utimensat", "sendfile",  "copy_file_range", "sync_file_range", NULL } },
	{ HF_POWER_ACCEPT, (const char *const[]){ "accept", "accept4", NULL } },
	{ HF_POWER_CONNECT, (const char *const[]){ "connect", "bind", "sendmmsg", "recvmmsg", NULL } },
	{ HF_POWER_LOCAL, (const char *const[]){ "connect", "bind", "listen", "accept", "accept4", NULL } },
	{ HF_POWER_DEVICE, (const char *const[]){ "ioctl", NULL } },
};

/* What only an attacker would try. */
static const char *const deadly_calls[] = {
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"kcmp",
	"pidfd_getfd",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"mount",
	"umount2",
	"move_mount",
	"fsopen",
	"fsmount",
	"open_tree",
	"pivot_root",
	"chroot",
	"unshare",
	"setns",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"swapon",
	"swapoff",
	"keyctl",
	"add_key",
	"request_key",
	"open_by_handle_at",
	"iopl",
	"ioperm",
	"settimeofday",
	"clock_settime",
	"sethostname",
	"setdomainname",
	"acct",
	"quotactl",
	"syslog",
	NULL,
};
static const char *const exec_calls[] = { "execve", "execveat", NULL };

static int add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned n,
	       const struct scmp_arg_cmp *cmp)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	rc = seccomp_rule_add_array(ctx, action, nr, n, cmp);
	/* Unknown here: EINVAL or EOPNOTSUPP for calls of other processors, EACCES when it is the default. */
	return nr < 0 || rc == -EACCES ? 0 : rc;
}

static int add_all(scmp_filter_ctx ctx, uint32_t action, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		int rc = add(ctx, action, names[i], 0, NULL);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int allow_if(scmp_filter_ctx ctx, const char *name, struct scmp_arg_cmp cmp)
{
	return add(ctx, SCMP_ACT_ALLOW, name, 1, &cmp);
}

/* Memory may be data or code that was there before, never both. */
static int add_memory(scmp_filter_ctx ctx)
{
	int rc = allow_if(ctx, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	return rc != 0 ? rc : allow_if(ctx, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Calls of the floor that are harmless only with these arguments. */
static int add_checked(scmp_filter_ctx ctx)
{
	static const unsigned long ioctls[] = { FIONREAD, FIONBIO, FIOCLEX, TIOCGWINSZ, 0x5401 /* TCGETS */ };
	static const int prctls[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_PDEATHSIG, PR_SET_PDEATHSIG };
	int rc = add_memory(ctx);

	for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]) && rc == 0; i++)
		rc = allow_if(ctx, "ioctl", SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0));
	for (size_t i = 0; i < sizeof(prctls) / sizeof(prctls[0]) && rc == 0; i++)
		rc = allow_if(ctx, "prctl", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)prctls[i], 0));
	if (rc == 0) /* reading limits, not setting them */
		rc = allow_if(ctx, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0, 0));
	if (rc == 0) /* abort() signals itself */
		rc = allow_if(ctx, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (rc == 0)
		rc = allow_if(ctx, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	return rc;
}

static int add_reading(scmp_filter_ctx ctx)
{
	const scmp_datum_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
	int rc = allow_if(ctx, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));

	return rc != 0 ? rc : allow_if(ctx, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
}

static int add_families(scmp_filter_ctx ctx, unsigned powers)
{
	int rc = 0;

	if ((powers & (HF_POWER_CONNECT | HF_POWER_LOCAL)) != 0)
		rc = allow_if(ctx, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	if ((powers & HF_POWER_CONNECT) == 0 || rc != 0)
		return rc;
	rc = allow_if(ctx, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET, 0));
	if (rc == 0)
		rc = allow_if(ctx, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0));
	/* getaddrinfo asks the kernel for its addresses. */
	return rc != 0 ? rc : allow_if(ctx, "socket", SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));
}

static int add_threads(scmp_filter_ctx ctx)
{
	const scmp_datum_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	int rc = allow_if(ctx, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));

	return rc != 0 ? rc : add_all(ctx, SCMP_ACT_ALLOW, NAMES("set_tid_address", "sched_setaffinity"));
}

static int add_powers(scmp_filter_ctx ctx, unsigned powers)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(power_calls) / sizeof(power_calls[0]) && rc == 0; i++)
		if ((powers & power_calls[i].power) != 0)
			rc = add_all(ctx, SCMP_ACT_ALLOW, power_calls[i].names);
	if (rc == 0 && (powers & HF_POWER_READ) != 0 && (powers & HF_POWER_WRITE) == 0)
		rc = add_reading(ctx);
	if (rc == 0)
		rc = add_families(ctx, powers);
	if (rc == 0 && (powers & HF_POWER_THREADS) != 0)
		rc = add_threads(ctx);
	return rc;
}

static int fill_allow_list(scmp_filter_ctx ctx, unsigned powers)
{
	int rc = add_all(ctx, SCMP_ACT_KILL_PROCESS, deadly_calls);

	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_KILL_PROCESS, exec_calls);
	if (rc == 0)
		rc = add(ctx, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, floor_calls);
	if (rc == 0)
		rc = add_checked(ctx);
	return rc != 0 ? rc : add_powers(ctx, powers);
}

/* What is in no list of a profile. */
static uint32_t otherwise(unsigned powers)
{
	if ((powers & HF_POWER_PARSE) != 0)
		return SCMP_ACT_KILL_PROCESS;
	return (powers & HF_POWER_SPAWN) != 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);
}

static int fill(scmp_filter_ctx ctx, unsigned powers)
{
	int rc;

	if ((powers & HF_POWER_SPAWN) != 0)
		return add_all(ctx, SCMP_ACT_KILL_PROCESS, deadly_calls);
	if ((powers & HF_POWER_PARSE) == 0)
		return fill_allow_list(ctx, powers);
	rc = add_all(ctx, SCMP_ACT_ALLOW, parser_calls);
	return rc != 0 ? rc : add_memory(ctx);
}

hf_err hf__sandbox_seccomp(unsigned powers, struct hf_why *why)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise(powers));
	int rc;

	if (ctx == NULL)
		return hf_why_set(why, HF_ERR_SANDBOX_SECCOMP, "");
	rc = fill(ctx, powers);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	(void)malloc_trim(0); /* building the filter took 270 KiB, in every process of the house */
	errno = -rc;
	return rc == 0 ? HF_OK : hf_why_errno(why, HF_ERR_SANDBOX_SECCOMP, "seccomp");
}

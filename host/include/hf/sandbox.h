/* sandbox.h -- give up every power a process does not need; open first, then enter, then read input.
 * Steps: user and groups, no_new_privs, not dumpable, no core file, limits, Landlock (when the kernel
 * has it), seccomp allow-list. What a profile does not name fails with EPERM; what only an attacker
 * would try (a new program, tracing, mounting, kernel keys and modules, bpf) kills the process. Parsers
 * (HF_POWER_PARSE) are killed by whatever is not on their short list.
 * A descriptor that is open stays usable; new code can never be mapped (load modules before).
 * Name look-ups (HF_POWER_CONNECT) read /etc: allow it in `paths`.
 * Thread rule: call once, while the process has one thread; later threads inherit it. No way back.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SANDBOX_H
#define HF_SANDBOX_H
#include <hf/why.h>

/* Powers beyond the floor (memory, clocks, epoll, timers, signals of its own, open descriptors). */
enum {
	HF_POWER_READ = 1 << 0,    /* open files for reading, list directories */
	HF_POWER_WRITE = 1 << 1,   /* create, write, rename and remove files (implies READ) */
	HF_POWER_ACCEPT = 1 << 2,  /* accept connections on listening sockets made before */
	HF_POWER_CONNECT = 1 << 3, /* make and connect IPv4, IPv6 and Unix sockets; names by DNS */
	HF_POWER_LOCAL = 1 << 4,   /* make, bind and connect Unix sockets only */
	HF_POWER_THREADS = 1 << 5, /* start threads */
	HF_POWER_DEVICE = 1 << 6,  /* ioctl and poll on device nodes (TPM) */
	HF_POWER_SPAWN = 1 << 7,   /* supervisors: everything but the deadly list, which keeps exec open */
	/* No power but less than the floor: read, write and receive on what is open, memory, time, the end.
	 * Any other call kills the process. For readers of hostile bytes; alone, never with a power. */
	HF_POWER_PARSE = 1 << 8,
};

/* The profiles of all our processes; doc/processes.md shows the same table. */
enum {
	/* Children inherit a filter and Landlock, so a supervisor only gives up what no child ever needs. */
	HF_SANDBOX_SUPERVISOR = HF_POWER_SPAWN,
	HF_SANDBOX_SERVER_NET = HF_POWER_WRITE | HF_POWER_ACCEPT | HF_POWER_THREADS, /* enrol, api, device */
	HF_SANDBOX_SERVER_BUS = HF_POWER_WRITE | HF_POWER_ACCEPT | HF_POWER_LOCAL | HF_POWER_THREADS,
	HF_SANDBOX_SERVER_CA = HF_POWER_WRITE | HF_POWER_THREADS, /* store, key files */
	HF_SANDBOX_AGENT_NET = HF_POWER_CONNECT | HF_POWER_READ | HF_POWER_ACCEPT,
	HF_SANDBOX_AGENT_KEY = HF_POWER_WRITE,
	HF_SANDBOX_AGENT_KEY_TPM = HF_POWER_WRITE | HF_POWER_DEVICE,
	/* A TPM reached by a socket (swtpm in tests): the socket is opened before or needs this. */
	HF_SANDBOX_AGENT_KEY_SWTPM = HF_POWER_WRITE | HF_POWER_CONNECT,
	HF_SANDBOX_AGENT_TAMPER = HF_POWER_DEVICE,
	HF_SANDBOX_LOG_FRONT = HF_POWER_WRITE | HF_POWER_ACCEPT | HF_POWER_CONNECT | HF_POWER_THREADS,
	HF_SANDBOX_LOG_SIGN = HF_POWER_WRITE, /* the key and sign-state */
	HF_SANDBOX_WITNESS_FRONT = HF_POWER_ACCEPT | HF_POWER_THREADS,
	HF_SANDBOX_WITNESS_KEY = HF_POWER_WRITE,
	HF_SANDBOX_CLI_KEY = 0, /* the operator's key holder: open descriptors only */
	HF_SANDBOX_AUDIT = HF_POWER_PARSE, /* readers and judge of `holdfast audit` */
};

struct hf_sandbox_path {
	const char *path; /* the file or the whole tree below a directory; an absent path is left out */
	bool write;
};
struct hf_sandbox {
	unsigned powers;
	const char *user;  /* change to this user and its groups when started as root; NULL = stay */
	const char *group; /* NULL = the user's own */
	const struct hf_sandbox_path *paths; /* Landlock: nothing else can be opened; n_paths 0 with READ or
					      * WRITE power = Landlock left out */
	size_t n_paths;
	uint64_t max_fds;    /* RLIMIT_NOFILE; 0 = as it is */
	uint64_t max_memory; /* RLIMIT_AS in bytes; 0 = as it is */
	uint64_t max_cpu_s;  /* RLIMIT_CPU in seconds; 0 = as it is */
	bool no_files;       /* RLIMIT_FSIZE 0: not one byte to a file, even to one that is open */
};
/* Errors: HF_ERR_SANDBOX_USER, _LIMIT, _LANDLOCK, _SECCOMP: the process must end. A kernel without
 * Landlock is not an error; without seccomp it is. */
HF_MUST_CHECK hf_err hf_sandbox_enter(const struct hf_sandbox *s, struct hf_why *why);
/* Landlock ABI of this kernel, 0 when absent. */
int hf_sandbox_landlock_abi(void);
#endif

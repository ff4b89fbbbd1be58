/* Each act runs in a child that entered the profile; the child says how it went.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/sandbox.h>

enum { OK = 0, DENIED = 1, KILLED = 2, BROKEN = 3 };

static char dir[64], inside[96], outside[64];
static int listener, open_file;

static int ends(int result)
{
	if (result >= 0)
		return OK;
	return errno == EPERM || errno == EACCES ? DENIED : BROKEN;
}

static int act_read(void)
{
	return ends(open(inside, O_RDONLY));
}
static int act_write(void)
{
	return ends(open(inside, O_WRONLY | O_TRUNC));
}
static int act_create(void)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/new-%d", dir, (int)getpid());
	return ends(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
}
static int act_read_elsewhere(void)
{
	return ends(open(outside, O_RDONLY));
}
static int act_exec(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
	return ends(-1);
}
static int act_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return ends(pid);
}
static void *nothing(void *arg)
{
	return arg;
}
static int act_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, nothing, NULL);

	if (rc == 0)
		pthread_join(t, NULL);
	errno = rc;
	return ends(-rc);
}
static int act_inet(void)
{
	return ends(socket(AF_INET, SOCK_STREAM, 0));
}
static int act_unix(void)
{
	return ends(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int act_packet(void)
{
	return ends(socket(AF_PACKET, SOCK_RAW, 0));
}
static int act_accept(void)
{
	int rc = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	return rc < 0 && errno == EAGAIN ? OK : ends(rc);
}
static int act_ptrace(void)
{
	return ends((int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static int act_kill(void)
{
	return ends(kill(getppid(), 0));
}
static int act_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return ends(p == MAP_FAILED ? -1 : 0);
}
static int act_device(void)
{
	int n = 0, rc = ioctl(listener, 0x1234, &n);

	return rc < 0 && (errno == ENOTTY || errno == EINVAL) ? OK : ends(rc);
}
static int act_chroot(void)
{
	return ends(chroot("/"));
}
static int act_raise_limit(void)
{
	struct rlimit l = { 10, 10 };

	return ends(setrlimit(RLIMIT_NOFILE, &l));
}

/* What a child answers, and whether it could enter at all. */
static int try_act(const struct hf_sandbox *s, int (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (hf_sandbox_enter(s, NULL) != HF_OK)
			_exit(77);
		/* AddressSanitizer's _exit asks for a signal stack, which a parser may not. */
		syscall(SYS_exit_group, act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : BROKEN;
	assert_int_not_equal(WEXITSTATUS(status), 77);
	return WEXITSTATUS(status);
}

enum { N_ACTS = 17 };
static int (*const acts[N_ACTS])(void) = {
	act_read,   act_write, act_create, act_read_elsewhere, act_exec,        act_fork,
	act_thread, act_inet,  act_unix,   act_packet,         act_accept,      act_ptrace,
	act_kill,   act_code,  act_device, act_chroot,         act_raise_limit,
};
#define o OK
#define D DENIED
#define K KILLED
static const struct {
	const char *name;
	unsigned powers;
	int expect[N_ACTS];
} profiles[] = {
	/* read write create elsewhere exec fork thread inet unix packet accept ptrace kill code device chroot
	 * limit */
	{ "server net", HF_SANDBOX_SERVER_NET, { o, o, o, D, K, D, o, D, D, D, o, K, D, D, D, K, D } },
	{ "server bus", HF_SANDBOX_SERVER_BUS, { o, o, o, D, K, D, o, D, o, D, o, K, D, D, D, K, D } },
	{ "server ca", HF_SANDBOX_SERVER_CA, { o, o, o, D, K, D, o, D, D, D, D, K, D, D, D, K, D } },
	{ "agent net", HF_SANDBOX_AGENT_NET, { o, D, D, D, K, D, D, o, o, D, o, K, D, D, D, K, D } },
	{ "agent key", HF_SANDBOX_AGENT_KEY, { o, o, o, D, K, D, D, D, D, D, D, K, D, D, D, K, D } },
	{ "agent, TPM", HF_SANDBOX_AGENT_KEY_TPM, { o, o, o, D, K, D, D, D, D, D, D, K, D, D, o, K, D } },
	{ "agent, swtpm", HF_SANDBOX_AGENT_KEY_SWTPM, { o, o, o, D, K, D, D, o, o, D, D, K, D, D, D, K, D } },
	{ "agent tamper", HF_SANDBOX_AGENT_TAMPER, { D, D, D, D, K, D, D, D, D, D, D, K, D, D, o, K, D } },
	{ "log front", HF_SANDBOX_LOG_FRONT, { o, o, o, D, K, D, o, o, o, D, o, K, D, D, D, K, D } },
	{ "log sign", HF_SANDBOX_LOG_SIGN, { o, o, o, D, K, D, D, D, D, D, D, K, D, D, D, K, D } },
	{ "witness front", HF_SANDBOX_WITNESS_FRONT, { D, D, D, D, K, D, o, D, D, D, o, K, D, D, D, K, D } },
	{ "witness key", HF_SANDBOX_WITNESS_KEY, { o, o, o, D, K, D, D, D, D, D, D, K, D, D, D, K, D } },
	{ "cli key", HF_SANDBOX_CLI_KEY, { D, D, D, D, K, D, D, D, D, D, D, K, D, D, D, K, D } },
	{ "audit reader", HF_SANDBOX_AUDIT, { K, K, K, K, K, K, K, K, K, K, K, K, K, K, K, K, K } },
};
#undef o
#undef D
#undef K

static void every_profile_denies_what_it_does_not_need(void **unused)
{
	const struct hf_sandbox_path paths[] = { { dir, true }, { "/no/such/path", false } };

	(void)unused;
	for (size_t p = 0; p < sizeof(profiles) / sizeof(profiles[0]); p++) {
		struct hf_sandbox s = { .powers = profiles[p].powers, .paths = paths, .n_paths = 2 };

		for (size_t a = 0; a < N_ACTS; a++) {
			int expected = profiles[p].expect[a], got;

			/* Only Landlock tells one path from another; a kernel without it lets all be read. */
			if (acts[a] == act_read_elsewhere && hf_sandbox_landlock_abi() == 0 &&
			    profiles[p].expect[0] == OK)
				expected = OK;
			got = try_act(&s, acts[a]);
			if (got != expected)
				print_error("profile \"%s\" act %zu: %d, not %d\n", profiles[p].name, a, got,
					    expected);
			assert_int_equal(got, expected);
		}
	}
}

static void a_supervisor_may_start_programs_but_not_trace_or_chroot(void **unused)
{
	struct hf_sandbox s = { .powers = HF_SANDBOX_SUPERVISOR };

	(void)unused;
	assert_int_equal(try_act(&s, act_fork), OK);
	assert_int_equal(try_act(&s, act_exec), OK);
	assert_int_equal(try_act(&s, act_ptrace), KILLED);
	assert_int_equal(try_act(&s, act_chroot), KILLED);
}

static void a_path_given_for_reading_cannot_be_written(void **unused)
{
	const struct hf_sandbox_path paths[] = { { dir, false } };
	struct hf_sandbox s = { .powers = HF_SANDBOX_SERVER_CA, .paths = paths, .n_paths = 1 };
	int expected = hf_sandbox_landlock_abi() > 0 ? DENIED : OK;

	(void)unused;
	assert_int_equal(try_act(&s, act_read), OK);
	assert_int_equal(try_act(&s, act_create), expected);
}

static int act_look_at_flags(void)
{
	struct rlimit core;

	if (prctl(PR_GET_NAME, (char[16]){ 0 }) != 0 || getrlimit(RLIMIT_CORE, &core) != 0)
		return BROKEN;
	return core.rlim_max == 0 ? OK : DENIED;
}

static void core_files_are_off_and_memory_is_not_readable(void **unused)
{
	struct hf_sandbox s = { .powers = HF_SANDBOX_SUPERVISOR };
	int status;
	pid_t pid;

	(void)unused;
	assert_int_equal(try_act(&s, act_look_at_flags), OK);
	pid = fork();
	if (pid == 0) {
		if (hf_sandbox_enter(&s, NULL) != HF_OK)
			_exit(1);
		_exit(prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int act_write_into_open_file(void)
{
	return ends((int)write(open_file, "x", 1));
}
static int act_parse(void)
{
	uint8_t byte;

	free(malloc(4 << 20));
	return pread(open_file, &byte, 1, 0) == 1 ? OK : BROKEN;
}

static void a_parser_reads_what_is_open_and_writes_no_file(void **unused)
{
	const struct hf_sandbox s = { .powers = HF_SANDBOX_AUDIT, .no_files = true, .max_cpu_s = 60 };

	(void)unused;
	open_file = open(inside, O_RDWR);
	assert_int_equal(pwrite(open_file, "x", 1, 0), 1);
	assert_int_equal(try_act(&s, act_parse), OK);
	assert_int_not_equal(try_act(&s, act_write_into_open_file), OK);
	close(open_file);
}

static int act_is_nobody(void)
{
	gid_t groups[64];
	uid_t r, e, s;
	int n = getgroups(64, groups);

	if (getresuid(&r, &e, &s) != 0 || r == 0 || e == 0 || s == 0 || getegid() == 0)
		return DENIED;
	for (int i = 0; i < n; i++)
		if (groups[i] == 0)
			return DENIED;
	return OK;
}

static void root_becomes_the_user_with_its_groups_only(void **unused)
{
	struct hf_sandbox s = { .powers = HF_SANDBOX_CLI_KEY, .user = "nobody" };

	(void)unused;
	/* Started by another user than root there is nothing to give up, and that user is not root. */
	assert_int_equal(try_act(&s, act_is_nobody), OK);
}

static void what_cannot_be_given_up_is_an_error(void **unused)
{
	const struct hf_sandbox nobody = { .user = "no-such-user" };
	const struct hf_sandbox fds = { .max_fds = UINT64_MAX - 1 };
	struct hf_why why = { 0 };

	(void)unused;
	if (geteuid() == 0) {
		assert_int_equal(hf_sandbox_enter(&nobody, &why), HF_ERR_SANDBOX_USER);
		assert_string_equal(hf_why_text(&why), "no user \"no-such-user\"");
	}
	assert_int_equal(hf_sandbox_enter(&fds, &why), HF_ERR_SANDBOX_LIMIT);
}

/* From here on `call` fails with EPERM: what an old kernel or a container's own filter does. */
static void refuse_call(unsigned call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
		_exit(78);
}

static hf_err enter_where_refused(unsigned call)
{
	const struct hf_sandbox s = { .powers = HF_SANDBOX_CLI_KEY };
	hf_err err = HF_OK;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		refuse_call(call);
		err = hf_sandbox_enter(&s, NULL);
		_exit(write(fds[1], &err, sizeof(err)) == sizeof(err) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(fds[0], &err, sizeof(err)), sizeof(err));
	close(fds[0]);
	close(fds[1]);
	return err;
}

static void a_kernel_that_refuses_is_an_error_not_a_shrug(void **unused)
{
	hf_err landlock = hf_sandbox_landlock_abi() > 0 ? HF_ERR_SANDBOX_LANDLOCK : HF_OK;

	(void)unused;
	assert_int_equal(enter_where_refused(SYS_seccomp), HF_ERR_SANDBOX_SECCOMP);
	assert_int_equal(enter_where_refused(SYS_landlock_restrict_self), landlock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_denies_what_it_does_not_need),
		cmocka_unit_test(a_supervisor_may_start_programs_but_not_trace_or_chroot),
		cmocka_unit_test(a_path_given_for_reading_cannot_be_written),
		cmocka_unit_test(core_files_are_off_and_memory_is_not_readable),
		cmocka_unit_test(a_parser_reads_what_is_open_and_writes_no_file),
		cmocka_unit_test(root_becomes_the_user_with_its_groups_only),
		cmocka_unit_test(what_cannot_be_given_up_is_an_error),
		cmocka_unit_test(a_kernel_that_refuses_is_an_error_not_a_shrug),
	};
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char remove[128];
	int fd, failed;

	strcpy(dir, "/tmp/hf-box-XXXXXX");
	strcpy(outside, "/tmp/hf-out-XXXXXX");
	if (mkdtemp(dir) == NULL || (fd = mkstemp(outside)) < 0 || close(fd) != 0)
		return 1;
	(void)snprintf(inside, sizeof(inside), "%s/file", dir);
	fd = open(inside, O_WRONLY | O_CREAT, 0666);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || close(fd) != 0 || bind(listener, (struct sockaddr *)&any, sizeof(any)) != 0 ||
	    listen(listener, 1) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(remove, sizeof(remove), "rm -rf '%s' '%s'", dir, outside);
	return system(remove) != 0 ? 1 : failed;
}

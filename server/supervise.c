/* supervise.c -- start the processes from one table, keep them running, end them together.
 * The passphrase lies in a memory file that only `ca` inherits, so that a restarted `ca` finds it again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <hf/broker.h>
#include <hf/file.h>
#include <hf/ipc.h>
#include <hf/log.h>
#include <hf/proc.h>
#include <hf/sandbox.h>
#include "server.h"

enum { ROW_CA, ROW_ENROL, ROW_API, ROW_DEVICE, ROW_BUS, ROW_BROKER, N_ROWS };
enum { PASSPHRASE_MAX = 1024 };

struct supervisor {
	const struct server *s;
	struct hf_loop *loop;
	struct hf_proc *proc;
	struct hf_proc_row rows[N_ROWS];
	struct hf_proc_fd fds[N_ROWS][4];
	char *argv[N_ROWS][6];
	char self[HF_DEPLOY_PATH_MAX];
	struct hf_broker_start broker;
	char *broker_env[3];
	int passphrase_fd, enrol_ca[2], api_ca[2], device_ca[2], nudge[2];
	struct hf_sig term, interrupt, hup;
	bool stopping;
};

static hf_err keep_passphrase(struct supervisor *v, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF_SECRET(PASSPHRASE_MAX);

	HF_TRY(server_passphrase(v->s, &text, why));
	v->passphrase_fd = memfd_create("passphrase", MFD_CLOEXEC);
	if (v->passphrase_fd < 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "memory file");
	return hf_fd_write_all(v->passphrase_fd, hf_buf_bytes(&text), why);
}

/* ---- the table ---- */

static char *word(const char *text)
{
	return (char *)(uintptr_t)text; /* execve promises not to write it */
}

static void own_row(struct supervisor *v, size_t row, const char *role, size_t n_fds)
{
	char **argv = v->argv[row];

	argv[0] = v->self;
	argv[1] = word("--dir");
	argv[2] = word(v->s->dir);
	argv[3] = word("--role");
	argv[4] = word(role);
	argv[5] = NULL;
	v->rows[row] = (struct hf_proc_row){
		.name = role, .path = v->self, .argv = argv, .fds = v->fds[row], .n_fds = n_fds
	};
}

static void make_rows(struct supervisor *v)
{
	v->fds[ROW_CA][0] = (struct hf_proc_fd){ v->passphrase_fd, CA_FD_PASSPHRASE };
	v->fds[ROW_CA][1] = (struct hf_proc_fd){ v->enrol_ca[1], CA_FD_ENROL };
	v->fds[ROW_CA][2] = (struct hf_proc_fd){ v->api_ca[1], CA_FD_API };
	v->fds[ROW_CA][3] = (struct hf_proc_fd){ v->device_ca[1], CA_FD_DEVICE };
	own_row(v, ROW_CA, "ca", 4);
	v->fds[ROW_ENROL][0] = (struct hf_proc_fd){ v->enrol_ca[0], NET_FD_CA };
	v->fds[ROW_ENROL][1] = (struct hf_proc_fd){ v->nudge[0], NET_FD_NUDGE };
	own_row(v, ROW_ENROL, "enrol", 2);
	v->fds[ROW_API][0] = (struct hf_proc_fd){ v->api_ca[0], NET_FD_CA };
	v->fds[ROW_API][1] = (struct hf_proc_fd){ v->nudge[0], NET_FD_NUDGE };
	own_row(v, ROW_API, "api", 2);
	v->fds[ROW_DEVICE][0] = (struct hf_proc_fd){ v->device_ca[0], NET_FD_CA };
	v->fds[ROW_DEVICE][1] = (struct hf_proc_fd){ v->nudge[0], NET_FD_NUDGE };
	own_row(v, ROW_DEVICE, "device", 2);
	v->fds[ROW_BUS][0] = (struct hf_proc_fd){ v->nudge[1], BUS_FD_NUDGE };
	own_row(v, ROW_BUS, "bus", 1);
	v->rows[ROW_BROKER] = (struct hf_proc_row){
		.name = "broker", .path = v->broker.program, .argv = v->broker.argv, .envp = v->broker_env
	};
}

/* ---- life ---- */

static void on_start(void *ctx, size_t row, pid_t pid)
{
	const struct supervisor *v = ctx;

	hf_log(HF_LOG_INFO, "main", "start", "process=%s pid=%d", v->rows[row].name, (int)pid);
}

static void on_dead(void *ctx, size_t row, int status, uint64_t again_ms)
{
	const struct supervisor *v = ctx;
	char text[64];

	hf_proc_status_text(status, text);
	hf_log(HF_LOG_ERR, "main", "died", "process=%s status=\"%s\" again_ms=%llu", v->rows[row].name, text,
	       (unsigned long long)again_ms);
}

static void on_stopped(void *ctx)
{
	struct supervisor *v = ctx;

	hf_loop_stop(v->loop);
}

static void on_stop_signal(void *ctx, int signo)
{
	struct supervisor *v = ctx;

	if (v->stopping)
		return;
	v->stopping = true;
	hf_log(HF_LOG_INFO, "main", "stop", "signal=%d", signo);
	hf_proc_stop(v->proc);
}

static void restart(struct supervisor *v, size_t row)
{
	struct hf_why why = { 0 };

	hf_proc_stop_row(v->proc, row);
	if (hf_proc_start_row(v->proc, row, &why) != HF_OK)
		hf_log_why(HF_LOG_ERR, "main", "restart", why.err, &why);
}

/* New product lines: the processes that know lines begin anew, the broker with the new CA list. */
static void on_hup(void *ctx, int signo)
{
	struct supervisor *v = ctx;
	struct hf_why why = { 0 };

	(void)signo;
	hf_log(HF_LOG_INFO, "main", "reload", "");
	restart(v, ROW_CA);
	restart(v, ROW_ENROL);
	if (!v->s->with_broker)
		return;
	if (server_write_broker(v->s, v->self, &v->broker, &why) != HF_OK)
		hf_log_why(HF_LOG_ERR, "main", "reload", why.err, &why);
	else
		restart(v, ROW_BROKER);
}

static hf_err open_sockets(struct supervisor *v, struct hf_why *why)
{
	HF_TRY(hf_ipc_pair(v->enrol_ca, why));
	HF_TRY(hf_ipc_pair(v->api_ca, why));
	HF_TRY(hf_ipc_pair(v->device_ca, why));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, v->nudge) != 0)
		return hf_why_errno(why, HF_ERR_IPC_SOCKET, "nudge");
	return HF_OK;
}

static hf_err write_pid(const struct server *s, struct hf_why *why)
{
	char path[HF_DEPLOY_PATH_MAX], text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	HF_TRY(hf_deploy_path(path, s->dir, "run/holdfastd.pid", why));
	return hf_file_replace(path, (hf_bytes){ (const uint8_t *)text, (size_t)n }, 0644, why);
}

static void remove_pid(const struct server *s)
{
	char path[HF_DEPLOY_PATH_MAX];

	if (hf_deploy_path(path, s->dir, "run/holdfastd.pid", NULL) == HF_OK)
		unlink(path);
}

static hf_err check_store(const struct server *s, struct hf_why *why)
{
	struct hf_store *store = NULL;
	hf_err err = server_store(s, NULL, &store, why);

	hf_store_close(store);
	return err;
}

static hf_err prepare(struct supervisor *v, struct hf_why *why)
{
	ssize_t n = readlink("/proc/self/exe", v->self, sizeof(v->self) - 1);

	if (n <= 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "/proc/self/exe");
	v->self[n] = '\0';
	HF_TRY(check_store(v->s, why));
	HF_TRY(keep_passphrase(v, why));
	HF_TRY(open_sockets(v, why));
	if (v->s->with_broker)
		HF_TRY(server_write_broker(v->s, v->self, &v->broker, why));
	HF_TRY(write_pid(v->s, why));
	v->broker_env[0] = v->broker.openssl_env;
	v->broker_env[1] = word("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	make_rows(v);
	return hf_loop_new(&v->loop);
}

/* Tell systemd; without NOTIFY_SOCKET nobody listens. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int fd HF_AUTO(hf_fd_close) = -1;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (path == NULL || strlen(path) >= sizeof(to.sun_path))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(to.sun_path, path, strlen(path));
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
		hf_log(HF_LOG_WARN, "main", "notify", "errno=%d", errno);
}

static hf_err run(struct supervisor *v, struct hf_why *why)
{
	const struct hf_proc_events events = { v, on_start, on_dead, on_stopped };

	HF_TRY(hf_proc_new(v->loop, v->rows, v->s->with_broker ? N_ROWS : ROW_BROKER, &events, &v->proc));
	HF_TRY(hf_sig_open(&v->term, v->loop, SIGTERM, on_stop_signal, v));
	HF_TRY(hf_sig_open(&v->interrupt, v->loop, SIGINT, on_stop_signal, v));
	HF_TRY(hf_sig_open(&v->hup, v->loop, SIGHUP, on_hup, v));
	HF_TRY(hf_proc_start(v->proc, why));
	notify("READY=1");
	hf_log(HF_LOG_INFO, "main", "up", "est=%s api=%s device=%s mqtt=%s", v->s->deploy.est_listen,
	       v->s->deploy.api_listen, v->s->deploy.device_listen,
	       v->s->with_broker ? v->s->deploy.mqtt_listen : "-");
	return hf_loop_run(v->loop);
}

int server_supervise(const struct server *s)
{
	struct supervisor v = { .s = s, .passphrase_fd = -1 };
	struct hf_why why = { 0 };
	hf_err err = prepare(&v, &why);
	bool prepared = err == HF_OK;

	if (prepared)
		err = run(&v, &why);
	hf_sig_close(&v.term);
	hf_sig_close(&v.interrupt);
	hf_sig_close(&v.hup);
	hf_proc_free(v.proc);
	hf_loop_free(v.loop);
	remove_pid(s);
	if (!prepared) { /* nothing runs yet, so a person is the reader, not a log */
		fprintf(stderr, "holdfastd: %s\n", hf_why_text(&why));
		return 1;
	}
	if (err != HF_OK)
		return server_fail("run", err, &why);
	hf_log(HF_LOG_INFO, "main", "down", "");
	return 0;
}

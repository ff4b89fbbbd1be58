/* The supervisor: makes sockets, starts one process for each power from one table, restarts what dies, and
 * runs the two programs that a command may ask for. It reads nothing from the network.
 * SPDX-License-Identifier: Apache-2.0 */
#include "msg.h"
#include "upd.h"
#include <errno.h>
#include <grp.h>
#include <hf/buf.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/proc.h>
#include <holdfast/obey.h>
#include <holdfast/statement.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROW_KEY, ROW_NET, ROW_APP, ROW_UPD, ROW_TAMPER, N_ROWS, N_PAIRS = 7, APP_BACKLOG = 8, MAX_FDS = 5 };
enum { PAIR_NET_KEY, PAIR_LOOK, PAIR_APP_KEY, PAIR_DELIVER, PAIR_DO, PAIR_BEAT, PAIR_UPD };

struct mainproc {
	const struct agent *agent;
	struct hf_loop *loop;
	struct hf_proc *proc;
	struct hf_sig term, intr;
	struct hf_ipc_serve todo;
	int pair[N_PAIRS][2]; /* [0] belongs to the asking side */
	int listener;
	bool stopping;
	struct hf_buf provision_file;
	struct hf_provision provision;
	char *argv[N_ROWS][6];
	struct hf_proc_fd fds[N_ROWS][MAX_FDS];
	struct hf_proc_row rows[N_ROWS];
};

/* Who gets which end at which number. */
static void fill_fds(struct mainproc *m)
{
	const struct hf_proc_fd key[] = {
		{ m->pair[PAIR_NET_KEY][1], KEY_FD_NET }, { m->pair[PAIR_APP_KEY][1], KEY_FD_APP },
		{ m->pair[PAIR_LOOK][0], KEY_FD_LOOK },   { m->pair[PAIR_DELIVER][0], KEY_FD_DELIVER },
		{ m->pair[PAIR_DO][0], KEY_FD_DO },
	};
	const struct hf_proc_fd net[] = {
		{ m->pair[PAIR_NET_KEY][0], NET_FD_KEY },
		{ m->pair[PAIR_LOOK][1], NET_FD_LOOK },
		{ m->pair[PAIR_BEAT][1], NET_FD_TAMPER },
		{ m->pair[PAIR_UPD][0], NET_FD_UPD },
	};
	const struct hf_proc_fd app[] = {
		{ m->pair[PAIR_APP_KEY][0], APP_FD_KEY },
		{ m->pair[PAIR_DELIVER][1], APP_FD_DELIVER },
		{ m->listener, APP_FD_LISTEN },
	};
	const struct hf_proc_fd upd[] = { { m->pair[PAIR_UPD][1], UPD_FD_NET } };
	const struct hf_proc_fd tamper[] = { { m->pair[PAIR_BEAT][0], TAMPER_FD_NET } };

	memcpy(m->fds[ROW_KEY], key, sizeof(key));
	memcpy(m->fds[ROW_NET], net, sizeof(net));
	memcpy(m->fds[ROW_APP], app, sizeof(app));
	memcpy(m->fds[ROW_UPD], upd, sizeof(upd));
	memcpy(m->fds[ROW_TAMPER], tamper, sizeof(tamper));
}

static void fill_rows(struct mainproc *m, char *self)
{
	static char *const roles[N_ROWS] = { "key", "net", "app", "upd", "tamper" };
	static const size_t n_fds[N_ROWS] = { 5, 4, 3, 1, 1 };
	static char role_option[] = "--role", dir_option[] = "--dir";

	fill_fds(m);
	for (size_t i = 0; i < N_ROWS; i++) {
		char *const argv[] = { self, role_option, roles[i], dir_option, (char *)m->agent->dir, NULL };

		memcpy(m->argv[i], argv, sizeof(argv));
		m->rows[i] = (struct hf_proc_row){ .name = roles[i],
						   .path = self,
						   .argv = m->argv[i],
						   .fds = m->fds[i],
						   .n_fds = n_fds[i] };
	}
}

/* ---- what key asks main to run -------------------------------------------------------------------- */

static void run_program(const char *path, const char *argument)
{
	pid_t pid = fork();

	if (pid != 0) {
		if (pid < 0)
			hf_log(HF_LOG_ERR, "main", "fork", "program=%s", path);
		return;
	}
	(void)execl(path, path, argument, (char *)NULL);
	_exit(127);
}

/* Key has judged the command; main, which acts, judges the signatures again by its own copy of the policy.
 */
static hf_err recheck_reboot(const struct mainproc *m, hf_bytes body)
{
	static const struct hf_op op = { "reboot", HF_COMMAND_DANGER, NULL };
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	hf_bytes dev = { NULL, 0 }, inner = { NULL, 0 };
	struct hf_policy policy;

	HF_TRY(msg_pair_read(body, &dev, &inner));
	HF_TRY(hf_policy_open_first(m->provision.policy, &scratch, &policy));
	if (!hf_verdict_is_yes(hf_obey_recheck(inner, &policy, dev, &op, 0)))
		return HF_ERR_COMMAND_SIGNATURE;
	return HF_OK;
}

static hf_err do_reboot(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct mainproc *m = ctx;
	hf_err err = recheck_reboot(m, body);

	reply->len = 0;
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "main", "reboot refused", err, NULL);
		return err;
	}
	hf_log(HF_LOG_WARN, "main", "reboot", "command=%s", m->agent->conf.reboot_command);
	run_program(m->agent->conf.reboot_command, NULL);
	return HF_OK;
}

static hf_err do_identify(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct mainproc *m = ctx;
	uint64_t seconds = 0;
	char text[24];

	reply->len = 0;
	HF_TRY(msg_numbers_read(body, &seconds, 1));
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)seconds);
	hf_log(HF_LOG_INFO, "main", "identify", "seconds=%s", text);
	if (m->agent->conf.identify_command[0] != '\0')
		run_program(m->agent->conf.identify_command, text);
	return HF_OK;
}

static hf_err do_log(void *ctx, hf_bytes body, struct hf_out *reply)
{
	uint64_t level = 0;

	(void)ctx;
	reply->len = 0;
	HF_TRY(msg_numbers_read(body, &level, 1));
	if (level <= HF_LOG_DEBUG)
		hf_log_set_level((int)level);
	return HF_OK;
}

static const struct hf_ipc_op todo_ops[] = {
	{ MSG_DO_REBOOT, 1, HF_COMMAND_MAX_LEN, do_reboot },
	{ MSG_DO_IDENTIFY, 1, 16, do_identify },
	{ MSG_DO_LOG, 1, 16, do_log },
};

/* ---- supervision ---------------------------------------------------------------------------------- */

static void on_dead(void *ctx, size_t row, int status, uint64_t again_ms)
{
	struct mainproc *m = ctx;
	char text[64];

	hf_proc_status_text(status, text);
	hf_log(HF_LOG_WARN, "main", "process ended", "name=%s end=\"%s\" again_ms=%llu", m->rows[row].name,
	       text, (unsigned long long)again_ms);
}

static void on_stopped(void *ctx)
{
	hf_loop_stop(((struct mainproc *)ctx)->loop);
}

static void on_signal(void *ctx, int signo)
{
	struct mainproc *m = ctx;

	(void)signo;
	if (m->stopping)
		return;
	m->stopping = true;
	hf_log(HF_LOG_INFO, "main", "stop", "");
	hf_proc_stop(m->proc);
}

static void on_closed(void *ctx)
{
	(void)ctx;
}

/* -1 = leave it as it is. */
static hf_err find_user(const char *name, uid_t *uid, struct hf_why *why)
{
	const struct passwd *u = name[0] != '\0' ? getpwnam(name) : NULL;

	*uid = u != NULL ? u->pw_uid : (uid_t)-1;
	if (name[0] != '\0' && u == NULL)
		return hf_why_set(why, HF_ERR_AGENT_STATE, "user: no such user: %s", name);
	return HF_OK;
}

static hf_err find_group(const char *name, gid_t *gid, struct hf_why *why)
{
	const struct group *g = name[0] != '\0' ? getgrnam(name) : NULL;

	*gid = g != NULL ? g->gr_gid : (gid_t)-1;
	if (name[0] != '\0' && g == NULL)
		return hf_why_set(why, HF_ERR_AGENT_STATE, "app-group: no such group: %s", name);
	return HF_OK;
}

static hf_err give_to_group(const struct mainproc *m, const char *path, struct hf_why *why)
{
	const struct agent_conf *c = &m->agent->conf;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	HF_TRY(find_user(c->user, &uid, why));
	HF_TRY(find_group(c->app_group, &gid, why));
	if (chown(path, uid, gid) != 0)
		return hf_why_errno(why, HF_ERR_AGENT_STATE, "%s: owner", path);
	if (chmod(path, gid != (gid_t)-1 ? 0660 : 0600) != 0)
		return hf_why_errno(why, HF_ERR_AGENT_STATE, "%s: mode", path);
	return HF_OK;
}

/* The processes run as this user. */
static hf_err give_to_user(const struct mainproc *m, const char *name, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	uid_t uid = (uid_t)-1;

	HF_TRY(hf_path_join(path, sizeof(path), m->agent->dir, name));
	HF_TRY(find_user(m->agent->conf.user, &uid, why));
	return uid == (uid_t)-1 || chown(path, uid, (gid_t)-1) == 0
		       ? HF_OK
		       : hf_why_errno(why, HF_ERR_AGENT_STATE, "%s: owner", path);
}

static hf_err open_app_socket(struct mainproc *m, struct hf_why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (hf_path_join(sa.sun_path, sizeof(sa.sun_path), m->agent->dir, "app.sock") != HF_OK)
		return hf_why_set(why, HF_ERR_AGENT_STATE, "%s: path is too long for a socket",
				  m->agent->dir);
	if (unlink(sa.sun_path) != 0 && errno != ENOENT)
		return hf_why_errno(why, HF_ERR_AGENT_STATE, "%s", sa.sun_path);
	m->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->listener < 0 || bind(m->listener, (const struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(m->listener, APP_BACKLOG) != 0)
		return hf_why_errno(why, HF_ERR_AGENT_STATE, "%s", sa.sun_path);
	return give_to_group(m, sa.sun_path, why);
}

static hf_err open_provision(struct mainproc *m, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	hf_err err;

	m->provision_file = HF_BUF(HF_PROVISION_CEILING);
	HF_TRY(hf_path_join(path, sizeof(path), m->agent->dir, "provision.hfp"));
	HF_TRY(hf_file_read(path, &m->provision_file, why));
	err = hf_provision_read(hf_buf_bytes(&m->provision_file), &m->provision);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err start(struct mainproc *m, char *self, struct hf_why *why)
{
	static const struct hf_ipc_table todo = { todo_ops, 3, NULL };
	static struct hf_ipc_table todo_for_us;
	const struct hf_proc_events events = { m, NULL, on_dead, on_stopped };

	for (size_t i = 0; i < N_PAIRS; i++)
		HF_TRY(hf_ipc_pair(m->pair[i], why));
	HF_TRY(open_provision(m, why));
	HF_TRY(upd_make_state(m->agent, why));
	HF_TRY(give_to_user(m, "trust", why));
	HF_TRY(open_app_socket(m, why));
	fill_rows(m, self);
	todo_for_us = todo;
	todo_for_us.ctx = m;
	HF_TRY(hf_loop_new(&m->loop));
	HF_TRY(hf_sig_open(&m->term, m->loop, SIGTERM, on_signal, m));
	HF_TRY(hf_sig_open(&m->intr, m->loop, SIGINT, on_signal, m));
	HF_TRY(hf_ipc_serve_start(&m->todo, m->loop, m->pair[PAIR_DO][1], &todo_for_us, on_closed));
	HF_TRY(hf_proc_new(m->loop, m->rows, N_ROWS, &events, &m->proc));
	return hf_proc_start(m->proc, why);
}

static void remove_app_socket(const struct agent *a)
{
	char path[AGENT_PATH_CAP];

	if (hf_path_join(path, sizeof(path), a->dir, "app.sock") == HF_OK)
		(void)unlink(path);
}

int agent_main_run(const struct agent *a, char *self)
{
	static struct mainproc m;
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	m.agent = a;
	err = start(&m, self, &why);
	if (err == HF_OK) {
		hf_log(HF_LOG_INFO, "main", "run", "dir=%s", a->dir);
		err = hf_loop_run(m.loop);
	}
	hf_proc_free(m.proc);
	remove_app_socket(a);
	if (err == HF_OK)
		return 0;
	hf_log_why(HF_LOG_ERR, "main", "run", err, &why);
	return 1;
}

/* monitor_say.c -- findings, as a line for people or JSON, and to the hook.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/json.h>
#include <hf/loop.h>
#include "monitor.h"
#include "shelf.h"

enum { HOOK_WAIT_MS = 60000, STEP_NS = 10 * 1000000 };
extern char **environ;

static const struct {
	const char *name;
	bool alarm;
} kinds[MONITOR_KINDS] = {
	[MONITOR_RELEASE] = { "release", false },
	[MONITOR_REVOKED] = { "revoked", false },
	[MONITOR_OLD_POLICY] = { "old-policy", false },
	[MONITOR_UNPLANNED] = { "unplanned", true },
	[MONITOR_PUBLISHER] = { "publisher", true },
	[MONITOR_NO_OBJECT] = { "no-object", true },
	[MONITOR_WRONG_OBJECT] = { "wrong-object", true },
	[MONITOR_UNKNOWN_TYPE] = { "unknown-type", true },
	[MONITOR_UNSIGNED] = { "unsigned", true },
	[MONITOR_POLICY] = { "policy", true },
	[MONITOR_BAD_POLICY] = { "bad-policy", true },
	[MONITOR_CA_KEY] = { "ca-key", true },
	[MONITOR_REBUILD] = { "rebuild", true },
	[MONITOR_CAPABILITY] = { "capability", true },
	[MONITOR_SHARED_IMAGE] = { "shared-image", true },
	[MONITOR_BACK] = { "back", true },
	[MONITOR_QUORUM] = { "quorum", true },
	[MONITOR_COSIGNATURE] = { "cosignature", true },
	[MONITOR_STALE] = { "stale", true },
	[MONITOR_FORK] = { "fork", true },
	[MONITOR_LOG_SIGNATURE] = { "log-signature", true },
	[MONITOR_UNREAD] = { "unread", true },
};

const char *monitor_kind_name(enum monitor_kind kind)
{
	return kinds[kind].name;
}

static hf_err put_json(const struct monitor *m, enum monitor_kind kind, const uint64_t *index, const char *d,
		       const char *text, struct hf_buf *out)
{
	struct hf_json_out j = { .buf = out };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "kind", kinds[kind].name);
	hf_json_put_bool(&j, "alarm", kinds[kind].alarm);
	if (m->s.begun)
		hf_json_put_hex(&j, "log", HF_ARR(m->s.log));
	if (index != NULL)
		hf_json_put_uint(&j, "index", *index);
	if (d[0] != '\0')
		hf_json_put_text(&j, "d", d);
	hf_json_put_text(&j, "text", text);
	hf_json_put_uint(&j, "at", (uint64_t)time(NULL));
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	return hf_buf_puts(out, "\n");
}

/* ---- the hook: a program, no shell, the finding on its standard input ---- */

static hf_err await(pid_t child)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	uint64_t deadline = hf_now_ms() + HOOK_WAIT_MS;
	int status = 0;
	pid_t got;

	while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (hf_now_ms() >= deadline)
			(void)kill(child, SIGKILL);
		(void)nanosleep(&step, NULL);
	}
	return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? HF_OK : HF_ERR_MONITOR_HOOK;
}

static hf_err start(const char *program, int in, pid_t *child)
{
	char *const argv[] = { (char *)(uintptr_t)program, NULL };
	posix_spawn_file_actions_t files;
	int rc;

	if (posix_spawn_file_actions_init(&files) != 0)
		return HF_ERR_HOST_MEMORY;
	rc = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn(child, program, &files, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	return rc == 0 ? HF_OK : HF_ERR_MONITOR_HOOK;
}

static hf_err run_hook(const struct monitor *m, hf_bytes finding)
{
	int from HF_AUTO(hf_fd_close) = -1, to HF_AUTO(hf_fd_close) = -1, fds[2];
	pid_t child = -1;
	hf_err wrote;

	if (m->hook == NULL)
		return HF_OK;
	(void)signal(SIGPIPE, SIG_IGN);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return HF_ERR_MONITOR_HOOK;
	from = fds[0];
	to = fds[1];
	HF_TRY(start(m->hook, from, &child));
	/* Far below what a pipe holds, and we keep its other end. */
	wrote = hf_fd_write_all(to, finding, NULL);
	hf_fd_close(&to);
	HF_TRY(await(child));
	return wrote;
}

static hf_err tell(struct monitor *m, enum monitor_kind kind, const uint64_t *index, const uint8_t *d,
		   const char *text)
{
	struct hf_buf json HF_AUTO(hf_buf_free) = HF_BUF(4096);
	char hex[SHELF_HEX] = "", at[32] = "";

	if (d != NULL)
		shelf_hex((hf_bytes){ d, HF_SHA256_LEN }, hex);
	if (index != NULL)
		(void)snprintf(at, sizeof(at), "leaf %llu: ", (unsigned long long)*index);
	HF_TRY(put_json(m, kind, index, hex, text, &json));
	if (m->json)
		fputs(hf_buf_text(&json), stdout);
	else
		printf("%s %s: %s%s%s%s\n", kinds[kind].alarm ? "ALARM" : "note", kinds[kind].name, at, text,
		       hex[0] != '\0' ? ", D " : "", hex);
	(void)fflush(stdout);
	m->n_alarms += kinds[kind].alarm ? 1 : 0;
	if (run_hook(m, hf_buf_bytes(&json)) == HF_OK)
		return HF_OK;
	return hf_why_set(&m->why, HF_ERR_MONITOR_HOOK, "%s: it failed; the finding comes again", m->hook);
}

hf_err monitor_say(struct monitor *m, enum monitor_kind kind, const uint64_t *index, const uint8_t *d,
		   const char *format, ...)
{
	char text[MONITOR_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (char *c = text; *c != '\0'; c++) /* words of others */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return tell(m, kind, index, d, text);
}

hf_err monitor_stand(struct monitor *m, enum monitor_kind kind, bool is, const char *text)
{
	uint32_t bit = (uint32_t)1 << kind;

	if (!is) {
		m->s.standing &= ~bit;
		return HF_OK;
	}
	if ((m->s.standing & bit) != 0)
		return HF_OK;
	HF_TRY(monitor_say(m, kind, NULL, NULL, "%s", text));
	m->s.standing |= bit;
	return HF_OK;
}

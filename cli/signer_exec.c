/* signer_exec.c -- a program that signs: how HSMs, tokens and remote signers are reached.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/loop.h>
#include "signer.h"

enum { CHILD_CANNOT_RUN = 127 };

static hf_err failed(struct signer *s, const char *what)
{
	return hf_why_set(&s->why, HF_ERR_SIGNER_FAILED, "%s: %s", s->place, what);
}

/* In the child: nothing of ours but stdin, stdout and stderr. */
static void become(const char *program, const char *pub, int in, int out)
{
	char *const argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)pub, NULL };

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(CHILD_CANNOT_RUN);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execv(program, argv);
	_exit(CHILD_CANNOT_RUN);
}

/* 64 bytes and the end, before the deadline. */
static bool read_signature(int fd, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint64_t deadline = hf_now_ms() + SIGNER_WAIT_S * 1000;
	uint8_t room[HF_ED25519_SIG_LEN + 1];
	size_t at = 0;

	while (at < sizeof(room)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = hf_now_ms();
		ssize_t n;

		if (now >= deadline || (poll(&p, 1, (int)(deadline - now)) < 0 && errno != EINTR))
			return false;
		if (p.revents == 0)
			continue;
		n = read(fd, room + at, sizeof(room) - at);
		if (n < 0)
			return false;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	if (at != HF_ED25519_SIG_LEN)
		return false;
	memcpy(sig, room, HF_ED25519_SIG_LEN);
	return true;
}

static hf_err talk(struct signer *s, pid_t child, int to, int from, hf_bytes message, uint8_t *sig)
{
	int fd HF_AUTO(hf_fd_close) = to;
	bool took, gave;
	int status = 0;

	/* Messages are far below the 64 KiB of a pipe, so this does not block. */
	took = hf_fd_write_all(fd, message, NULL) == HF_OK;
	hf_fd_close(&fd);
	gave = read_signature(from, sig);
	if (!gave)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT_RUN)
		return failed(s, "cannot be run");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return failed(s, "it did not sign (exit status is not 0)");
	return took && gave ? HF_OK : failed(s, "it did not give exactly 64 bytes");
}

static hf_err sign_by_program(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	char pub[2 * HF_ED25519_PUB_LEN + 1] = { 0 };
	struct hf_out hex = { (uint8_t *)pub, sizeof(pub) - 1, 0 };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	pid_t child = -1;
	hf_err err;

	HF_TRY(hf_hex_encode(HF_ARR(s->pub), &hex));
	(void)signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0)
		child = fork();
	if (child == 0)
		become(s->place, pub, in[0], out[1]);
	hf_fd_close(&in[0]);
	hf_fd_close(&out[1]);
	err = child < 0 ? failed(s, "cannot be started") : talk(s, child, in[1], out[0], message, sig);
	if (child < 0)
		hf_fd_close(&in[1]);
	hf_fd_close(&out[0]);
	return err;
}

hf_err signer_open_exec(struct signer *s, const char *program)
{
	if (strlen(program) >= sizeof(s->place))
		return hf_why_set(&s->why, HF_ERR_FILE_PATH, "exec: path is too long");
	memcpy(s->place, program, strlen(program) + 1);
	if (access(program, X_OK) != 0)
		return hf_why_errno(&s->why, HF_ERR_SIGNER_ABSENT, "%s", program);
	s->back_end = sign_by_program;
	return HF_OK;
}

/* judge_start.c -- main's side of the judge.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/file.h>
#include "audit_judge.h"

enum { BATCH_CEILING = 1 << 20, BATCH_FULL = 1 << 18, PIPE_LEN = 1 << 20 };

hf_err hf__judge_start(const struct hf_audit_opts *opts, struct hf__judge *j, struct hf_why *why)
{
	int down[2] = { -1, -1 }, up[2] = { -1, -1 };

	*j = (struct hf__judge){ .to = -1, .from = -1, .batch = HF_BUF(BATCH_CEILING) };
	if (pipe2(down, O_CLOEXEC) != 0)
		return hf_why_errno(why, HF_ERR_AUDIT_PROCESS, "pipe");
	j->to = down[1];
	if (pipe2(up, O_CLOEXEC) != 0) {
		(void)close(down[0]);
		return hf_why_errno(why, HF_ERR_AUDIT_PROCESS, "pipe");
	}
	j->from = up[0];
	(void)fcntl(down[1], F_SETPIPE_SZ, PIPE_LEN);
	j->pid = fork();
	if (j->pid == 0)
		hf__judge_run(opts, down[0], up[1]);
	(void)close(down[0]);
	(void)close(up[1]);
	return j->pid > 0 ? HF_OK : hf_why_errno(why, HF_ERR_AUDIT_PROCESS, "fork");
}

static hf_err send_batch(struct hf__judge *j)
{
	hf_err err = hf_fd_write_all(j->to, hf_buf_bytes(&j->batch), NULL);

	hf_buf_reset(&j->batch);
	return err;
}

hf_err hf__judge_put(void *judge, const struct hf_fact *fact)
{
	struct hf__judge *j = judge;

	HF_TRY(hf__frame_put(&j->batch, fact));
	return j->batch.len >= BATCH_FULL ? send_batch(j) : HF_OK;
}

hf_err hf__judge_side_done(struct hf__judge *j)
{
	const struct hf_fact done = { .kind = HF_FACT_DONE };

	HF_TRY(hf__judge_put(j, &done));
	return send_batch(j);
}

static bool read_exactly(int fd, uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, out, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		out += n;
		len -= (size_t)n;
	}
	return true;
}

/* One answer. *done with the last one. */
static hf_err take_answer(struct hf__judge *j, struct hf_audit_result *out, bool *done, struct hf_why *why)
{
	static uint8_t chunk[HF__CHUNK];
	uint8_t head[1 + HF__FRAME_HEAD];
	size_t len;

	if (!read_exactly(j->from, head, sizeof(head)))
		return hf_why_set(why, HF_ERR_AUDIT_PROCESS, "the judge died");
	len = hf_get_be32(head + 1);
	if (len > sizeof(chunk) || !read_exactly(j->from, chunk, len))
		return hf_why_set(why, HF_ERR_AUDIT_PROCESS, "the judge's answer is cut");
	if (head[0] == HF__TAG_REPORT || head[0] == HF__TAG_COMPANION)
		return hf_buf_put(&out->output[head[0]], (hf_bytes){ chunk, len });
	if (head[0] == HF__TAG_ERROR)
		return hf_why_set(why, HF_ERR_AUDIT_PROCESS, "%.*s", (int)len, (const char *)chunk);
	*done = head[0] == HF__TAG_END && len == 1 && chunk[0] <= HF_AUDIT_INCOMPLETE;
	out->status = *done ? chunk[0] : HF_AUDIT_ERROR;
	return *done ? HF_OK : HF_ERR_AUDIT_PROCESS;
}

hf_err hf__judge_result(struct hf__judge *j, struct hf_audit_result *out, struct hf_why *why)
{
	bool done = false;

	hf_fd_close(&j->to);
	while (!done)
		HF_TRY(take_answer(j, out, &done, why));
	return HF_OK;
}

void hf__judge_end(struct hf__judge *j)
{
	hf_fd_close(&j->to);
	hf_fd_close(&j->from);
	hf_buf_free(&j->batch);
	if (j->pid > 0) {
		(void)kill(j->pid, SIGKILL);
		(void)waitpid(j->pid, NULL, 0);
	}
	j->pid = 0;
}

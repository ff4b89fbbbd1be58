/* `status` and `poll`: two words to the running agent over its socket (doc/protocol/app-socket.md).
 * SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include <errno.h>
#include <hf/file.h>
#include <holdfast/cbor.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_CAP = 4096, TIMEOUT_S = 10 };

static hf_err talk(const char *dir, hf_bytes word, struct hf_out *answer, struct hf_why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const struct timeval limit = { TIMEOUT_S, 0 };
	int fd HF_AUTO(hf_fd_close) = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	uint8_t mem[64];
	struct hf_out question = HF_OUT(mem);
	struct hf_cborw w;
	ssize_t n;

	if (hf_path_join(sa.sun_path, sizeof(sa.sun_path), dir, "app.sock") != HF_OK)
		return hf_why_set(why, HF_ERR_AGENT_STATE, "%s: path is too long", dir);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0)
		return hf_why_errno(why, HF_ERR_AGENT_AWAY, "%s: no agent answers here", sa.sun_path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	hf_cbor_writer(&w, &question);
	hf_cbor_put_array(&w, 1);
	hf_cbor_put_text(&w, word);
	HF_TRY(hf_cbor_finish(&w));
	if (send(fd, question.ptr, question.len, MSG_NOSIGNAL) < 0)
		return hf_why_errno(why, HF_ERR_AGENT_AWAY, "send");
	n = recv(fd, answer->ptr, answer->cap, 0);
	if (n <= 0)
		return hf_why_errno(why, HF_ERR_AGENT_AWAY, "no answer");
	answer->len = (size_t)n;
	return HF_OK;
}

/* ["ok", ?text] or ["error", name, words] */
static hf_err read_answer(hf_bytes answer, hf_bytes *text, struct hf_why *why)
{
	hf_bytes word = { NULL, 0 }, name = { NULL, 0 };
	struct hf_cborr r;
	size_t n = 0;

	*text = (hf_bytes){ NULL, 0 };
	hf_cbor_reader(&r, answer);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_text(&r, &word);
	if (hf_bytes_equal(word, HF_STR("error")))
		hf_cbor_read_text(&r, &name);
	if (n > 1)
		hf_cbor_read_text(&r, text);
	HF_TRY(hf_cbor_done(&r));
	if (name.len > 0)
		return hf_why_set(why, HF_ERR_AGENT_AWAY, "%.*s: %.*s", (int)name.len, (const char *)name.ptr,
				  (int)text->len, (const char *)text->ptr);
	return HF_OK;
}

/* For people: one line each. The JSON is our own and flat. */
static void print_lines(hf_bytes json)
{
	for (size_t i = 0; i < json.len; i++) {
		char c = (char)json.ptr[i];

		if (c == '{' || c == '"')
			continue;
		if (c == ',' || c == '}')
			(void)putchar('\n');
		else if (c == ':')
			(void)fputs(": ", stdout);
		else
			(void)putchar(c);
	}
}

static int ask(int argc, char **argv, hf_bytes word, const char *name)
{
	uint8_t mem[ANSWER_CAP];
	struct hf_out answer = HF_OUT(mem);
	struct hf_why why = { HF_OK, "" };
	hf_bytes text = { NULL, 0 };
	const char *dir = NULL;
	bool json = false;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			dir = argv[++i];
		else
			dir = NULL, argc = 0;
	}
	if (dir == NULL) {
		(void)fprintf(stderr, "usage: holdfast-agent %s --dir STATE [--json]\n", name);
		return 2;
	}
	if (talk(dir, word, &answer, &why) != HF_OK ||
	    read_answer(hf_out_bytes(&answer), &text, &why) != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: %s: %s\n", name, hf_why_text(&why));
		return 1;
	}
	if (json)
		(void)printf("%.*s\n", (int)text.len, (const char *)text.ptr);
	else
		print_lines(text);
	return 0;
}

int agent_cmd_status(int argc, char **argv)
{
	return ask(argc, argv, HF_STR("status"), "status");
}

int agent_cmd_poll(int argc, char **argv)
{
	return ask(argc, argv, HF_STR("poll"), "poll");
}

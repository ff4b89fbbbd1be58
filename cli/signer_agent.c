/* signer_agent.c -- keys in an ssh-agent: two messages of its protocol, list and sign.
 * Source: draft-ietf-sshm-ssh-agent s3.5, s3.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <hf/file.h>
#include "signer.h"

enum {
	REQUEST_LIST = 11,
	ANSWER_LIST = 12,
	REQUEST_SIGN = 13,
	ANSWER_SIGN = 14,
	ANSWER_MAX = 65536,
	KEYS_MAX = 256,
};

static hf_err failed(struct signer *s, const char *what)
{
	return hf_why_set(&s->why, HF_ERR_SIGNER_FAILED, "ssh-agent: %s", what);
}

static hf_err dial(struct signer *s, int *fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = SIGNER_WAIT_S };

	if (strlen(s->place) >= sizeof(to.sun_path))
		return failed(s, "$SSH_AUTH_SOCK is too long");
	memcpy(to.sun_path, s->place, strlen(s->place));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
	    connect(*fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return hf_why_errno(&s->why, HF_ERR_SIGNER_FAILED, "ssh-agent at %s", s->place);
	return HF_OK;
}

static hf_err read_exactly(struct signer *s, int fd, size_t n, struct hf_buf *out)
{
	uint8_t *where = NULL;

	HF_TRY(hf_buf_reserve(out, n, &where));
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, where + at, n - at);

		if (got <= 0)
			return failed(s, "no whole answer");
		at += (size_t)got;
	}
	hf_buf_commit(out, n);
	return HF_OK;
}

/* One request and its answer, without the length. */
static hf_err ask(struct signer *s, hf_bytes request, struct hf_buf *answer)
{
	int fd HF_AUTO(hf_fd_close) = -1;
	uint8_t head[4];
	uint32_t len;

	HF_TRY(dial(s, &fd));
	hf_put_be32(head, (uint32_t)request.len);
	if (hf_fd_write_all(fd, HF_ARR(head), NULL) != HF_OK || hf_fd_write_all(fd, request, NULL) != HF_OK)
		return failed(s, "it does not take the request");
	HF_TRY(read_exactly(s, fd, 4, answer));
	len = hf_get_be32(answer->ptr);
	hf_buf_reset(answer);
	if (len == 0 || len > ANSWER_MAX)
		return failed(s, "answer of a wrong size");
	return read_exactly(s, fd, len, answer);
}

static hf_err sign_by_agent(struct signer *s, hf_bytes message, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	struct hf_buf request HF_AUTO(hf_buf_free) = HF_BUF(SIGNER_MESSAGE_MAX + 256);
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(ANSWER_MAX);
	uint8_t head[5 + HF_OPENSSH_BLOB_LEN + 4], flags[4] = { 0 };
	hf_bytes rest, outer = { 0 }, kind = { 0 }, value = { 0 };

	head[0] = REQUEST_SIGN;
	hf_put_be32(head + 1, HF_OPENSSH_BLOB_LEN);
	hf_openssh_blob(s->pub, head + 5);
	hf_put_be32(head + 5 + HF_OPENSSH_BLOB_LEN, (uint32_t)message.len);
	HF_TRY(hf_buf_put(&request, HF_ARR(head)));
	HF_TRY(hf_buf_put(&request, message));
	HF_TRY(hf_buf_put(&request, HF_ARR(flags)));
	HF_TRY(ask(s, hf_buf_bytes(&request), &answer));
	if (answer.ptr[0] != ANSWER_SIGN)
		return failed(s, "it refused to sign");
	rest = (hf_bytes){ answer.ptr + 1, answer.len - 1 };
	if (hf_openssh_take(&rest, &outer) != HF_OK || rest.len != 0 ||
	    hf_openssh_take(&outer, &kind) != HF_OK || !hf_bytes_equal(kind, HF_STR("ssh-ed25519")) ||
	    hf_openssh_take(&outer, &value) != HF_OK || outer.len != 0 || value.len != HF_ED25519_SIG_LEN)
		return failed(s, "answer is no ssh-ed25519 signature");
	memcpy(sig, value.ptr, HF_ED25519_SIG_LEN);
	return HF_OK;
}

/* The list: u32 count, then key blob and comment of each. */
static hf_err find_key(struct signer *s, hf_bytes list, const char *print)
{
	char each[HF_OPENSSH_PRINT_LEN + 1];
	uint32_t n = list.len < 4 ? KEYS_MAX + 1 : hf_get_be32(list.ptr);

	if (n > KEYS_MAX)
		return failed(s, "list is not well formed");
	list = (hf_bytes){ list.ptr + 4, list.len - 4 };
	for (uint32_t i = 0; i < n; i++) {
		hf_bytes blob = { 0 }, comment = { 0 };
		hf_err err;

		if (hf_openssh_take(&list, &blob) != HF_OK || hf_openssh_take(&list, &comment) != HF_OK)
			return failed(s, "list is not well formed");
		HF_TRY(hf_openssh_print(blob, each));
		if (strcmp(each, print) != 0)
			continue;
		err = hf_openssh_read_blob(blob, s->pub);
		if (err == HF_ERR_SSHKEY_KIND)
			return hf_why_set(
				&s->why, err,
				"agent:%s: only plain ssh-ed25519 can sign releases; a security key "
				"(sk-ssh-ed25519) signs other bytes than it is asked to",
				print);
		return err == HF_OK ? HF_OK : failed(s, "key is not well formed");
	}
	return hf_why_set(&s->why, HF_ERR_SIGNER_ABSENT, "the ssh-agent has no key %s", print);
}

hf_err signer_open_agent(struct signer *s, const char *print)
{
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(ANSWER_MAX);
	const uint8_t request = REQUEST_LIST;
	const char *place = getenv("SSH_AUTH_SOCK");

	if (place == NULL || strlen(place) >= sizeof(s->place))
		return failed(s, "$SSH_AUTH_SOCK does not name one");
	memcpy(s->place, place, strlen(place) + 1);
	HF_TRY(ask(s, (hf_bytes){ &request, 1 }, &answer));
	if (answer.ptr[0] != ANSWER_LIST)
		return failed(s, "it does not list its keys");
	s->back_end = sign_by_agent;
	return find_key(s, (hf_bytes){ answer.ptr + 1, answer.len - 1 }, print);
}

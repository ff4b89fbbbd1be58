/* keyholder.c -- the operator's private key in a process that sees no network: it opens the key, gives up
 * every other power and answers one question, "sign this digest".
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/keyuri.h>
#include <hf/sandbox.h>
#include "session.h"

enum { KEY_NUMBER = 1, ANSWER_MS = 120000 /* a person types a passphrase */ };

static const struct hf_hwkey *find_key(void *ctx, uint8_t number)
{
	return number == KEY_NUMBER ? ctx : NULL;
}

static hf_err on_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_pub(body, find_key, ctx, reply);
}

static hf_err on_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_sign(body, find_key, ctx, reply);
}

static const struct hf_ipc_op ops[] = {
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, on_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, on_sign },
};

static bool read_passphrase(struct session *s, struct hf_buf *out)
{
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (cli_option(s->args, "passphrase-file") != NULL || s->conf.passphrase_file[0] == '\0')
		return cli_passphrase(s->args, "Passphrase of your operator key", false, out);
	if (!session_path(s, s->conf.passphrase_file, path))
		return false;
	if (hf_file_read_secret(path, out, &why) != HF_OK) {
		(void)cli_fail("passphrase-file: %s", hf_why_text(&why));
		return false;
	}
	while (out->len > 0 && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
		out->len--;
	return true;
}

/* A key in a file needs nothing after it was read; a TPM or token needs its descriptors and files. */
static unsigned powers_for(const char *uri)
{
	if (strncmp(uri, "file:", 5) == 0)
		return HF_SANDBOX_CLI_KEY;
	return strncmp(uri, "tpm2:", 5) == 0 ? HF_SANDBOX_AGENT_KEY_SWTPM | HF_POWER_DEVICE
					     : HF_SANDBOX_AGENT_KEY;
}

static int hold(struct session *s, int fd)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct hf_keyuri *key HF_AUTO(hf_keyuri_drop) = NULL;
	struct hf_keyuri_why words = { { 0 } };
	struct hf_why why = { 0 };
	struct hf_sandbox box = { .powers = powers_for(s->conf.key) };
	struct hf_ipc_table table = { ops, 2, NULL };
	char uri[SESSION_PATH_MAX];
	hf_err err;

	if (hf_deploy_uri(uri, s->folder, s->conf.key, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why));
	if (strncmp(uri, "file:", 5) == 0 && !s->unattended && !read_passphrase(s, &passphrase))
		return CLI_FAILED;
	err = hf_keyuri_open(uri, hf_buf_bytes(&passphrase), &key, &words);
	hf_buf_free(&passphrase);
	if (err != HF_OK)
		return cli_fail("your key: %s%s%s", hf_err_text(err), words.text[0] != '\0' ? ": " : "",
				words.text);
	if (hf_sandbox_enter(&box, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why));
	table.ctx = (void *)(uintptr_t)hf_keyuri_hwkey(key);
	(void)!hf_ipc_answer_forever(fd, &table);
	return CLI_DONE;
}

bool keyholder_start(struct session *s)
{
	struct hf_why why = { 0 };
	int fds[2];
	hf_err err;

	if (hf_ipc_pair(fds, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	s->holder = fork();
	if (s->holder == 0) {
		(void)close(fds[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(hold(s, fds[1]));
	}
	(void)close(fds[1]);
	if (s->holder < 0 || hf_ipc_new(fds[0], &s->ipc) != HF_OK) {
		(void)close(fds[0]);
		return cli_fail("cannot start the key holder") == CLI_DONE;
	}
	err = hf_ipc_key_open(&s->key, s->ipc, KEY_NUMBER, ANSWER_MS);
	if (err == HF_OK && s->key.key.curve == HF_CURVE_P256)
		err = hf_crypto_kid((hf_bytes){ s->key.key.pub, HF_P256_POINT_LEN }, s->kid);
	if (err == HF_OK && s->key.key.curve == HF_CURVE_P256)
		return true;
	/* The child has said why, unless it died. */
	if (err == HF_OK)
		(void)cli_fail("your key is not P-256");
	keyholder_stop(s);
	return false;
}

void keyholder_stop(struct session *s)
{
	hf_ipc_free(s->ipc); /* the child ends when its socket does */
	s->ipc = NULL;
	if (s->holder > 0)
		(void)waitpid(s->holder, NULL, 0);
	s->holder = 0;
}

/* passphrase.c -- opens the CA keys: from a private file, a systemd credential, or the terminal.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/keyuri.h>
#include "server.h"

enum { PASSPHRASE_MAX = 1024 };

static hf_err ask_terminal(struct hf_buf *out, struct hf_why *why)
{
	int tty HF_AUTO(hf_fd_close) = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct termios shown, hidden;
	uint8_t *at = NULL;
	ssize_t n;

	if (tty < 0 || tcgetattr(tty, &shown) != 0)
		return hf_why_set(why, HF_ERR_FILE_ABSENT,
				  "a passphrase is needed: give --passphrase-file FILE");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	HF_TRY(hf_buf_reserve(out, PASSPHRASE_MAX, &at));
	dprintf(tty, "Passphrase of the CA keys: ");
	tcsetattr(tty, TCSAFLUSH, &hidden);
	n = read(tty, at, PASSPHRASE_MAX);
	tcsetattr(tty, TCSAFLUSH, &shown);
	dprintf(tty, "\n");
	if (n <= 0)
		return hf_why_set(why, HF_ERR_FILE_ABSENT, "no passphrase was typed");
	hf_buf_commit(out, (size_t)n);
	return HF_OK;
}

/* A wrong passphrase is said once, here; else the key process would start and fail for ever. The enrolment
 * key is always a file under this passphrase, also where CA keys lie on a token. */
static hf_err prove(const struct server *s, hf_bytes passphrase, struct hf_why *why)
{
	struct hf_keyuri *key HF_AUTO(hf_keyuri_drop) = NULL;
	struct hf_keyuri_why words = { "" };
	char uri[HF_DEPLOY_PATH_MAX];
	hf_err err = hf_deploy_uri(uri, s->dir, "file:tls/enrol.key", why);

	if (passphrase.len == 0)
		return hf_why_set(why, HF_ERR_KEYURI_PASSPHRASE, "the passphrase is empty");
	if (err != HF_OK)
		return err;
	err = hf_keyuri_open(uri, passphrase, &key, &words);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s: %s", hf_err_text(err), words.text);
}

hf_err server_passphrase(const struct server *s, struct hf_buf *out, struct hf_why *why)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char path[HF_DEPLOY_PATH_MAX];

	if (s->passphrase_file != NULL)
		HF_TRY(hf_file_read_secret(s->passphrase_file, out, why));
	else if (credentials != NULL && hf_deploy_path(path, credentials, "passphrase", why) == HF_OK)
		HF_TRY(hf_file_read(path, out, why));
	else
		HF_TRY(ask_terminal(out, why));
	while (out->len > 0 && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
		out->len--;
	return prove(s, hf_buf_bytes(out), why);
}

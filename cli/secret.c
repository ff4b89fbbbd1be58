/* secret.c -- what a person types. Passphrases come from a private file or the terminal, never from arguments
 * or environment; a code that shows somebody read what is signed is no secret.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <hf/file.h>
#include "cli.h"

enum { PASSPHRASE_MIN = 8 };

static void cut_line_end(struct hf_buf *text)
{
	while (text->len > 0 && (text->ptr[text->len - 1] == '\n' || text->ptr[text->len - 1] == '\r'))
		text->len--;
}

static bool ask(int tty, const char *prompt, struct hf_buf *out)
{
	struct termios shown, hidden;
	uint8_t *at = NULL;
	ssize_t n = -1;

	if (tcgetattr(tty, &shown) != 0)
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hf_buf_reset(out);
	if (hf_buf_reserve(out, 256, &at) != HF_OK || tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
		return false;
	dprintf(tty, "%s: ", prompt);
	n = read(tty, at, 256);
	tcsetattr(tty, TCSAFLUSH, &shown);
	dprintf(tty, "\n");
	if (n <= 0)
		return false;
	hf_buf_commit(out, (size_t)n);
	cut_line_end(out);
	return true;
}

static bool ask_on_terminal(const char *prompt, bool fresh, struct hf_buf *out)
{
	struct hf_buf again HF_AUTO(hf_buf_free) = HF_BUF_SECRET(256);
	int tty HF_AUTO(hf_fd_close) = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (tty < 0) {
		cli_fail("a passphrase is needed and there is no terminal: give --passphrase-file FILE");
		return false;
	}
	if (!ask(tty, prompt, out)) {
		cli_fail("no passphrase was typed");
		return false;
	}
	if (fresh && (!ask(tty, "Again", &again) || !hf_ct_equal(hf_buf_bytes(out), hf_buf_bytes(&again)))) {
		cli_fail("the two passphrases differ; nothing was changed");
		return false;
	}
	return true;
}

bool cli_passphrase(const struct cli_args *args, const char *prompt, bool fresh, struct hf_buf *out)
{
	const char *path = cli_option(args, "passphrase-file");
	struct hf_why why = { 0 };

	if (path == NULL) {
		if (!ask_on_terminal(prompt, fresh, out))
			return false;
	} else if (hf_file_read_secret(path, out, &why) != HF_OK) {
		cli_fail("--passphrase-file: %s", hf_why_text(&why));
		return false;
	}
	cut_line_end(out);
	if (out->len >= PASSPHRASE_MIN || !fresh)
		return true;
	cli_fail("a passphrase of at least %d characters is needed; nothing was changed", PASSPHRASE_MIN);
	return false;
}

bool cli_typed(const struct cli_args *args, const char *code, const char *what)
{
	const char *given = cli_option(args, "code");
	char typed[32] = "";

	if (given == NULL) {
		fprintf(stderr, "To sign, type %s: ", code);
		if (fgets(typed, sizeof(typed), stdin) == NULL)
			typed[0] = '\0';
		typed[strcspn(typed, "\n")] = '\0';
		given = typed;
	}
	if (strcmp(given, code) == 0)
		return true;
	return cli_fail("that is not the code of this %s (%s); nothing was signed", what, code) == CLI_DONE;
}

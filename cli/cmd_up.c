/* cmd_up.c -- `holdfast up` and `holdfast backup`: look first, then hand over to holdfastd.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include "cli.h"

const struct cli_opt cli_up_opts[] = {
	{ "passphrase-file", "FILE", "opens the online CA keys; mode 0600 (default: ask)" },
	{ 0 },
};
const char cli_up_text[] =
	"Runs holdfastd and Mosquitto from DIR until Ctrl-C or SIGTERM; both end together.\n"
	"For unattended machines use the systemd units instead.";

static int try_port(const struct addrinfo *a)
{
	int one = 1, error = 0;
	int fd HF_AUTO(hf_fd_close) = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 1) != 0)
		error = errno;
	return error;
}

/* Mosquitto says "Error: Address already in use" without a name; better said before anything starts. */
static bool port_is_free(const char *key, const char *listen_at)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char host[HF_DEPLOY_HOST_MAX], service[8];
	uint16_t port = 0;
	int error = 0;

	if (!hf_deploy_split_listen(listen_at, host, &port))
		return true; /* holdfastd names the line */
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &found) != 0) {
		cli_fail("up: %s = %s: no such address on this machine", key, listen_at);
		return false;
	}
	error = try_port(found);
	freeaddrinfo(found);
	if (error == 0)
		return true;
	cli_fail("up: %s = %s: %s; stop what uses it, or change holdfast.conf", key, listen_at,
		 strerror(error));
	return false;
}

static bool has_broker(const struct hf_deploy *d)
{
	static const char *const places[] = { "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto",
					      "/usr/bin/mosquitto" };

	if (d->mosquitto[0] != '\0') {
		if (access(d->mosquitto, X_OK) == 0)
			return true;
		cli_fail("up: mosquitto = %s: %s", d->mosquitto, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return true;
	cli_fail("up: the broker is missing; apt-get install mosquitto");
	return false;
}

static bool is_ready(const char *dir)
{
	struct hf_why why = { 0 };
	struct hf_deploy d;

	if (hf_deploy_read(dir, &d, &why) != HF_OK) {
		cli_fail("up: %s", hf_why_text(&why));
		return false;
	}
	return has_broker(&d) && port_is_free("est-listen", d.est_listen) &&
	       port_is_free("api-listen", d.api_listen) &&
	       port_is_free("device-listen", d.device_listen) && port_is_free("mqtt-listen", d.mqtt_listen);
}

/* The words of this process become those of holdfastd; execv copies them. */
static char *word(const char *text)
{
	return (char *)(uintptr_t)text;
}

int cli_cmd_up(const struct cli_args *args)
{
	const char *passphrase = cli_option(args, "passphrase-file");
	char program[CLI_PATH_MAX];
	char *argv[] = { program,
			 word("--dir"),
			 word(args->args[0]),
			 word("--with-broker"),
			 passphrase == NULL ? NULL : word("--passphrase-file"),
			 word(passphrase),
			 NULL };

	if (!is_ready(args->args[0]) || !cli_find_program("holdfastd", program))
		return CLI_FAILED;
	execv(program, argv);
	return cli_fail("up: %s: %s", program, strerror(errno));
}

int cli_cmd_backup(const struct cli_args *args)
{
	char program[CLI_PATH_MAX];
	char *argv[] = { program,          word("--dir"),       word(args->args[0]),
			 word("--backup"), word(args->args[1]), NULL };
	struct hf_why why = { 0 };
	struct hf_deploy d;

	if (hf_deploy_read(args->args[0], &d, &why) != HF_OK)
		return cli_fail("backup: %s", hf_why_text(&why));
	if (hf_file_exists(args->args[1]))
		return cli_fail("backup: %s exists; choose another name", args->args[1]);
	if (!cli_find_program("holdfastd", program))
		return CLI_FAILED;
	return cli_run(argv) == 0 ? CLI_DONE : CLI_FAILED;
}

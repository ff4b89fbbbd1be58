/* main.c -- arguments of holdfastd, and nothing else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <hf/log.h>
#include "server.h"

static const char help[] =
	"usage: holdfastd --dir DIR [--with-broker] [--passphrase-file FILE]\n"
	"       holdfastd --dir DIR -n | --init-store | --backup FILE\n\n"
	"The control plane of Holdfast: enrolment, operators' API, message bus. 'holdfast up DIR' runs it\n"
	"with the broker in the foreground; the systemd units run it unattended.\n\n"
	"  --dir DIR               deployment made by 'holdfast init'\n"
	"  --with-broker           also run Mosquitto with our plugin as a child\n"
	"  --passphrase-file FILE  opens the online CA keys; mode 0600. Without it: the systemd credential\n"
	"                          'passphrase', else the terminal\n"
	"  -n                      check configuration and store, then exit\n"
	"  --init-store            make the registry of a new deployment\n"
	"  --backup FILE           write a consistent copy of the registry, also while it runs\n"
	"  --version, --help\n\n"
	"Signals: TERM and INT end it cleanly, HUP reads the product lines again.\n"
	"Exit status: 0 ended cleanly, 1 failed, 2 usage.\n";

struct arguments {
	const char *dir, *role, *backup;
	bool check, init_store;
	struct server *server;
};

static int usage(const char *what)
{
	fprintf(stderr, "holdfastd: %s; see 'holdfastd --help'\n", what);
	return 2;
}

enum { OPT_DIR = 256, OPT_BROKER, OPT_PASS, OPT_INIT, OPT_BACKUP, OPT_ROLE, OPT_VERSION, OPT_HELP };

static const struct option options[] = {
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "with-broker", no_argument, NULL, OPT_BROKER },
	{ "passphrase-file", required_argument, NULL, OPT_PASS },
	{ "init-store", no_argument, NULL, OPT_INIT },
	{ "backup", required_argument, NULL, OPT_BACKUP },
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* -1: go on; else the exit status. */
static int take(struct arguments *a, int option)
{
	switch (option) {
	case OPT_DIR:
		a->dir = optarg;
		return -1;
	case OPT_BROKER:
		a->server->with_broker = true;
		return -1;
	case OPT_PASS:
		a->server->passphrase_file = optarg;
		return -1;
	case OPT_INIT:
		a->init_store = true;
		return -1;
	case OPT_BACKUP:
		a->backup = optarg;
		return -1;
	case OPT_ROLE:
		a->role = optarg;
		return -1;
	case 'n':
		a->check = true;
		return -1;
	case OPT_VERSION:
		puts("holdfastd " SERVER_VERSION);
		return 0;
	case OPT_HELP:
		fputs(help, stdout);
		return 0;
	default:
		return usage("unknown or incomplete option");
	}
}

static int run(const struct arguments *a)
{
	if (a->role != NULL)
		return server_role(a->server, a->role);
	if (a->init_store)
		return server_init_store(a->server);
	if (a->backup != NULL)
		return server_backup(a->server, a->backup);
	return a->check ? server_check(a->server) : server_supervise(a->server);
}

int main(int argc, char **argv)
{
	struct server server = { 0 };
	struct arguments a = { .server = &server };
	struct hf_why why = { 0 };
	int option, status = -1;

	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "n", options, NULL)) != -1)
		status = take(&a, option);
	if (status >= 0)
		return status;
	if (optind != argc || a.dir == NULL)
		return usage(a.dir == NULL ? "--dir DIR is needed" : "too many arguments");
	hf_log_open("holdfastd", HF_LOG_INFO);
	if (server_open(&server, a.dir, &why) != HF_OK) {
		fprintf(stderr, "holdfastd: %s\n", hf_why_text(&why));
		return 1;
	}
	hf_log_set_level((int)server.deploy.log_level);
	return run(&a);
}

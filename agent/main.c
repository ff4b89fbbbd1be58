/* holdfast-agent: the command line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include <fcntl.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/proc.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *words;
};

static int cmd_run(int argc, char **argv);

static const struct verb verbs[] = {
	{ "run", cmd_run, "--dir STATE [-n]",
	  "run the agent in the foreground; -n only checks the configuration" },
	{ "provision", agent_cmd_provision, "--dir STATE --file LINE.hfp [--json]",
	  "make the state directory and the label's secret, print the claim code" },
	{ "status", agent_cmd_status, "--dir STATE [--json]", "ask the running agent how it is" },
	{ "poll", agent_cmd_poll, "--dir STATE", "try the server now instead of at the next planned time" },
	{ "reset", agent_cmd_reset, "--dir STATE [--fresh] [--json]",
	  "by hand, after a release: the printed code counts for an hour, or make a fresh one" },
	{ "verify", agent_cmd_verify, "FILE --dir STATE [--json]",
	  "judge the bundle of a release without network, as the agent would" },
	{ "factory", agent_cmd_factory, "VERB --dir STATE ...", "make and install the factory identity" },
};
enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

struct role {
	const char *name;
	const char *program;
	int (*run)(const struct agent *a);
};
static const struct role roles[] = {
	{ "key", "agent[key]", agent_keyproc },
	{ "net", "agent[net]", agent_netproc },
	{ "app", "agent[app]", agent_appproc },
	{ "upd", "agent[upd]", agent_updproc },
	{ "tamper", "agent[tamper]", agent_tamperproc },
};

static int usage(FILE *to)
{
	(void)fprintf(to, "usage: holdfast-agent VERB ...\n");
	for (size_t i = 0; i < N_VERBS; i++)
		(void)fprintf(to, "  %-9s %-38s %s\n", verbs[i].name, verbs[i].usage, verbs[i].words);
	(void)fprintf(to, "  --help, --version\n");
	return to == stdout ? 0 : 2;
}

/* provision.hfp must parse as well before a device is left alone with it. */
static hf_err check(const struct agent *a, struct hf_why *why)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROVISION_CEILING);
	char path[AGENT_PATH_CAP];
	struct hf_provision p;
	hf_err err;

	HF_TRY(hf_path_join(path, sizeof(path), a->dir, "provision.hfp"));
	HF_TRY(hf_file_read(path, &file, why));
	err = hf_provision_read(hf_buf_bytes(&file), &p);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

/* One agent for each state directory: a second one would take over the socket of the first, and its key
 * process could never start. Held until this process ends. */
static hf_err lock_dir(const char *dir, struct hf_why *why)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return HF_OK;
	(void)close(fd);
	return hf_why_set(why, HF_ERR_PORT_BUSY, "%s: an agent runs here already", dir);
}

static int run_dir(const char *dir, bool only_check)
{
	static struct agent a;
	static char self[AGENT_PATH_CAP];
	struct hf_why why = { HF_OK, "" };
	hf_err err = agent_open(&a, dir, &why);
	ssize_t n;

	if (err == HF_OK)
		err = check(&a, &why);
	if (err == HF_OK && !only_check)
		err = lock_dir(dir, &why);
	if (err != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: %s\n", hf_why_text(&why));
		return 1;
	}
	if (only_check) {
		(void)fprintf(stderr, "holdfast-agent: configuration is good\n");
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0) {
		(void)fprintf(stderr, "holdfast-agent: /proc is not mounted\n");
		return 1;
	}
	hf_log_open("agent", (int)a.conf.log_level);
	return agent_main_run(&a, self);
}

static int cmd_run(int argc, char **argv)
{
	const char *dir = NULL;
	bool only_check = false;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			dir = argv[++i];
		else if (strcmp(argv[i], "-n") == 0)
			only_check = true;
		else
			return usage(stderr);
	}
	return dir != NULL ? run_dir(dir, only_check) : usage(stderr);
}

/* Started by our own supervisor only: --role NAME --dir STATE. */
static int run_role(int argc, char **argv)
{
	static struct agent a;
	struct hf_why why = { HF_OK, "" };

	if (argc != 5 || strcmp(argv[3], "--dir") != 0)
		return usage(stderr);
	if (hf_proc_child_begin() != HF_OK || agent_open(&a, argv[4], &why) != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: %s\n", hf_why_text(&why));
		return 1;
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(argv[2], roles[i].name) == 0) {
			hf_log_open(roles[i].program, (int)a.conf.log_level);
			return roles[i].run(&a);
		}
	return usage(stderr);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return usage(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("holdfast-agent " AGENT_VERSION "\n");
		return 0;
	}
	if (strcmp(argv[1], "--role") == 0)
		return run_role(argc, argv);
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 2, argv + 2);
	(void)fprintf(stderr, "holdfast-agent: no such verb: %s\n", argv[1]);
	return usage(stderr);
}

/* cmd_monitor.c -- `holdfast monitor`: watch a log, and compare a folder of images with what was seen.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/json.h>
#include "monitor.h"
#include "shelf.h"
#include "verbs.h"

enum {
	EVERY_S = 60,
	EVERY_MAX_S = 86400,
	PATIENCE_S = 600,
	REBUILD_S = 7 * 86400,
	YEAR_S = 366 * 86400,
	RETRY_FIRST_S = 1,
	LINES_MAX = 1 << 20,
	FILES_MAX = 65536,
};

#define OPT_STATE \
	{ \
		"state", "DIR", "the monitor's own folder (required)" \
	}
static const struct cli_opt run_opts[] = {
	OPT_STATE,
	{ "policy", "FILE", "trust policy to begin with; needed at the first start" },
	{ "planned", "FILE", "D of each planned release and statement, one a line; others are alarms" },
	{ "accepted", "FILE", "capabilities that may be added, one a line as the page shows them" },
	{ "hook", "PROGRAM", "run for each finding, without a shell; JSON on its standard input" },
	{ "every", "SECONDS", "between two looks (default 60)" },
	{ "patience", "SECONDS", "for late cosignatures before an alarm (default 600)" },
	{ "rebuild-after", "SECONDS", "time that rebuilders have (default 604800)" },
	{ "once", NULL, "look once, and end" },
	OPT_LOG_CA,
	{ 0 },
};
static const struct cli_opt verify_opts[] = { OPT_STATE, { 0 } };

static int cmd_run(const struct cli_args *args);
static int cmd_verify_dir(const struct cli_args *args);

const struct cli_verb cli_monitor_verbs[] = {
	{ .name = "run",
	  .run = cmd_run,
	  .args = "URL",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = run_opts,
	  .summary = "watch a log: every leaf, the object behind it, every cosignature",
	  .text = "Ends with Ctrl-C: 1 when there was an alarm, else 0. With --once also 3 when the log "
		  "could\n"
		  "not be read, 4 while too few witnesses cosigned. doc/monitor.md lists the findings." },
	{ .name = "verify-dir",
	  .run = cmd_verify_dir,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = verify_opts,
	  .summary = "was each file of this folder released in the log? From the monitor's memory, offline",
	  .text = "Prints one line for each file; 1 when one was never logged." },
	{ 0 },
};

/* ---- run ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART: sleeping ends at once */

	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
}

static void monitor_end(struct monitor **m)
{
	monitor_state_free(&(*m)->s);
	hf_buf_free(&(*m)->planned_file);
	hf_buf_free(&(*m)->accepted_file);
}

static hf_err read_state(struct monitor *m)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(MONITOR_STATE_MAX);
	char path[MONITOR_PATH_MAX];
	hf_err err;

	HF_TRY(hf_path_join(path, sizeof(path), m->dir, "state"));
	HF_TRY(hf_file_read(path, &text, &m->why));
	err = monitor_state_read(hf_buf_bytes(&text), &m->s);
	return err == HF_OK ? HF_OK : hf_why_set(&m->why, err, "%s: %s", path, hf_err_text(err));
}

/* At the first start the given policy is the beginning; later the state knows better. */
static hf_err begin_state(struct monitor *m, const char *policy)
{
	hf_err err = read_state(m);

	if (err == HF_ERR_FILE_ABSENT && policy != NULL) {
		hf_buf_reset(&m->s.policy[0]);
		err = hf_file_read(policy, &m->s.policy[0], &m->why);
	}
	HF_TRY(err);
	err = monitor_use_policies(m);
	if (err != HF_OK)
		return hf_why_set(&m->why, err, "--policy: %s", hf_err_text(err));
	return hf_dir_create(m->dir, 0700, &m->why);
}

/* Read anew at each look: people add lines. */
static hf_err read_lines(struct monitor *m)
{
	hf_buf_reset(&m->planned_file);
	hf_buf_reset(&m->accepted_file);
	if (m->planned != NULL)
		HF_TRY(hf_file_read(m->planned, &m->planned_file, &m->why));
	if (m->accepted != NULL)
		HF_TRY(hf_file_read(m->accepted, &m->accepted_file, &m->why));
	return HF_OK;
}

/* A log that shows a good head and then nothing behind it, or more than can be remembered, ends the watch:
 * that is an alarm after the time that a missing quorum gets. */
static hf_err read_leaves(struct monitor *m, const struct hf_tree_head *head)
{
	uint64_t now = (uint64_t)time(NULL);
	hf_err err = monitor_leaves(m, head), said;

	if (err == HF_OK)
		err = monitor_rebuilds(m);
	if (err == HF_OK)
		m->unread_since = 0;
	else if (m->unread_since == 0)
		m->unread_since = now;
	if (err == HF_ERR_MONITOR_HOOK)
		return err;
	said = monitor_stand(m, MONITOR_UNREAD, err != HF_OK && now - m->unread_since >= m->patience_s,
			     "leaves of the newest head cannot be read or judged");
	return err != HF_OK ? err : said;
}

/* *met: a head with the quorum was there. The state is saved whatever happens, so that what was reported
 * is not reported again for nothing. */
static hf_err look(struct monitor *m, bool *met)
{
	struct hf_tree_head head = { 0 };
	hf_err err = read_lines(m);

	*met = false;
	if (err == HF_OK)
		err = monitor_head(m, &head, met);
	if (err == HF_OK && *met)
		err = read_leaves(m, &head);
	if (err != HF_OK && m->why.err != err)
		(void)hf_why_set(&m->why, err, "%s", "");
	if (err == HF_ERR_MONITOR_HOOK)
		return err;
	*met = *met && m->s.unmet_since == 0;
	hf_err saved = monitor_save(m);
	return err != HF_OK ? err : saved;
}

static bool rest(long seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (!stopped && nanosleep(&left, &left) != 0)
		;
	return !stopped;
}

static int end_of(const struct monitor *m, hf_err err, bool met, bool once)
{
	if (m->n_alarms > 0)
		return CLI_FAILED;
	if (!once)
		return CLI_DONE;
	if (err == HF_ERR_LOG_WAIT || (err == HF_OK && !met))
		return CLI_QUORUM;
	if (err == HF_OK)
		return CLI_DONE;
	return hf_err_class(err) == HF_CLASS_MACHINE ? CLI_IO : CLI_FAILED;
}

static void complain(const struct monitor *m, hf_err err)
{
	char code[8];

	hf_err_name(err, code);
	(void)cli_fail("monitor: %s: %s", code, hf_why_text(&m->why));
}

static int watch(struct monitor *m, long every, bool once)
{
	long retry = RETRY_FIRST_S;
	bool met = false;
	hf_err err = HF_OK;

	do {
		err = look(m, &met);
		if (err != HF_OK)
			complain(m, err);
		retry = err == HF_OK ? RETRY_FIRST_S : 2 * retry < every ? 2 * retry : every;
	} while (!once && !stopped && rest(err == HF_OK ? every : retry));
	return end_of(m, err, met, once);
}

static bool read_numbers(const struct cli_args *args, struct monitor *m, long *every)
{
	long patience = 0, rebuild = 0;

	if (!cli_number(args, "every", 1, EVERY_MAX_S, EVERY_S, every) ||
	    !cli_number(args, "patience", 0, YEAR_S, PATIENCE_S, &patience) ||
	    !cli_number(args, "rebuild-after", 0, YEAR_S, REBUILD_S, &rebuild))
		return false;
	m->patience_s = (uint64_t)patience;
	m->rebuild_s = (uint64_t)rebuild;
	return true;
}

static int start(const struct cli_args *args, struct monitor *m, long every)
{
	hf_err err = monitor_state_new(&m->s);

	if (err == HF_OK)
		err = log_client_open(args->args[0], cli_option(args, "log-ca"), &m->why, &m->log);
	if (err == HF_OK && m->hook != NULL && access(m->hook, X_OK) != 0)
		err = hf_why_errno(&m->why, HF_ERR_FILE_ABSENT, "--hook %s", m->hook);
	if (err == HF_OK)
		err = read_lines(m);
	if (err == HF_OK)
		err = begin_state(m, cli_option(args, "policy"));
	if (err != HF_OK)
		return cli_fail("monitor run: %s", hf_why_text(&m->why));
	catch_signals();
	return watch(m, every, cli_flag(args, "once"));
}

static int cmd_run(const struct cli_args *args)
{
	static struct monitor memory;
	struct monitor *m HF_AUTO(monitor_end) = &memory;
	long every = 0;

	m->dir = cli_option(args, "state");
	m->hook = cli_option(args, "hook");
	m->planned = cli_option(args, "planned");
	m->accepted = cli_option(args, "accepted");
	m->planned_file = HF_BUF(LINES_MAX);
	m->accepted_file = HF_BUF(LINES_MAX);
	m->json = args->json;
	if (!read_numbers(args, m, &every))
		return CLI_USAGE;
	if (m->dir == NULL || m->dir[0] == '\0')
		return cli_usage("monitor run: --state DIR is needed");
	return start(args, m, every);
}

/* ---- verify-dir ---- */

struct image {
	uint8_t hash[HF_SHA256_LEN];
	const struct monitor_release *release; /* NULL: never logged */
};

static const struct monitor_release *find_image(const struct monitor_state *s, const uint8_t *hash)
{
	for (size_t i = s->n_releases; i-- > 0;)
		if (memcmp(s->release[i].image, hash, HF_SHA256_LEN) == 0)
			return &s->release[i];
	return NULL;
}

static hf_err look_up(struct monitor *m, const char *path, struct image *image)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(SHELF_IMAGE_MAX);
	hf_bytes content;

	HF_TRY(hf_file_read(path, &file, &m->why));
	content = hf_buf_bytes(&file);
	HF_TRY(hf_crypto_sha256(&content, 1, image->hash));
	image->release = find_image(&m->s, image->hash);
	return HF_OK;
}

static void print_image(const char *name, const struct image *image)
{
	char d[SHELF_HEX];

	if (image->release == NULL) {
		printf("%s: NEVER LOGGED\n", name);
		return;
	}
	shelf_hex(HF_ARR(image->release->d), d);
	printf("%s: logged, sequence %llu, D %s\n", name, (unsigned long long)image->release->sequence, d);
}

static void put_image(struct hf_json_out *j, const char *name, const struct image *image)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "file", name);
	hf_json_put_hex(j, "sha256", HF_ARR(image->hash));
	hf_json_put_bool(j, "logged", image->release != NULL);
	if (image->release != NULL) {
		hf_json_put_hex(j, "d", HF_ARR(image->release->d));
		hf_json_put_uint(j, "sequence", image->release->sequence);
	}
	hf_json_close(j);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static hf_err compare_one(struct monitor *m, const char *dir, const char *name, struct hf_json_out *j)
{
	char path[CLI_PATH_MAX];
	struct image image;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return HF_OK;
	HF_TRY(hf_path_join(path, sizeof(path), dir, name));
	if (!is_file(path)) {
		m->n_alarms++;
		(void)cli_fail("%s: is no file, so it was not compared", path);
		return HF_OK;
	}
	HF_TRY(look_up(m, path, &image));
	if (m->json)
		put_image(j, name, &image);
	else
		print_image(name, &image);
	m->n_alarms += image.release == NULL ? 1 : 0;
	return HF_OK;
}

static hf_err compare_all(struct monitor *m, const char *dir, struct hf_json_out *j)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, alphasort);
	hf_err err = n < 0 ? hf_why_errno(&m->why, HF_ERR_FILE_ABSENT, "%s", dir) : HF_OK;

	for (int i = 0; i < n; i++) {
		if (err == HF_OK)
			err = compare_one(m, dir, names[i]->d_name, j);
		free(names[i]);
	}
	free(names);
	return err;
}

static int cmd_verify_dir(const struct cli_args *args)
{
	static struct monitor memory;
	struct monitor *m HF_AUTO(monitor_end) = &memory;
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(FILES_MAX * 256);
	struct hf_json_out j = { .buf = &text };
	hf_err err;

	m->dir = cli_option(args, "state");
	m->json = args->json;
	if (m->dir == NULL)
		return cli_usage("monitor verify-dir: --state DIR is needed");
	hf_json_open(&j, NULL, '[');
	err = monitor_state_new(&m->s);
	if (err == HF_OK)
		err = read_state(m);
	if (err == HF_OK)
		err = compare_all(m, args->args[0], &j);
	hf_json_close(&j);
	if (err == HF_OK)
		err = hf_json_end(&j);
	if (err != HF_OK) {
		(void)cli_fail("monitor verify-dir: %s", hf_why_text(&m->why));
		return hf_err_class(err) == HF_CLASS_MALFORMED ? CLI_FAILED : CLI_IO;
	}
	if (m->json)
		puts(hf_buf_text(&text));
	return m->n_alarms > 0 ? CLI_FAILED : CLI_DONE;
}

/* cli.h -- the command table of `holdfast` and what every verb gets.
 * One row per verb: help, completion, the list in the manual and the check of arguments all come from
 * it, so they cannot disagree. Verbs with sub-verbs carry a second table of the same type.
 * Exit status: 0 done, 1 refused or failed, 2 usage; for releases and logs also 3 file or network failed,
 * 4 a quorum is not yet met. Text for people goes to stderr, results to stdout.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_H
#define CLI_H
#include <hf/buf.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_IO = 3, CLI_QUORUM = 4 };
/* The auditor's own: a build must tell findings from an incomplete scan, so usage is 3 there. */
enum { CLI_AUDIT_INCOMPLETE = 2, CLI_AUDIT_ERROR = 3 };
enum { CLI_MAX_ARGS = 64, CLI_MAX_OPTS = 32, CLI_PATH_MAX = 1024 };

/* An option of a verb. Options are long, `--name VALUE` or `--name=VALUE`; one whose name is a single letter
 * is `-o VALUE`. A flag has no value name. */
struct cli_opt {
	const char *name;
	const char *value; /* name of its value in the help text, NULL for a flag */
	const char *help;
};

struct cli_args {
	const struct cli_verb *verb;
	const char *args[CLI_MAX_ARGS]; /* positional */
	int n_args;
	struct {
		const char *name;
		const char *value; /* "" for a flag */
	} opts[CLI_MAX_OPTS];
	int n_opts;
	bool json; /* --json: one JSON value on stdout */
	const char *
	operator; /* --as DIR or $HOLDFAST_OPERATOR: folder that `holdfast init` made for a person */
};

struct cli_verb {
	const char *name;
	int (*run)(const struct cli_args *args); /* NULL when only sub-verbs run */
	const struct cli_verb *subs;             /* ends with a row without name */
	const char *args;                        /* positional arguments for help: "DIR", "DEV [FILE]" */
	int min_args;
	int max_args;
	const struct cli_opt *opts; /* ends with a row without name; may be NULL */
	const char *summary;        /* one line, small letter, no full stop */
	const char *text;           /* what a newcomer needs to know; may be NULL */
	int usage;                  /* exit status for wrong arguments; 0 = CLI_USAGE */
};

/* The verbs, in the order of a device's life; ends with a row without name. */
extern const struct cli_verb cli_verbs[];
extern const struct cli_verb cli_product_verbs[];
extern const struct cli_opt cli_init_opts[], cli_up_opts[];
extern const char cli_init_text[], cli_up_text[];
int cli_cmd_init(const struct cli_args *args);
int cli_cmd_up(const struct cli_args *args);
int cli_cmd_backup(const struct cli_args *args);

/* Value of an option, or NULL; the n-th of a repeated one; whether a flag is set. */
const char *cli_option(const struct cli_args *args, const char *name);
const char *cli_option_nth(const struct cli_args *args, const char *name, int n);
bool cli_flag(const struct cli_args *args, const char *name);
/* Number in lo..hi from an option, `otherwise` when it is absent; false after an error was printed. */
bool cli_number(const struct cli_args *args, const char *name, long lo, long hi, long otherwise, long *value);

/* Parse and run. `argv` as main got it. */
int cli_main(int argc, char **argv);
/* Help of a verb (NULL: of the program) and the completion script, to stdout. */
void cli_print_help(const struct cli_verb *path[], int depth);
void cli_print_completion(void);
/* The manual page, mdoc, to stdout. */
void cli_print_manual(void);

/* One line "holdfast: ..." to stderr; returns the exit status it belongs to. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The passphrase of --passphrase-file, or asked on the terminal (twice when `fresh`). Prints its own
 * error. */
bool cli_passphrase(const struct cli_args *args, const char *prompt, bool fresh, struct hf_buf *out);
/* Nothing is there, or an empty folder, which is removed: it was made ready for us. */
bool cli_is_free(const char *dir);
/* Path of one of our programs: beside this one, else in PATH; false after an error was printed. */
bool cli_find_program(const char *name, char out[static CLI_PATH_MAX]);
/* Run a program, wait, give its exit status (127: it could not be run). */
int cli_run(char *const argv[]);

/* Whoever signs must have read: is `code` given by --code, or typed now? `what` it is of stands in the error,
 * which this prints. */
bool cli_typed(const struct cli_args *args, const char *code, const char *what);
/* A line for people to stderr, unless --json or --quiet was given. */
void cli_say(const struct cli_args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif

/* parse.c -- arguments against the table: what is not in a row is refused with one line that says
 * what would be right.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { MAX_DEPTH = 3 };

static const struct cli_opt common_opts[] = {
	{ "as", "DIR", "folder of the operator to act as (default: $HOLDFAST_OPERATOR)" },
	{ "json", NULL, "print one JSON value to stdout, nothing else" },
	{ "help", NULL, "explain this command" },
	{ 0 },
};

int cli_fail(const char *format, ...)
{
	va_list ap;

	fputs("holdfast: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_FAILED;
}

int cli_usage(const char *format, ...)
{
	va_list ap;

	fputs("holdfast: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_USAGE;
}

void cli_say(const struct cli_args *args, const char *format, ...)
{
	va_list ap;

	if (args->json)
		return;
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *cli_option_nth(const struct cli_args *args, const char *name, int n)
{
	for (int i = 0; i < args->n_opts; i++)
		if (strcmp(args->opts[i].name, name) == 0 && n-- == 0)
			return args->opts[i].value;
	return NULL;
}

const char *cli_option(const struct cli_args *args, const char *name)
{
	return cli_option_nth(args, name, 0);
}

bool cli_flag(const struct cli_args *args, const char *name)
{
	return cli_option(args, name) != NULL;
}

bool cli_number(const struct cli_args *args, const char *name, long lo, long hi, long otherwise, long *value)
{
	const char *text = cli_option(args, name);
	char *end;

	*value = otherwise;
	if (text == NULL)
		return true;
	errno = 0;
	*value = strtol(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *value >= lo && *value <= hi)
		return true;
	cli_usage("--%s: a whole number from %ld to %ld is needed, not '%s'", name, lo, hi, text);
	return false;
}

static const struct cli_opt *find_in(const struct cli_opt *opts, const char *name, size_t len)
{
	for (; opts != NULL && opts->name != NULL; opts++)
		if (strlen(opts->name) == len && strncmp(opts->name, name, len) == 0)
			return opts;
	return NULL;
}

static const struct cli_verb *find_verb(const struct cli_verb *verbs, const char *name)
{
	for (; verbs->name != NULL; verbs++)
		if (strcmp(verbs->name, name) == 0)
			return verbs;
	return NULL;
}

/* "-o" and "--name" as they are typed. */
static const char *dashes(const char *name)
{
	return name[1] == '\0' ? "-" : "--";
}

/* One option word, perhaps with the word after it; returns how many words it took, 0 after an error. */
static int take_option(struct cli_args *out, int argc, char **argv)
{
	const char *word = argv[0] + strspn(argv[0], "-");
	const char *equals = strchr(word, '=');
	size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
	const struct cli_opt *opt = find_in(common_opts, word, len);
	const char *value = equals == NULL ? NULL : equals + 1;
	int words = 1;

	if (opt == NULL)
		opt = find_in(out->verb->opts, word, len);
	if (opt == NULL || out->n_opts == CLI_MAX_OPTS) {
		cli_usage("%s: unknown option %.*s; see 'holdfast %s --help'", out->verb->name,
			  (int)(word - argv[0]) + (int)len, argv[0], out->verb->name);
		return 0;
	}
	if (opt->value == NULL && value != NULL) {
		cli_usage("--%s takes no value", opt->name);
		return 0;
	}
	if (opt->value != NULL && value == NULL) {
		if (argc < 2) {
			cli_usage("%s%s needs a value: %s%s %s", dashes(opt->name), opt->name,
				  dashes(opt->name), opt->name, opt->value);
			return 0;
		}
		value = argv[1];
		words = 2;
	}
	out->opts[out->n_opts].name = opt->name;
	out->opts[out->n_opts].value = value == NULL ? "" : value;
	out->n_opts++;
	return words;
}

/* One dash and one letter, and the verb has such an option. */
static bool is_short(const struct cli_args *out, const char *word)
{
	return word[0] == '-' && word[1] != '\0' && word[1] != '-' && word[2] == '\0' &&
	       find_in(out->verb->opts, word + 1, 1) != NULL;
}

static bool take_words(struct cli_args *out, int argc, char **argv)
{
	for (int i = 0; i < argc;) {
		int words = 1;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			for (; i < argc && out->n_args < CLI_MAX_ARGS; i++)
				out->args[out->n_args++] = argv[i];
			break;
		}
		if (strncmp(argv[i], "--", 2) == 0 || is_short(out, argv[i])) {
			words = take_option(out, argc - i, argv + i);
			if (words == 0)
				return false;
		} else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			cli_usage("%s: unknown option %s; options are long, see 'holdfast %s --help'",
				  out->verb->name, argv[i], out->verb->name);
			return false;
		} else if (out->n_args < CLI_MAX_ARGS) {
			out->args[out->n_args++] = argv[i];
		}
		i += words;
	}
	return true;
}

static int run_verb(const struct cli_verb *path[], int depth, int argc, char **argv)
{
	struct cli_args args = { .verb = path[depth - 1] };
	int usage = args.verb->usage != 0 ? args.verb->usage : CLI_USAGE;

	if (!take_words(&args, argc, argv))
		return usage;
	if (cli_flag(&args, "help")) {
		cli_print_help(path, depth);
		return CLI_DONE;
	}
	if (args.n_args < args.verb->min_args || args.n_args > args.verb->max_args) {
		cli_usage("usage: holdfast %s%s%s%s%s %s", path[0]->name, depth > 1 ? " " : "",
			  depth > 1 ? path[1]->name : "", depth > 2 ? " " : "",
			  depth > 2 ? path[2]->name : "", args.verb->args);
		return usage;
	}
	args.json = cli_flag(&args, "json");
	args.operator= cli_option(&args, "as");
	if (args.operator == NULL)
		args.operator= getenv("HOLDFAST_OPERATOR");
	return args.verb->run(&args);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* What stands before any command: true when it was answered. */
static bool answer_first_word(const char *word)
{
	if (strcmp(word, "--version") == 0)
		printf("holdfast %s\n", HF_VERSION);
	else if (strcmp(word, "completion") == 0)
		cli_print_completion();
	else if (strcmp(word, "manual") == 0)
		cli_print_manual();
	else
		return false;
	return true;
}

static int no_such_command(const char *word, const struct cli_verb *parent)
{
	return cli_usage("%s: no such command; 'holdfast %s%s--help' lists them", word,
			 parent != NULL ? parent->name : "", parent != NULL ? " " : "");
}

/* Does the word after a verb name one of its sub-verbs? A verb that also runs by itself takes others as its
 * arguments. */
static bool goes_deeper(const struct cli_verb *verb, const char *next)
{
	if (verb->subs == NULL)
		return false;
	return verb->run == NULL || (next != NULL && find_verb(verb->subs, next) != NULL);
}

int cli_main(int argc, char **argv)
{
	const struct cli_verb *path[MAX_DEPTH];
	const struct cli_verb *verbs = cli_verbs;
	int depth = 0;

	if (argc > 1 && answer_first_word(argv[1]))
		return CLI_DONE;
	for (int i = 1; depth < MAX_DEPTH; i++) {
		if (i >= argc || is_help(argv[i])) {
			cli_print_help(path, depth);
			return i >= argc ? CLI_USAGE : CLI_DONE;
		}
		path[depth] = find_verb(verbs, argv[i]);
		if (path[depth++] == NULL)
			return no_such_command(argv[i], depth > 1 ? path[0] : NULL);
		if (!goes_deeper(path[depth - 1], i + 1 < argc ? argv[i + 1] : NULL))
			return run_verb(path, depth, argc - i - 1, argv + i + 1);
		verbs = path[depth - 1]->subs;
	}
	return CLI_USAGE;
}

/* help.c -- help and completion, printed from the command table.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "cli.h"

static void print_rows(const struct cli_verb *verbs)
{
	for (; verbs->name != NULL; verbs++)
		printf("  %-12s %s\n", verbs->name, verbs->summary);
}

static void print_options(const struct cli_opt *opts)
{
	char left[64];

	for (; opts != NULL && opts->name != NULL; opts++) {
		snprintf(left, sizeof(left), "%s%s%s%s",
			 opts->name[1] == '\0' ? "-" : "--", opts->name, opts->value == NULL ? "" : " ",
			 opts->value == NULL ? "" : opts->value);
		printf("  %-28s %s\n", left, opts->help);
	}
}

static void print_program_help(void)
{
	puts("usage: holdfast COMMAND [ARGUMENTS]\n\n"
	     "Identity, encrypted channel and signed commands for devices, and the people who answer for "
	     "them.\n\n"
	     "Commands, in the order of a device's life:");
	print_rows(cli_verbs);
	puts("  completion   print a completion script for bash\n"
	     "  manual       print the manual page\n\n"
	     "Every command: --help explains it, --json prints one JSON value, --as DIR says who you are\n"
	     "(default: $HOLDFAST_OPERATOR). Exit status: 0 done, 1 refused or failed, 2 usage;\n"
	     "for releases and logs also 3 file or network failed, 4 a quorum is not yet met;\n"
	     "audit: 0 passed, 1 findings, 2 incomplete, 3 error.\n\n"
	     "First steps:\n"
	     "  holdfast init /srv/fleet --operator alice --operator bob\n"
	     "  holdfast up /srv/fleet");
}

void cli_print_help(const struct cli_verb *path[], int depth)
{
	const struct cli_verb *verb;

	if (depth == 0) {
		print_program_help();
		return;
	}
	verb = path[depth - 1];
	printf("usage: holdfast");
	for (int i = 0; i < depth; i++)
		printf(" %s", path[i]->name);
	printf(" %s\n\n%s\n", verb->run == NULL ? "COMMAND" : verb->args, verb->summary);
	if (verb->text != NULL)
		printf("\n%s\n", verb->text);
	if (verb->subs != NULL) {
		puts("\nCommands:");
		print_rows(verb->subs);
	}
	if (verb->opts != NULL) {
		puts("\nOptions:");
		print_options(verb->opts);
	}
}

static void print_words(const struct cli_verb *verbs)
{
	for (; verbs->name != NULL; verbs++)
		printf("%s ", verbs->name);
}

static void print_option_words(const char *noun, const struct cli_verb *verb)
{
	if (verb->opts == NULL && verb->subs == NULL)
		return;
	printf("\t\"%s %s\") words=\"--help --json --as ", noun, verb->name);
	if (verb->subs != NULL)
		print_words(verb->subs);
	for (const struct cli_opt *o = verb->opts; o != NULL && o->name != NULL; o++)
		printf("%s%s ", o->name[1] == '\0' ? "-" : "--", o->name);
	puts("\" ;;");
}

void cli_print_completion(void)
{
	puts("# bash completion for holdfast; load with: source <(holdfast completion)\n"
	     "_holdfast() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\"--help --json --as\"\n"
	     "\tif [ \"$COMP_CWORD\" = 1 ]; then");
	printf("\t\twords=\"");
	print_words(cli_verbs);
	puts("completion manual --help --version\"\n\telse case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
	for (const struct cli_verb *v = cli_verbs; v->name != NULL; v++)
		for (const struct cli_verb *s = v->subs; s != NULL && s->name != NULL; s++)
			print_option_words(v->name, s);
	puts("\t*) case \"${COMP_WORDS[1]}\" in");
	for (const struct cli_verb *v = cli_verbs; v->name != NULL; v++) {
		printf("\t\t%s) words=\"", v->name);
		if (v->subs != NULL)
			print_words(v->subs);
		for (const struct cli_opt *o = v->opts; o != NULL && o->name != NULL; o++)
			printf("%s%s ", o->name[1] == '\0' ? "-" : "--", o->name);
		puts("--help\" ;;");
	}
	puts("\t\tesac ;;\n\tesac; fi\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -f -- \"$cur\")\n"
	     "}\n"
	     "complete -F _holdfast holdfast");
}

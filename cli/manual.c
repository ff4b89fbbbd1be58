/* manual.c -- the manual page, printed from the command table like help and completion.
 * doc/man/holdfast.1 is what this prints; a test compares them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "cli.h"

/* Text of a page: a line must not begin with a control character of roff, nor hold a lone backslash. */
static void put_text(const char *text)
{
	bool at_start = true;

	for (; *text != '\0'; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
		at_start = *text == '\n';
		/* mdoc sets the space between sentences by itself. */
		if (*text == '.' && text[1] == ' ' && text[2] >= 'A' && text[2] <= 'Z') {
			putchar('\n');
			text++;
		}
	}
	putchar('\n');
}

static void put_options(const struct cli_opt *opts)
{
	if (opts == NULL || opts->name == NULL)
		return;
	puts(".Bl -tag -width Ds -compact");
	for (; opts->name != NULL; opts++) {
		printf(".It Fl %s%s%s%s\n",
		       opts->name[1] == '\0' ? "" : "Fl ", opts->name, opts->value != NULL ? " Ar " : "",
		       opts->value != NULL ? opts->value : "");
		put_text(opts->help);
	}
	puts(".El");
}

/* "A [B ...]" as one argument macro per word would lose the brackets; so it stands as it is typed. */
static void put_verb(const char *noun, const struct cli_verb *v)
{
	printf(".It Nm %s%s%s", noun != NULL ? noun : "", noun != NULL ? " " : "", v->name);
	if (v->args != NULL && v->args[0] != '\0')
		printf(" Ar %s", v->args);
	putchar('\n');
	put_text(v->summary);
	if (v->text != NULL) {
		puts(".Pp");
		put_text(v->text);
	}
	put_options(v->opts);
}

static void put_subs(const char *noun, const struct cli_verb *subs)
{
	char both[64];

	for (; subs != NULL && subs->name != NULL; subs++) {
		if (subs->subs == NULL) {
			put_verb(noun, subs);
			continue;
		}
		(void)snprintf(both, sizeof(both), "%s %s", noun, subs->name);
		for (const struct cli_verb *v = subs->subs; v->name != NULL; v++)
			put_verb(both, v);
	}
}

static void put_commands(void)
{
	puts(".Sh COMMANDS\n.Bl -tag -width Ds");
	for (const struct cli_verb *v = cli_verbs; v->name != NULL; v++) {
		if (v->run != NULL)
			put_verb(NULL, v);
		put_subs(v->name, v->subs);
	}
	puts(".It Nm completion\nprint a completion script for bash\n.It Nm manual\nprint this page\n.El");
}

void cli_print_manual(void)
{
	puts(".\\\" Printed by 'holdfast manual' from the command table; do not edit.\n"
	     ".\\\" SPDX-License-Identifier: Apache-2.0\n"
	     ".Dd November 23, 2026\n.Dt HOLDFAST 1\n.Os\n.Sh NAME\n.Nm holdfast\n"
	     ".Nd identity, encrypted channel and signed commands for devices\n"
	     ".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Op Ar ARGUMENTS\n.Sh DESCRIPTION\n"
	     "For the people who answer for devices.\nEvery command takes\n.Fl Fl help ,\n.Fl Fl json\n"
	     "(one JSON value on standard output, nothing else) and\n.Fl Fl as Ar DIR\n"
	     "(the folder of the operator to act as; default:\n.Ev HOLDFAST_OPERATOR ) .\n.Pp\n"
	     "The operator's private key is opened in a process of its own that has no network and no "
	     "files;\n"
	     "what the server delivers (endorsements, states, receipts, sealed data) is verified here.");
	put_commands();
	puts(".Sh FILES\n.Bl -tag -width Ds\n.It Pa operator.conf\n"
	     "who this is, where the control plane is, which key and certificate\n.It Pa devices/DEV.trust\n"
	     "the keys that a device endorsed itself, as accepted by this operator\n.It Pa data.key\n"
	     "opens what devices seal for this operator\n.El\n"
	     ".Sh EXIT STATUS\n0 done, 1 refused or failed, 2 usage.\n"
	     "Commands about releases and logs also give 3 when a file or the network failed, and 4 while a\n"
	     "quorum is not yet met.\n"
	     ".Nm audit\ngives 0 passed, 1 findings over the gate, 2 incomplete, 3 error.\n"
	     ".Sh SEE ALSO\n.Xr holdfast-audit 1 ,\n.Xr holdfast-agent 8 ,\n.Xr holdfastd 8");
}

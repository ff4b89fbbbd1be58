/* ledger_print.c -- what the book of receipts says, for people and for programs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "ledger.h"

#define ULL(x) ((unsigned long long)(x))

static void warn_missing(const struct ledger *l)
{
	for (size_t i = 0; i < l->n_gaps; i++) {
		const struct ledger_gap *g = &l->gap[i];

		if (g->left.n + 1 == g->to)
			fprintf(stderr, "holdfast: warning: receipt %llu of %s is missing\n", ULL(g->to),
				l->dev);
		else
			fprintf(stderr, "holdfast: warning: receipts %llu to %llu of %s are missing\n",
				ULL(g->left.n + 1), ULL(g->to), l->dev);
	}
	if (l->lost > 0)
		fprintf(stderr,
			"holdfast: warning: %llu receipts of %s are missing and can no longer be had\n",
			ULL(l->lost), l->dev);
}

void ledger_warn(const struct ledger *l)
{
	warn_missing(l);
	if (l->conflict != 0)
		fprintf(stderr,
			"holdfast: warning: two different receipts of %s carry number %llu: its key was "
			"copied, or its memory was put back\n",
			l->dev, ULL(l->conflict));
	if (l->foreign > 0)
		fprintf(stderr,
			"holdfast: warning: the server shows %u object%s as receipts of %s that are none, or "
			"of other commands\n",
			l->foreign, l->foreign == 1 ? "" : "s", l->dev);
	if (l->repeated > 0)
		fprintf(stderr, "holdfast: warning: the server shows %u receipt%s of %s twice\n", l->repeated,
			l->repeated == 1 ? "" : "s", l->dev);
	if (l->tail)
		fprintf(stderr,
			"holdfast: warning: %s has made receipts after number %llu that the server does not "
			"show\n",
			l->dev, ULL(l->chain.n));
	if (l->n_gaps > 0 || l->tail)
		fprintf(stderr, "holdfast: 'holdfast command receipts %s --recover' asks the device for its "
				"last %d\n",
			l->dev, LEDGER_KEPT);
}

void ledger_put_json(struct hf_json_out *j, const char *name, const struct ledger *l)
{
	hf_json_open(j, name, '{');
	hf_json_put_bool(j, "whole", ledger_is_whole(l));
	hf_json_put_uint(j, "newest", l->chain.n);
	hf_json_open(j, "missing", '[');
	for (size_t i = 0; i < l->n_gaps; i++) {
		hf_json_open(j, NULL, '{');
		hf_json_put_uint(j, "from", l->gap[i].left.n + 1);
		hf_json_put_uint(j, "to", l->gap[i].to);
		hf_json_close(j);
	}
	hf_json_close(j);
	hf_json_put_uint(j, "lost", l->lost);
	hf_json_put_bool(j, "newer_not_shown", l->tail);
	hf_json_put_uint(j, "conflict", l->conflict);
	hf_json_put_uint(j, "foreign", l->foreign);
	hf_json_put_uint(j, "repeated", l->repeated);
	hf_json_close(j);
}

/* eol.c -- looks versions up in data/audit/eol.txt, which is compiled in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/span.h>
#include "eol.h"

enum { NAME_CAP = 64 };

static const struct hf__eol rows[] = {
#include "eol.inc"
};

/* "3.1" must not take "3.18". */
static bool belongs(hf_bytes version, const char *branch)
{
	size_t n = strlen(branch);

	return hf_span_begins(version, branch) &&
	       (version.len == n || version.ptr[n] < '0' || version.ptr[n] > '9');
}

const struct hf__eol *hf__eol_find(const char *name, hf_bytes version)
{
	const struct hf__eol *best = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0 && belongs(version, rows[i].branch) &&
		    (best == NULL || strlen(rows[i].branch) > strlen(best->branch)))
			best = &rows[i];
	return best;
}

const struct hf__eol *hf__eol_of(const struct hf_part *p)
{
	const struct hf_fact *distro = p->distro;
	hf_bytes name = distro != NULL ? distro->text[HF_DISTRO_ID] : p->source;
	char text[NAME_CAP];

	if (distro == NULL && p->fact->kind == HF_FACT_PACKAGE && p->fact->num[HF_PACKAGE_DB] != HF_DB_OPKG)
		return NULL;
	if (name.len == 0 || name.len + 2 > sizeof(text))
		return NULL;
	(void)snprintf(text, sizeof(text), "%s%.*s", distro != NULL ? "@" : "", (int)name.len,
		       (const char *)name.ptr);
	return hf__eol_find(text, distro != NULL ? distro->text[HF_DISTRO_VERSION] : p->source_version);
}

/* Dates as their projects publish them; rows are sorted by name. State of July 2026.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/version.h>
#include <hf/span.h>
#include "eol.h"

struct row {
	const char *name;  /* component, or "ID:" and the release of a distribution */
	const char *begin; /* this branch: versions that begin with it; for distributions the release */
	uint32_t day;      /* the last day, days since 1970 */
	const char *what;
};

static const struct row components[] = {
	{ "gnutls", "3.6.", 19021, ": its branch ended 2022-01-30" },
	{ "lua", "5.1.", 15387, ": its branch ended 2012-02-17" },
	{ "mbedtls", "2.16.", 18992, ": its branch ended 2021-12-31" },
	{ "mbedtls", "2.28.", 20178, ": its branch ended 2025-03-31" },
	{ "nginx", "1.24.", 19842, ": its branch ended 2024-04-29" },
	{ "openssl", "0.9.", 16800, ": its branch ended 2015-12-31" },
	{ "openssl", "1.0.", 18261, ": its branch ended 2019-12-31" },
	{ "openssl", "1.1.0", 18150, ": its branch ended 2019-09-11" },
	{ "openssl", "1.1.1", 19611, ": its branch ended 2023-09-11" },
	{ "openssl", "3.1.", 20161, ": its branch ended 2025-03-14" },
	{ "openssl", "3.0.", 20703, ": its branch ends 2026-09-07" },
	{ "samba", "3.", 16692, ": its branch ended 2015-09-08" },
	{ "uclibc", "0.9.", 15475, ": its project ended 2012-05-15" },
};
static const struct row distros[] = {
	{ "alpine", "3.17", 20049, ": its distribution ended 2024-11-22" },
	{ "alpine", "3.18", 20217, ": its distribution ended 2025-05-09" },
	{ "alpine", "3.19", 20393, ": its distribution ended 2025-11-01" },
	{ "debian", "9", 19173, ": its distribution ended 2022-06-30" },
	{ "debian", "10", 19904, ": its distribution ended 2024-06-30" },
	{ "debian", "11", 20696, ": its distribution ends 2026-08-31" },
	{ "ubuntu", "18.04", 19508, ": its distribution ended 2023-05-31" },
	{ "ubuntu", "20.04", 20239, ": its distribution ended 2025-05-31" },
};

static bool find(const struct row *rows, size_t n, hf_bytes name, hf_bytes version, uint64_t today,
		 const char **what)
{
	for (size_t i = 0; i < n; i++) {
		if (!hf_span_is(name, rows[i].name) || !hf_span_begins(version, rows[i].begin) ||
		    today <= rows[i].day)
			continue;
		/* "3.1" of a distribution must not take "3.18". */
		size_t len = strlen(rows[i].begin);
		if (rows == distros && version.len > len && version.ptr[len] != '.')
			continue;
		*what = rows[i].what;
		return true;
	}
	return false;
}

bool hf__eol_of(const struct hf_part *p, uint64_t today, const char **what)
{
	*what = NULL;
	if (p->distro != NULL)
		return find(distros, sizeof(distros) / sizeof(distros[0]), p->distro->text[HF_DISTRO_ID],
			    p->distro->text[HF_DISTRO_VERSION], today, what);
	if (p->fact->kind == HF_FACT_PACKAGE && p->fact->num[HF_PACKAGE_DB] != HF_DB_OPKG)
		return false;
	return find(components, sizeof(components) / sizeof(components[0]), p->source, p->source_version,
		    today, what);
}

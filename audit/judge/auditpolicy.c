/* One row per key: where it may stand, its type, its field. What has no row is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/crypto.h>
#include "auditpolicy_priv.h"

#define AT(field) offsetof(struct hf_auditpolicy, field)
#define IN(type, field) offsetof(struct type, field)

struct row {
	const char *table, *key;
	uint8_t type;
	size_t offset;
	int64_t max; /* numbers: from 0 to this */
};

static const struct row rows[] = {
	{ "", "trust_policy", HF__TOML_TEXT, AT(trust_policy), 0 },
	{ "gate", "fail_ids", HF__TOML_LIST, AT(fail_ids), 0 },
	{ "gate", "max_medium", HF__TOML_INT, AT(max_medium), INT64_MAX },
	{ "scan", "groups", HF__TOML_LIST, AT(groups), 0 },
	{ "scan", "require_feed", HF__TOML_BOOL, AT(require_feed), 0 },
	{ "scan", "max_feed_age_days", HF__TOML_INT, AT(max_feed_age_days), 3650 },
	{ "scan", "yara", HF__TOML_LIST, AT(yara), 0 },
	{ "scan", "depth", HF__TOML_INT, AT(caps.depth), 32 },
	{ "scan", "files", HF__TOML_INT, AT(caps.files), 10000000 },
	{ "scan", "bytes", HF__TOML_INT, AT(caps.bytes), (int64_t)1 << 44 },
	{ "scan", "file_bytes", HF__TOML_INT, AT(caps.file_bytes), (int64_t)1 << 40 },
	{ "scan", "ratio", HF__TOML_INT, AT(caps.ratio), 1000000 },
	{ "scan", "seconds", HF__TOML_INT, AT(caps.seconds), 86400 },
	{ "allow", "suid", HF__TOML_LIST, AT(allow[HF_ALLOW_SUID]), 0 },
	{ "allow", "services", HF__TOML_LIST, AT(allow[HF_ALLOW_SERVICE]), 0 },
	{ "allow", "listeners", HF__TOML_LIST, AT(allow[HF_ALLOW_LISTENER]), 0 },
	{ "allow", "hosts", HF__TOML_LIST, AT(allow[HF_ALLOW_HOST]), 0 },
	{ "allow", "users", HF__TOML_LIST, AT(allow[HF_ALLOW_USER]), 0 },
	{ "allow", "anchors", HF__TOML_LIST, AT(allow[HF_ALLOW_ANCHOR]), 0 },
	{ "sbom", "creator", HF__TOML_TEXT, AT(creator), 0 },
	{ "sbom", "licences", HF__TOML_LIST, AT(licences), 0 },
};
static const struct row waiver_rows[] = {
	{ "waiver", "id", HF__TOML_TEXT, IN(hf_waiver, id), 0 },
	{ "waiver", "scope", HF__TOML_TEXT, IN(hf_waiver, scope), 0 },
	{ "waiver", "reason", HF__TOML_TEXT, IN(hf_waiver, reason), 0 },
	{ "waiver", "owner", HF__TOML_TEXT, IN(hf_waiver, owner), 0 },
	{ "waiver", "ticket", HF__TOML_TEXT, IN(hf_waiver, ticket), 0 },
	{ "waiver", "expires", HF__TOML_DATE, IN(hf_waiver, expires), 0 },
};
static const struct row want_rows[] = {
	{ "file", "path", HF__TOML_TEXT, IN(hf_want, path), 0 },
	{ "file", "mode_max", HF__TOML_INT, IN(hf_want, mode_max), 07777 },
	{ "file", "uid", HF__TOML_INT, IN(hf_want, uid), UINT32_MAX },
	{ "file", "gid", HF__TOML_INT, IN(hf_want, gid), UINT32_MAX },
	{ "file", "sha256", HF__TOML_TEXT, IN(hf_want, sha256), 0 },
	{ "file", "absent", HF__TOML_BOOL, IN(hf_want, absent), 0 },
	{ "content", "path", HF__TOML_TEXT, IN(hf_want, path), 0 },
	{ "content", "must_match", HF__TOML_TEXT, IN(hf_want, must_match), 0 },
	{ "content", "must_not_match", HF__TOML_TEXT, IN(hf_want, must_not_match), 0 },
	{ "dir", "path", HF__TOML_TEXT, IN(hf_want, path), 0 },
	{ "dir", "allow", HF__TOML_LIST, IN(hf_want, allow), 0 },
};
enum { DEFAULT_FEED_AGE = 14, MAX_MANY = 4096 };

static hf_err refuse(struct hf_why *why, const struct hf__toml_pair *pair, const char *words)
{
	return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: %s%s%s", pair->line, pair->key,
			  pair->key[0] != '\0' ? ": " : "", words);
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = { "",
					     "a text in quotes",
					     "a whole number",
					     "true or false",
					     "a date like 2026-12-01",
					     "a list of texts" };

	return names[type];
}

static hf_err store(const struct row *row, const struct hf__toml_pair *pair, void *object, struct hf_why *why)
{
	void *field = (char *)object + row->offset;
	bool flag = pair->number != 0;

	if (pair->type != row->type)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: %s must be %s", pair->line,
				  pair->key, type_name(row->type));
	if (pair->type == HF__TOML_INT && pair->number > row->max)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: %s must be from 0 to %lld",
				  pair->line, pair->key, (long long)row->max);
	if (pair->type == HF__TOML_TEXT)
		memcpy(field, &pair->text, sizeof(pair->text));
	else if (pair->type == HF__TOML_LIST)
		memcpy(field, &pair->list, sizeof(pair->list));
	else if (pair->type == HF__TOML_BOOL)
		memcpy(field, &flag, sizeof(flag));
	else
		memcpy(field, &pair->number, sizeof(pair->number));
	return HF_OK;
}

static hf_err store_by(const struct row *list, size_t n, const struct hf__toml_pair *pair, void *object,
		       struct hf_why *why)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].table, pair->table) == 0 && strcmp(list[i].key, pair->key) == 0)
			return store(&list[i], pair, object, why);
	return hf_why_set(why, HF_ERR_AUDITPOLICY_KEY, "line %u: unknown key \"%s\"%s%s", pair->line,
			  pair->key, pair->table[0] != '\0' ? " in table " : "", pair->table);
}

static hf_err store_fail_on(struct hf_auditpolicy *p, const struct hf__toml_pair *pair, struct hf_why *why)
{
	if (pair->type == HF__TOML_TEXT && strcmp(pair->text, "none") == 0) {
		p->fail_on = HF_SEV_CRITICAL + 1;
		return HF_OK;
	}
	for (unsigned s = HF_SEV_INFO; s <= HF_SEV_CRITICAL && pair->type == HF__TOML_TEXT; s++)
		if (strcmp(pair->text, hf_severity_name(s)) == 0) {
			p->fail_on = s;
			return HF_OK;
		}
	return refuse(why, pair, "must be \"critical\", \"high\", \"medium\", \"low\", \"info\" or \"none\"");
}

static unsigned want_kind(const char *table)
{
	if (strcmp(table, "file") == 0)
		return HF_WANT_FILE;
	if (strcmp(table, "content") == 0)
		return HF_WANT_CONTENT;
	return strcmp(table, "dir") == 0 ? HF_WANT_DIR : 0;
}

static hf_err begin_table(struct hf_auditpolicy_memory *m, struct hf_auditpolicy *p,
			  const struct hf__toml_pair *head, struct hf_why *why)
{
	static const char *const single[] = { "gate", "scan", "allow", "sbom" };
	unsigned kind = want_kind(head->table);
	bool waiver = strcmp(head->table, "waiver") == 0;

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (strcmp(single[i], head->table) == 0 && !head->many)
			return HF_OK;
	if ((kind == 0 && !waiver) || !head->many)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_KEY, "line %u: unknown table %s%s%s", head->line,
				  head->many ? "[[" : "[", head->table, head->many ? "]]" : "]");
	if (waiver)
		m->waivers[p->n_waivers++] = (struct hf_waiver){ .line = head->line };
	else
		m->wants[p->n_wants++] = (struct hf_want){
			.kind = kind, .mode_max = -1, .uid = -1, .gid = -1, .line = head->line
		};
	return HF_OK;
}

static hf_err take_pair(struct hf_auditpolicy_memory *m, struct hf_auditpolicy *p,
			const struct hf__toml_pair *pair, struct hf_why *why)
{
	if (pair->type == HF__TOML_HEAD)
		return begin_table(m, p, pair, why);
	if (strcmp(pair->table, "gate") == 0 && strcmp(pair->key, "fail_on") == 0)
		return store_fail_on(p, pair, why);
	if (strcmp(pair->table, "waiver") == 0) {
		struct hf_waiver *w = &m->waivers[p->n_waivers - 1];

		if (pair->type == HF__TOML_DATE)
			w->expires_text = pair->text;
		return store_by(waiver_rows, sizeof(waiver_rows) / sizeof(waiver_rows[0]), pair, w, why);
	}
	if (want_kind(pair->table) != 0)
		return store_by(want_rows, sizeof(want_rows) / sizeof(want_rows[0]), pair,
				&m->wants[p->n_wants - 1], why);
	return store_by(rows, sizeof(rows) / sizeof(rows[0]), pair, p, why);
}

/* Room for as many waivers and wants as the file has tables. */
static hf_err make_room(struct hf_auditpolicy_memory *m, const struct hf__toml *t, struct hf_why *why)
{
	size_t n_waivers = 0, n_wants = 0;

	for (size_t i = 0; i < t->n; i++) {
		bool head = t->pairs[i].type == HF__TOML_HEAD;

		n_waivers += head && strcmp(t->pairs[i].table, "waiver") == 0;
		n_wants += head && want_kind(t->pairs[i].table) != 0;
	}
	if (n_waivers > MAX_MANY || n_wants > MAX_MANY)
		return hf_why_set(why, HF_ERR_TOML_LIMIT, "more than %d tables of one kind", MAX_MANY);
	m->waivers = calloc(n_waivers + 1, sizeof(*m->waivers));
	m->wants = calloc(n_wants + 1, sizeof(*m->wants));
	return m->waivers != NULL && m->wants != NULL ? HF_OK : HF_ERR_HOST_MEMORY;
}

static hf_err fill(struct hf_auditpolicy *p, hf_bytes text, uint64_t today, struct hf_why *why)
{
	struct hf__toml t HF_AUTO(hf__toml_free) = { 0 };
	struct hf_auditpolicy_memory *m = p->memory;

	HF_TRY(hf_crypto_sha256(&text, 1, p->sha256));
	HF_TRY(hf__toml_read(text, &m->arena, &t, why));
	HF_TRY(make_room(m, &t, why));
	p->waivers = m->waivers;
	p->wants = m->wants;
	for (size_t i = 0; i < t.n; i++)
		HF_TRY(take_pair(m, p, &t.pairs[i], why));
	return hf__auditpolicy_check(p, today, why);
}

void hf_auditpolicy_builtin(struct hf_auditpolicy *out)
{
	*out = (struct hf_auditpolicy){ .fail_on = HF_SEV_HIGH,
					.max_medium = UINT64_MAX,
					.max_feed_age_days = DEFAULT_FEED_AGE };
}

hf_err hf_auditpolicy_read(const char *name, hf_bytes text, uint64_t today, struct hf_auditpolicy *out,
			   struct hf_why *why)
{
	hf_err err;

	hf_auditpolicy_builtin(out);
	out->memory = calloc(1, sizeof(*out->memory));
	if (out->memory == NULL)
		return HF_ERR_HOST_MEMORY;
	out->memory->arena.ceiling = (size_t)HF_AUDITPOLICY_CEILING * 4;
	out->given = true;
	err = fill(out, text, today, why);
	if (err == HF_OK)
		return HF_OK;
	hf_auditpolicy_free(out);
	return hf_why_add(why, err, "%s", name);
}

void hf_auditpolicy_free(struct hf_auditpolicy *p)
{
	if (p->memory != NULL) {
		free(p->memory->waivers);
		free(p->memory->wants);
		hf__arena_free(&p->memory->arena);
		free(p->memory);
	}
	hf_auditpolicy_builtin(p);
}

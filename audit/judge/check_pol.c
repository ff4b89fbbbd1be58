/* check_pol.c -- what the owner's policy says of single files, contents and directories.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/vpath.h>
#include "judge_priv.h"

enum { EVIDENCE_CAP = 256 };

extern const struct hf_rule hf_rules_pol[];
extern const size_t hf_n_rules_pol;

static hf_bytes text_bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static void breach(struct hf_case *c, const struct hf_rule *rule, const char *id, hf_bytes path,
		   const char *words)
{
	hf_find(c, rule,
		&(struct hf_report){
			.id = id, .path = path, .evidence = text_bytes(words), .key = text_bytes(words) });
}

static bool has_digest(const struct hf_fact *f, const char *hex)
{
	uint8_t room[64];
	struct hf_out out = HF_OUT(room);

	return f->text[HF_FILE_SHA256].len > 0 && hf_hex_encode(f->text[HF_FILE_SHA256], &out) == HF_OK &&
	       hf_bytes_equal(hf_out_bytes(&out), text_bytes(hex));
}

/* Mode and owner can only be judged where the container told them. */
static void check_owner(struct hf_case *c, const struct hf_rule *rule, const struct hf_want *w,
			const struct hf_fact *f)
{
	bool asks_mode = w->mode_max >= 0, asks_owner = w->uid >= 0 || w->gid >= 0;
	char words[EVIDENCE_CAP];

	if (asks_mode && (f->num[HF_FILE_KNOWN] & HF_KNOWN_MODE) == 0)
		hf_unknown(c, rule, f->path, "the container tells no mode");
	else if (asks_mode && (f->num[HF_FILE_MODE] & ~(uint64_t)w->mode_max) != 0) {
		(void)snprintf(words, sizeof(words), "mode %04o, at most %04o",
			       (unsigned)f->num[HF_FILE_MODE], (unsigned)w->mode_max);
		breach(c, rule, "POL-001", f->path, words);
	}
	if (asks_owner && (f->num[HF_FILE_KNOWN] & HF_KNOWN_OWNER) == 0)
		hf_unknown(c, rule, f->path, "the container tells no owner");
	else if ((w->uid >= 0 && f->num[HF_FILE_UID] != (uint64_t)w->uid) ||
		 (w->gid >= 0 && f->num[HF_FILE_GID] != (uint64_t)w->gid)) {
		(void)snprintf(words, sizeof(words), "owner %llu:%llu",
			       (unsigned long long)f->num[HF_FILE_UID],
			       (unsigned long long)f->num[HF_FILE_GID]);
		breach(c, rule, "POL-001", f->path, words);
	}
}

static void check_file(struct hf_case *c, const struct hf_rule *rule, const struct hf_want *w,
		       const struct hf_fact *f)
{
	if (w->absent) {
		breach(c, rule, "POL-001", f->path, "must be absent");
		return;
	}
	if (w->sha256 != NULL && !has_digest(f, w->sha256))
		breach(c, rule, "POL-001", f->path, "content is not the one with the sha256 named");
	check_owner(c, rule, w, f);
}

static void check_entry(struct hf_case *c, const struct hf_rule *rule, const struct hf_want *w, hf_bytes dir,
			const struct hf_fact *f)
{
	hf_bytes name = hf_vpath_inner(f->path), base = { 0 };
	size_t len = dir.len;

	while (len > 1 && dir.ptr[len - 1] == '/')
		len--;
	if (name.len <= len + 1 || memcmp(name.ptr, dir.ptr, len) != 0 || name.ptr[len] != '/')
		return;
	base = (hf_bytes){ name.ptr + len + 1, name.len - len - 1 };
	if (memchr(base.ptr, '/', base.len) != NULL)
		return;
	for (size_t i = 0; i < w->allow.n; i++)
		if (hf__glob(text_bytes(w->allow.at[i]), base))
			return;
	breach(c, rule, "POL-003", f->path, "not in the list of this directory");
}

/* Every tree counts: a second root file system is no place to hide. */
static void check_want(struct hf_case *c, const struct hf_rule *rule, const struct hf_want *w)
{
	const struct hf_model *m = hf_case_model(c);
	uint8_t room[HF_FACT_PATH_MAX];
	struct hf_out path = HF_OUT(room);
	size_t found = 0;

	if (hf_vpath_escape(text_bytes(w->path), &path) != HF_OK)
		return;
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len == 0)
			continue;
		if (w->kind == HF_WANT_DIR)
			check_entry(c, rule, w, hf_out_bytes(&path), f);
		if (!hf_bytes_equal(hf_vpath_inner(f->path), hf_out_bytes(&path)))
			continue;
		found++;
		if (w->kind == HF_WANT_FILE)
			check_file(c, rule, w, f);
	}
	if (found == 0 && !w->absent && w->kind == HF_WANT_FILE)
		hf_unknown(c, rule, text_bytes(w->path), "no tree has this file");
	else
		hf_pass(c, rule);
}

static void check_wants(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_auditpolicy *p = hf_case_policy(c);

	for (size_t i = 0; i < p->n_wants; i++)
		if (p->wants[i].kind != HF_WANT_CONTENT)
			check_want(c, rule, &p->wants[i]);
}

/* Readers matched the pattern; each file it was looked for in is a fact that names the policy's row. */
static void check_content(struct hf_case *c, const struct hf_rule *rule, const struct hf_want *w, size_t row)
{
	const struct hf_model *m = hf_case_model(c);
	size_t looked = 0;

	for (size_t k = 0; k < hf_model_n(m, HF_FACT_CONTENT); k++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_CONTENT, k);
		bool matched = f->num[HF_CONTENT_MATCHED] != 0;

		if (f->num[HF_CONTENT_WANT] != row)
			continue;
		looked++;
		if (matched == (w->must_match != NULL))
			hf_pass(c, rule);
		else
			breach(c, rule, "POL-002", f->path,
			       matched ? "content matches what must not be there"
				       : "content does not match what must be there");
	}
	if (looked == 0)
		hf_unknown(c, rule, text_bytes(w->path), "no tree has this file, or it could not be matched");
}

static void check_contents(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_auditpolicy *p = hf_case_policy(c);

	for (size_t i = 0; i < p->n_wants; i++)
		if (p->wants[i].kind == HF_WANT_CONTENT)
			check_content(c, rule, &p->wants[i], i);
}

const struct hf_rule hf_rules_pol[] = {
	{ "POL-001", HF_SEV_HIGH, 0, "a file is not as the policy wants it",
	  "mend the file, or change [[file]] in holdfast.audit.toml with those who sign it", "",
	  check_wants },
	{ "POL-002", HF_SEV_HIGH, 0, "the content of a file is not as the policy wants it",
	  "mend the file, or change [[content]] in holdfast.audit.toml with those who sign it", "",
	  check_contents },
	{ "POL-003", HF_SEV_HIGH, 0, "a directory holds what the policy does not list",
	  "remove the file, or add it to [[dir]] in holdfast.audit.toml with those who sign it", "", NULL },
};
const size_t hf_n_rules_pol = sizeof(hf_rules_pol) / sizeof(hf_rules_pol[0]);

/* check_sbom.c -- what is in the image but in no package, what a package says and the image does not, and
 * what an SBOM would have to say and cannot.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/case.h>
#include <hf/components.h>

extern const struct hf_rule hf_rules_sbom[];
extern const size_t hf_n_rules_sbom;
enum { SBOM_001, SBOM_002, SBOM_003 };
enum { TEXT_CAP = 256 };

static hf_bytes text_bytes(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

static bool is_program(const struct hf_fact *file)
{
	uint64_t kind = file->num[HF_FILE_KIND];

	return file->num[HF_FILE_TYPE] == HF_NODE_FILE &&
	       (kind == HF_KIND_ELF || kind == HF_KIND_SCRIPT || kind == HF_KIND_MODULE);
}

/* ---- 002: the digest that the package recorded against the file's ---- */
enum { UNCHANGED, CHANGED, CANNOT_TELL };

static hf_bytes digest_of(const struct hf_model *m, const struct hf_fact *file, uint64_t alg)
{
	size_t first;
	const struct hf_fact *digest;

	if (alg == HF_DIGEST_SHA256)
		return file->text[HF_FILE_SHA256];
	if ((alg != HF_DIGEST_MD5 && alg != HF_DIGEST_SHA1) ||
	    hf_model_of(m, HF_FACT_DIGEST, file->path, &first) == 0)
		return (hf_bytes){ 0 };
	digest = hf_model_at(m, HF_FACT_DIGEST, first);
	return digest->text[alg == HF_DIGEST_MD5 ? HF_DIGEST_IS_MD5 : HF_DIGEST_IS_SHA1];
}

/* A configuration file may be changed by its owner; a file of two packages (a diversion) is one of theirs. */
static int compare(const struct hf_model *m, const struct hf_owner *owner, size_t n)
{
	int verdict = CANNOT_TELL;

	for (size_t i = 0; i < n; i++)
		if (owner[i].owns->num[HF_OWNS_CONF])
			return CANNOT_TELL;
	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *owns = owner[i].owns;
		hf_bytes is = digest_of(m, owner[i].file, owns->num[HF_OWNS_ALG]),
			 was = owns->text[HF_OWNS_DIGEST];

		if (is.len == 0 || was.len == 0)
			continue;
		if (hf_bytes_equal(is, was))
			return UNCHANGED;
		verdict = CHANGED;
	}
	return verdict;
}

static void check_file(struct hf_case *c, const struct hf_components *parts, const struct hf_fact *file)
{
	size_t n;
	const struct hf_owner *owner = hf_owner_of(parts, file, &n);
	struct hf_report report = { .path = file->path, .key = file->text[HF_FILE_NAME] };

	if (owner == NULL) {
		if (is_program(file))
			hf_find(c, &hf_rules_sbom[SBOM_001], &report);
		return;
	}
	if (is_program(file))
		hf_pass(c, &hf_rules_sbom[SBOM_001]);
	int verdict = compare(hf_case_model(c), owner, n);
	report.evidence = owner->owns->text[HF_OWNS_PACKAGE];
	if (verdict == CHANGED)
		hf_find(c, &hf_rules_sbom[SBOM_002], &report);
	else if (verdict == UNCHANGED)
		hf_pass(c, &hf_rules_sbom[SBOM_002]);
	else if (is_program(file))
		hf_unknown(c, &hf_rules_sbom[SBOM_002], file->path,
			   "the package recorded no digest that we have");
}

/* Files come sorted by path, so those of one tree lie together and each tree is asked about once. */
static void check_files(struct hf_case *c, const struct hf_components *parts)
{
	const struct hf_model *m = hf_case_model(c);
	size_t n = hf_model_n(m, HF_FACT_FILE);
	hf_bytes tree = { 0 };
	bool owned = false;

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *file = hf_model_at(m, HF_FACT_FILE, i);

		if (file->text[HF_FILE_TREE].len == 0)
			continue;
		if (!hf_bytes_equal(tree, file->text[HF_FILE_TREE])) {
			tree = file->text[HF_FILE_TREE];
			owned = hf_tree_is_owned(parts, tree);
			if (!owned)
				hf_unknown(c, &hf_rules_sbom[SBOM_001], tree,
					   "no package database that names files");
		}
		if (owned)
			check_file(c, parts, file);
	}
}

/* ---- 003 ---- */
static void check_part(struct hf_case *c, const struct hf_components *parts, const struct hf_part *p)
{
	char licence[HF_LICENCE_CAP], purl[HF_PURL_CAP], evidence[TEXT_CAP];
	const struct hf_auditpolicy *policy = hf_case_policy(c);
	bool has_licence = hf_part_licence(parts, policy, p, licence),
	     has_creator = hf_part_creator(policy, p).len > 0;

	if (has_licence && has_creator && p->version.len > 0) {
		hf_pass(c, &hf_rules_sbom[SBOM_003]);
		return;
	}
	(void)snprintf(evidence, sizeof(evidence), "%.*s:%s%s%s", (int)p->name.len, (const char *)p->name.ptr,
		       p->version.len > 0 ? "" : " version", has_creator ? "" : " creator",
		       has_licence ? "" : " licence");
	hf_part_purl(p, false, false, purl);
	struct hf_report report = { .path = p->fact->path,
				    .evidence = text_bytes(evidence),
				    .key = text_bytes(purl) };
	hf_find(c, &hf_rules_sbom[SBOM_003], &report);
}

static void run(struct hf_case *c, const struct hf_rule *rule)
{
	struct hf_components parts;

	if (hf_components_new(hf_case_model(c), &parts) != HF_OK) {
		hf_unknown(c, rule, (hf_bytes){ 0 }, "no memory for the components");
		return;
	}
	check_files(c, &parts);
	for (size_t i = 0; i < parts.n_parts; i++)
		check_part(c, &parts, &parts.parts[i]);
	hf_components_free(&parts);
}

const struct hf_rule hf_rules_sbom[] = {
	{ "SBOM-001", HF_SEV_LOW, 0, "a program belongs to no package",
	  "install it by a package, so that updates and advisories reach it", "CRA:II.1 EN303645:5.3-8",
	  run },
	{ "SBOM-002", HF_SEV_HIGH, 345, "a packaged file is not what its package installed",
	  "find out who changed it; rebuild the package if the change is meant", "CRA:II.1 EN303645:5.7-1",
	  NULL },
	{ "SBOM-003", HF_SEV_LOW, 0, "a component lacks what BSI TR-03183-2 wants of an SBOM",
	  "set creator and licences in [sbom] of the policy", "CRA:II.1", NULL },
};
const size_t hf_n_rules_sbom = sizeof(hf_rules_sbom) / sizeof(hf_rules_sbom[0]);

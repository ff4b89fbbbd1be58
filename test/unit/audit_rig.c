/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <string.h>
#include <sys/stat.h>
#include <holdfast/crypto.h>

static hf_bytes bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

struct audit_rig audit_rig_new(void)
{
	struct audit_rig r = { 0 };

	assert_int_equal(hf_model_new(&r.model), HF_OK);
	hf_auditpolicy_builtin(&r.policy);
	return r;
}

void audit_rig_policy(struct audit_rig *r, const char *toml)
{
	struct hf_why why = { 0 };

	hf_auditpolicy_free(&r->policy);
	if (hf_auditpolicy_read("test.toml", bytes(toml), RIG_TODAY, &r->policy, &why) != HF_OK)
		fail_msg("%s", hf_why_text(&why));
}

void audit_rig_fact(struct audit_rig *r, const struct hf_fact *fact)
{
	assert_int_equal(hf_model_add(r->model, fact), HF_OK);
}

static uint64_t node_type(unsigned mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return HF_NODE_DIR;
	case S_IFLNK:
		return HF_NODE_LINK;
	case S_IFCHR:
		return HF_NODE_CHAR;
	case S_IFBLK:
		return HF_NODE_BLOCK;
	case S_IFIFO:
		return HF_NODE_FIFO;
	default:
		return HF_NODE_FILE;
	}
}

static void add_file(struct audit_rig *r, const char *path, unsigned mode, const uint64_t owner[2],
		     const char *target)
{
	const char *mark = strrchr(path, '!');
	uint8_t digest[HF_SHA256_LEN];
	hf_bytes name = bytes(mark != NULL ? mark + 1 : path);
	struct hf_fact f = { .kind = HF_FACT_FILE, .path = bytes(path) };

	assert_int_equal(hf_crypto_sha256(&f.path, 1, digest), HF_OK);
	f.num[HF_FILE_TYPE] = node_type(mode);
	f.num[HF_FILE_MODE] = mode & 07777;
	f.num[HF_FILE_UID] = owner[0];
	f.num[HF_FILE_GID] = owner[1];
	f.num[HF_FILE_KNOWN] = HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE;
	f.text[HF_FILE_NAME] = name;
	f.text[HF_FILE_LINK] = bytes(target);
	f.text[HF_FILE_TREE] = (hf_bytes){ (const uint8_t *)path, mark != NULL ? (size_t)(mark - path) : 0 };
	if (f.num[HF_FILE_TYPE] == HF_NODE_FILE)
		f.text[HF_FILE_SHA256] = HF_ARR(digest);
	audit_rig_fact(r, &f);
}

void audit_rig_file(struct audit_rig *r, const char *path, unsigned mode, unsigned uid, unsigned gid)
{
	add_file(r, path, mode, (const uint64_t[]){ uid, gid }, "");
}

void audit_rig_link(struct audit_rig *r, const char *path, const char *target)
{
	add_file(r, path, S_IFLNK | 0777, (const uint64_t[]){ 0, 0 }, target);
}

void audit_rig_run(struct audit_rig *r, const char *group)
{
	struct hf_case_opts opts = {
		.model = r->model, .policy = &r->policy, .feed = r->feed, .today = RIG_TODAY
	};

	assert_int_equal(hf_model_seal(r->model), HF_OK);
	assert_int_equal(hf_case_new(&opts, &r->c), HF_OK);
	assert_int_equal(hf_case_run(r->c, group), HF_OK);
	r->outcome = hf_case_outcome(r->c);
}

size_t audit_rig_count(const struct audit_rig *r, const char *id)
{
	size_t n = 0;

	assert_non_null(hf_rule_find(id));
	for (size_t i = 0; i < r->outcome->n_findings; i++)
		n += strcmp(r->outcome->findings[i].rule->id, id) == 0;
	return n;
}

size_t audit_rig_unknowns(const struct audit_rig *r, const char *id)
{
	size_t n = 0;

	assert_non_null(hf_rule_find(id));
	for (size_t i = 0; i < r->outcome->n_unknowns; i++)
		n += strcmp(r->outcome->unknowns[i].rule->id, id) == 0;
	return n;
}

uint64_t audit_rig_passes(const struct audit_rig *r, const char *id)
{
	assert_non_null(hf_rule_find(id));
	return r->outcome->passes[hf_rule_number(hf_rule_find(id))];
}

const struct hf_finding *audit_rig_find(const struct audit_rig *r, const char *id, size_t n)
{
	for (size_t i = 0; i < r->outcome->n_findings; i++)
		if (strcmp(r->outcome->findings[i].rule->id, id) == 0 && n-- == 0)
			return &r->outcome->findings[i];
	fail_msg("no finding of %s", id);
	return NULL;
}

void audit_rig_end(struct audit_rig *r)
{
	hf_case_free(r->c);
	hf_model_free(r->model);
	hf_auditpolicy_free(&r->policy);
	*r = (struct audit_rig){ 0 };
}

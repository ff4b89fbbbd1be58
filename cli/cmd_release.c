/* cmd_release.c -- `holdfast release`: the table of its verbs, and those that make and show.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/json.h>
#include "print.h"
#include "release_bundle.h"

static int cmd_new(const struct cli_args *args);
static int cmd_show(const struct cli_args *args);
static int cmd_status(const struct cli_args *args);

static const struct cli_opt dir_opts[] = { OPT_DIR, { 0 } };

#define ONE .args = "RELEASE", .min_args = 1, .max_args = 1
const struct cli_verb cli_release_verbs[] = {
	{ .name = "new",
	  .run = cmd_new,
	  .args = "DESCRIPTION IMAGE",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = dir_opts,
	  .summary = "make manifest and record of an image; prints D, the release's name",
	  .text = "DESCRIPTION holds `key = value` lines; doc/release.md explains them. Equal input gives "
		  "equal D." },
	{ .name = "show", .run = cmd_show, ONE, .opts = dir_opts, .summary = "show what a release says" },
	{ .name = "diff",
	  .run = cmd_show,
	  .args = "OLD NEW",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = dir_opts,
	  .summary = "show what changed from one release to another" },
	{ .name = "sign",
	  .run = cmd_release_sign,
	  ONE,
	  .opts = release_sign_opts,
	  .summary = "read what changed, type the first 8 digits of D, and sign" },
	{ .name = "add-signature",
	  .run = cmd_release_add,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = release_add_opts,
	  .summary = "take the signatures of a file that somebody signed elsewhere" },
	{ .name = "status",
	  .run = cmd_status,
	  .args = "[RELEASE]",
	  .max_args = 1,
	  .opts = dir_opts,
	  .summary = "who signed, and what is missing; 4 while the quorum is not met" },
	{ .name = "publish",
	  .run = cmd_release_publish,
	  ONE,
	  .opts = release_publish_opts,
	  .summary = "log it, wait for the witnesses, keep the proof, write the bundle",
	  .text = "RELEASE is D, or policy-N, or revoke-D. Refused with 4 while the quorum is not met." },
	{ .name = "bundle",
	  .run = cmd_release_bundle,
	  ONE,
	  .opts = release_bundle_opts,
	  .summary = "write the offline bundle from stored proofs",
	  .text = "RELEASE is D, or policies: a bundle with nothing but the chain of policies." },
	{ .name = "export",
	  .run = cmd_release_export,
	  ONE,
	  .opts = release_export_opts,
	  .summary = "write the envelope for signers elsewhere, the log object, or a Sigsum proof" },
	{ .name = "revoke",
	  .run = cmd_release_revoke,
	  ONE,
	  .opts = release_revoke_opts,
	  .summary = "sign the statement that withdraws a release" },
	{ .name = "policy", .subs = cli_release_policy_verbs, .summary = "who may sign, log and witness" },
	{ 0 },
};

static int print_d(const struct cli_args *args, const char *d)
{
	if (args->json)
		printf("{\"d\":\"%s\"}\n", d);
	else
		printf("%s\n", d);
	return CLI_DONE;
}

static int cmd_new(const struct cli_args *args)
{
	char d[SHELF_HEX] = "";
	struct shelf s;
	hf_err err = shelf_open(args, false, &s);

	if (err == HF_OK)
		err = release_make(&s, args->args[0], args->args[1], d);
	return err == HF_OK ? print_d(args, d) : shelf_end(&s, err);
}

/* The page of `new_d` against `old_d` (NULL: against what the record names). */
static hf_err show(struct shelf *s, const char *old_d, const char *new_d)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct release *r HF_AUTO(release_drop) = NULL;
	struct release *old HF_AUTO(release_drop) = NULL;
	struct hf_buf page HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);

	HF_TRY(release_open(s, new_d, &policy, &r));
	if (old_d == NULL)
		HF_TRY(release_previous(s, r, &old));
	else
		HF_TRY(release_open(s, old_d, NULL, &old));
	HF_TRY(release_page(s, old, r, &policy.p, &page));
	if (!s->args->json)
		fputs(hf_buf_text(&page), stdout);
	print_pairs(s->args->json, "d", r->d, "against", old != NULL ? old->d : NULL, "page",
		    hf_buf_text(&page), NULL);
	return HF_OK;
}

/* show NEW, diff OLD NEW */
static int cmd_show(const struct cli_args *args)
{
	struct shelf s;
	hf_err err = shelf_open(args, false, &s);

	if (err == HF_OK)
		err = args->n_args == 1 ? show(&s, NULL, args->args[0])
					: show(&s, args->args[0], args->args[1]);
	return shelf_end(&s, err);
}

/* One release, for people or for programs. */
static hf_err put_status(const struct shelf *s, const struct release *r, const char *names, bool met,
			 bool published, struct hf_json_out *j)
{
	const struct hf_manifest *m = &r->manifest;
	char version[HF_MANIFEST_MAX_VERSION_LEN + 1];

	(void)snprintf(version, sizeof(version), "%.*s", (int)m->version.len, (const char *)m->version.ptr);
	if (!s->args->json) {
		printf("%s %s %llu signed by %s: %s\n", r->d, version, (unsigned long long)m->sequence, names,
		       published ? "published" : met ? "ready to publish" : "quorum not met");
		return HF_OK;
	}
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "d", r->d);
	hf_json_put_text(j, "version", version);
	hf_json_put_uint(j, "sequence", m->sequence);
	hf_json_put_text(j, "signers", names);
	hf_json_put_bool(j, "quorum", met);
	hf_json_put_bool(j, "published", published);
	hf_json_close(j);
	return j->err;
}

/* D, version, who signed, state. *met is false when the quorum is not. */
static hf_err status_of(struct shelf *s, const char *d, const struct hf_policy *p, struct hf_json_out *j,
			bool *met)
{
	struct release *r HF_AUTO(release_drop) = NULL;
	struct hf_buf names HF_AUTO(hf_buf_free) = HF_BUF(4096);
	hf_key_set signers = 0, rebuilders = 0;
	char proof[SHELF_NAME_MAX];
	hf_err err;

	HF_TRY(release_open(s, d, NULL, &r));
	err = release_signed(s, r, p, &signers, &rebuilders);
	if (err != HF_OK && err != HF_ERR_RELEASE_QUORUM)
		return err;
	*met = err == HF_OK;
	HF_TRY(release_names(p, signers, &names));
	release_proof_name(d, p, proof);
	return put_status(s, r, hf_buf_text(&names), *met, shelf_has(s, proof), j);
}

static hf_err status_of_all(struct shelf *s, const struct hf_policy *p, struct hf_json_out *j, bool *met)
{
	char path[CLI_PATH_MAX];
	struct dirent *entry;
	hf_err err = hf_path_join(path, sizeof(path), s->dir, "releases");
	DIR *dir = err == HF_OK ? opendir(path) : NULL;

	while (dir != NULL && err == HF_OK && (entry = readdir(dir)) != NULL) {
		bool one = true;

		if (strlen(entry->d_name) != SHELF_HEX - 1)
			continue;
		err = status_of(s, entry->d_name, p, j, &one);
		*met = *met && one;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return err;
}

static hf_err status(struct shelf *s, struct hf_json_out *j, bool *met)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	char d[SHELF_HEX];

	HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, &policy));
	if (s->args->n_args == 0)
		return status_of_all(s, &policy.p, j, met);
	HF_TRY(shelf_find(s, s->args->args[0], d));
	return status_of(s, d, &policy.p, j, met);
}

static int cmd_status(const struct cli_args *args)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct hf_json_out j = { .buf = &text };
	struct shelf s;
	bool met = true;
	hf_err err = shelf_open(args, false, &s);

	hf_json_open(&j, NULL, '[');
	if (err == HF_OK)
		err = status(&s, &j, &met);
	hf_json_close(&j);
	if (err == HF_OK)
		err = hf_json_end(&j);
	if (err != HF_OK)
		return shelf_end(&s, err);
	if (args->json)
		puts(hf_buf_text(&text));
	return met ? CLI_DONE : CLI_QUORUM;
}

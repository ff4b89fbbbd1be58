/* cmd_release_policy.c -- `holdfast release policy`: the chain of policies. One only adds to it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "policy_text.h"
#include "print.h"
#include "statements.h"

static int cmd_new(const struct cli_args *args);
static int cmd_sign(const struct cli_args *args);
static int cmd_show(const struct cli_args *args);
static int cmd_export(const struct cli_args *args);

static const struct cli_opt dir_opts[] = { OPT_DIR, { 0 } };
static const struct cli_opt sign_opts[] = {
	OPT_DIR,
	OPT_KEY,
	OPT_PUBLIC,
	{ "digest", "HEX", "at least the first 8 digits of the policy's hash, for scripts" },
	{ 0 }
};
static const struct cli_opt export_opts[] = {
	OPT_DIR,
	{ "out", "FILE", "write it there (required)" },
	{ "sigsum", NULL, "a policy file for Sigsum's tools" },
	{ "url", "URL", "of the log, for --sigsum" },
	{ 0 },
};

const struct cli_verb cli_release_policy_verbs[] = {
	{ .name = "new",
	  .run = cmd_new,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = dir_opts,
	  .summary = "draft the next policy from JSON; prints its number and hash",
	  .text = "'holdfast release policy show --json' prints the policy in force as such a file. A policy "
		  "that would "
		  "lock its owner out is refused." },
	{ .name = "sign",
	  .run = cmd_sign,
	  .args = "NUMBER",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = sign_opts,
	  .summary = "read a drafted policy, and sign it as root",
	  .text = "Policy 1 is in force when its root quorum signed. Later ones need the root quorum of the "
		  "policy before "
		  "too, and 'holdfast release publish policy-N'." },
	{ .name = "show",
	  .run = cmd_show,
	  .args = "[NUMBER|FILE]",
	  .max_args = 1,
	  .opts = dir_opts,
	  .summary = "show a policy (default: the one in force)" },
	{ .name = "export",
	  .run = cmd_export,
	  .args = "NUMBER",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = export_opts,
	  .summary = "write a policy for devices and verifiers, or with --sigsum for Sigsum's tools" },
	{ 0 },
};

/* A draft is numbered by what is in force; only one next policy can be in the making. */
static hf_err draft(struct shelf *s)
{
	struct shelf_policy now HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf json HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	uint8_t mem[HF_STATEMENT_MAX_LEN];
	struct hf_out payload = HF_OUT(mem);
	char name[SHELF_NAME_MAX], signed_name[SHELF_NAME_MAX], hash[SHELF_HEX];
	struct hf_policy p;
	hf_err err = shelf_policy(s, SHELF_POLICIES_MAX, &now);
	uint64_t number = err == HF_OK ? now.p.number + 1 : 1;

	if (err != HF_OK && err != HF_ERR_SHELF_POLICY)
		return err;
	s->why = (struct hf_why){ 0 };
	HF_TRY(hf_file_read(s->args->args[0], &json, &s->why));
	err = policy_text_read(hf_buf_bytes(&json), number, number == 1 ? NULL : &now.p, &payload, &s->why);
	if (err == HF_OK)
		err = hf_policy_read(hf_out_bytes(&payload), &p);
	if (err == HF_OK)
		err = policy_lockout(&p, (int64_t)time(NULL), &s->why);
	if (err != HF_OK)
		return shelf_fail(s, err, "%s", s->args->args[0]);
	statement_draft_name(number, true, signed_name);
	if (shelf_has(s, signed_name))
		return hf_why_set(&s->why, HF_ERR_FILE_EXISTS,
				  "%s/%s has signatures already; remove it to begin again", s->dir,
				  signed_name);
	statement_draft_name(number, false, name);
	HF_TRY(shelf_make(s));
	HF_TRY(shelf_replace(s, name, hf_out_bytes(&payload)));
	shelf_hex(HF_ARR(p.hash), hash);
	printf(s->args->json ? "{\"number\":%llu,\"hash\":\"%s\"}\n" : "%llu %s\n",
	       (unsigned long long)number, hash);
	return HF_OK;
}

static int cmd_new(const struct cli_args *args)
{
	struct shelf s;
	hf_err err = shelf_open(args, true, &s);

	if (err == HF_OK)
		err = draft(&s);
	return shelf_end(&s, err);
}

static bool is_number(const char *text, uint64_t *number)
{
	char *end = NULL;

	*number = strtoull(text, &end, 10);
	return text[0] >= '1' && text[0] <= '9' && *end == '\0' && *number <= SHELF_POLICIES_MAX;
}

static bool may_sign(const struct hf_policy *p, const struct signer *key)
{
	int at = hf_policy_find(p, HF_ARR(key->kid));

	return at >= 0 && p->key[at].role == HF_ROLE_ROOT;
}

static hf_err sign(struct shelf *s, uint64_t number, struct signer *key)
{
	struct shelf_policy now HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	struct hf_buf page HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	uint8_t mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out out = HF_OUT(mem);
	char hash[SHELF_HEX];
	struct hf_policy p;
	hf_err err;

	HF_TRY(statement_draft(s, number, &file));
	err = hf_policy_read(statement_payload(hf_buf_bytes(&file)), &p);
	if (err != HF_OK || p.number != number)
		return hf_why_set(&s->why, HF_ERR_SHELF_DAMAGED, "draft of policy %llu",
				  (unsigned long long)number);
	if (number > 1)
		HF_TRY(shelf_policy(s, number - 1, &now));
	HF_TRY(release_signer(s, key));
	if (!may_sign(&p, key) && (number == 1 || !may_sign(&now.p, key)))
		return hf_why_set(&s->why, HF_ERR_SIGNER_ABSENT,
				  "neither policy %llu nor the one before knows this key as root",
				  (unsigned long long)number);
	HF_TRY(policy_text_print(&p, &page));
	fputs(hf_buf_text(&page), stderr);
	shelf_hex(HF_ARR(p.hash), hash);
	HF_TRY(release_typed(s, hash));
	HF_TRY(statement_sign(s, hf_buf_bytes(&file), key, &out));
	HF_TRY(statement_store_draft(s, number, hf_out_bytes(&out)));
	cli_say(s->args, "Signed policy %llu.", (unsigned long long)number);
	print_pairs(s->args->json, "signed", hash, NULL);
	return HF_OK;
}

static int cmd_sign(const struct cli_args *args)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	uint64_t number = 0;
	struct shelf s;
	hf_err err;

	if (cli_option(args, "key") == NULL || !is_number(args->args[0], &number))
		return cli_usage("release policy sign: NUMBER of a policy and --key SIGNER are needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK)
		err = sign(&s, number, &key);
	return shelf_end(&s, err);
}

/* By number from the chain, or any policy file. */
static hf_err find(struct shelf *s, const char *which, struct shelf_policy *out)
{
	uint64_t number = SHELF_POLICIES_MAX;

	if (which != NULL && !is_number(which, &number))
		return shelf_policy_file(s, which, out);
	HF_TRY(shelf_policy(s, number, out));
	if (which != NULL && out->p.number != number)
		return hf_why_set(&s->why, HF_ERR_SHELF_POLICY, "policy %s is not in force here", which);
	return HF_OK;
}

static int cmd_show(const struct cli_args *args)
{
	struct shelf_policy p HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct shelf s;
	hf_err err = shelf_open(args, false, &s);

	if (err == HF_OK)
		err = find(&s, args->n_args > 0 ? args->args[0] : NULL, &p);
	if (err == HF_OK)
		err = args->json ? policy_text_json(&p.p, &text) : policy_text_print(&p.p, &text);
	if (err == HF_OK)
		fputs(hf_buf_text(&text), stdout);
	return shelf_end(&s, err);
}

static hf_err export_policy(struct shelf *s, const char *out)
{
	struct shelf_policy p HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);

	HF_TRY(find(s, s->args->args[0], &p));
	if (!cli_flag(s->args, "sigsum"))
		return hf_file_replace(out, hf_buf_bytes(&p.file), 0644, &s->why);
	HF_TRY(policy_text_sigsum(&p.p, cli_option(s->args, "url"), &text));
	return hf_file_replace(out, hf_buf_bytes(&text), 0644, &s->why);
}

static int cmd_export(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	struct shelf s;
	hf_err err;

	if (out == NULL || cli_flag(args, "sigsum") != (cli_option(args, "url") != NULL))
		return cli_usage("release policy export: --out FILE is needed, and --url URL with --sigsum");
	err = shelf_open(args, false, &s);
	if (err == HF_OK)
		err = export_policy(&s, out);
	if (err == HF_OK)
		print_pairs(args->json, "file", out, NULL);
	return shelf_end(&s, err);
}

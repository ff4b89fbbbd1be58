/* cmd_release_publish.c -- `holdfast release publish | bundle | export`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log_ask.h"
#include "print.h"
#include "release_bundle.h"
#include "statements.h"

const struct cli_opt release_publish_opts[] = {
	OPT_DIR,
	{ "key", "SIGNER", "publisher key: file:PATH, agent:SHA256:PRINT or exec:PROGRAM" },
	OPT_PUBLIC,
	{ "log", "URL", "of the log: http://HOST:PORT[/PREFIX] (required)" },
	OPT_LOG_CA,
	{ "wait", "SECONDS", "for the witnesses (default 60)" },
	{ "late", NULL,
	  "do not hand the signed object to the log yet; again without it within 90 days" },
	{ 0 },
};
const struct cli_opt release_bundle_opts[] = {
	OPT_DIR,
	{ "out", "FILE", "write it there too" },
	{ "from", "NUMBER", "with the policies after this one (default: as many as fit)" },
	{ 0 },
};
const struct cli_opt release_export_opts[] = {
	OPT_DIR,
	{ "out", "FILE", "write it there (required)" },
	{ "log-object", NULL, "the bytes whose hash is D: what a foreign verifier is given" },
	{ "sigsum-proof", NULL, "the proof as Sigsum's tools read it" },
	{ 0 },
};

/* What is logged: its name, and what monitors will ask for. */
struct logged {
	const uint8_t *d;
	const hf_bytes *object;
	size_t n_objects;
};

/* The proof lies there already, or is made now and never replaced. */
static hf_err keep_proof(struct shelf *s, const char *name, const struct hf_policy *p,
			 const struct logged *what)
{
	uint8_t mem[HF_PROOF_MAX_LEN];
	struct hf_out proof = HF_OUT(mem);

	HF_TRY(release_give(s, p, what->object, what->n_objects));
	if (shelf_has(s, name))
		return HF_OK;
	HF_TRY(release_prove(s, p, what->d, &proof));
	return shelf_replace(s, name, hf_out_bytes(&proof));
}

/* A signer whose key had ended when the witnesses signed counts for no device; others may still sign. */
static hf_err check_live(struct shelf *s, const struct release *r, const struct hf_policy *p,
			 hf_key_set signers, const char *name)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROOF_MAX_LEN);
	struct hf_proof_result result;
	struct hf_proof proof;
	hf_bytes quorum = { 0 };
	size_t used = 0;
	hf_err err;

	HF_TRY(shelf_read(s, name, &file));
	err = hf_proof_read(hf_buf_bytes(&file), &proof, &used);
	if (err == HF_OK)
		err = hf_proof_verify(&proof, p, r->envelope.d, 0, &result);
	if (err == HF_OK)
		err = hf_policy_release(p, r->manifest.class_id, &quorum);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", name);
	signers = hf_policy_unexpired(p, signers, result.quorum_time);
	if (hf_verdict_is_yes(hf_quorum_met(p, quorum, signers)))
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_PROOF_EXPIRED, "%s: keys of signers had ended when it was logged",
			  r->d);
}

static hf_err publish_release(struct shelf *s)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct release *r HF_AUTO(release_drop) = NULL;
	hf_key_set signers = 0, rebuilders = 0;
	char name[SHELF_NAME_MAX];

	HF_TRY(release_open(s, s->args->args[0], &policy, &r));
	HF_TRY(release_signed(s, r, &policy.p, &signers, &rebuilders));
	release_proof_name(r->d, &policy.p, name);
	const hf_bytes object[] = { hf_buf_bytes(&r->file), hf_buf_bytes(&r->record_file),
				    hf_buf_bytes(&r->capability_file) };
	HF_TRY(keep_proof(s, name, &policy.p, &(struct logged){ r->envelope.d, object, 3 }));
	HF_TRY(check_live(s, r, &policy.p, signers, name));
	HF_TRY(release_bundle(s, r->d, 0, NULL));
	shelf_release_name(r->d, "bundle.hfb", name);
	cli_say(s->args, "Published %s; the bundle is %s", r->d, name);
	print_pairs(s->args->json, "published", r->d, "bundle", name, NULL);
	return HF_OK;
}

/* Policy N, under policy N-1. */
static hf_err publish_policy(struct shelf *s, const char *text)
{
	struct shelf_policy now HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	char name[SHELF_NAME_MAX], hash[SHELF_HEX];
	struct hf_policy next;
	uint64_t number = strtoull(text, NULL, 10);
	hf_err err;

	if (number < 2 || number > SHELF_POLICIES_MAX)
		return hf_why_set(&s->why, HF_ERR_SHELF_NAME, "policy-%s: policies from 2 on are published",
				  text);
	HF_TRY(shelf_policy(s, number - 1, &now));
	HF_TRY(statement_draft(s, number, &file));
	if (hf_bytes_equal(statement_payload(hf_buf_bytes(&file)), hf_buf_bytes(&file)))
		return hf_why_set(&s->why, HF_ERR_STATEMENT_QUORUM, "nobody has signed policy %llu",
				  (unsigned long long)number);
	err = hf_policy_open_next(hf_buf_bytes(&file), &now.p, &scratch, &next);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "policy %llu: %s", (unsigned long long)number,
				  hf_err_text(err));
	(void)snprintf(name, sizeof(name), "policies/policy-%llu.cose", (unsigned long long)number);
	HF_TRY(shelf_replace(s, name, hf_buf_bytes(&file)));
	(void)snprintf(name, sizeof(name), "policies/policy-%llu.proof", (unsigned long long)number);
	const hf_bytes object = hf_buf_bytes(&file);
	HF_TRY(keep_proof(s, name, &now.p, &(struct logged){ next.hash, &object, 1 }));
	cli_say(s->args, "Policy %llu is in force.", (unsigned long long)number);
	shelf_hex(HF_ARR(next.hash), hash);
	print_pairs(s->args->json, "published", hash, NULL);
	return HF_OK;
}

static hf_err publish_revocation(struct shelf *s, const char *text)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	uint8_t mem[HF_STATEMENT_SCRATCH], hash[HF_SHA256_LEN];
	struct hf_out scratch = HF_OUT(mem);
	char d[SHELF_HEX], name[SHELF_NAME_MAX];
	hf_bytes payload = { 0 }, quorum = { 0 };
	struct revocation revocation;
	hf_err err;

	HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, &policy));
	HF_TRY(shelf_find(s, text, d));
	shelf_release_name(d, "revoked.cose", name);
	HF_TRY(shelf_read(s, name, &file));
	HF_TRY(revocation_read(statement_payload(hf_buf_bytes(&file)), &revocation));
	err = hf_policy_release(&policy.p, revocation.class_id, &quorum);
	if (err == HF_OK)
		err = hf_statement_check(hf_buf_bytes(&file), HF_STR("hf/revocation/1"), &policy.p, quorum, 0,
					 &scratch, &payload);
	if (err == HF_OK)
		err = hf_crypto_sha256(&payload, 1, hash);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s: %s", name, hf_err_text(err));
	shelf_release_name(d, "revoked.proof", name);
	const hf_bytes object = hf_buf_bytes(&file);
	HF_TRY(keep_proof(s, name, &policy.p, &(struct logged){ hash, &object, 1 }));
	cli_say(s->args, "The revocation of %s is logged.", d);
	print_pairs(s->args->json, "revoked", d, NULL);
	return HF_OK;
}

int cmd_release_publish(const struct cli_args *args)
{
	const char *what = args->args[0];
	struct shelf s;
	hf_err err;
	int status;

	if (cli_option(args, "log") == NULL || cli_option(args, "key") == NULL)
		return cli_usage("release publish: --log URL and --key SIGNER are needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK && strncmp(what, "policy-", 7) == 0)
		err = publish_policy(&s, what + 7);
	else if (err == HF_OK && strncmp(what, "revoke-", 7) == 0)
		err = publish_revocation(&s, what + 7);
	else if (err == HF_OK)
		err = publish_release(&s);
	status = shelf_end(&s, err);
	/* Not yet is another answer than no: of signers, and of witnesses. */
	return err == HF_ERR_RELEASE_QUORUM || err == HF_ERR_STATEMENT_QUORUM ||
			       err == HF_ERR_PROOF_WITNESS || err == HF_ERR_LOG_WAIT
		       ? CLI_QUORUM
		       : status;
}

int cmd_release_bundle(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	bool policies = strcmp(args->args[0], "policies") == 0;
	char d[SHELF_HEX] = "";
	struct shelf s;
	long from = 0;
	hf_err err;

	if (!cli_number(args, "from", 1, SHELF_POLICIES_MAX, 0, &from))
		return CLI_USAGE;
	if (policies && out == NULL)
		return cli_usage("release bundle policies: --out FILE is needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK && !policies)
		err = shelf_find(&s, args->args[0], d);
	if (err == HF_OK)
		err = release_bundle(&s, d, (uint64_t)from, out);
	if (err == HF_OK && policies)
		print_pairs(args->json, "bundle", out, NULL);
	else if (err == HF_OK)
		print_pairs(args->json, "release", d, "bundle", out, NULL);
	return shelf_end(&s, err);
}

/* ---- export ---------------------------------------------------------------------------------------- */

static hf_err export_envelope(struct shelf *s, const char *d, const char *out)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN);
	struct hf_envelope e;

	HF_TRY(shelf_envelope(s, d, &file, &e));
	return hf_file_replace(out, cli_flag(s->args, "log-object") ? e.member : hf_buf_bytes(&file), 0644,
			       &s->why);
}

static hf_err export_any(struct shelf *s)
{
	const char *out = cli_option(s->args, "out"), *what = s->args->args[0];
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	char d[SHELF_HEX], name[SHELF_NAME_MAX];

	if (strncmp(what, "policy-", 7) == 0) {
		HF_TRY(statement_draft(s, strtoull(what + 7, NULL, 10), &file));
		return hf_file_replace(out, hf_buf_bytes(&file), 0644, &s->why);
	}
	if (strncmp(what, "revoke-", 7) == 0) {
		HF_TRY(shelf_find(s, what + 7, d));
		shelf_release_name(d, "revoked.cose", name);
		HF_TRY(shelf_read(s, name, &file));
		return hf_file_replace(out, hf_buf_bytes(&file), 0644, &s->why);
	}
	HF_TRY(shelf_find(s, what, d));
	if (cli_flag(s->args, "sigsum-proof"))
		return release_sigsum_proof(s, d, out);
	return export_envelope(s, d, out);
}

int cmd_release_export(const struct cli_args *args)
{
	struct shelf s;
	hf_err err;

	if (cli_option(args, "out") == NULL)
		return cli_usage("release export: --out FILE is needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK)
		err = export_any(&s);
	if (err == HF_OK)
		print_pairs(args->json, "file", cli_option(args, "out"), NULL);
	return shelf_end(&s, err);
}

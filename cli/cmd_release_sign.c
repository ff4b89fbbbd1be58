/* cmd_release_sign.c -- `holdfast release sign | add-signature | revoke`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/json.h>
#include "print.h"
#include "statements.h"

enum { TYPED = 8, LINE = 256 };

const struct cli_opt release_sign_opts[] = {
	OPT_DIR,
	OPT_KEY,
	OPT_PUBLIC,
	{ "accept-cap", "LINE",
	  "a capability that this release adds, as the page shows it; repeat for each" },
	{ "digest", "HEX", "at least the first 8 digits of D, for scripts; a person types them" },
	{ 0 },
};
const struct cli_opt release_add_opts[] = { OPT_DIR, { 0 } };
const struct cli_opt release_revoke_opts[] = { OPT_DIR,
					       OPT_KEY,
					       OPT_PUBLIC,
					       { "reason", "TEXT",
						 "why, for everybody to read; the first signer gives it" },
					       { 0 } };

/* Every addition must be named by hand: that is the moment an insider's door is seen. */
static hf_err check_additions(struct shelf *s, const struct release *old, const struct release *r)
{
	struct release *room HF_AUTO(release_drop) = release_new();
	size_t missing = 0;

	if (room == NULL)
		return hf_why_set(&s->why, HF_ERR_HOST_MEMORY, "%s", "");
	(void)release_additions(old, r, &room->capabilities);
	for (size_t i = 0; i < room->capabilities.n; i++) {
		struct hf_buf line HF_AUTO(hf_buf_free) = HF_BUF(2 * CAPABILITY_LINE_MAX);
		bool named = false;

		HF_TRY(capability_print(&room->capabilities.line[i], &line));
		for (int k = 0; cli_option_nth(s->args, "accept-cap", k) != NULL; k++)
			named = named ||
				strcmp(cli_option_nth(s->args, "accept-cap", k), hf_buf_text(&line)) == 0;
		if (!named)
			fprintf(stderr, "not accepted: --accept-cap '%s'\n", hf_buf_text(&line));
		missing += named ? 0 : 1;
	}
	return missing == 0 ? HF_OK
			    : hf_why_set(&s->why, HF_ERR_CAPABILITY_ADDED,
					 "%zu capabilities are new and not named by --accept-cap", missing);
}

/* Did the signer look? */
hf_err release_typed(struct shelf *s, const char *d)
{
	const char *given = cli_option(s->args, "digest");
	char line[LINE] = "";

	if (given == NULL && !isatty(STDIN_FILENO))
		return hf_why_set(&s->why, HF_ERR_SHELF_NAME, "no terminal: --digest is needed");
	if (given == NULL) {
		fprintf(stderr, "\nType the first %d digits of D to sign: ", TYPED);
		if (fgets(line, sizeof(line), stdin) == NULL)
			line[0] = '\0';
		line[strcspn(line, "\n")] = '\0';
		given = line;
	}
	if (strlen(given) >= TYPED && strlen(given) < SHELF_HEX && strncasecmp(given, d, strlen(given)) == 0)
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_SHELF_NAME,
			  "'%s' are not the first digits of D; nothing was signed", given);
}

static hf_err check_role(struct shelf *s, const struct hf_policy *p, const struct signer *key)
{
	int at = hf_policy_find(p, HF_ARR(key->kid));
	int role = at < 0 ? 0 : p->key[at].role;

	if (role == HF_ROLE_RELEASE || role == HF_ROLE_REBUILDER)
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_SIGNER_ABSENT,
			  "policy %llu knows this key as no release key and no rebuilder",
			  (unsigned long long)p->number);
}

static hf_err sign_envelope(struct shelf *s, const struct release *r, struct signer *key)
{
	const struct hf_cose_signer me = { .alg = HF_COSE_ED25519, .kid = HF_ARR(key->kid), .hw = &key->key };
	uint8_t mem[HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN], scratch_mem[256];
	struct hf_out out = HF_OUT(mem), scratch = HF_OUT(scratch_mem);
	char name[SHELF_NAME_MAX];
	hf_err err = hf_envelope_sign(hf_buf_bytes(&r->file), &me, &scratch, &out);

	if (err != HF_OK) {
		s->why = key->why;
		return shelf_fail(s, err, "sign");
	}
	shelf_release_name(r->d, "envelope", name);
	return shelf_replace(s, name, hf_out_bytes(&out));
}

static hf_err sign(struct shelf *s, struct signer *key)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct release *r HF_AUTO(release_drop) = NULL;
	struct release *old HF_AUTO(release_drop) = NULL;
	struct hf_buf page HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);

	HF_TRY(release_open(s, s->args->args[0], &policy, &r));
	HF_TRY(release_previous(s, r, &old));
	HF_TRY(release_signer(s, key));
	HF_TRY(check_role(s, &policy.p, key));
	HF_TRY(release_page(s, old, r, &policy.p, &page));
	fputs(hf_buf_text(&page), stderr);
	HF_TRY(check_additions(s, old, r));
	HF_TRY(release_typed(s, r->d));
	HF_TRY(sign_envelope(s, r, key));
	cli_say(s->args, "Signed %s.", r->d);
	print_pairs(s->args->json, "signed", r->d, NULL);
	return HF_OK;
}

int cmd_release_sign(const struct cli_args *args)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	struct shelf s;
	hf_err err;

	if (cli_option(args, "key") == NULL)
		return cli_usage("release sign: --key SIGNER is needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK)
		err = sign(&s, &key);
	return shelf_end(&s, err);
}

/* ---- signatures made elsewhere -------------------------------------------------------------------- */

static hf_err add_envelope(struct shelf *s, hf_bytes file, const struct hf_policy *p)
{
	uint8_t mem[2][HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN], scratch_mem[256];
	struct hf_buf have HF_AUTO(hf_buf_free) = HF_BUF(sizeof(mem[0]));
	struct hf_out scratch = HF_OUT(scratch_mem);
	struct hf_envelope theirs, ours;
	hf_key_set release = 0, rebuilders = 0;
	char d[SHELF_HEX], name[SHELF_NAME_MAX];
	size_t n = 0;
	hf_bytes sum;
	hf_err err = hf_envelope_read(file, &theirs);

	if (err == HF_OK)
		err = hf_release_signers(&theirs, p, &scratch, &release, &rebuilders);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", s->args->args[0]);
	shelf_hex(HF_ARR(theirs.d), d);
	HF_TRY(shelf_envelope(s, d, &have, &ours));
	sum = hf_buf_bytes(&have);
	for (size_t i = 0; i < theirs.n_blocks; i++) {
		struct hf_out out = { mem[n % 2], sizeof(mem[0]), 0 }; /* never the one that `sum` lies in */

		if (hf_policy_find(p, theirs.block[i].kid) < 0)
			continue;
		err = hf_envelope_add(sum, theirs.block_bytes[i], &out);
		if (err != HF_OK)
			return hf_why_set(&s->why, err, "%s", s->args->args[0]);
		sum = hf_out_bytes(&out);
		n++;
	}
	if (n == 0)
		return hf_why_set(&s->why, HF_ERR_RELEASE_QUORUM, "no signature by a key of policy %llu",
				  (unsigned long long)p->number);
	HF_TRY(hf_envelope_read(sum, &ours));
	if (memcmp(ours.d, theirs.d, sizeof(ours.d)) != 0)
		return HF_ERR_BASE_MISUSE;
	shelf_release_name(d, "envelope", name);
	HF_TRY(shelf_replace(s, name, sum));
	print_pairs(s->args->json, "added", d, NULL);
	return HF_OK;
}

static hf_err add_policy(struct shelf *s, hf_bytes file, const struct hf_policy *next,
			 const struct hf_policy *p)
{
	struct hf_buf have HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	uint8_t mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out out = HF_OUT(mem);
	char hash[SHELF_HEX];
	size_t n = 0;
	hf_err err;

	err = statement_draft(s, next->number, &have);
	/* Made elsewhere: by `holdfast init`. */
	if (err == HF_ERR_FILE_ABSENT && p == NULL && next->number == 1)
		err = hf_buf_put(&have, statement_payload(file));
	HF_TRY(err);
	HF_TRY(statement_merge(s, hf_buf_bytes(&have), file, p, next, &n, &out));
	HF_TRY(shelf_make(s));
	HF_TRY(statement_store_draft(s, next->number, hf_out_bytes(&out)));
	shelf_hex(HF_ARR(next->hash), hash);
	cli_say(s->args, "Policy %llu is %s", (unsigned long long)next->number, hash);
	print_pairs(s->args->json, "policy", hash, NULL);
	return HF_OK;
}

static hf_err add_revocation(struct shelf *s, hf_bytes file, const struct revocation *r,
			     const struct hf_policy *p)
{
	struct hf_buf have HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	uint8_t mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out out = HF_OUT(mem);
	char d[SHELF_HEX], name[SHELF_NAME_MAX];
	size_t n = 0;

	shelf_hex(r->d, d);
	shelf_release_name(d, "revoked.cose", name);
	if (shelf_has(s, name))
		HF_TRY(shelf_read(s, name, &have));
	else
		HF_TRY(hf_buf_put(&have, statement_payload(file)));
	HF_TRY(statement_merge(s, hf_buf_bytes(&have), file, p, NULL, &n, &out));
	HF_TRY(shelf_replace(s, name, hf_out_bytes(&out)));
	print_pairs(s->args->json, "added", d, NULL);
	return HF_OK;
}

static hf_err add_any(struct shelf *s)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN);
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_statement st;
	struct revocation revocation;
	struct hf_policy next;
	hf_err err;

	HF_TRY(hf_file_read(s->args->args[0], &file, &s->why));
	err = shelf_policy(s, SHELF_POLICIES_MAX, &policy);
	if (err != HF_OK && err != HF_ERR_SHELF_POLICY)
		return err;
	if (hf_statement_read(hf_buf_bytes(&file), &st) != HF_OK)
		return err != HF_OK ? err : add_envelope(s, hf_buf_bytes(&file), &policy.p);
	if (hf_policy_read(st.sign.payload, &next) == HF_OK)
		return add_policy(s, hf_buf_bytes(&file), &next, err == HF_OK ? &policy.p : NULL);
	if (err == HF_OK && revocation_read(st.sign.payload, &revocation) == HF_OK)
		return add_revocation(s, hf_buf_bytes(&file), &revocation, &policy.p);
	return hf_why_set(&s->why, HF_ERR_STATEMENT_TYPE, "%s: neither release, policy nor revocation",
			  s->args->args[0]);
}

int cmd_release_add(const struct cli_args *args)
{
	struct shelf s;
	hf_err err = shelf_open(args, true, &s); /* policy 1 may be the first thing that a folder gets */

	if (err == HF_OK)
		err = add_any(&s);
	return shelf_end(&s, err);
}

/* ---- revoke ---------------------------------------------------------------------------------------- */

static hf_err begin_revocation(struct shelf *s, const struct release *r, struct hf_buf *out)
{
	const char *reason = cli_option(s->args, "reason");
	uint8_t mem[HF_STATEMENT_MAX_LEN];
	struct hf_out payload = HF_OUT(mem);
	struct revocation revocation = { HF_ARR(r->envelope.d), r->manifest.class_id, { 0 } };

	if (reason == NULL || reason[0] == '\0' || strlen(reason) > REVOKE_REASON_MAX)
		return hf_why_set(&s->why, HF_ERR_REVOCATION_SHAPE,
				  "--reason TEXT of 1 to %d bytes is needed", REVOKE_REASON_MAX);
	revocation.reason = release_text(reason);
	HF_TRY(revocation_write(&revocation, &payload));
	return hf_buf_put(out, hf_out_bytes(&payload));
}

static hf_err withdraw(struct shelf *s, struct signer *key)
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct release *r HF_AUTO(release_drop) = NULL;
	struct hf_buf have HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	uint8_t mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out out = HF_OUT(mem);
	char name[SHELF_NAME_MAX];

	HF_TRY(release_open(s, s->args->args[0], &policy, &r));
	HF_TRY(release_signer(s, key));
	HF_TRY(check_role(s, &policy.p, key));
	shelf_release_name(r->d, "revoked.cose", name);
	if (shelf_has(s, name))
		HF_TRY(shelf_read(s, name, &have));
	else
		HF_TRY(begin_revocation(s, r, &have));
	HF_TRY(statement_sign(s, hf_buf_bytes(&have), key, &out));
	HF_TRY(shelf_replace(s, name, hf_out_bytes(&out)));
	cli_say(s->args, "Signed the revocation of %s. Next: holdfast release publish revoke-%s", r->d,
		r->d);
	print_pairs(s->args->json, "signed", r->d, NULL);
	return HF_OK;
}

int cmd_release_revoke(const struct cli_args *args)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	struct shelf s;
	hf_err err;

	if (cli_option(args, "key") == NULL)
		return cli_usage("release revoke: --key SIGNER is needed");
	err = shelf_open(args, false, &s);
	if (err == HF_OK)
		err = withdraw(&s, &key);
	return shelf_end(&s, err);
}

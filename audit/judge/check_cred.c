/* check_cred.c -- who can log in with what everybody may know.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_cred[];
extern const size_t hf_n_rules_cred;

static bool is_system(const struct hf_fact *f)
{
	return f->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_PASSWD ||
	       f->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_SHADOW;
}

static struct hf__chk_where at_account(const struct hf_fact *f)
{
	return (struct hf__chk_where){ .path = f->path,
				       .offset = f->num[HF_ACCOUNT_OFFSET],
				       .length = f->num[HF_ACCOUNT_LENGTH],
				       .key = f->text[HF_ACCOUNT_NAME] };
}

static const char *scheme_name(uint64_t scheme)
{
	static const char *const names[] = { "other",   "DES",    "MD5",      "SHA-1", "SHA-256",
					     "SHA-512", "bcrypt", "yescrypt", "scrypt" };

	return scheme < sizeof(names) / sizeof(names[0]) ? names[scheme] : names[0];
}

/* Is there a shadow file in the tree that tells what 'x' stands for? */
static bool has_shadow(const struct hf_case *c, hf_bytes path)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	if (f->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_SHADOW &&
	    hf_bytes_equal(hf__chk_tree(f->path), hf__chk_tree(path)))
		return true;
	return false;
}

/* One finding an account: the worse rule speaks. */
static void run_hashes(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);
		uint64_t state = f->num[HF_ACCOUNT_STATE];

		if (!is_system(f))
			continue;
		if (state == HF_PASSWORD_SHADOWED && !has_shadow(c, f->path))
			hf_unknown(c, rule, f->path, "the shadow file is not among the inputs");
		else if (state != HF_PASSWORD_USABLE)
			hf_pass(c, rule);
		else if (f->num[HF_ACCOUNT_KNOWN] != HF_KNOWNPW_YES)
			hf__chk_report(c, rule, &at, "account %.*s, %s hash %.*s",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u),
				       scheme_name(f->num[HF_ACCOUNT_SCHEME]),
				       HF__CHK_ARG(f->text[HF_ACCOUNT_EVIDENCE], 40u));
	}
}

static void run_known(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);
		hf_bytes password = f->text[HF_ACCOUNT_PASSWORD];

		if (f->num[HF_ACCOUNT_KNOWN] == HF_KNOWNPW_COSTLY)
			hf_unknown(c, rule, f->path,
				   "the hash costs too much to try public passwords against");
		else if (f->num[HF_ACCOUNT_KNOWN] == HF_KNOWNPW_NO)
			hf_pass(c, rule);
		else if (f->num[HF_ACCOUNT_KNOWN] == HF_KNOWNPW_YES)
			hf__chk_report(c, rule, &at, "account %.*s has the public password \"%.*s\"",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u),
				       HF__CHK_ARG(password, 40u));
	}
}

static bool may_log_in(hf_bytes shell)
{
	hf_bytes base = hf_span_base(shell);

	return !hf_span_is(base, "nologin") && !hf_span_is(base, "false") && !hf_span_is(base, "sync");
}

/* The shell that passwd of the same tree gives an account; what is not told may be a real one. */
static bool has_shell(const struct hf_case *c, const struct hf_fact *account)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	if (account->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_PASSWD)
		return may_log_in(account->text[HF_ACCOUNT_SHELL]);
	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	if (f->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_PASSWD &&
	    hf_bytes_equal(f->text[HF_ACCOUNT_NAME], account->text[HF_ACCOUNT_NAME]) &&
	    hf_bytes_equal(hf__chk_tree(f->path), hf__chk_tree(account->path)))
		return may_log_in(f->text[HF_ACCOUNT_SHELL]);
	return true;
}

static void run_empty(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);

		if (!is_system(f))
			continue;
		if (f->num[HF_ACCOUNT_STATE] == HF_PASSWORD_SHADOWED && !has_shadow(c, f->path))
			hf_unknown(c, rule, f->path, "the shadow file is not among the inputs");
		else if (f->num[HF_ACCOUNT_STATE] != HF_PASSWORD_EMPTY || !has_shell(c, f))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "account %.*s has no password",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u));
	}
}

static void run_weak(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);
		uint64_t scheme = f->num[HF_ACCOUNT_SCHEME];

		if (f->num[HF_ACCOUNT_STATE] != HF_PASSWORD_USABLE)
			continue;
		if (scheme == HF_SCHEME_OTHER)
			hf_unknown(c, rule, f->path, "the scheme of the hash is not known");
		else if (scheme == HF_SCHEME_DES || scheme == HF_SCHEME_MD5 || scheme == HF_SCHEME_SHA1)
			hf__chk_report(c, rule, &at, "account %.*s, scheme %s",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u), scheme_name(scheme));
		else
			hf_pass(c, rule);
	}
}

static bool another_root(const struct hf_case *c, const struct hf_fact *account)
{
	const struct hf_model *m = hf_case_model(c);
	size_t first = 0, n = hf_model_of(m, HF_FACT_ACCOUNT, account->path, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_ACCOUNT, i);

		if (f != account && f->num[HF_ACCOUNT_UID] == 0 &&
		    (hf_span_is(f->text[HF_ACCOUNT_NAME], "root") ||
		     f->num[HF_ACCOUNT_OFFSET] < account->num[HF_ACCOUNT_OFFSET]))
			return true;
	}
	return false;
}

static void run_uid0(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;
	bool passwd = false;

	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);

		if (f->num[HF_ACCOUNT_SOURCE] != HF_ACCOUNTS_PASSWD)
			continue;
		passwd = true;
		if (f->num[HF_ACCOUNT_UID] == 0 && !hf_span_is(f->text[HF_ACCOUNT_NAME], "root") &&
		    another_root(c, f))
			hf__chk_report(c, rule, &at, "account %.*s has uid 0",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u));
		else
			hf_pass(c, rule);
	}
	if (!passwd && hf_model_n(m, HF_FACT_ACCOUNT) > 0)
		hf_unknown(c, rule, hf_model_at(m, HF_FACT_ACCOUNT, 0)->path,
			   "no passwd file names the uids");
}

static void run_authorized(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		size_t first = 0;

		if (!hf_span_is(hf_span_base(f->text[HF_FILE_NAME]), "authorized_keys"))
			continue;
		if (f->text[HF_FILE_SHA256].len == 0 && f->num[HF_FILE_TYPE] == HF_NODE_FILE)
			hf_unknown(c, rule, f->path, "the file could not be read");
		else if (hf_model_of(m, HF_FACT_KEY, f->path, &first) == 0)
			hf_pass(c, rule);
	}
	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_KEY_OFFSET],
					    .length = f->num[HF_KEY_LENGTH],
					    .key = f->text[HF_KEY_NAME] };

		if (f->num[HF_KEY_CLASS] == HF_KEYC_AUTHORIZED)
			hf__chk_report(c, rule, &at, "%.*s key %.*s",
				       HF__CHK_ARG(f->text[HF_KEY_EVIDENCE], 40u),
				       HF__CHK_ARG(f->text[HF_KEY_NAME], 80u));
	}
}

static void run_secrets(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_HIT_OFFSET],
					    .length = f->num[HF_HIT_LENGTH],
					    .key = f->text[HF_HIT_NAME] };

		if (f->num[HF_HIT_CLASS] == HF_HITC_SECRET)
			hf__chk_report(c, rule, &at, "%.*s %.*s", HF__CHK_ARG(f->text[HF_HIT_NAME], 40u),
				       HF__CHK_ARG(f->text[HF_HIT_EVIDENCE], 40u));
	}
	HF__CHK_EACH(m, HF_FACT_ACCOUNT, f, i)
	{
		struct hf__chk_where at = at_account(f);

		if (f->num[HF_ACCOUNT_SOURCE] != HF_ACCOUNTS_HTPASSWD)
			continue;
		if (f->num[HF_ACCOUNT_STATE] == HF_PASSWORD_LOCKED)
			hf_unknown(c, rule, f->path, "the form of the web password is not known");
		else if (f->num[HF_ACCOUNT_KNOWN] != HF_KNOWNPW_YES)
			hf__chk_report(c, rule, &at, "web account %.*s, %.*s",
				       HF__CHK_ARG(f->text[HF_ACCOUNT_NAME], 40u),
				       HF__CHK_ARG(f->text[HF_ACCOUNT_EVIDENCE], 40u));
	}
}

#define ACCESS "EN303645:5.1-1 EN303645:5.1-2 PSTI:1 CRA:I.1 EN18031:AUM"
const struct hf_rule hf_rules_cred[] = {
	{ "CRED-001", HF_SEV_HIGH, 798, "an account can log in with a password that every device shares",
	  "lock the account ('!' in the password field) or give each device its own password at production",
	  ACCESS, run_hashes },
	{ "CRED-002", HF_SEV_CRITICAL, 1392, "an account has a password that is on public lists",
	  "lock the account; bots try this very password within minutes of being reachable", ACCESS,
	  run_known },
	{ "CRED-003", HF_SEV_CRITICAL, 258, "an account has no password at all",
	  "put '!' into its password field in /etc/shadow, or give it no shell", ACCESS, run_empty },
	{ "CRED-004", HF_SEV_HIGH, 916, "a password is hashed with DES, MD5 or SHA-1",
	  "hash it anew with yescrypt or SHA-512; such hashes are searched in hours",
	  "EN303645:5.1-3 EN18031:CRY", run_weak },
	{ "CRED-005", HF_SEV_CRITICAL, 269, "a second account has uid 0",
	  "remove the account, or give it a uid of its own and the rights it needs", ACCESS, run_uid0 },
	{ "CRED-006", HF_SEV_HIGH, 798, "the image lets a fixed SSH key in",
	  "remove authorized_keys from the image; let operators in with certificates or signed commands",
	  ACCESS, run_authorized },
	{ "CRED-007", HF_SEV_MEDIUM, 260, "a configuration holds a password, community or passphrase",
	  "take the secret out of the image and set it when the device is put into service",
	  "EN303645:5.4-3 EN18031:SSM", run_secrets },
};
const size_t hf_n_rules_cred = sizeof(hf_rules_cred) / sizeof(hf_rules_cred[0]);

/* account.c -- passwd, shadow and htpasswd: who can log in, with what, and is the password public?
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/crypto.h>
#include "known.h"

enum { LINES_MAX = 4096, FIELDS = 9 };

/* Told by name and place, and by form: other files called "shadow" exist. */
static unsigned source_of(const struct hf__scan_job *job)
{
	if (job->text.len == 0)
		return 0;
	if (hf_span_is(job->base, "passwd") || hf_span_is(job->base, "passwd-"))
		return HF_ACCOUNTS_PASSWD;
	if (hf_span_is(job->base, "shadow") || hf_span_is(job->base, "shadow-"))
		return HF_ACCOUNTS_SHADOW;
	if (hf_span_ends(job->base, "htpasswd") || hf_span_is(job->base, "httpd.conf"))
		return HF_ACCOUNTS_HTPASSWD;
	return 0;
}

static size_t split(hf_bytes line, hf_bytes field[FIELDS])
{
	size_t n = 0;

	for (size_t i = 0; i < FIELDS; i++)
		field[i] = (hf_bytes){ 0 };
	while (n < FIELDS) {
		const uint8_t *end = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;

		field[n++] = end == NULL ? line : hf_span_upto(line, (size_t)(end - line.ptr));
		if (end == NULL)
			return n;
		line = hf_span_from(line, (size_t)(end - line.ptr) + 1);
	}
	return FIELDS + 1;
}

static hf_err judge_password(struct hf__scan_job *job, struct hf_fact *fact, hf_bytes field, bool try)
{
	unsigned scheme = HF_SCHEME_OTHER, known = HF_KNOWNPW_UNTRIED;
	unsigned state = hf__scan_password_state(field, &scheme);

	if (state == HF_PASSWORD_USABLE && try)
		known = hf__scan_known_try(job->scan->known, field, &fact->text[HF_ACCOUNT_PASSWORD]);
	fact->num[HF_ACCOUNT_STATE] = state;
	fact->num[HF_ACCOUNT_SCHEME] = scheme;
	fact->num[HF_ACCOUNT_KNOWN] = known;
	if (known == HF_KNOWNPW_COSTLY)
		return hf__scan_put_problem(job, 1, "password hash costs more to try than its limit");
	return HF_OK;
}

static hf_err put_account(struct hf__scan_job *job, struct hf_fact *fact, hf_bytes field)
{
	uint8_t digest[HF_SHA256_LEN], room[HF__REDACTED_CAP];
	struct hf_out evidence = HF_OUT(room);

	if (fact->num[HF_ACCOUNT_STATE] == HF_PASSWORD_USABLE ||
	    fact->num[HF_ACCOUNT_STATE] == HF_PASSWORD_PLAIN) {
		HF_TRY(hf_crypto_sha256(&field, 1, digest));
		HF_TRY(hf__scan_redact(field, &evidence));
		fact->text[HF_ACCOUNT_DIGEST] = HF_ARR(digest);
		fact->text[HF_ACCOUNT_EVIDENCE] = hf_out_bytes(&evidence);
	}
	return hf__scan_put(job, fact);
}

static hf_err put_system_line(struct hf__scan_job *job, unsigned source, hf_bytes line, struct hf_fact *fact)
{
	hf_bytes field[FIELDS];
	size_t n = split(line, field);

	if (field[0].len == 0 || field[0].ptr[0] == '+' || field[0].ptr[0] == '-' ||
	    n != (source == HF_ACCOUNTS_PASSWD ? 7u : 9u))
		return HF_OK; /* NIS entries and lines of another form name nobody */
	fact->text[HF_ACCOUNT_NAME] = field[0];
	if (source == HF_ACCOUNTS_PASSWD) {
		if (!hf__scan_number(field[2], &fact->num[HF_ACCOUNT_UID]) ||
		    !hf__scan_number(field[3], &fact->num[HF_ACCOUNT_GID]))
			return HF_OK;
		fact->text[HF_ACCOUNT_HOME] = field[5];
		fact->text[HF_ACCOUNT_SHELL] = field[6];
	}
	HF_TRY(judge_password(job, fact, field[1], true));
	return put_account(job, fact, field[1]);
}

/* What is no hash of any kind is the password itself. */
static void judge_plain(struct hf__scan_job *job, struct hf_fact *fact, hf_bytes field)
{
	if (fact->num[HF_ACCOUNT_STATE] != HF_PASSWORD_LOCKED || strchr("*!$", field.ptr[0]) != NULL)
		return;
	fact->num[HF_ACCOUNT_STATE] = HF_PASSWORD_PLAIN;
	fact->num[HF_ACCOUNT_KNOWN] = hf__scan_known_plain(job->scan->known, field);
	if (fact->num[HF_ACCOUNT_KNOWN] == HF_KNOWNPW_YES)
		fact->text[HF_ACCOUNT_PASSWORD] = field;
}

/* name:hash, or busybox httpd's /path:name:password. */
static hf_err put_web_line(struct hf__scan_job *job, hf_bytes line, struct hf_fact *fact)
{
	hf_bytes field[FIELDS], password;
	size_t n = split(line, field), at = line.ptr[0] == '/' ? 1 : 0;

	if ((at == 0 && hf_span_is(job->base, "httpd.conf")) || n != at + 2)
		return HF_OK;
	password = field[at + 1];
	if (field[at].len == 0 || password.len == 0 || password.len > 200)
		return HF_OK;
	fact->text[HF_ACCOUNT_NAME] = field[at];
	HF_TRY(judge_password(job, fact, password,
			      !hf_span_begins(password, "$apr1$") && !hf_span_begins(password, "{SHA}")));
	judge_plain(job, fact, password);
	return put_account(job, fact, password);
}

hf_err hf__scan_accounts(struct hf__scan_job *job)
{
	unsigned source = source_of(job), n = 0;
	hf_bytes rest = job->text, line;

	if (source != 0)
		hf__scan_known_begin(job->scan->known);
	while (source != 0 && n < LINES_MAX && hf_span_line(&rest, &line)) {
		struct hf_fact fact = { .kind = HF_FACT_ACCOUNT };

		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		n++;
		fact.num[HF_ACCOUNT_SOURCE] = source;
		fact.num[HF_ACCOUNT_OFFSET] = (uint64_t)(line.ptr - job->text.ptr);
		fact.num[HF_ACCOUNT_LENGTH] = line.len;
		if (source == HF_ACCOUNTS_HTPASSWD)
			HF_TRY(put_web_line(job, line, &fact));
		else
			HF_TRY(put_system_line(job, source, line, &fact));
	}
	if (n == LINES_MAX)
		return hf__scan_put_problem(job, 1, "more than 4,096 accounts in one file");
	return HF_OK;
}

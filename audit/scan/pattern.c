/* pattern.c -- the forms of tokens as their issuers publish them, and of build traces.
 * SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include "pattern.h"

enum { MATCH_LIMIT = 100000, STACK_MAX = 65536 };

/* All are anchored at the literal of the same name; the byte behind must not continue the token. */
#define END "(?![A-Za-z0-9_\\-])"
static const struct {
	const char *name, *pattern;
} patterns[] = {
	{ "aws-access-key", "AKIA[A-Z0-9]{16}" END },
	{ "aws-temporary-key", "ASIA[A-Z0-9]{16}" END },
	{ "github-classic", "ghp_[A-Za-z0-9]{36}" END },
	{ "github-oauth", "gho_[A-Za-z0-9]{36}" END },
	{ "github-user", "ghu_[A-Za-z0-9]{36}" END },
	{ "github-server", "ghs_[A-Za-z0-9]{36}" END },
	{ "github-refresh", "ghr_[A-Za-z0-9]{36,76}" END },
	{ "github-fine", "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}" END },
	{ "gitlab-personal", "glpat-[A-Za-z0-9_\\-]{20,64}" END },
	{ "gitlab-runner", "glrt-[A-Za-z0-9_\\-]{20,64}" END },
	{ "gitlab-deploy", "gldt-[A-Za-z0-9_\\-]{20,64}" END },
	{ "slack-bot", "xoxb-[0-9]{10,13}-[0-9]{10,13}-[A-Za-z0-9]{24}" END },
	{ "slack-user", "xoxp-[0-9]{10,13}-[0-9]{10,13}-[0-9]{10,13}-[a-f0-9]{32}" END },
	{ "slack-app", "xapp-[0-9]-[A-Z0-9]{9,13}-[0-9]{10,15}-[a-f0-9]{64}" END },
	{ "slack-hook", "hooks\\.slack\\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}" END },
	{ "stripe-live", "sk_live_[A-Za-z0-9]{24,99}" END },
	{ "stripe-restricted", "rk_live_[A-Za-z0-9]{24,99}" END },
	{ "google-api", "AIza[A-Za-z0-9_\\-]{35}" END },
	{ "npm-access", "npm_[A-Za-z0-9]{36}" END },
	{ "pypi-upload", "pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\\-]{50,200}" },
	{ "sendgrid", "SG\\.[A-Za-z0-9_\\-]{22}\\.[A-Za-z0-9_\\-]{43}" END },
	{ "vault-service", "hvs\\.[A-Za-z0-9_\\-]{90,120}" END },
	{ "digitalocean", "dop_v1_[a-f0-9]{64}" END },
	{ "shopify", "shpat_[a-fA-F0-9]{32}" END },
	{ "docker-hub", "dckr_pat_[A-Za-z0-9_\\-]{27}" END },
	{ "age-secret", "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}" END },
	/* C's __DATE__ */
	{ "date", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3][0-9] 20[0-4][0-9](?![0-9])" },
	/* a source file below somebody's folder */
	{ "path", "/(?:home|builds|root|Users|workspace)/[A-Za-z0-9_.+/\\-]{1,180}\\."
		  "(?:c|h|cc|cpp|cxx|hpp|rs|go|S)(?![A-Za-z0-9])" },
	{ "url", "https?://(?:\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9](?:[A-Za-z0-9.\\-]{0,250}[A-Za-z0-9])?)" },
	/* crypt(3) strings of full length */
	{ "md5", "\\$1\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{22}(?![./A-Za-z0-9])" },
	{ "sha256",
	  "\\$5\\$(?:rounds=[0-9]{1,9}\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{43}(?![./A-Za-z0-9])" },
	{ "sha512",
	  "\\$6\\$(?:rounds=[0-9]{1,9}\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{86}(?![./A-Za-z0-9])" },
	{ "yescrypt",
	  "\\$y\\$[./A-Za-z0-9]{3,8}\\$[./A-Za-z0-9]{1,86}\\$[./A-Za-z0-9]{43}(?![./A-Za-z0-9])" },
	{ "bcrypt-a", "\\$2a\\$[0-9]{2}\\$[./A-Za-z0-9]{53}(?![./A-Za-z0-9])" },
	{ "bcrypt-b", "\\$2b\\$[0-9]{2}\\$[./A-Za-z0-9]{53}(?![./A-Za-z0-9])" },
	{ "bcrypt-y", "\\$2y\\$[0-9]{2}\\$[./A-Za-z0-9]{53}(?![./A-Za-z0-9])" },
};
enum { N_PATTERNS = sizeof(patterns) / sizeof(patterns[0]) };

struct hf__scan_patterns {
	pcre2_code *code[N_PATTERNS];
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static hf_err compile(struct hf__scan_patterns *p, size_t i)
{
	int error = 0;
	size_t at = 0;

	p->code[i] = pcre2_compile((PCRE2_SPTR)patterns[i].pattern, PCRE2_ZERO_TERMINATED,
				   PCRE2_ANCHORED | PCRE2_NEVER_UTF, &error, &at, NULL);
	if (p->code[i] == NULL)
		return HF_ERR_BASE_MISUSE;
	/* Without a JIT on this machine the interpreter matches: slower, with the same limit. */
	(void)pcre2_jit_compile(p->code[i], PCRE2_JIT_COMPLETE);
	return HF_OK;
}

static hf_err prepare(struct hf__scan_patterns *p)
{
	p->data = pcre2_match_data_create(4, NULL);
	p->context = pcre2_match_context_create(NULL);
	p->stack = pcre2_jit_stack_create(STACK_MAX, STACK_MAX, NULL);
	if (p->data == NULL || p->context == NULL)
		return HF_ERR_HOST_MEMORY;
	pcre2_set_match_limit(p->context, MATCH_LIMIT);
	if (p->stack != NULL)
		pcre2_jit_stack_assign(p->context, NULL, p->stack);
	for (size_t i = 0; i < N_PATTERNS; i++)
		HF_TRY(compile(p, i));
	return HF_OK;
}

hf_err hf__scan_patterns_new(struct hf__scan_patterns **out)
{
	struct hf__scan_patterns *p = calloc(1, sizeof(*p));
	hf_err err = p == NULL ? HF_ERR_HOST_MEMORY : prepare(p);

	*out = NULL;
	if (err != HF_OK) {
		hf__scan_patterns_free(p);
		return err;
	}
	*out = p;
	return HF_OK;
}

void hf__scan_patterns_free(struct hf__scan_patterns *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < N_PATTERNS; i++)
		pcre2_code_free(p->code[i]);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	pcre2_jit_stack_free(p->stack);
	free(p);
}

bool hf__scan_pattern_match(struct hf__scan_patterns *p, const char *name, hf_bytes window, hf_bytes *match)
{
	*match = (hf_bytes){ 0 };
	for (size_t i = 0; i < N_PATTERNS; i++) {
		const size_t *ends;

		if (strcmp(patterns[i].name, name) != 0)
			continue;
		if (window.len == 0 || pcre2_match(p->code[i], window.ptr, window.len, 0, PCRE2_ANCHORED,
						   p->data, p->context) < 0)
			return false;
		ends = pcre2_get_ovector_pointer(p->data);
		*match = hf_span_upto(window, ends[1]);
		return true;
	}
	return false;
}

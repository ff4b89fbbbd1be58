/* check_surf.c -- what a release can do that the one before could not: services, powers, keys, imports.
 * Runs in `audit diff` only. What is gone is no finding; what is new or weaker is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/factcomp.h>
#include <hf/factscan.h>
#include <hf/version.h>
#include <hf/vpath.h>
#include <hf/span.h>
#include "delta.h"

enum { WORDS_CAP = 512, MODE_SUID_SGID = 06000 };

extern const struct hf_rule hf_rules_surf[];
extern const size_t hf_n_rules_surf;

/* "words text" as evidence and key. */
static void report(struct hf_case *c, const struct hf_rule *rule, hf_bytes path, const char *words,
		   hf_bytes text)
{
	char room[WORDS_CAP];
	int n = snprintf(room, sizeof(room), "%s %.*s", words, (int)(text.len < 400 ? text.len : 400),
			 text.len > 0 ? (const char *)text.ptr : "");
	hf_bytes evidence = { (const uint8_t *)room, n < 0 ? 0 : (size_t)n };

	if (evidence.len >= sizeof(room))
		evidence.len = sizeof(room) - 1;
	hf_find(c, rule, &(struct hf_report){ .path = path, .evidence = evidence, .key = evidence });
}

/* ---- 001: services and listeners ---- */

static void new_service(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			const struct hf_fact *now)
{
	if (before == NULL && (now->num[HF_SERVICE_FLAGS] & HF_SERVICEF_DISABLED) == 0)
		report(c, rule, now->path, "starts", now->text[HF_SERVICE_NAME]);
}

static void new_listener(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			 const struct hf_fact *now)
{
	char words[64];

	if (before != NULL && before->num[HF_LISTENER_PORT] == now->num[HF_LISTENER_PORT])
		return;
	(void)snprintf(words, sizeof(words), "listens on port %llu of",
		       (unsigned long long)now->num[HF_LISTENER_PORT]);
	report(c, rule, now->path, words, now->text[HF_LISTENER_ADDRESS]);
}

static void run_services(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_SERVICE, HF_SERVICE_NAME, new_service, rule);
	hf__delta(c, HF_FACT_LISTENER, HF_LISTENER_ADDRESS, new_listener, rule);
}

/* ---- 002: powers and users ---- */

static bool has_power(const struct hf_fact *f)
{
	return f != NULL && f->num[HF_FILE_TYPE] == HF_NODE_FILE &&
	       ((f->num[HF_FILE_MODE] & MODE_SUID_SGID) != 0 || f->text[HF_FILE_CAPS].len > 0);
}

static void new_power(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		      const struct hf_fact *now)
{
	if (has_power(now) && !has_power(before))
		report(c, rule, now->path, "gained setuid, setgid or a capability", (hf_bytes){ 0 });
}

static void new_user(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		     const struct hf_fact *now)
{
	if (before == NULL)
		report(c, rule, now->path, "new account", now->text[HF_ACCOUNT_NAME]);
	else if (before->num[HF_ACCOUNT_STATE] != now->num[HF_ACCOUNT_STATE] &&
		 (now->num[HF_ACCOUNT_STATE] == HF_PASSWORD_USABLE ||
		  now->num[HF_ACCOUNT_STATE] == HF_PASSWORD_EMPTY))
		report(c, rule, now->path, "can log in now:", now->text[HF_ACCOUNT_NAME]);
}

static void run_powers(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_FILE, HF__BY_PATH_ONLY, new_power, rule);
	hf__delta(c, HF_FACT_ACCOUNT, HF_ACCOUNT_NAME, new_user, rule);
}

/* ---- 003: keys and anchors ---- */

static void new_key(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		    const struct hf_fact *now)
{
	if (before == NULL && now->num[HF_KEY_CLASS] != HF_KEYC_TOKEN &&
	    (now->num[HF_KEY_FLAGS] & HF_KEYF_BUNDLE) == 0)
		report(c, rule, now->path, "new or changed key", now->text[HF_KEY_NAME]);
}

static void new_anchor(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		       const struct hf_fact *now)
{
	if (before == NULL && now->num[HF_SETTING_SUBJECT] == HF_SUBJECT_ANCHOR)
		report(c, rule, now->path, "new trust anchor", now->text[HF_SETTING_VALUE]);
}

static void run_keys(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_KEY, HF_KEY_SPKI, new_key, rule);
	hf__delta(c, HF_FACT_SETTING, HF_SETTING_VALUE, new_anchor, rule);
}

/* ---- 004: kernel ---- */

static bool is_on(hf_bytes value)
{
	return value.len > 0 && !hf_bytes_equal(value, HF_STR("n"));
}

/* Options whose absence is the good state. */
static bool better_off(hf_bytes name)
{
	static const char *const names[] = { "PROC_KCORE",  "DEBUG_FS",       "KGDB",
					     "MAGIC_SYSRQ", "LEGACY_TIOCSTI", "KEXEC" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.len == strlen(names[i]) && memcmp(name.ptr, names[i], name.len) == 0)
			return true;
	return false;
}

static void weaker_option(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			  const struct hf_fact *now)
{
	hf_bytes name = now->text[HF_SETTING_NAME];
	bool was, is;

	if (before == NULL || now->num[HF_SETTING_SUBJECT] != HF_SUBJECT_KCONFIG)
		return;
	was = is_on(before->text[HF_SETTING_VALUE]) != better_off(name);
	is = is_on(now->text[HF_SETTING_VALUE]) != better_off(name);
	if (was && !is)
		report(c, rule, now->path, "weaker kernel option", name);
}

static void run_kernel(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_SETTING, HF_SETTING_NAME, weaker_option, rule);
}

/* ---- 005, 006: programs ---- */

static bool is_reach(hf_bytes symbol)
{
	static const char *const starts[] = { "exec",   "system",  "popen",  "posix_spawn", "socket", "bind",
					      "listen", "connect", "accept", "dlopen",      "ptrace" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (symbol.len >= strlen(starts[i]) && memcmp(symbol.ptr, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void gained(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		   const struct hf_fact *now)
{
	hf_bytes imports = now->text[HF_ELF_IMPORTS], needed = now->text[HF_ELF_NEEDED], item;

	if (before == NULL)
		return;
	while (hf_span_part(&imports, 0, &item))
		if (is_reach(item) && !hf__list_has(before->text[HF_ELF_IMPORTS], item))
			report(c, rule, now->path, "gained import", item);
	while (hf_span_part(&needed, 0, &item))
		if (!hf__list_has(before->text[HF_ELF_NEEDED], item))
			report(c, rule, now->path, "gained library", item);
}

static void run_imports(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_ELF, HF__BY_PATH_ONLY, gained, rule);
}

static void weaker_program(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			   const struct hf_fact *now)
{
	static const char *const names[HF_ELFP_COUNT] = { "NX",          "PIE",        "RELRO",
							  "bind now",    "canary",     "fortify",
							  "stack clash", "CET or BTI", "no W+X" };

	for (unsigned p = 0; before != NULL && p <= HF_ELFP_WX; p++)
		if (hf_elf_state(before->num[HF_ELF_STATES], p) == HF_STATE_YES &&
		    hf_elf_state(now->num[HF_ELF_STATES], p) == HF_STATE_NO)
			report(c, rule, now->path, "lost",
			       (hf_bytes){ (const uint8_t *)names[p], strlen(names[p]) });
}

static void run_hardening(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_ELF, HF__BY_PATH_ONLY, weaker_program, rule);
}

/* ---- 007, 008, 009: components ---- */

static unsigned scheme_of(uint64_t db)
{
	if (db == HF_DB_RPM)
		return HF_VERSION_RPM;
	if (db == HF_DB_APK)
		return HF_VERSION_APK;
	return db == HF_DB_DPKG || db == HF_DB_OPKG ? HF_VERSION_DPKG : HF_VERSION_GENERIC;
}

static void older(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
		  const struct hf_fact *now)
{
	if (before != NULL &&
	    hf_version_compare(scheme_of(now->num[HF_PACKAGE_DB]), now->text[HF_PACKAGE_VERSION],
			       before->text[HF_PACKAGE_VERSION]) < 0)
		report(c, rule, now->path, "older than before:", now->text[HF_PACKAGE_NAME]);
}

static void run_downgrades(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_PACKAGE, HF_PACKAGE_NAME, older, rule);
}

static bool was_found(const struct hf_outcome *o, const char *fingerprint)
{
	for (size_t i = 0; i < o->n_findings; i++)
		if (strcmp(o->findings[i].fingerprint, fingerprint) == 0)
			return true;
	return false;
}

static void run_new_cves(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_outcome *before = c->opts.before_outcome, *after = c->opts.after_outcome;

	for (size_t i = 0; before != NULL && after != NULL && i < after->n_findings; i++) {
		const struct hf_finding *f = &after->findings[i];

		if (strcmp(f->rule->id, "VULN-001") == 0 && !was_found(before, f->fingerprint))
			report(c, rule, f->path, "introduced:",
			       (hf_bytes){ (const uint8_t *)f->evidence, strlen(f->evidence) });
	}
}

/* Package databases name files as they were before /bin and /lib became links. */
static bool same_file(hf_bytes owned, hf_bytes inner)
{
	static const char usr[] = "/usr";
	size_t n = sizeof(usr) - 1;

	if (hf_bytes_equal(owned, inner))
		return true;
	if (inner.len == owned.len + n && memcmp(inner.ptr, usr, n) == 0)
		return memcmp(inner.ptr + n, owned.ptr, owned.len) == 0;
	return false;
}

static const struct hf_fact *owner_of(const struct hf_model *m, hf_bytes inner)
{
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_OWNS); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_OWNS, i);

		if (same_file(f->text[HF_OWNS_FILE], inner))
			return f;
	}
	return NULL;
}

static hf_bytes version_of(const struct hf_model *m, hf_bytes package)
{
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_PACKAGE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_PACKAGE, i);

		if (hf_bytes_equal(f->text[HF_PACKAGE_NAME], package))
			return f->text[HF_PACKAGE_SOURCE_VERSION].len > 0 ? f->text[HF_PACKAGE_SOURCE_VERSION]
									  : f->text[HF_PACKAGE_VERSION];
	}
	return (hf_bytes){ 0 };
}

/* The insider's way: the program changes, the version that people look at does not. */
static void changed_alone(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			  const struct hf_fact *now)
{
	const struct hf_fact *owner;
	hf_bytes old, new;

	if (before == NULL || now->num[HF_FILE_KIND] != HF_KIND_ELF ||
	    hf_bytes_equal(before->text[HF_FILE_SHA256], now->text[HF_FILE_SHA256]))
		return;
	owner = owner_of(c->opts.model, hf_vpath_inner(now->path));
	if (owner == NULL)
		return;
	old = version_of(c->opts.before, owner->text[HF_OWNS_PACKAGE]);
	new = version_of(c->opts.model, owner->text[HF_OWNS_PACKAGE]);
	if (old.len > 0 && hf_bytes_equal(old, new))
		report(c, rule, now->path, "changed, but not the version of its package",
		       owner->text[HF_OWNS_PACKAGE]);
}

static void run_insider(struct hf_case *c, const struct hf_rule *rule)
{
	hf__delta(c, HF_FACT_FILE, HF__BY_PATH_ONLY, changed_alone, rule);
}

#define LOOK "ask who wanted it; if it is meant, write it into the capability manifest of the release"
const struct hf_rule hf_rules_surf[] = {
	{ "SURF-001", HF_SEV_HIGH, 1125, "a service or listener is new", LOOK, "EN303645:5.6-1",
	  run_services },
	{ "SURF-002", HF_SEV_HIGH, 250, "a setuid bit, capability or account is new", LOOK, "EN303645:5.6-7",
	  run_powers },
	{ "SURF-003", HF_SEV_HIGH, 912, "a key or trust anchor changed", LOOK, "EN303645:5.4-1", run_keys },
	{ "SURF-004", HF_SEV_MEDIUM, 693, "a kernel option was weakened", "set it again, or say why not",
	  "EN303645:5.6-6", run_kernel },
	{ "SURF-005", HF_SEV_MEDIUM, 1125, "a program gained exec, sockets, dlopen or a library", LOOK,
	  "EN303645:5.6-1", run_imports },
	{ "SURF-006", HF_SEV_MEDIUM, 693, "a program lost a protection",
	  "build it with the flags of the last release", "EN303645:5.6-6", run_hardening },
	{ "SURF-007", HF_SEV_MEDIUM, 1328, "a component is older than before",
	  "ship the newer one, or say why not", "CRA:II.2", run_downgrades },
	{ "SURF-008", HF_SEV_MEDIUM, 1395, "a known vulnerability was introduced", "update the component",
	  "CRA:II.2", run_new_cves },
	{ "SURF-009", HF_SEV_HIGH, 506, "a program changed while its package version did not",
	  "rebuild the package from its source and compare; a changed binary of an unchanged source is how "
	  "implants "
	  "come in",
	  "EN303645:5.7-1", run_insider },
};
const size_t hf_n_rules_surf = sizeof(hf_rules_surf) / sizeof(hf_rules_surf[0]);

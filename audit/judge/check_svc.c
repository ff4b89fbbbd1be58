/* check_svc.c -- what the device offers to the network.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "check_started.h"

extern const struct hf_rule hf_rules_svc[];
extern const size_t hf_n_rules_svc;

static struct hf__chk_where at_service(const struct hf_fact *f)
{
	return (struct hf__chk_where){ .path = f->path,
				       .offset = f->num[HF_SERVICE_OFFSET],
				       .length = f->num[HF_SERVICE_LENGTH],
				       .key = f->text[HF_SERVICE_NAME] };
}

static void run_clear(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SERVICE, f, i)
	{
		struct hf__chk_where at = at_service(f);
		unsigned started;

		if ((f->num[HF_SERVICE_FLAGS] & HF_SERVICEF_CLEAR) == 0)
			continue;
		started = hf__chk_started(c, f);
		if (started == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, "shipped, and nothing says whether it is started");
		else if (started == HF_STATE_NO)
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "started by %.*s: %.*s",
				       HF__CHK_ARG(f->text[HF_SERVICE_UNIT], 60u),
				       HF__CHK_ARG(f->text[HF_SERVICE_COMMAND], 150u));
	}
}

/* Links only say that another unit runs; timers and cron are not asked for here. */
static bool is_service(const struct hf_fact *f)
{
	uint64_t source = f->num[HF_SERVICE_SOURCE];

	if (source == HF_SOURCE_WANTS || source == HF_SOURCE_CRON || source == HF_SOURCE_UDEV)
		return false;
	return source != HF_SOURCE_UNIT || hf_span_ends(f->text[HF_SERVICE_UNIT], ".service") ||
	       hf_span_ends(f->text[HF_SERVICE_UNIT], ".socket");
}

static void run_allowed(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	if (!hf_allow_listed(c, HF_ALLOW_SERVICE)) {
		if (hf_model_n(m, HF_FACT_SERVICE) > 0)
			hf_unknown(c, rule, (hf_bytes){ 0 }, "the policy has no list [allow] services");
		return;
	}
	HF__CHK_EACH(m, HF_FACT_SERVICE, f, i)
	{
		struct hf__chk_where at = at_service(f);

		if (!is_service(f) || hf__chk_started(c, f) != HF_STATE_YES)
			continue;
		if (hf_allows(c, HF_ALLOW_SERVICE, f->text[HF_SERVICE_NAME]) ||
		    hf_allows(c, HF_ALLOW_SERVICE, f->text[HF_SERVICE_UNIT]))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%.*s, started by %.*s",
				       HF__CHK_ARG(f->text[HF_SERVICE_NAME], 80u),
				       HF__CHK_ARG(f->text[HF_SERVICE_UNIT], 80u));
	}
}

static void run_upnp(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_SETTING_OFFSET],
					    .key = f->text[HF_SETTING_NAME] };

		if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_UPNP)
			continue;
		if (f->num[HF_SETTING_STATE] == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path,
				   "secure_mode is not set: the program's own default holds");
		else if (f->num[HF_SETTING_STATE] == HF_STATE_YES)
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "secure_mode is off");
	}
}

static bool listener_allowed(const struct hf_case *c, const struct hf_fact *f)
{
	char port[24], both[128];
	int n = snprintf(port, sizeof(port), "%llu", (unsigned long long)f->num[HF_LISTENER_PORT]);
	int k = snprintf(both, sizeof(both), "%.*s:%s", HF__CHK_ARG(f->text[HF_LISTENER_NAME], 90u), port);

	return hf_allows(c, HF_ALLOW_LISTENER, f->text[HF_LISTENER_NAME]) ||
	       hf_allows(c, HF_ALLOW_LISTENER, (hf_bytes){ (const uint8_t *)port, n > 0 ? (size_t)n : 0 }) ||
	       hf_allows(c, HF_ALLOW_LISTENER, (hf_bytes){ (const uint8_t *)both, k > 0 ? (size_t)k : 0 });
}

static void run_listeners(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_LISTENER, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_LISTENER_OFFSET],
					    .length = f->num[HF_LISTENER_LENGTH],
					    .key = f->text[HF_LISTENER_NAME] };

		if (hf_span_has(f->text[HF_LISTENER_ADDRESS], "$"))
			hf_unknown(c, rule, f->path, "the address is a variable");
		else if ((f->num[HF_LISTENER_FLAGS] & HF_LISTENERF_ALL) == 0 || listener_allowed(c, f))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%.*s listens on every interface: %.*s",
				       HF__CHK_ARG(f->text[HF_LISTENER_NAME], 60u),
				       HF__CHK_ARG(f->text[HF_LISTENER_EVIDENCE], 120u));
	}
}

static void run_fetchers(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SERVICE, f, i)
	{
		struct hf__chk_where at = at_service(f);
		uint64_t source = f->num[HF_SERVICE_SOURCE];

		if (source == HF_SOURCE_WANTS)
			continue;
		if ((f->num[HF_SERVICE_FLAGS] & HF_SERVICEF_FETCHRUN) == 0)
			hf_pass(c, rule);
		else if (hf__chk_started(c, f) == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path,
				   "fetches and runs, and nothing says whether it is started");
		else if (hf__chk_started(c, f) == HF_STATE_YES)
			hf__chk_report(c, rule, &at, "%.*s: %.*s", HF__CHK_ARG(f->text[HF_SERVICE_UNIT], 60u),
				       HF__CHK_ARG(f->text[HF_SERVICE_COMMAND], 150u));
	}
}

#define SURFACE "EN303645:5.6-1 EN303645:5.6-3 EN18031:ACM"
const struct hf_rule hf_rules_svc[] = {
	{ "SVC-001", HF_SEV_CRITICAL, 319, "a service without encryption is started (telnet, rsh, tftp, ftp)",
	  "remove it; use SSH with keys, or signed commands", "EN303645:5.5-1 EN303645:5.6-1 EN18031:SCM",
	  run_clear },
	{ "SVC-002", HF_SEV_MEDIUM, 1125, "a service is started that the policy does not name",
	  "remove the service, or add it to [allow] services with a reason in your change", SURFACE,
	  run_allowed },
	{ "SVC-003", HF_SEV_HIGH, 306, "UPnP lets one host open ports for another",
	  "set secure_mode=yes, or remove UPnP", SURFACE, run_upnp },
	{ "SVC-004", HF_SEV_LOW, 1327, "a service listens on every interface",
	  "bind it to the interface it is for, or add it to [allow] listeners", SURFACE, run_listeners },
	{ "SVC-005", HF_SEV_HIGH, 494, "a timer or script fetches a program and runs it",
	  "install programs only through signed updates", "EN303645:5.3-9 EN303645:5.3-10 EN18031:SUM",
	  run_fetchers },
};
const size_t hf_n_rules_svc = sizeof(hf_rules_svc) / sizeof(hf_rules_svc[0]);

/* init_choices.c -- judge what `holdfast init` was asked for before anything is made.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "init.h"

/* Text without a configuration file: the table fills in the standard values. */
static bool standard_values(const char *domain, const char *host, struct hf_deploy *d, struct hf_why *why)
{
	char text[2 * HF_DEPLOY_HOST_MAX + 32];
	int n = snprintf(text, sizeof(text), "domain = %s\nhost = %s\n", domain, host);

	if (n < 0 || (size_t)n >= sizeof(text)) {
		hf_why_set(why, HF_ERR_DEPLOY_VALUE, "--domain or --host is too long");
		return false;
	}
	return hf_conf_parse("options", (hf_bytes){ (const uint8_t *)text, (size_t)n }, hf_deploy_keys,
			     hf_n_deploy_keys, d, why) == HF_OK;
}

static bool choose_listen(const struct cli_args *args, const char *option, char *where, size_t cap,
			  struct hf_why *why)
{
	const char *value = cli_option(args, option);
	char host[HF_DEPLOY_HOST_MAX];
	uint16_t port;

	if (value == NULL)
		return true;
	if (strlen(value) >= cap || !hf_deploy_split_listen(value, host, &port)) {
		hf_why_set(why, HF_ERR_DEPLOY_VALUE, "--%s %s: ADDRESS:PORT is needed", option, value);
		return false;
	}
	snprintf(where, cap, "%s", value);
	return true;
}

/* The Server CA may speak for the domain only, so the host must lie in it. */
static bool lies_in(const char *host, const char *domain)
{
	size_t h = strlen(host), d = strlen(domain);

	return h >= d && strcmp(host + h - d, domain) == 0 && (h == d || host[h - d - 1] == '.');
}

static bool choose_people(const struct cli_args *args, struct init_people *people, struct hf_why *why)
{
	const char *name;

	for (int i = 0; (name = cli_option_nth(args, "operator", i)) != NULL; i++) {
		if (people->n == HF_DEPLOY_OPERATORS_MAX || !hf_deploy_is_name(name)) {
			hf_why_set(why, HF_ERR_DEPLOY_VALUE,
				   "--operator %s: a name of a-z, 0-9 and '-' is needed, at most %d of them",
				   name, HF_DEPLOY_OPERATORS_MAX);
			return false;
		}
		for (size_t j = 0; j < people->n; j++)
			if (strcmp(people->name[j], name) == 0) {
				hf_why_set(why, HF_ERR_DEPLOY_VALUE, "--operator %s is given twice", name);
				return false;
			}
		people->name[people->n++] = name;
	}
	if (people->n == 0)
		people->name[people->n++] = "admin";
	return true;
}

static bool choose_token_dir(const struct cli_args *args, struct hf_deploy *d, struct hf_why *why)
{
	const char *value = cli_option(args, "token-dir");

	if (value == NULL)
		return true;
	if (value[0] != '/' || strlen(value) >= sizeof(d->token_dir)) {
		hf_why_set(why, HF_ERR_DEPLOY_VALUE, "--token-dir %s: an absolute path is needed", value);
		return false;
	}
	snprintf(d->token_dir, sizeof(d->token_dir), "%s", value);
	return true;
}

static bool choose_key(const struct cli_args *args, const char *option, char uri[static HF_DEPLOY_URI_MAX],
		       struct hf_why *why)
{
	const char *value = cli_option(args, option);
	struct hf_keyuri_why words = { "" };

	if (value == NULL)
		return true;
	if (strlen(value) >= HF_DEPLOY_URI_MAX || hf_keyuri_check(value, &words) != HF_OK) {
		hf_why_set(why, HF_ERR_KEYURI_SYNTAX, "--%s: not a key URI: %s", option,
			   words.text[0] != '\0' ? words.text : "too long");
		return false;
	}
	snprintf(uri, HF_DEPLOY_URI_MAX, "%s", value);
	return true;
}

static bool choose_listens(const struct cli_args *args, struct hf_deploy *d, struct hf_why *why)
{
	return choose_listen(args, "est", d->est_listen, sizeof(d->est_listen), why) &&
	       choose_listen(args, "api", d->api_listen, sizeof(d->api_listen), why) &&
	       choose_listen(args, "device", d->device_listen, sizeof(d->device_listen), why) &&
	       choose_listen(args, "mqtt", d->mqtt_listen, sizeof(d->mqtt_listen), why);
}

static bool choose_keys(const struct cli_args *args, struct hf_deploy *d, struct hf_why *why)
{
	return choose_key(args, "root-key", d->root_key, why) &&
	       choose_key(args, "server-ca-key", d->server_ca_key, why) &&
	       choose_key(args, "op-ca-key", d->op_ca_key, why) &&
	       choose_key(args, "station-ca-key", d->station_ca_key, why) && choose_token_dir(args, d, why);
}

bool init_choices(const struct cli_args *args, struct hf_deploy *d, struct init_people *people,
		  struct hf_why *why)
{
	const char *domain = cli_option(args, "domain");
	const char *host = cli_option(args, "host");

	domain = domain == NULL ? "localhost" : domain;
	host = host == NULL ? domain : host;
	if (!hf_deploy_is_host(domain) || !hf_deploy_is_host(host)) {
		hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s: a DNS name in lower case is needed",
			   hf_deploy_is_host(domain) ? host : domain);
		return false;
	}
	if (!lies_in(host, domain)) {
		hf_why_set(why, HF_ERR_DEPLOY_VALUE, "host %s lies outside the domain %s", host, domain);
		return false;
	}
	return standard_values(domain, host, d, why) &&
	       choose_listens(args, d, why) && choose_keys(args, d, why) && choose_people(args, people, why);
}

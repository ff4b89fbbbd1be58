/* deploy.c -- read a deployment's files and judge what one line alone cannot.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/deploy.h>
#include <hf/file.h>

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool hf_deploy_is_name(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > HF_DEPLOY_NAME_MAX || text[0] < 'a' || text[0] > 'z' || text[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_lower_or_digit(text[i]) && text[i] != '-')
			return false;
	return true;
}

/* One label of RFC 1123 s2.1, in lower case. */
static bool is_label(const char *p, size_t n)
{
	if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_lower_or_digit(p[i]) && p[i] != '-')
			return false;
	return true;
}

/* Labels with dots between; an address is not a name. */
bool hf_deploy_is_host(const char *text)
{
	const char *p = text;

	if (strlen(text) >= HF_DEPLOY_HOST_MAX || strpbrk(text, "abcdefghijklmnopqrstuvwxyz") == NULL)
		return false;
	for (;;) {
		size_t n = strcspn(p, ".");

		if (!is_label(p, n))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

	if (value == 0 || value > 65535 || *end != '\0')
		return false;
	*port = (uint16_t)value;
	return true;
}

bool hf_deploy_split_listen(const char *text, char host[static HF_DEPLOY_HOST_MAX], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (len == 0 || !read_port(colon + 1, port) || (!brackets && memchr(text, ':', len) != NULL))
		return false;
	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= HF_DEPLOY_HOST_MAX)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return true;
}

hf_err hf_deploy_path(char out[static HF_DEPLOY_PATH_MAX], const char *dir, const char *name,
		      struct hf_why *why)
{
	int n = snprintf(out, HF_DEPLOY_PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= HF_DEPLOY_PATH_MAX)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "path %s/... is too long", dir);
	return HF_OK;
}

hf_err hf_deploy_uri(char out[static HF_DEPLOY_PATH_MAX], const char *folder, const char *uri,
		     struct hf_why *why)
{
	const char *path = strncmp(uri, "file:", 5) == 0 ? uri + 5 : uri;
	bool whole = strchr(uri, ':') != NULL && path == uri;
	int n;

	if (whole || path[0] == '/')
		n = snprintf(out, HF_DEPLOY_PATH_MAX, "%s", uri);
	else
		n = snprintf(out, HF_DEPLOY_PATH_MAX, "%s%s/%s", path == uri ? "" : "file:", folder, path);
	if (n < 0 || n >= HF_DEPLOY_PATH_MAX)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "'%s' is too long", uri);
	return HF_OK;
}

static hf_err refuse(struct hf_why *why, const char *key, const char *value, const char *wanted)
{
	return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s = %s: %s is needed", key, value, wanted);
}

static hf_err check_listen(struct hf_why *why, const char *key, const char *value, bool may_be_empty)
{
	char host[HF_DEPLOY_HOST_MAX];
	uint16_t port;

	if ((may_be_empty && value[0] == '\0') || hf_deploy_split_listen(value, host, &port))
		return HF_OK;
	return refuse(why, key, value, "ADDRESS:PORT");
}

/* The Server CA can sign for names inside the domain only. */
static bool is_inside(const char *host, const char *domain)
{
	size_t h = strlen(host), d = strlen(domain);

	return h >= d && strcmp(host + h - d, domain) == 0 && (h == d || host[h - d - 1] == '.');
}

static hf_err check_deploy(const struct hf_deploy *d, struct hf_why *why)
{
	if (!hf_deploy_is_host(d->domain))
		return refuse(why, "domain", d->domain, "a DNS name in lower case");
	if (!hf_deploy_is_host(d->host))
		return refuse(why, "host", d->host, "a DNS name in lower case");
	if (!is_inside(d->host, d->domain))
		return refuse(why, "host", d->host, "a name inside the domain");
	HF_TRY(check_listen(why, "est-listen", d->est_listen, false));
	HF_TRY(check_listen(why, "api-listen", d->api_listen, false));
	HF_TRY(check_listen(why, "device-listen", d->device_listen, false));
	HF_TRY(check_listen(why, "mqtt-listen", d->mqtt_listen, false));
	HF_TRY(check_listen(why, "compat-listen", d->compat_listen, true));
	if (d->default_line[0] != '\0' && !hf_deploy_is_name(d->default_line))
		return refuse(why, "default-line", d->default_line, "the name of a product line");
	if (d->token_dir[0] != '\0' && d->token_dir[0] != '/')
		return refuse(why, "token-dir", d->token_dir, "an absolute path");
	if ((d->compat_listen[0] != '\0' || d->compat_line[0] != '\0') && !hf_deploy_is_name(d->compat_line))
		return refuse(why, "compat-line", d->compat_line, "the name of a product line");
	return HF_OK;
}

hf_err hf_deploy_read(const char *dir, struct hf_deploy *out, struct hf_why *why)
{
	char path[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_path(path, dir, "holdfast.conf", why));
	if (!hf_file_exists(path))
		return hf_why_set(why, HF_ERR_DEPLOY_NOT_ONE,
				  "%s is not a deployment (no holdfast.conf); 'holdfast init %s' makes one",
				  dir, dir);
	HF_TRY(hf_conf_read(path, hf_deploy_keys, hf_n_deploy_keys, out, why));
	hf_err err = check_deploy(out, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

/* Dotted decimal: two arcs or more, the first 0 to 2, the second below 40 under 0 and 1 (X.660). */
static bool is_oid(const char *text)
{
	unsigned long arc[2] = { 0, 0 };
	size_t n = 0;

	for (const char *p = text;; n++) {
		size_t len = strspn(p, "0123456789");

		if (len == 0 || len > 9 || (len > 1 && p[0] == '0'))
			return false;
		if (n < 2)
			arc[n] = strtoul(p, NULL, 10);
		p += len;
		if (*p == '\0')
			break;
		if (*p++ != '.')
			return false;
	}
	return n >= 1 && arc[0] <= 2 && (arc[0] == 2 || arc[1] < 40);
}

hf_err hf_deploy_line_check(const struct hf_deploy_line *out, struct hf_why *why)
{
	if (!hf_deploy_is_name(out->line))
		return refuse(why, "line", out->line, "a name of a-z, 0-9 and '-'");
	if (!hf_deploy_is_name(out->owner))
		return refuse(why, "owner", out->owner, "the name of an account");
	if (out->oid[0] != '\0' && !is_oid(out->oid))
		return refuse(why, "oid", out->oid, "an object identifier like 1.3.6.1.4.1.99999.1");
	if (out->life_s < 3 * out->offline_s)
		return hf_why_set(
			why, HF_ERR_DEPLOY_VALUE,
			"life must be at least three times offline, or a device out of contact loses its "
			"certificate");
	return HF_OK;
}

hf_err hf_deploy_line_read(const char *path, struct hf_deploy_line *out, struct hf_why *why)
{
	HF_TRY(hf_conf_read(path, hf_deploy_line_keys, hf_n_deploy_line_keys, out, why));
	hf_err err = hf_deploy_line_check(out, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err check_operator(const struct hf_deploy_operator *out, struct hf_why *why)
{
	char host[HF_DEPLOY_HOST_MAX];
	uint16_t port;

	if (!hf_deploy_is_name(out->name))
		return refuse(why, "name", out->name, "a name of a-z, 0-9 and '-'");
	if (strncmp(out->api, "https://", 8) != 0 || !hf_deploy_split_listen(out->api + 8, host, &port))
		return refuse(why, "api", out->api, "https://HOST:PORT");
	if (out->certificate[0] == '\0')
		return refuse(why, "certificate", "", "a path");
	if (out->server_ca[0] == '\0')
		return refuse(why, "server-ca", "", "a path");
	if (out->policy[0] == '\0')
		return refuse(why, "policy", "", "a path");
	return HF_OK;
}

hf_err hf_deploy_operator_read(const char *folder, struct hf_deploy_operator *out, struct hf_why *why)
{
	char path[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_path(path, folder, "operator.conf", why));
	HF_TRY(hf_conf_read(path, hf_deploy_operator_keys, hf_n_deploy_operator_keys, out, why));
	hf_err err = check_operator(out, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

/* secret.c -- secrets that configurations hold in plain text. Said redacted, never as they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "setting.h"

enum { SECRETS_MAX = 64 };

static hf_err put_secret(struct hf__scan_job *job, const char *name, hf_bytes secret)
{
	struct hf_fact fact = { .kind = HF_FACT_HIT };
	uint8_t room[HF__REDACTED_CAP];
	struct hf_out evidence = HF_OUT(room);

	HF_TRY(hf__scan_redact(secret, &evidence));
	fact.num[HF_HIT_CLASS] = HF_HITC_SECRET;
	fact.num[HF_HIT_OFFSET] = hf__scan_offset_of(job, secret);
	fact.num[HF_HIT_LENGTH] = secret.len;
	fact.num[HF_HIT_COUNT] = 1;
	fact.num[HF_HIT_KIND] = job->kind;
	fact.text[HF_HIT_NAME] = HF__TEXT(name);
	fact.text[HF_HIT_EVIDENCE] = hf_out_bytes(&evidence);
	return hf__scan_put(job, &fact);
}

/* What is put in later, at the first start or by the user, is no secret of the image. */
static bool is_placeholder(hf_bytes v)
{
	static const char *const words[] = { "password", "passwd",     "pass", "changeme",
					     "secret",   "xxx",        "none", "your_password",
					     "PASSWORD", "passphrase", NULL };

	return v.ptr == NULL || v.len < 3 || v.ptr[0] == '$' || v.ptr[0] == '<' || v.ptr[0] == '%' ||
	       v.ptr[0] == '@' || v.ptr[0] == '{' || v.ptr[0] == '*' || hf_span_in(v, words);
}

/* Where a secret stands: name of the file, key, separator. */
static const struct {
	const char *file;   /* base name, or with a '/' a part of the path */
	const char *suffix; /* or the end of the base name */
	const char *key;
	uint8_t sep;
	const char *what;
} places[] = {
	{ "wpa_supplicant", ".conf", "psk", '=', "wifi-psk" },
	{ "wpa_supplicant", ".conf", "password", '=', "wifi-eap-password" },
	{ "hostapd", ".conf", "wpa_passphrase", '=', "wifi-psk" },
	{ "hostapd", ".conf", "wpa_psk", '=', "wifi-psk" },
	{ "/system-connections/", "", "psk", '=', "wifi-psk" },
	{ "/etc/config/wireless", "", "option key", ' ', "wifi-psk" },
	{ "/iwd/", ".psk", "Passphrase", '=', "wifi-psk" },
	{ "snmpd", ".conf", "rocommunity", ' ', "snmp-community" },
	{ "snmpd", ".conf", "rwcommunity", ' ', "snmp-community" },
	{ "snmpd", ".conf", "rocommunity6", ' ', "snmp-community" },
	{ "snmpd", ".conf", "rwcommunity6", ' ', "snmp-community" },
};

static bool is_place(const struct hf__scan_job *job, size_t i)
{
	bool name = places[i].file[0] == '/' ? hf_span_find(job->name, places[i].file) != SIZE_MAX
					     : hf_span_begins(job->base, places[i].file);

	return name && hf_span_ends(job->base, places[i].suffix);
}

static bool value_at(hf_bytes line, size_t i, hf_bytes *value)
{
	size_t len = strlen(places[i].key);
	hf_bytes rest;

	if (!hf_span_begins(line, places[i].key))
		return false;
	rest = hf_span_trim(hf_span_from(line, len));
	if (rest.ptr == line.ptr + len && places[i].sep == ' ')
		return false; /* a longer key */
	if (places[i].sep == '=') {
		if (rest.len == 0 || rest.ptr[0] != '=')
			return false;
		rest = hf_span_trim(hf_span_from(rest, 1));
		*value = hf__scan_unquote(rest);
		return true;
	}
	return hf__scan_word(&rest, value);
}

static hf_err scan_places(struct hf__scan_job *job, hf_bytes line, unsigned *found)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		hf_bytes value;

		if (!is_place(job, i) || !value_at(line, i, &value) || is_placeholder(value))
			continue;
		++*found;
		HF_TRY(put_secret(job, places[i].what, value));
	}
	return HF_OK;
}

static bool url_byte(uint8_t c)
{
	return c > 32 && c < 127 && strchr("\"'<>()[]{},;\\/", c) == NULL;
}

/* Length of "user:password" before the '@', and where its ':' is; 0 when that is not its form. */
static size_t credentials(hf_bytes rest, size_t *colon)
{
	size_t i = 0;

	*colon = 0;
	for (; i < rest.len && url_byte(rest.ptr[i]) && rest.ptr[i] != '@'; i++)
		if (rest.ptr[i] == ':' && *colon == 0)
			*colon = i;
	return i + 1 < rest.len && rest.ptr[i] == '@' && *colon > 0 && i - *colon >= 4 ? i : 0;
}

/* scheme://user:password@host */
static bool url_password(hf_bytes line, hf_bytes *password)
{
	size_t at = hf_span_find(line, "://"), colon, end;
	hf_bytes rest;

	if (at == SIZE_MAX || at == 0)
		return false;
	rest = hf_span_from(line, at + 3);
	end = credentials(rest, &colon);
	if (end == 0)
		return false;
	*password = (hf_bytes){ rest.ptr + colon + 1, end - colon - 1 };
	return !is_placeholder(*password) && memchr(password->ptr, '$', password->len) == NULL &&
	       memchr(password->ptr, '%', password->len) == NULL;
}

hf_err hf__scan_secrets(struct hf__scan_job *job)
{
	bool config = hf_span_begins(job->name, "/etc/") ||
		      hf_span_find(job->name, "/system-connections/") != SIZE_MAX;
	hf_bytes rest = job->text, line, password;
	unsigned found = 0;

	if (!config || hf_span_ends(job->base, "htpasswd"))
		return HF_OK;
	for (unsigned n = 0; n < HF__LINES_MAX && found < SECRETS_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		HF_TRY(scan_places(job, line, &found));
		if (!url_password(line, &password))
			continue;
		found++;
		HF_TRY(put_secret(job, "url-password", password));
	}
	return HF_OK;
}

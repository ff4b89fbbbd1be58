/* listen.c -- addresses that configurations of servers name, and UPnP's secure mode.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "service.h"
#include "setting.h"

static const struct {
	const char *file, *key;
	uint8_t sep;
	bool udp;
} keys[] = {
	{ "sshd_config", "ListenAddress", ' ', false },
	{ "sshd_config", "Port", ' ', false },
	{ "lighttpd.conf", "server.port", '=', false },
	{ "nginx.conf", "listen", ' ', false },
	{ "mosquitto.conf", "listener", ' ', false },
	{ "mosquitto.conf", "port", ' ', false },
	{ "redis.conf", "bind", ' ', false },
	{ "snmpd.conf", "agentaddress", ' ', true },
	{ "snmpd.conf", "agentAddress", ' ', true },
	{ "uhttpd", "list listen_http", ' ', false },
	{ "uhttpd", "option listen_http", ' ', false },
	{ "dropbear", "option Port", ' ', false },
	{ "vsftpd.conf", "listen_address", '=', false },
	{ "ntp.conf", "interface listen", ' ', true },
	{ "smb.conf", "interfaces", '=', false },
	{ "rsyslog.conf", "$UDPServerRun", ' ', true },
	{ "telegraf.conf", "service_address", '=', false },
};

/* Past blanks, and past '=' where the key wants one; false when the key goes on or the sign is missing. */
static bool skip_separator(hf_bytes *rest, uint8_t sep)
{
	if (rest->len == 0 || (rest->ptr[0] != ' ' && rest->ptr[0] != '\t' && rest->ptr[0] != '='))
		return false;
	*rest = hf_span_trim(*rest);
	if (sep != '=')
		return true;
	if (rest->len == 0 || rest->ptr[0] != '=')
		return false;
	*rest = hf_span_trim(hf_span_from(*rest, 1));
	return true;
}

static bool key_value(hf_bytes line, size_t i, hf_bytes *value)
{
	hf_bytes rest;

	if (!hf_span_begins(line, keys[i].key))
		return false;
	rest = hf_span_from(line, strlen(keys[i].key));
	if (!skip_separator(&rest, keys[i].sep) || !hf__scan_word(&rest, value))
		return false;
	while (value->len > 0 && (value->ptr[value->len - 1] == ';' || value->ptr[value->len - 1] == ','))
		value->len--;
	*value = hf__scan_unquote(*value);
	return value->len > 0;
}

static hf_err scan_keys(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line, value;

	for (unsigned n = 0; n < HF__LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (hf_span_is(job->base, keys[i].file) && key_value(line, i, &value))
				HF_TRY(hf__scan_put_listener(job, job->base, value, line, keys[i].udp));
	}
	return HF_OK;
}

/* miniupnpd: without secure mode a host may open ports for others. Its default is "yes" in miniupnpd itself
 * since 2.0 only when the key says so; absent is said as unknown. */
static hf_err scan_upnp(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line, name, value;
	unsigned state = HF_STATE_UNKNOWN;
	uint64_t offset = 0;

	for (unsigned n = 0; n < HF__LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (hf_span_begins(line, "option secure_mode")) {
			value = hf__scan_unquote(hf_span_trim(hf_span_from(line, 18)));
		} else if (!hf__scan_pair(line, '=', &name, &value) || !hf_span_is(name, "secure_mode")) {
			continue;
		}
		state = hf_span_is(value, "yes") || hf_span_is(value, "1") ? HF_STATE_YES : HF_STATE_NO;
		offset = hf__scan_offset_of(job, line);
	}
	return hf__scan_put_setting(job, HF_SUBJECT_UPNP, state, HF_STR("secure_mode"), (hf_bytes){ 0 },
				    offset);
}

hf_err hf__scan_listeners(struct hf__scan_job *job)
{
	if (hf_span_is(job->base, "miniupnpd.conf") || hf_span_ends(job->name, "/etc/config/upnpd"))
		return scan_upnp(job);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (hf_span_is(job->base, keys[i].file) && hf_span_find(job->name, "/etc/") != SIZE_MAX)
			return scan_keys(job);
	return HF_OK;
}

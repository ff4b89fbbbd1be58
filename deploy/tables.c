/* tables.c -- the keys of the three configuration files, with the words their users read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <hf/deploy.h>

enum { DAY_S = 86400 };

#define TEXT_KEY(st, member, key, otherwise, words) \
	{ \
		.name = (key), .type = HF_CONF_TEXT, .offset = offsetof(struct st, member), \
		.cap = sizeof(((struct st *)0)->member), .standard = (otherwise), .help = (words) \
	}

static const char *const tls_choices[] = { "1.3", "1.2", NULL };
static const char *const level_choices[] = { "err", "warn", "info", "debug", NULL };
static const char *const enrol_choices[] = { "idevid+claim", "claim", "idevid", NULL };

const struct hf_conf_key hf_deploy_keys[] = {
	TEXT_KEY(hf_deploy, domain, "domain", NULL,
		 "DNS domain of this fleet; stands in device names and limits what the Server CA may sign."),
	TEXT_KEY(hf_deploy, host, "host", NULL,
		 "Name by which devices and operators reach this machine; in the server certificates."),
	TEXT_KEY(hf_deploy, est_listen, "est-listen", "0.0.0.0:8443",
		 "Enrolment of devices (EST, RFC 7030)."),
	TEXT_KEY(hf_deploy, api_listen, "api-listen", "127.0.0.1:8444", "Operators' API."),
	TEXT_KEY(hf_deploy, device_listen, "device-listen", "0.0.0.0:8445",
		 "Bundles of releases, for devices; shows the certificate of enrolment."),
	TEXT_KEY(hf_deploy, mqtt_listen, "mqtt-listen", "0.0.0.0:8883", "Broker for devices (MQTT 5)."),
	TEXT_KEY(hf_deploy, default_line, "default-line", "",
		 "Product line of EST requests that name none; empty: they are refused."),
	TEXT_KEY(hf_deploy, compat_listen, "compat-listen", "",
		 "Second EST listener for third-party clients, off when empty; never for our own agent."),
	TEXT_KEY(hf_deploy, compat_line, "compat-line", "", "The product line that listener serves."),
	{ .name = "compat-tls",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct hf_deploy, compat_tls),
	  .standard = "1.3",
	  .choices = tls_choices,
	  .help = "Lowest TLS version there; with 1.2 a passive tap reads device names." },
	TEXT_KEY(hf_deploy, user, "user", "",
		 "When started as root, become this user after keys and ports are open; empty: stay."),
	{ .name = "workers",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct hf_deploy, workers),
	  .min = 1,
	  .max = 16,
	  .standard = "2",
	  .help = "Threads of each web server." },
	{ .name = "log-level",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct hf_deploy, log_level),
	  .standard = "info",
	  .choices = level_choices,
	  .help = "Least level that is written." },
	TEXT_KEY(hf_deploy, root_key, "root-key", "file:root/root.key",
		 "Offline root key, for ceremonies only; may be a pkcs11: URI."),
	TEXT_KEY(hf_deploy, server_ca_key, "server-ca-key", "file:ca/server.key", "Key of the Server CA."),
	TEXT_KEY(hf_deploy, op_ca_key, "op-ca-key", "file:ca/op.key", "Key of the Operational CA."),
	TEXT_KEY(hf_deploy, station_ca_key, "station-ca-key", "file:ca/station.key",
		 "Key of the Station CA."),
	TEXT_KEY(hf_deploy, token_dir, "token-dir", "",
		 "Folder that a PKCS#11 module opens while it signs, as SoftHSM does; empty: none."),
	TEXT_KEY(hf_deploy, mosquitto, "mosquitto", "", "Broker program; empty: found in the usual places."),
	TEXT_KEY(hf_deploy, plugin, "plugin", "", "holdfast_mosquitto.so; empty: beside holdfastd."),
};
const size_t hf_n_deploy_keys = sizeof(hf_deploy_keys) / sizeof(hf_deploy_keys[0]);

#define DAYS_KEY(member, key, lo, hi, otherwise, words) \
	{ \
		.name = (key), .type = HF_CONF_DURATION, .offset = offsetof(struct hf_deploy_line, member), \
		.min = (uint64_t)(lo)*DAY_S, .max = (uint64_t)(hi)*DAY_S, .standard = (otherwise), \
		.help = (words) \
	}
#define BOOL_KEY(member, key, otherwise, words) \
	{ \
		.name = (key), .type = HF_CONF_BOOL, .offset = offsetof(struct hf_deploy_line, member), \
		.standard = (otherwise), .help = (words) \
	}

const char *hf_deploy_enrol_text(uint64_t enrol)
{
	return enrol <= HF_ENROL_IDEVID ? enrol_choices[enrol] : "";
}

const struct hf_conf_key hf_deploy_line_keys[] = {
	TEXT_KEY(hf_deploy_line, line, "line", NULL, "Name of the product line; part of the EST path."),
	TEXT_KEY(hf_deploy_line, oid, "oid", "",
		 "Object identifier of the line, for factory certificates; empty: one below ours by name."),
	{ .name = "enrol",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct hf_deploy_line, enrol),
	  .standard = "claim",
	  .choices = enrol_choices,
	  .help = "What a device must show: factory certificate and claim, claim alone, or factory "
		  "certificate." },
	DAYS_KEY(life_s, "life", 7, 398, "90d", "Life of a device certificate: 7 to 398 days."),
	DAYS_KEY(grace_s, "grace", 0, 30, "30d", "How long an expired certificate may still renew."),
	DAYS_KEY(offline_s, "offline", 0, 132, "30d",
		 "Longest time a device is expected to be without contact; life must be three times that."),
	BOOL_KEY(pop_required, "pop-required", "yes",
		 "Requests must be bound to their TLS channel; only third-party clients need no."),
	BOOL_KEY(basic, "basic", "no", "Accept one-time codes by HTTP Basic; third-party clients only."),
	BOOL_KEY(wrap, "wrap", "no", "Always wrap base64 replies at 64 characters."),
	TEXT_KEY(hf_deploy_line, owner, "owner", "main",
		 "enrol = idevid: the account that owns new devices."),
	TEXT_KEY(hf_deploy_line, ca_key, "ca-key", "",
		 "Key of the line's Device-ID CA; empty: file:ca/deviceid-LINE.key when that exists."),
};
const size_t hf_n_deploy_line_keys = sizeof(hf_deploy_line_keys) / sizeof(hf_deploy_line_keys[0]);

const struct hf_conf_key hf_deploy_operator_keys[] = {
	TEXT_KEY(hf_deploy_operator, name, "name", NULL, "Who this is."),
	TEXT_KEY(hf_deploy_operator, api, "api", NULL, "Where the control plane listens: https://HOST:PORT."),
	TEXT_KEY(hf_deploy_operator, key, "key", "file:operator.key",
		 "Signing key, a file or a pkcs11: URI."),
	TEXT_KEY(hf_deploy_operator, certificate, "certificate", "operator.crt",
		 "Certificate for the API; lives 12 hours, see 'holdfast operator renew'."),
	TEXT_KEY(hf_deploy_operator, server_ca, "server-ca", "server-ca.crt",
		 "The only CA the server is judged by."),
	TEXT_KEY(hf_deploy_operator, policy, "policy", "policy.cose", "Trust policy: who may sign what."),
	TEXT_KEY(hf_deploy_operator, passphrase_file, "passphrase-file", "",
		 "File with the key's passphrase, mode 0600; empty: ask on the terminal."),
};
const size_t hf_n_deploy_operator_keys = sizeof(hf_deploy_operator_keys) / sizeof(hf_deploy_operator_keys[0]);

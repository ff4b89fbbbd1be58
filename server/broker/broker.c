/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/broker.h>
#include <hf/file.h>

enum { CONF_CEILING = 65536, CAS_CEILING = 1 << 20, MAX_CONNECTIONS = 110000 };

/* Order and values are pinned by doc/broker.md; the reasons stand there. */
static const char head_format[] = "per_listener_settings false\n"
				  "allow_anonymous false\n"
				  "allow_zero_length_clientid false\n"
				  "plugin %s\n"
				  "plugin_opt_bus %s\n"
				  "plugin_opt_local %s\n"
				  "set_tcp_nodelay true\n"
				  "max_packet_size 70000\n"
				  "max_keepalive 3600\n"
				  "max_inflight_messages 100\n"
				  "max_queued_messages 100000\n"
				  "persistence false\n"
				  "retain_available false\n"
				  "queue_qos0_messages false\n"
				  "persistent_client_expiration 1h\n"
				  "sys_interval 0\n"
				  "connection_messages false\n";
static const char listener_format[] = "listener %u%s%s\n"
				      "cafile %s\n"
				      "certfile %s\n"
				      "keyfile %s\n"
				      "require_certificate true\n"
				      "tls_version tlsv1.3\n"
				      "ciphers_tls1.3 TLS_AES_128_GCM_SHA256\n"
				      "max_qos 1\n"
				      "max_connections %u\n"
				      "listener 0 %s\n";

/* What Mosquitto has no option for. OpenSSL ignores a bad line without a word: tests look at the effect. */
static const char openssl_cnf[] = "openssl_conf = a\n"
				  "[a]\n"
				  "ssl_conf = b\n"
				  "[b]\n"
				  "system_default = c\n"
				  "[c]\n"
				  "MinProtocol = TLSv1.3\n"
				  "Groups = P-256\n"
				  "Options = -SessionTicket\n"
				  "NumTickets = 1\n";

/* Mosquitto takes the rest of a line as the value and cuts blanks at its ends. */
static bool is_plain(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len >= HF_BROKER_PATH_MAX || value[0] == ' ' || value[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return false;
	return true;
}

static hf_err check_path(const char *name, const char *value, struct hf_why *why)
{
	if (value == NULL || value[0] != '/' || !is_plain(value))
		return hf_why_set(why, HF_ERR_BROKER_CONF, "%s: needs a plain absolute path", name);
	return HF_OK;
}

static hf_err check_word(const char *name, const char *value, struct hf_why *why)
{
	if (value != NULL && (!is_plain(value) || strchr(value, ' ') != NULL))
		return hf_why_set(why, HF_ERR_BROKER_CONF, "%s: needs one plain word", name);
	return HF_OK;
}

static hf_err check(const struct hf_broker_conf *c, struct hf_why *why)
{
	const struct {
		const char *name, *value;
	} paths[] = {
		{ "directory", c->dir },
		{ "plugin", c->plugin },
		{ "plugin socket", c->plugin_socket },
		{ "mqtt socket", c->mqtt_socket },
		{ "certificate", c->cert },
		{ "key", c->key },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		HF_TRY(check_path(paths[i].name, paths[i].value, why));
	/* The broker tells devices from the bus by this path, which it keeps in a Unix address. */
	if (strlen(c->mqtt_socket) > 107 || strlen(c->plugin_socket) > 107)
		return hf_why_set(why, HF_ERR_BROKER_CONF, "socket path is longer than 107 bytes");
	if (c->port == 0 || c->n_cas == 0 || c->n_cas > HF_BROKER_CAS_MAX)
		return hf_why_set(why, HF_ERR_BROKER_CONF, "needs a port and 1 to %d CA files",
				  HF_BROKER_CAS_MAX);
	HF_TRY(check_word("listen address", c->listen_address, why));
	return check_word("user", c->user, why);
}

static hf_err put_file(const struct hf_broker_conf *c, const char *name, const struct hf_buf *text,
		       struct hf_why *why)
{
	char path[HF_BROKER_PATH_MAX];

	if (hf_path_join(path, sizeof(path), c->dir, name) != HF_OK)
		return hf_why_set(why, HF_ERR_BROKER_CONF, "%s: path is too long", name);
	if (hf_file_replace(path, hf_buf_bytes(text), 0640, why) != HF_OK)
		return hf_why_add(why, HF_ERR_BROKER_FILE, "%s", path);
	return HF_OK;
}

static hf_err write_conf(const struct hf_broker_conf *c, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(CONF_CEILING);
	char cas[HF_BROKER_PATH_MAX];

	if (hf_path_join(cas, sizeof(cas), c->dir, "device-cas.pem") != HF_OK)
		return hf_why_set(why, HF_ERR_BROKER_CONF, "device-cas.pem: path is too long");
	HF_TRY(hf_buf_printf(&text, head_format, c->plugin, c->plugin_socket, c->mqtt_socket));
	if (c->user != NULL)
		HF_TRY(hf_buf_printf(&text, "user %s\n", c->user));
	HF_TRY(hf_buf_printf(&text, listener_format, (unsigned)c->port, c->listen_address == NULL ? "" : " ",
			     c->listen_address == NULL ? "" : c->listen_address, cas, c->cert, c->key,
			     c->max_connections == 0 ? (unsigned)MAX_CONNECTIONS
						     : (unsigned)c->max_connections,
			     c->mqtt_socket));
	return put_file(c, "mosquitto.conf", &text, why);
}

static hf_err write_openssl(const struct hf_broker_conf *c, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(CONF_CEILING);

	HF_TRY(hf_buf_puts(&text, openssl_cnf));
	return put_file(c, "openssl.cnf", &text, why);
}

static hf_err write_cas(const struct hf_broker_conf *c, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(CAS_CEILING);

	for (size_t i = 0; i < c->n_cas; i++) {
		if (hf_file_read(c->cas[i], &text, why) != HF_OK)
			return hf_why_add(why, HF_ERR_BROKER_FILE, "%s", c->cas[i]);
		if (text.len > 0 && text.ptr[text.len - 1] != '\n')
			HF_TRY(hf_buf_puts(&text, "\n"));
	}
	return put_file(c, "device-cas.pem", &text, why);
}

hf_err hf_broker_write(const struct hf_broker_conf *c, struct hf_why *why)
{
	HF_TRY(check(c, why));
	HF_TRY(write_cas(c, why));
	HF_TRY(write_openssl(c, why));
	return write_conf(c, why);
}

static hf_err find_program(const char *wanted, char path[static HF_BROKER_PATH_MAX], struct hf_why *why)
{
	static const char *const places[] = { "/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin" };

	if (wanted != NULL && strchr(wanted, '/') != NULL) {
		if (strlen(wanted) >= HF_BROKER_PATH_MAX || access(wanted, X_OK) != 0)
			return hf_why_set(why, HF_ERR_BROKER_ABSENT, "%s: cannot be run", wanted);
		memcpy(path, wanted, strlen(wanted) + 1);
		return HF_OK;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (hf_path_join(path, HF_BROKER_PATH_MAX, places[i],
				 wanted == NULL ? "mosquitto" : wanted) == HF_OK &&
		    access(path, X_OK) == 0)
			return HF_OK;
	return hf_why_set(why, HF_ERR_BROKER_ABSENT, "%s is not installed",
			  wanted == NULL ? "mosquitto" : wanted);
}

hf_err hf_broker_start_command(const struct hf_broker_conf *c, struct hf_broker_start *start,
			       struct hf_why *why)
{
	static char minus_c[] = "-c";
	static const char env[] = "OPENSSL_CONF=";
	char cnf[HF_BROKER_PATH_MAX - sizeof(env)];

	memset(start, 0, sizeof(*start));
	HF_TRY(check_path("directory", c->dir, why));
	if (hf_path_join(start->conf_path, sizeof(start->conf_path), c->dir, "mosquitto.conf") != HF_OK ||
	    hf_path_join(cnf, sizeof(cnf), c->dir, "openssl.cnf") != HF_OK)
		return hf_why_set(why, HF_ERR_BROKER_CONF, "directory: path is too long");
	HF_TRY(find_program(c->program, start->program, why));
	(void)snprintf(start->openssl_env, sizeof(start->openssl_env), "%s%s", env, cnf);
	start->argv[0] = start->program;
	start->argv[1] = minus_c;
	start->argv[2] = start->conf_path;
	return HF_OK;
}

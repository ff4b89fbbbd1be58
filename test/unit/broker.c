/* Unit tests of the broker configuration: what is written is what doc/broker.md pins.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <hf/broker.h>
#include <hf/file.h>

struct rig {
	char dir[64];
	char ca[2][96];
	const char *cas[2];
	struct hf_broker_conf c;
	struct hf_why why;
};

static void put(const char *path, const char *text)
{
	assert_int_equal(hf_file_replace(path, (hf_bytes){ (const uint8_t *)text, strlen(text) }, 0644, NULL),
			 HF_OK);
}

/* In place: it points into itself. */
static void make_rig(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/hf-broker-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	for (int i = 0; i < 2; i++) {
		snprintf(r->ca[i], sizeof(r->ca[i]), "%s/ca%d", r->dir, i);
		put(r->ca[i], i == 0 ? "root" : "operational\n");
		r->cas[i] = r->ca[i];
	}
	r->c = (struct hf_broker_conf){ .dir = r->dir,
					.plugin = "/p/holdfast_mosquitto.so",
					.plugin_socket = "/r/plugin.sock",
					.mqtt_socket = "/r/mqtt.sock",
					.port = 8883,
					.cert = "/t/broker.crt",
					.key = "/t/broker.key",
					.cas = r->cas,
					.n_cas = 2 };
}

static void clean(struct rig *r)
{
	static const char *const names[] = { "ca0", "ca1", "mosquitto.conf", "openssl.cnf",
					     "device-cas.pem" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, names[i]);
		unlink(path);
	}
	rmdir(r->dir);
}

static void assert_file(const struct rig *r, const char *name, const char *want)
{
	struct hf_buf got = HF_BUF(65536);
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	assert_int_equal(hf_file_read(path, &got, NULL), HF_OK);
	assert_string_equal(hf_buf_text(&got), want);
	hf_buf_free(&got);
}

static void the_configuration_is_exactly_this(void **unused)
{
	static const char format[] =
		"per_listener_settings false\nallow_anonymous false\nallow_zero_length_clientid false\n"
		"plugin /p/holdfast_mosquitto.so\nplugin_opt_bus /r/plugin.sock\nplugin_opt_local "
		"/r/mqtt.sock\n"
		"set_tcp_nodelay true\nmax_packet_size 70000\nmax_keepalive 3600\nmax_inflight_messages 100\n"
		"max_queued_messages 100000\npersistence false\nretain_available false\n"
		"queue_qos0_messages false\npersistent_client_expiration 1h\nsys_interval 0\n"
		"connection_messages false\n%s"
		"listener 8883%s\ncafile %s/device-cas.pem\ncertfile /t/broker.crt\nkeyfile /t/broker.key\n"
		"require_certificate true\ntls_version tlsv1.3\nciphers_tls1.3 TLS_AES_128_GCM_SHA256\n"
		"max_qos 1\nmax_connections %d\nlistener 0 /r/mqtt.sock\n";
	struct rig r;
	char want[2048];
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_OK);
	snprintf(want, sizeof(want), format, "", "", r.dir, 110000);
	assert_file(&r, "mosquitto.conf", want);
	assert_file(&r, "device-cas.pem", "root\noperational\n");
	assert_file(&r, "openssl.cnf",
		    "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
		    "MinProtocol = TLSv1.3\nGroups = P-256\nOptions = -SessionTicket\nNumTickets = 1\n");
	r.c.user = "root";
	r.c.listen_address = "127.0.0.1";
	r.c.max_connections = 7;
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_OK);
	snprintf(want, sizeof(want), format, "user root\n", " 127.0.0.1", r.dir, 7);
	assert_file(&r, "mosquitto.conf", want);
	clean(&r);
}

static void values_the_broker_would_misread_are_refused(void **unused)
{
	static const char *const bad[] = {
		NULL, "", "relative", "/a\nallow_anonymous true", "/a ", "/a\x7f"
	};
	struct rig r;
	(void)unused;

	make_rig(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char **fields[] = { &r.c.plugin, &r.c.plugin_socket, &r.c.mqtt_socket, &r.c.cert,
					  &r.c.key };

		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			const char *good = *fields[f];

			*fields[f] = bad[i];
			assert_int_equal(hf_broker_write(&r.c, &r.why), HF_ERR_BROKER_CONF);
			*fields[f] = good;
		}
	}
	r.c.listen_address = "127.0.0.1 x";
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_ERR_BROKER_CONF);
	r.c.listen_address = NULL;
	r.c.port = 0;
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_ERR_BROKER_CONF);
	r.c.port = 8883;
	r.c.n_cas = 0;
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_ERR_BROKER_CONF);
	clean(&r);
}

static void a_missing_ca_is_named(void **unused)
{
	struct rig r;
	(void)unused;

	make_rig(&r);
	unlink(r.ca[1]);
	assert_int_equal(hf_broker_write(&r.c, &r.why), HF_ERR_BROKER_FILE);
	assert_non_null(strstr(r.why.text, "/ca1"));
	clean(&r);
}

static void the_command_line_names_both_files(void **unused)
{
	struct hf_broker_start start;
	struct rig r;
	char want[128];
	(void)unused;

	make_rig(&r);
	r.c.program = "/bin/true";
	assert_int_equal(hf_broker_start_command(&r.c, &start, &r.why), HF_OK);
	assert_string_equal(start.argv[0], "/bin/true");
	assert_string_equal(start.argv[1], "-c");
	snprintf(want, sizeof(want), "%s/mosquitto.conf", r.dir);
	assert_string_equal(start.argv[2], want);
	assert_null(start.argv[3]);
	snprintf(want, sizeof(want), "OPENSSL_CONF=%s/openssl.cnf", r.dir);
	assert_string_equal(start.openssl_env, want);
	r.c.program = "/nowhere/mosquitto";
	assert_int_equal(hf_broker_start_command(&r.c, &start, &r.why), HF_ERR_BROKER_ABSENT);
	r.c.program = "no-such-broker";
	assert_int_equal(hf_broker_start_command(&r.c, &start, &r.why), HF_ERR_BROKER_ABSENT);
	clean(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_configuration_is_exactly_this),
		cmocka_unit_test(values_the_broker_would_misread_are_refused),
		cmocka_unit_test(a_missing_ca_is_named),
		cmocka_unit_test(the_command_line_names_both_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

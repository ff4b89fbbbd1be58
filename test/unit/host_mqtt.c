/* Against the real broker, started here with a directory and a port of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <hf/file.h>
#include <hf/mqtt.h>
#include "tls_rig.h"

struct rig {
	struct tls_rig tls;
	char dir[64], sock[96];
	uint16_t port;
	pid_t broker;
	struct hf_loop *loop;
	struct hf_timer limit;
};
static struct rig rig;

struct client {
	struct hf_mqtt *m;
	int connack, down, suback, puback_mid, puback, n_down;
	char topic[64], payload[64], cert[64];
	struct hf_tls_peer peer;
};

static void on_connack(void *ctx, int reason)
{
	struct client *c = ctx;

	c->connack = reason;
	hf_mqtt_peer(c->m, &c->peer);
}
static void on_down(void *ctx, int reason)
{
	((struct client *)ctx)->down = reason;
	((struct client *)ctx)->n_down++;
}
static void on_message(void *ctx, const struct hf_mqtt_msg *msg)
{
	struct client *c = ctx;

	(void)snprintf(c->topic, sizeof(c->topic), "%s", msg->topic);
	(void)snprintf(c->payload, sizeof(c->payload), "%.*s", (int)msg->payload.len,
		       (const char *)msg->payload.ptr);
	(void)snprintf(c->cert, sizeof(c->cert), "%s", msg->cert != NULL ? msg->cert : "none");
}
static void on_puback(void *ctx, int mid, int reason)
{
	((struct client *)ctx)->puback_mid = mid;
	((struct client *)ctx)->puback = reason;
}
static void on_suback(void *ctx, int mid, int reason)
{
	(void)mid;
	((struct client *)ctx)->suback = reason;
}

static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void write_pem(const char *name, const char *label, hf_bytes der)
{
	uint8_t room[8192];
	struct hf_out pem = HF_OUT(room);
	char path[160];

	assert_int_equal(hf_pki_pem_write(label, der, &pem), HF_OK);
	(void)snprintf(path, sizeof(path), "%s/%s", rig.dir, name);
	assert_int_equal(hf_file_create(path, hf_out_bytes(&pem), 0644, NULL), HF_OK);
}

/* The one private key of this rig that OpenSSL's own file format must carry. */
static void write_key(const struct party *p)
{
	char path[160];
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx;
	OSSL_PARAM params[4];
	uint8_t scalar[32];
	FILE *f;

	for (size_t i = 0; i < 32; i++) /* native, that is little-endian, order */
		scalar[i] = p->secret.b[31 - i];
	params[0] = OSSL_PARAM_construct_utf8_string("group", (char *)"prime256v1", 0);
	params[1] =
		OSSL_PARAM_construct_octet_string("pub", (void *)(uintptr_t)p->key.pub, HF_P256_POINT_LEN);
	params[2] = OSSL_PARAM_construct_BN("priv", scalar, sizeof(scalar));
	params[3] = OSSL_PARAM_construct_end();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
	(void)snprintf(path, sizeof(path), "%s/server.key", rig.dir);
	f = fopen(path, "w");
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static void write_conf(void)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(4096);
	char path[160];

	(void)snprintf(rig.sock, sizeof(rig.sock), "%s/mqtt.sock", rig.dir);
	rig.port = free_port();
	assert_int_equal(
		hf_buf_printf(&b,
			      "user root\nallow_anonymous true\npersistence false\nset_tcp_nodelay "
			      "true\nlog_type none\n"
			      "listener %u 127.0.0.1\ncafile %s/ca.pem\ncertfile %s/server.pem\n"
			      "keyfile %s/server.key\nrequire_certificate true\ntls_version tlsv1.3\n"
			      "listener 0 %s\n",
			      rig.port, rig.dir, rig.dir, rig.dir, rig.sock),
		HF_OK);
	(void)snprintf(path, sizeof(path), "%s/m.conf", rig.dir);
	assert_int_equal(hf_file_create(path, hf_buf_bytes(&b), 0644, NULL), HF_OK);
}

static int start_broker(void **unused)
{
	char conf[160];

	(void)unused;
	tls_rig_make(&rig.tls);
	strcpy(rig.dir, "/tmp/hf-mqtt-XXXXXX");
	assert_non_null(mkdtemp(rig.dir));
	write_pem("ca.pem", "CERTIFICATE", party_cert(&rig.tls.device_ca));
	write_pem("root.pem", "CERTIFICATE", party_cert(&rig.tls.root));
	write_pem("server.pem", "CERTIFICATE", party_cert(&rig.tls.server));
	write_key(&rig.tls.server);
	write_conf();
	(void)snprintf(conf, sizeof(conf), "cat %s/root.pem >> %s/ca.pem", rig.dir, rig.dir);
	assert_int_equal(system(conf), 0);
	(void)snprintf(conf, sizeof(conf), "%s/m.conf", rig.dir);
	rig.broker = fork();
	if (rig.broker == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/usr/sbin/mosquitto", "mosquitto", "-c", conf, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 500 && access(rig.sock, W_OK) != 0; i++)
		usleep(10000);
	return access(rig.sock, W_OK);
}

static int stop_broker(void **unused)
{
	char cmd[128];

	(void)unused;
	kill(rig.broker, SIGTERM);
	waitpid(rig.broker, NULL, 0);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", rig.dir);
	return system(cmd);
}

static void too_long(void *ctx)
{
	(void)ctx;
	print_error("nothing happened for 5 s\n");
	abort();
}

static int open_loop(void **unused)
{
	(void)unused;
	if (hf_loop_new(&rig.loop) != HF_OK || hf_timer_init(&rig.limit, rig.loop, too_long, NULL) != HF_OK)
		return -1;
	return hf_timer_start(&rig.limit, 5000) == HF_OK ? 0 : -1;
}

static int close_loop(void **unused)
{
	(void)unused;
	hf_timer_close(&rig.limit);
	hf_loop_free(rig.loop);
	return 0;
}

static void make_client(struct client *c, const char *id, struct hf_tls *tls)
{
	struct hf_mqtt_conf conf = { .loop = rig.loop,
				     .client_id = id,
				     .host = rig.sock,
				     .events = { c, on_connack, on_down, on_message, on_puback, on_suback } };

	*c = (struct client){ .connack = -1, .down = -2, .suback = -1, .puback = -1 };
	if (tls != NULL) {
		conf.tls = tls;
		conf.host = "localhost";
		conf.port = rig.port;
	}
	assert_int_equal(hf_mqtt_new(&conf, &c->m, NULL), HF_OK);
}

#define UNTIL(condition) \
	while (!(condition)) \
	assert_int_equal(hf_loop_turn(rig.loop, 100), HF_OK)

static void connect_client(struct client *c)
{
	assert_int_equal(hf_mqtt_connect(c->m, NULL), HF_OK);
	UNTIL(c->connack >= 0 || c->n_down > 0);
}

static void messages_pass_over_the_unix_socket(void **unused)
{
	struct client c;
	int mid = -1;

	(void)unused;
	make_client(&c, "bus", NULL);
	connect_client(&c);
	assert_int_equal(c.connack, 0);
	assert_true(hf_mqtt_is_up(c.m));
	assert_false(c.peer.has_cert);
	assert_int_equal(hf_mqtt_subscribe(c.m, "a/#", 1, NULL), HF_OK);
	UNTIL(c.suback >= 0);
	assert_int_equal(c.suback, 1);
	assert_int_equal(hf_mqtt_publish(c.m, "a/b", HF_STR("hello"), 1, 60, &mid), HF_OK);
	UNTIL(c.puback >= 0 && c.topic[0] != 0);
	assert_int_equal(c.puback, HF_MQTT_SUCCESS);
	assert_int_equal(c.puback_mid, mid);
	assert_string_equal(c.topic, "a/b");
	assert_string_equal(c.payload, "hello");
	assert_string_equal(c.cert, "none");
	hf_mqtt_disconnect(c.m);
	UNTIL(c.n_down > 0);
	assert_int_equal(c.down, 0);
	hf_mqtt_free(c.m);
}

static void nobody_listening_shows_in_the_puback(void **unused)
{
	struct client c;

	(void)unused;
	make_client(&c, "lonely", NULL);
	connect_client(&c);
	assert_int_equal(hf_mqtt_publish(c.m, "nobody", HF_STR("x"), 1, 0, NULL), HF_OK);
	UNTIL(c.puback >= 0);
	assert_int_equal(c.puback, HF_MQTT_NO_SUBSCRIBER);
	hf_mqtt_free(c.m);
}

static void a_device_connects_with_its_certificate_and_resumes(void **unused)
{
	struct hf_tls *tls = tls_rig_client(&rig.tls, &rig.tls.device);
	struct client c;

	(void)unused;
	make_client(&c, "device", tls);
	connect_client(&c);
	assert_int_equal(c.connack, 0);
	assert_true(c.peer.has_cert);
	assert_memory_equal(c.peer.cert, rig.tls.server.der, rig.tls.server.len);
	assert_int_equal(c.peer.marks & HF_TLS_MARK_RESUMED, 0);
	hf_mqtt_disconnect(c.m);
	UNTIL(c.n_down == 1);
	c.connack = -1;
	c.n_down = 0;
	connect_client(&c);
	assert_int_equal(c.peer.marks & HF_TLS_MARK_RESUMED, HF_TLS_MARK_RESUMED);
	hf_mqtt_free(c.m);
	hf_tls_free(tls);
}

static void a_broker_with_another_name_is_left_before_anything_is_said(void **unused)
{
	struct hf_tls_client_conf conf = { .anchor = party_cert(&rig.tls.server_ca),
					   .host = "elsewhere",
					   .key = &rig.tls.device.key,
					   .cert = party_cert(&rig.tls.device) };
	struct hf_tls *tls = NULL;
	struct client c;

	(void)unused;
	assert_int_equal(hf_tls_client_new(&conf, &tls, NULL), HF_OK);
	make_client(&c, "device", tls);
	/* On loopback the handshake may fail before the call returns; then there is no callback. */
	if (hf_mqtt_connect(c.m, NULL) == HF_OK) {
		UNTIL(c.n_down > 0);
		assert_int_equal(c.down, -1);
		assert_int_equal(c.n_down, 1);
	}
	assert_int_equal(c.connack, -1);
	hf_mqtt_free(c.m);
	hf_tls_free(tls);
}

static void a_broker_that_is_not_there_is_told_once(void **unused)
{
	struct hf_mqtt_conf conf = { .loop = rig.loop, .client_id = "x", .host = "/tmp/no/such/socket" };
	struct hf_tls *tls = tls_rig_client(&rig.tls, NULL);
	struct hf_why why = { 0 };
	struct hf_mqtt *m = NULL;
	struct client c;

	(void)unused;
	assert_int_equal(hf_mqtt_new(&conf, &m, NULL), HF_OK);
	assert_int_equal(hf_mqtt_connect(m, &why), HF_ERR_MQTT_CONNECT);
	hf_mqtt_free(m);
	/* A port where nobody listens: refused now or by a callback, in any case once. */
	make_client(&c, "x", tls);
	hf_mqtt_free(c.m);
	conf = (struct hf_mqtt_conf){ .loop = rig.loop,
				      .client_id = "x",
				      .host = "127.0.0.1",
				      .port = free_port(),
				      .tls = tls,
				      .events = { &c, on_connack, on_down, NULL, NULL, NULL } };
	assert_int_equal(hf_mqtt_new(&conf, &c.m, NULL), HF_OK);
	if (hf_mqtt_connect(c.m, NULL) == HF_OK) {
		UNTIL(c.n_down > 0);
		assert_int_equal(hf_loop_turn(rig.loop, 50), HF_OK);
		assert_int_equal(c.n_down, 1);
		assert_int_equal(c.down, -1);
	}
	hf_mqtt_free(c.m);
	hf_tls_free(tls);
}

static void a_takeover_ends_the_old_session(void **unused)
{
	struct client a, b;

	(void)unused;
	make_client(&a, "same", NULL);
	make_client(&b, "same", NULL);
	connect_client(&a);
	connect_client(&b);
	UNTIL(a.n_down > 0);
	assert_true(a.down == -1 || a.down >= 128);
	assert_true(hf_mqtt_is_up(b.m));
	hf_mqtt_free(a.m);
	hf_mqtt_free(b.m);
}

static void what_cannot_be_sent_is_refused_at_once(void **unused)
{
	static uint8_t big[HF_MQTT_PACKET_MAX];
	struct hf_mqtt_conf plain = { .loop = rig.loop, .client_id = "x", .host = "localhost", .port = 1883 };
	struct hf_mqtt *m = NULL;
	struct client c;

	(void)unused;
	assert_int_equal(hf_mqtt_new(&plain, &m, NULL), HF_ERR_MQTT_CONF); /* no TLS on a network */
	make_client(&c, "big", NULL);
	assert_int_equal(hf_mqtt_publish(c.m, "a", HF_STR("x"), 1, 0, NULL), HF_ERR_MQTT_DOWN);
	assert_int_equal(hf_mqtt_subscribe(c.m, "a", 1, NULL), HF_ERR_MQTT_DOWN);
	connect_client(&c);
	assert_int_equal(hf_mqtt_publish(c.m, "a", HF_ARR(big), 1, 0, NULL), HF_ERR_MQTT_TOO_LARGE);
	assert_int_equal(hf_mqtt_publish(c.m, "a/#", HF_STR("x"), 1, 0, NULL), HF_ERR_MQTT_FAILED);
	hf_mqtt_free(c.m);
}

int main(void)
{
#define ON_LOOP(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)
	const struct CMUnitTest tests[] = {
		ON_LOOP(messages_pass_over_the_unix_socket),
		ON_LOOP(nobody_listening_shows_in_the_puback),
		ON_LOOP(a_device_connects_with_its_certificate_and_resumes),
		ON_LOOP(a_broker_with_another_name_is_left_before_anything_is_said),
		ON_LOOP(a_broker_that_is_not_there_is_told_once),
		ON_LOOP(a_takeover_ends_the_old_session),
		ON_LOOP(what_cannot_be_sent_is_refused_at_once),
	};
	return cmocka_run_group_tests(tests, start_broker, stop_broker);
}

/* Certificates, marks, names, time and resumption, over real sockets with our own server and client.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <hf/httpc.h>
#include "tls_rig.h"

static struct tls_rig rig;

/* What the server saw of the last request. */
static struct hf_tls_peer seen;

static void handle(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_http_res res = { .status = 204 };

	(void)ctx;
	seen = *req->peer;
	hf_http_answer(call, &res);
}

static const struct hf_http_route routes[] = { { HF_HTTP_GET, "/", 0, handle } };

struct server {
	struct hf_tls *tls;
	struct hf_http *http;
};

static void start(struct server *s, struct hf_tls *tls)
{
	struct hf_http_conf c = {
		.addr = "127.0.0.1", .tls = tls, .workers = 1, .routes = routes, .n_routes = 1
	};

	s->tls = tls;
	assert_int_equal(hf_http_new(&c, &s->http, NULL), HF_OK);
	assert_int_equal(hf_http_start(s->http, NULL), HF_OK);
}

static void stop(struct server *s)
{
	hf_http_free(s->http);
	hf_tls_free(s->tls);
}

/* Connect, ask once; HF_OK when an answer came. */
static hf_err ask(const struct server *s, struct hf_tls *tls, struct hf_tls_peer *peer, struct hf_why *why)
{
	struct hf_httpc_conf c = { .host = "127.0.0.1",
				   .port = hf_http_port(s->http),
				   .tls = tls,
				   .name = "localhost",
				   .timeout_ms = 3000 };
	struct hf_httpc_req req = { .method = "GET", .path = "/" };
	struct hf_httpc_res res = HF_HTTPC_RES(1000);
	struct hf_httpc *client = NULL;
	hf_err err = hf_httpc_open(&c, &client, why);

	if (err != HF_OK)
		return err;
	err = hf_httpc_call(client, &req, &res, why);
	if (peer != NULL)
		*peer = *hf_httpc_peer(client);
	hf_httpc_close(client);
	hf_httpc_res_free(&res);
	return err;
}

static hf_err ask_as(const struct server *s, const struct party *who)
{
	struct hf_tls *tls = tls_rig_client(&rig, who);
	hf_err err = ask(s, tls, NULL, NULL);

	hf_tls_free(tls);
	return err;
}

static void both_sides_see_each_other_and_the_same_exporter(void **unused)
{
	struct server s;
	struct hf_tls *tls = tls_rig_client(&rig, &rig.device);
	struct hf_tls_peer peer;

	(void)unused;
	start(&s, tls_rig_server(&rig, 0, true));
	assert_int_equal(ask(&s, tls, &peer, NULL), HF_OK);
	assert_true(seen.has_cert);
	assert_int_equal(seen.marks, 0);
	assert_int_equal(seen.version, 13);
	assert_int_equal(seen.cert_len, rig.device.len);
	assert_memory_equal(seen.cert, rig.device.der, rig.device.len);
	assert_memory_equal(peer.cert, rig.server.der, rig.server.len);
	assert_int_equal(peer.x_len, HF_TLS_X_LEN);
	assert_memory_equal(peer.x, seen.x, HF_TLS_X_LEN);
	assert_true(hf_tls_server_not_after(tls) > (int64_t)time(NULL));
	hf_tls_free(tls);
	stop(&s);
}

static void only_certificates_of_the_trusted_line_get_in(void **unused)
{
	struct server s;

	(void)unused;
	start(&s, tls_rig_server(&rig, 0, true));
	assert_int_equal(ask_as(&s, &rig.device), HF_OK);
	assert_int_not_equal(ask_as(&s, NULL), HF_OK);
	assert_int_not_equal(ask_as(&s, &rig.stranger), HF_OK);
	assert_int_not_equal(ask_as(&s, &rig.expired), HF_OK);
	assert_int_not_equal(ask_as(&s, &rig.self_signed), HF_OK);
	assert_int_not_equal(ask_as(&s, &rig.server), HF_OK); /* wrong purpose and chain */
	stop(&s);
}

static void expired_and_self_signed_pass_only_marked_and_only_where_allowed(void **unused)
{
	struct server s;

	(void)unused;
	start(&s, tls_rig_server(&rig, HF_TLS_MARK_EXPIRED | HF_TLS_MARK_SELF_SIGNED, false));
	assert_int_equal(ask_as(&s, &rig.expired), HF_OK);
	assert_int_equal(seen.marks, HF_TLS_MARK_EXPIRED);
	assert_int_equal(ask_as(&s, &rig.self_signed), HF_OK);
	assert_int_equal(seen.marks, HF_TLS_MARK_SELF_SIGNED);
	assert_int_equal(ask_as(&s, NULL), HF_OK);
	assert_false(seen.has_cert);
	assert_int_not_equal(ask_as(&s, &rig.stranger), HF_OK);
	stop(&s);
	start(&s, tls_rig_server(&rig, HF_TLS_MARK_EXPIRED, false));
	assert_int_not_equal(ask_as(&s, &rig.self_signed), HF_OK);
	stop(&s);
}

static void a_resumed_session_is_marked_and_still_judged_by_its_dates(void **unused)
{
	struct server s;
	struct hf_tls *tls = tls_rig_client(&rig, &rig.expired);

	(void)unused;
	start(&s, tls_rig_server(&rig, HF_TLS_MARK_EXPIRED, true));
	assert_int_equal(ask(&s, tls, NULL, NULL), HF_OK);
	assert_int_equal(seen.marks, HF_TLS_MARK_EXPIRED);
	assert_int_equal(ask(&s, tls, NULL, NULL), HF_OK);
	assert_int_equal(seen.marks, HF_TLS_MARK_EXPIRED | HF_TLS_MARK_RESUMED);
	assert_memory_equal(seen.cert, rig.expired.der, rig.expired.len);
	hf_tls_forget_session(tls);
	assert_int_equal(ask(&s, tls, NULL, NULL), HF_OK);
	assert_int_equal(seen.marks, HF_TLS_MARK_EXPIRED);
	hf_tls_free(tls);
	stop(&s);
}

static hf_err ask_with(const struct server *s, struct hf_tls_client_conf c, struct hf_why *why)
{
	struct hf_tls *tls = NULL;
	hf_err err;

	assert_int_equal(hf_tls_client_new(&c, &tls, NULL), HF_OK);
	err = ask(s, tls, NULL, why);
	hf_tls_free(tls);
	return err;
}

static void a_client_refuses_wrong_anchors_names_and_times(void **unused)
{
	hf_bytes ca = party_cert(&rig.server_ca), other = party_cert(&rig.stranger_ca);
	struct hf_why why = { 0 };
	struct server s;

	(void)unused;
	start(&s, tls_rig_server(&rig, 0, false));
	assert_int_equal(ask_with(&s, (struct hf_tls_client_conf){ .anchor = ca, .host = "localhost" }, &why),
			 HF_OK);
	assert_int_equal(
		ask_with(&s, (struct hf_tls_client_conf){ .anchor = other, .host = "localhost" }, &why),
		HF_ERR_TLS_VERIFY);
	assert_int_equal(ask_with(&s, (struct hf_tls_client_conf){ .anchor = ca, .host = "elsewhere" }, &why),
			 HF_ERR_TLS_VERIFY);
	assert_non_null(strstr(hf_why_text(&why), "hostname mismatch"));
	/* The floor says that it is later than the clock thinks. */
	assert_int_equal(ask_with(&s,
				  (struct hf_tls_client_conf){ .anchor = ca,
							       .host = "localhost",
							       .not_before = (int64_t)time(NULL) + 999999 },
				  &why),
			 HF_ERR_TLS_VERIFY);
	assert_non_null(strstr(hf_why_text(&why), "expired"));
	/* A floor in the past does not turn the clock back. */
	assert_int_equal(
		ask_with(&s,
			 (struct hf_tls_client_conf){ .anchor = ca, .host = "localhost", .not_before = 1000 },
			 &why),
		HF_OK);
	stop(&s);
}

static void contexts_that_cannot_work_are_refused_when_made(void **unused)
{
	struct hf_tls_server_conf c = { .key = &rig.device.key,
					.cert = party_cert(&rig.server),
					.name = "x" };
	struct hf_tls_client_conf d = { .anchor = party_cert(&rig.server_ca) };
	struct hf_tls *tls = NULL;

	(void)unused;
	assert_int_equal(hf_tls_server_new(&c, &tls, NULL), HF_ERR_TLS_KEY);
	c.cert = HF_STR("junk");
	assert_int_equal(hf_tls_server_new(&c, &tls, NULL), HF_ERR_CRYPTO_CERT);
	c.key = NULL;
	assert_int_equal(hf_tls_server_new(&c, &tls, NULL), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_tls_client_new(&d, &tls, NULL), HF_ERR_BASE_MISUSE);
	assert_null(tls);
	/* The session id context is at most 32 bytes. */
	c = (struct hf_tls_server_conf){ .key = &rig.server.key,
					 .cert = party_cert(&rig.server),
					 .name = "a name of more than thirty-two bytes" };
	assert_int_equal(hf_tls_server_new(&c, &tls, NULL), HF_ERR_TLS_CONTEXT);
}

static void old_tls_and_other_groups_are_refused(void **unused)
{
	struct server s;
	struct raw raw = { 0 };
	uint16_t port;

	(void)unused;
	start(&s, tls_rig_server(&rig, 0, false));
	port = hf_http_port(s.http);
	for (int i = 0; i < 2; i++) {
		raw_open(&raw, port, false);
		raw.ctx = SSL_CTX_new(TLS_client_method());
		if (i == 0)
			assert_int_equal(SSL_CTX_set_max_proto_version(raw.ctx, TLS1_2_VERSION), 1);
		else
			assert_int_equal(SSL_CTX_set1_groups_list(raw.ctx, "X25519"), 1);
		raw.ssl = SSL_new(raw.ctx);
		SSL_set_fd(raw.ssl, raw.fd);
		assert_int_not_equal(SSL_connect(raw.ssl), 1);
		raw_close(&raw);
	}
	stop(&s);
}

static int make_rig(void **unused)
{
	(void)unused;
	tls_rig_make(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_see_each_other_and_the_same_exporter),
		cmocka_unit_test(only_certificates_of_the_trusted_line_get_in),
		cmocka_unit_test(expired_and_self_signed_pass_only_marked_and_only_where_allowed),
		cmocka_unit_test(a_resumed_session_is_marked_and_still_judged_by_its_dates),
		cmocka_unit_test(a_client_refuses_wrong_anchors_names_and_times),
		cmocka_unit_test(contexts_that_cannot_work_are_refused_when_made),
		cmocka_unit_test(old_tls_and_other_groups_are_refused),
	};
	return cmocka_run_group_tests(tests, make_rig, NULL);
}

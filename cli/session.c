/* session.c -- the operator's folder and the connection.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <hf/file.h>
#include <hf/pki.h>
#include <holdfast/statement.h>
#include "session.h"

enum { ANSWER_CEILING = 1 << 20, CERT_PEM_MAX = 8192 };

void session_json_drop(struct hf_json **j)
{
	hf_json_free(*j);
	*j = NULL;
}

bool session_path(const struct session *s, const char *name, char out[static SESSION_PATH_MAX])
{
	struct hf_why why = { 0 };

	if (name[0] == '/') {
		snprintf(out, SESSION_PATH_MAX, "%s", name);
		return true;
	}
	if (hf_deploy_path(out, s->folder, name, &why) == HF_OK)
		return true;
	(void)cli_fail("%s", hf_why_text(&why));
	return false;
}

bool session_cert(const struct session *s, const char *name, struct hf_out *der)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(CERT_PEM_MAX);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(s, name, path))
		return false;
	if (hf_file_read(path, &pem, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), der) == HF_OK)
		return true;
	return cli_fail("%s: no certificate in it", path) == CLI_DONE;
}

static bool read_policy(struct session *s)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(SESSION_POLICY_MAX);
	struct hf_out scratch = HF_OUT(s->scratch_mem);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };
	hf_err err;

	if (!session_path(s, s->conf.policy, path))
		return false;
	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	memcpy(s->policy_mem, file.ptr, file.len); /* the policy borrows its bytes */
	err = hf_policy_open_first((hf_bytes){ s->policy_mem, file.len }, &scratch, &s->policy);
	if (err == HF_OK)
		return true;
	return cli_fail("%s: %s", path, hf_err_text(err)) == CLI_DONE;
}

bool session_open(const struct cli_args *args, struct session *s)
{
	struct hf_why why = { 0 };

	*s = (struct session){ .args = args, .res = HF_HTTPC_RES(ANSWER_CEILING) };
	if (args->operator == NULL) {
		(void)cli_usage("who are you? Give --as DIR or set HOLDFAST_OPERATOR to your operator folder "
				"(holdfast init made DIR/operators/NAME)");
		return false;
	}
	if (strlen(args->operator) >= sizeof(s->folder))
		return cli_fail("--as: path is too long") == CLI_DONE;
	memcpy(s->folder, args->operator, strlen(args->operator) + 1);
	if (hf_deploy_operator_read(s->folder, &s->conf, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	return read_policy(s);
}

int session_refused(const struct cli_args *args)
{
	return args->operator == NULL ? CLI_USAGE : CLI_FAILED;
}

bool session_open_key(struct session *s)
{
	return s->ipc != NULL || keyholder_start(s);
}

/* https://HOST:PORT */
static bool split_api(const char *url, char host[static HF_DEPLOY_HOST_MAX], uint16_t *port)
{
	if (strncmp(url, "https://", 8) == 0 && hf_deploy_split_listen(url + 8, host, port) && *port != 0)
		return true;
	return cli_fail("operator.conf: api: '%s' is not https://HOST:PORT", url) == CLI_DONE;
}

bool session_expired(const struct session *s)
{
	struct hf_pki_cert cert;

	return hf_pki_cert_read((hf_bytes){ s->cert, s->cert_len }, &cert) == HF_OK &&
	       cert.not_after <= (int64_t)time(NULL);
}

bool session_connect(struct session *s)
{
	struct hf_out cert = HF_OUT(s->cert);
	uint8_t ca_mem[HF_TLS_CERT_MAX];
	struct hf_out ca = HF_OUT(ca_mem);
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_tls_client_conf tls = { .host = host };
	struct hf_httpc_conf http = { .host = host };
	struct hf_why why = { 0 };

	if (s->http != NULL)
		return true;
	if (!split_api(s->conf.api, host, &http.port) || !session_cert(s, s->conf.server_ca, &ca) ||
	    !session_cert(s, s->conf.certificate, &cert))
		return false;
	s->cert_len = cert.len;
	if (session_expired(s))
		return cli_fail("your certificate ended; 'holdfast operator renew --dir DIR' on the server "
				"makes a new one") == CLI_DONE;
	if (!session_open_key(s))
		return false;
	tls.anchor = hf_out_bytes(&ca);
	tls.key = &s->key.key;
	tls.cert = hf_out_bytes(&cert);
	if (hf_tls_client_new(&tls, &s->tls, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	http.tls = s->tls;
	if (hf_httpc_open(&http, &s->http, &why) != HF_OK)
		return cli_fail("%s; is the control plane running ('holdfast up')?", hf_why_text(&why)) ==
		       CLI_DONE;
	return true;
}

void session_close(struct session *s)
{
	hf_httpc_close(s->http);
	hf_tls_free(s->tls);
	keyholder_stop(s);
	hf_httpc_res_free(&s->res);
}

/* What an RFC 9457 problem says, in one line. */
static void print_problem(struct session *s, const char *path)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	const char *detail, *code;

	if (hf_json_parse(hf_buf_bytes(&s->res.body), &j, NULL) != HF_OK) {
		(void)cli_fail("%s: the server answered %d", path, s->res.status);
		return;
	}
	code = hf_json_text(hf_json_get(j, "code"), "");
	detail = hf_json_text(hf_json_get(j, "detail"), hf_json_text(hf_json_get(j, "title"), "refused"));
	(void)cli_fail("refused: %s (%d%s%s)", detail, s->res.status, code[0] != '\0' ? " " : "", code);
}

/* The server ends idle connections; a request that got no answer at all is sent again once. */
static bool call(struct session *s, const struct hf_httpc_req *req)
{
	struct hf_why why = { 0 };
	const char *audit;
	hf_err err;

	if (!session_connect(s))
		return false;
	err = hf_httpc_call(s->http, req, &s->res, &why);
	if (err == HF_ERR_HTTPC_CLOSED || (err == HF_OK && s->res.closed)) {
		hf_httpc_close(s->http);
		s->http = NULL;
		hf_tls_free(s->tls);
		s->tls = NULL;
		if (err != HF_OK && session_connect(s))
			err = hf_httpc_call(s->http, req, &s->res, &why);
	}
	if (err != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	audit = hf_httpc_header(&s->res, "Holdfast-Audit");
	s->audit = audit != NULL ? strtoull(audit, NULL, 10) : 0;
	return true;
}

static bool finish(struct session *s, const char *path, struct hf_json **out)
{
	struct hf_why why = { 0 };

	if (s->res.status < 200 || s->res.status > 299) {
		print_problem(s, path);
		return false;
	}
	if (out == NULL)
		return true;
	if (hf_json_parse(hf_buf_bytes(&s->res.body), out, &why) == HF_OK)
		return true;
	return cli_fail("%s: the server's answer: %s", path, hf_why_text(&why)) == CLI_DONE;
}

bool session_get(struct session *s, const char *path, struct hf_json **out)
{
	const struct hf_httpc_req req = { .method = "GET", .path = path, .timeout_ms = 60000 };

	return call(s, &req) && finish(s, path, out);
}

bool session_find(struct session *s, const char *path, struct hf_json **out)
{
	const struct hf_httpc_req req = { .method = "GET", .path = path };

	*out = NULL;
	if (!call(s, &req))
		return false;
	return s->res.status == 404 || finish(s, path, out);
}

bool session_try(struct session *s, const char *path, struct hf_json **out)
{
	const struct hf_httpc_req req = { .method = "GET", .path = path };

	*out = NULL;
	if (!call(s, &req))
		return false;
	return (s->res.status >= 400 && s->res.status < 500) || finish(s, path, out);
}

static bool fresh_key(char out[static 40])
{
	uint8_t random[16];
	struct hf_out text = { (uint8_t *)out, 39, 0 };

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random) ||
	    hf_hex_encode(HF_ARR(random), &text) != HF_OK)
		return cli_fail("no randomness") == CLI_DONE;
	out[text.len] = '\0';
	return true;
}

bool session_post(struct session *s, const char *path, const char *type, hf_bytes body, struct hf_json **out)
{
	char key[40];
	const struct hf_http_header header = { "Idempotency-Key", key };
	const struct hf_httpc_req req = {
		.method = "POST", .path = path, .type = type, .body = body, .headers = &header, .n_headers = 1
	};

	return fresh_key(key) && call(s, &req) && finish(s, path, out);
}

bool session_post_text(struct session *s, const char *path, const char *name, const char *text,
		       struct hf_json **out)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, name, text);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_fail("%s: text is too long", name) == CLI_DONE;
	return session_post(s, path, "application/json", hf_buf_bytes(&body), out);
}

bool session_put(struct session *s, const char *path, const char *type, hf_bytes body, struct hf_json **out)
{
	const struct hf_httpc_req req = { .method = "PUT", .path = path, .type = type, .body = body };

	return call(s, &req) && finish(s, path, out);
}

bool session_put_match(struct session *s, const char *path, const char *etag, hf_bytes body,
		       struct hf_json **out)
{
	const struct hf_http_header header = { "If-Match", etag };
	const struct hf_httpc_req req = { .method = "PUT",
					  .path = path,
					  .type = "application/json",
					  .body = body,
					  .headers = &header,
					  .n_headers = 1 };

	return call(s, &req) && finish(s, path, out);
}

bool session_delete(struct session *s, const char *path, const char *etag, struct hf_json **out)
{
	const struct hf_http_header header = { "If-Match", etag };
	const struct hf_httpc_req req = {
		.method = "DELETE", .path = path, .headers = &header, .n_headers = etag != NULL ? 1 : 0
	};

	return call(s, &req) && finish(s, path, out);
}

bool session_is_dev(const char *text)
{
	if (strlen(text) == HF_COMMAND_DEV_LEN &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz234567") == HF_COMMAND_DEV_LEN)
		return true;
	(void)cli_usage("'%s' is no device: 16 characters of a-z and 2-7 are needed", text);
	return false;
}

const char *session_time(int64_t t, char out[static 32])
{
	time_t when = (time_t)t;
	struct tm tm = { 0 };

	if (t <= 0 || gmtime_r(&when, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, 32, "-");
	return out;
}

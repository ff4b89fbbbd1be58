/* est_stub -- an EST server for tests of the device: small, and able to misbehave on purpose. It keeps no
 * rules of
 * its own; those are the real server's. One line on stdout for every certificate it issued.
 * usage: est_stub CERT KEY OP_CERT OP_KEY DOMAIN [PORT]   (PEM files, unencrypted)
 * stdin: `claim HF1:...`, `mode MODE`, `life SECONDS`, `dev NAME`; MODE is one of the table below.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/file.h>
#include <hf/http.h>
#include <hf/pki.h>
#include <holdfast/claim.h>
#include <holdfast/identity.h>
#include <holdfast/statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum mode { GOOD, WAIT, REFUSE, BUSY, WRONG_MAC, NO_MAC, OTHER_KEY, OTHER_NAME, BROKEN, SILENT, N_MODES };
static const char *const modes[N_MODES] = {
	"good",   "wait",      "refuse",     "busy",   "wrong-mac",
	"no-mac", "other-key", "other-name", "broken", "silent",
};

struct stub {
	struct hf_buf cert, op_cert;
	struct hf_pki_key *key, *op_key;
	struct hf_hwkey server, op;
	const char *domain;
	char dev[HF_DEV_LEN + 1];
	uint8_t cert_der[HF_PKI_CERT_MAX], op_der[HF_PKI_CERT_MAX];
	struct hf_out cert_out, op_out;
	bool has_claim;
	struct hf_claim_keys claim;
	volatile enum mode mode;
	volatile long life_s;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "est_stub: %s\n", what);
	exit(1);
}

static void check(hf_err err, const char *what)
{
	if (err != HF_OK)
		die(what);
}

static void read_pem(const char *path, const char *label, struct hf_out *der)
{
	struct hf_buf text = HF_BUF(65536);

	check(hf_file_read(path, &text, NULL), path);
	check(hf_pki_pem_read(label, hf_buf_bytes(&text), der), path);
	hf_buf_free(&text);
}

static struct hf_pki_key *read_key(const char *path, struct hf_hwkey *out)
{
	struct hf_buf text = HF_BUF_SECRET(65536);
	struct hf_pki_key *key = NULL;

	check(hf_file_read(path, &text, NULL), path);
	check(hf_pki_key_read(hf_buf_bytes(&text), (hf_bytes){ NULL, 0 }, &key), path);
	check(hf_pki_key_hwkey(key, out), path);
	hf_buf_free(&text);
	return key;
}

/* ---- base64, through OpenSSL-free code of its own ------------------------------------------------ */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t from_base64(hf_bytes in, uint8_t *out, size_t cap)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		const char *at = in.ptr[i] != 0 ? strchr(alphabet, in.ptr[i]) : NULL;

		if (at == NULL)
			continue;
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits >= 8 && n < cap) {
			bits -= 8;
			out[n++] = (uint8_t)(v >> bits);
		}
	}
	return n;
}

static void to_base64(hf_bytes in, struct hf_buf *out)
{
	for (size_t i = 0; i < in.len; i += 3) {
		uint32_t v = (uint32_t)in.ptr[i] << 16;
		char quad[5] = "====";

		v |= i + 1 < in.len ? (uint32_t)in.ptr[i + 1] << 8 : 0;
		v |= i + 2 < in.len ? in.ptr[i + 2] : 0u;
		for (size_t j = 0; j < 4 && j <= in.len - i; j++)
			quad[j] = alphabet[v >> (18 - 6 * j) & 63];
		check(hf_buf_puts(out, quad), "memory");
	}
}

/* ---- answers ------------------------------------------------------------------------------------- */

static void say(struct hf_http_call *call, int status, unsigned retry_after_s)
{
	const struct hf_http_res res = {
		.status = status, .type = "text/plain", .body = HF_STR("no\n"), .retry_after_s = retry_after_s
	};

	hf_http_answer(call, &res);
}

static void issue(struct stub *s, const uint8_t *pub, const char *dev, struct hf_out *out)
{
	uint8_t serial[HF_PKI_SERIAL_LEN], other[HF_P256_POINT_LEN];
	char cn[HF_PKI_NAME_MAX + 1], uri[HF_PKI_URI_MAX + 1];
	struct hf_key secret;
	struct hf_pki_spec spec = {
		.profile = HF_PKI_LDEVID,
		.curve = HF_CURVE_P256,
		.pub = pub,
		.serial = serial,
		.cn = cn,
		.uri = uri,
	};

	if (s->mode == OTHER_KEY) {
		check(hf_crypto_p256_generate(&secret, other), "key");
		spec.pub = other;
	}
	if (getrandom(serial, sizeof(serial), 0) != (ssize_t)sizeof(serial))
		die("random");
	hf_pki_serial_fix(serial);
	spec.not_before = time(NULL) - (s->life_s < 3600 ? 0 : 300); /* a short life begins now */
	spec.not_after = spec.not_before + s->life_s;
	(void)snprintf(cn, sizeof(cn), "hf-%.16s", dev);
	(void)snprintf(uri, sizeof(uri), "spiffe://%.100s/d/%.16s", s->domain, dev);
	check(hf_pki_issue(&spec, hf_out_bytes(&s->op_out), &s->op, out), "issue");
}

static void print_issued(const char *how, const char *dev, hf_bytes der)
{
	uint8_t hash[HF_SHA256_LEN];

	check(hf_crypto_sha256(&der, 1, hash), "hash");
	(void)printf("%s %s ", how, dev);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)printf("%02x", hash[i]);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void give(struct stub *s, const struct hf_http_req *req, const uint8_t *pub, const char *dev,
		 bool renew, struct hf_http_call *call)
{
	uint8_t der_mem[HF_PKI_CERT_MAX], pkcs7_mem[2 * HF_PKI_CERT_MAX], mac[HF_SHA256_LEN],
		hash[HF_SHA256_LEN];
	uint8_t info_mem[HF_CLAIM_HEADER_CAP + 1] = { 0 };
	struct hf_out der = HF_OUT(der_mem), pkcs7 = HF_OUT(pkcs7_mem);
	struct hf_out info = { info_mem, HF_CLAIM_HEADER_CAP, 0 };
	struct hf_buf body = HF_BUF(65536);
	struct hf_http_header header = { "Authentication-Info", (const char *)info_mem };
	struct hf_http_res res = { .status = 200,
				   .type = "application/pkcs7-mime; smime-type=certs-only",
				   .headers = &header,
				   .n_headers = renew || s->mode == NO_MAC ? 0 : 1 };
	hf_bytes leaf;

	issue(s, pub, s->mode == OTHER_NAME ? "zzzzzzzzzzzzzzzz" : dev, &der);
	leaf = hf_out_bytes(&der);
	check(hf_pki_certs_only_write(&leaf, 1, &pkcs7), "certs-only");
	to_base64(hf_out_bytes(&pkcs7), &body);
	if (s->mode == BROKEN)
		body.ptr[body.len / 2] = '!';
	res.body = hf_buf_bytes(&body);
	check(hf_crypto_sha256(&leaf, 1, hash), "hash");
	check(hf_claim_mac(&s->claim.kc, HF_CLAIM_SERVER, req->peer->x, hash, mac), "mac");
	mac[0] ^= s->mode == WRONG_MAC;
	check(hf_claim_write_info(mac, &info), "header");
	print_issued(renew ? "renewed" : "enrolled", dev, leaf);
	hf_http_answer(call, &res);
	hf_buf_free(&body);
}

/* Does the request prove the claim on this very channel? */
static bool proven(const struct stub *s, const struct hf_http_req *req, const struct hf_pki_csr *csr)
{
	const char *auth = hf_http_header(req, "Authorization");
	uint8_t cid[HF_CLAIM_ID_LEN], mac[HF_SHA256_LEN];

	if (auth == NULL || !s->has_claim ||
	    hf_claim_read_authorization((hf_bytes){ (const uint8_t *)auth, strlen(auth) }, cid, mac) != HF_OK)
		return false;
	return memcmp(cid, s->claim.cid, sizeof(cid)) == 0 &&
	       hf_claim_check(&s->claim.kc, HF_CLAIM_DEVICE, req->peer->x, csr->sha256, HF_ARR(mac)) == HF_OK;
}

static bool bound_to_channel(const struct hf_http_req *req, const struct hf_pki_csr *csr)
{
	uint8_t x[64];
	size_t n = from_base64((hf_bytes){ (const uint8_t *)csr->challenge, strlen(csr->challenge) }, x,
			       sizeof(x));

	return hf_bytes_equal((hf_bytes){ x, n }, (hf_bytes){ req->peer->x, HF_CLAIM_BINDING_LEN });
}

/* Status of the answer that the mode or the request's own faults ask for; 200: the certificate. */
static int judge(const struct stub *s, const struct hf_http_req *req, const struct hf_pki_csr *csr,
		 bool renew, bool has_name)
{
	if (!bound_to_channel(req, csr))
		return 400;
	if (s->mode == WAIT || s->mode == BUSY)
		return s->mode == WAIT ? 202 : 503;
	if (s->mode == REFUSE)
		return 403;
	if (renew)
		return has_name ? 200 : 403;
	return proven(s, req, csr) ? 200 : 403;
}

static void on_request(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	bool renew = strstr(req->path, "simplereenroll") != NULL;
	struct hf_pki_cert peer = { .cn = "" };
	uint8_t der[HF_PKI_CSR_MAX];
	struct hf_pki_csr csr;
	struct stub *s = ctx;
	size_t n = from_base64(req->body, der, sizeof(der));
	int status;

	if (req->peer->has_cert && hf_pki_cert_read(hf_tls_peer_cert(req->peer), &peer) != HF_OK)
		peer.cn[0] = '\0';
	(void)printf("request %s %s %s\n", renew ? "renew" : "enrol", modes[s->mode], peer.cn);
	(void)fflush(stdout);
	if (s->mode == SILENT)
		return; /* the answer is lost */
	status = hf_pki_csr_read((hf_bytes){ der, n }, &csr) != HF_OK
			 ? 400
			 : judge(s, req, &csr, renew, peer.cn[0] != '\0');
	if (status == 200)
		give(s, req, csr.pub, renew ? peer.cn + 3 : s->dev, renew, call);
	else
		say(call, status, status == 202 || status == 503 ? 2 : 0);
}

/* A first trust policy with one root and one operator, both forgotten at once: enough for a device to
 * start. */
static void print_policy(void)
{
	uint8_t root_pub[HF_ED25519_PUB_LEN], operator_pub[HF_P256_POINT_LEN], kid[HF_KID_LEN];
	uint8_t payload_mem[2048], object_mem[4096], scratch_mem[HF_STATEMENT_SCRATCH], vendor[16] = { 1 };
	struct hf_out payload = HF_OUT(payload_mem), object = HF_OUT(object_mem),
		      scratch = HF_OUT(scratch_mem);
	struct hf_key seed, secret;
	const struct hf_policy_key keys[] = {
		{ .role = HF_ROLE_ROOT,
		  .alg = HF_COSE_ED25519,
		  .pub = HF_ARR(root_pub),
		  .holder = HF_STR("root") },
		{ .role = HF_ROLE_NAMED,
		  .alg = HF_COSE_ES256,
		  .pub = HF_ARR(operator_pub),
		  .holder = HF_STR("op") },
	};
	const struct hf_named_spec named[] = { { HF_STR("cmd-act"), { .k = 1, .keys = 2 } },
					       { HF_STR("cmd-read"), { .k = 1, .keys = 2 } } };
	const struct hf_policy_spec spec = { .number = 1,
					     .vendor = HF_ARR(vendor),
					     .key = keys,
					     .n_keys = 2,
					     .root = { .k = 1, .keys = 1 },
					     .named = named,
					     .n_named = 2 };
	const struct hf_cose_signer signer = { HF_COSE_ED25519, HF_ARR(kid), NULL, &seed };

	check(hf_crypto_ed25519_generate(&seed, root_pub), "root");
	check(hf_crypto_p256_generate(&secret, operator_pub), "operator");
	check(hf_crypto_kid(HF_ARR(root_pub), kid), "kid");
	check(hf_policy_write(&spec, &payload), "policy");
	check(hf_statement_write(hf_out_bytes(&payload), &signer, 1, &scratch, &object), "policy");
	(void)printf("policy ");
	for (size_t i = 0; i < object.len; i++)
		(void)printf("%02x", object_mem[i]);
	(void)printf("\n");
}

static void obey(struct stub *s, char *line)
{
	struct hf_claim_secret secret;

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "claim ", 6) == 0) {
		check(hf_claim_parse((hf_bytes){ (const uint8_t *)line + 6, strlen(line + 6) }, &secret),
		      "claim");
		check(hf_claim_derive(&secret, &s->claim), "claim");
		s->has_claim = true;
	} else if (strncmp(line, "life ", 5) == 0) {
		s->life_s = strtol(line + 5, NULL, 10);
	} else if (strncmp(line, "dev ", 4) == 0) {
		(void)snprintf(s->dev, sizeof(s->dev), "%.16s", line + 4);
	} else if (strncmp(line, "mode ", 5) == 0) {
		for (int i = 0; i < N_MODES; i++)
			if (strcmp(line + 5, modes[i]) == 0)
				s->mode = (enum mode)i;
	}
	(void)printf("done %s\n", line);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct stub s;
	struct hf_why why = { HF_OK, "" };
	static const struct hf_http_route routes[] = {
		{ HF_HTTP_POST, "/.well-known/est/{line}/simpleenroll", 16384, on_request },
		{ HF_HTTP_POST, "/.well-known/est/{line}/simplereenroll", 16384, on_request },
	};
	struct hf_tls_server_conf tc = {
		.key = &s.server, .n_anchors = 1, .name = "stub", .pass = HF_TLS_MARK_EXPIRED
	};
	struct hf_http_conf hc = { .addr = "127.0.0.1",
				   .workers = 1,
				   .body_max = 16384,
				   .routes = routes,
				   .n_routes = 2,
				   .ctx = &s };
	struct hf_tls *tls = NULL;
	struct hf_http *http = NULL;
	hf_bytes anchor;
	char line[256];

	if (argc < 6)
		die("usage: est_stub CERT KEY OP_CERT OP_KEY DOMAIN [PORT]");
	s.cert_out = HF_OUT(s.cert_der);
	s.op_out = HF_OUT(s.op_der);
	read_pem(argv[1], "CERTIFICATE", &s.cert_out);
	s.key = read_key(argv[2], &s.server);
	read_pem(argv[3], "CERTIFICATE", &s.op_out);
	s.op_key = read_key(argv[4], &s.op);
	s.domain = argv[5];
	s.life_s = 90 * 86400;
	hc.port = argc > 6 ? (uint16_t)strtoul(argv[6], NULL, 10) : 0;
	tc.cert = hf_out_bytes(&s.cert_out);
	anchor = hf_out_bytes(&s.op_out);
	tc.anchors = &anchor;
	if (hf_tls_server_new(&tc, &tls, &why) != HF_OK)
		die(hf_why_text(&why));
	hc.tls = tls;
	if (hf_http_new(&hc, &http, &why) != HF_OK || hf_http_start(http, &why) != HF_OK)
		die(hf_why_text(&why));
	print_policy();
	(void)printf("port %u\n", (unsigned)hf_http_port(http));
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(&s, line);
	exit(0); /* the test closed stdin; silent calls are still open */
}

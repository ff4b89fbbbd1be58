/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/hwkey.h>
#include "tls_rig.h"

static void make(struct party *p, struct hf_pki_spec spec, const struct party *issuer)
{
	static uint8_t next_serial;
	uint8_t serial[HF_PKI_SERIAL_LEN] = { 0x40, ++next_serial };
	struct hf_out out = HF_OUT(p->der);
	uint8_t pub[HF_P256_POINT_LEN];
	int64_t now = (int64_t)time(NULL);

	assert_int_equal(hf_crypto_p256_generate(&p->secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&p->secret, &p->key), HF_OK);
	spec.curve = HF_CURVE_P256;
	spec.pub = pub;
	spec.serial = serial;
	if (spec.not_before == 0)
		spec.not_before = now - 300;
	if (spec.not_after == 0)
		spec.not_after = now + 86400;
	assert_int_equal(hf_pki_issue(&spec, issuer == NULL ? (hf_bytes){ 0 } : party_cert(issuer),
				      issuer == NULL ? &p->key : &issuer->key, &out),
			 HF_OK);
	p->len = out.len;
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* As a unit of a manifest makes it: IDevID shape, signed by its own key. */
static void make_self_signed(struct party *p)
{
	X509 *x = X509_new();
	uint8_t pub[HF_P256_POINT_LEN], *der = p->der;
	EVP_PKEY *key = NULL;

	assert_int_equal(hf_crypto_p256_generate(&p->secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&p->secret, &p->key), HF_OK);
	assert_int_equal(hf_hwkey_evp(&p->key, &key), HF_OK);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)"unit", -1,
				   -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_gmtime_adj(X509_getm_notBefore(x), -300);
	ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z");
	X509_set_pubkey(x, key);
	add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(x, NID_key_usage, "critical,digitalSignature");
	add_extension(x, NID_ext_key_usage, "clientAuth");
	add_extension(x, NID_subject_key_identifier, "hash");
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	p->len = (size_t)i2d_X509(x, &der);
	X509_free(x);
	EVP_PKEY_free(key);
}

static const struct hf_pki_spec device_spec = { .profile = HF_PKI_LDEVID,
						.cn = "hf-abcdefghijklmnop",
						.uri = "spiffe://example.test/d/abcdefghijklmnop" };

void tls_rig_make(struct tls_rig *r)
{
	const struct hf_pki_spec root = { .profile = HF_PKI_ROOT, .cn = "Root" };
	const struct hf_pki_spec sub = { .profile = HF_PKI_SUB_CA, .cn = "Device CA" };
	const struct hf_pki_spec server_ca = { .profile = HF_PKI_SERVER_CA,
					       .cn = "Server CA",
					       .domain = "localhost" };
	const struct hf_pki_spec server = { .profile = HF_PKI_SERVER,
					    .cn = "localhost",
					    .host = "localhost" };
	struct hf_pki_spec expired = device_spec;

	*r = (struct tls_rig){ 0 };
	make(&r->root, root, NULL);
	make(&r->server_ca, server_ca, &r->root);
	make(&r->device_ca, sub, &r->root);
	make(&r->stranger_ca, sub, &r->root);
	make(&r->server, server, &r->server_ca);
	make(&r->device, device_spec, &r->device_ca);
	expired.not_before = (int64_t)time(NULL) - 86400;
	expired.not_after = (int64_t)time(NULL) - 3600;
	make(&r->expired, expired, &r->device_ca);
	make(&r->stranger, device_spec, &r->stranger_ca);
	/* As a manifest unit makes it: IDevID shape, signed by its own key. */
	make_self_signed(&r->self_signed);
	r->anchors[0] = party_cert(&r->device_ca);
}

struct hf_tls *tls_rig_server(const struct tls_rig *r, unsigned pass, bool require)
{
	struct hf_tls_server_conf c = { .key = &r->server.key,
					.cert = party_cert(&r->server),
					.anchors = r->anchors,
					.n_anchors = 1,
					.require_cert = require,
					.pass = pass,
					.name = "test" };
	struct hf_tls *tls = NULL;

	assert_int_equal(hf_tls_server_new(&c, &tls, NULL), HF_OK);
	return tls;
}

struct hf_tls *tls_rig_client(const struct tls_rig *r, const struct party *who)
{
	struct hf_tls_client_conf c = { .anchor = party_cert(&r->server_ca), .host = "localhost" };
	struct hf_tls *tls = NULL;

	if (who != NULL) {
		c.key = &who->key;
		c.cert = party_cert(who);
	}
	assert_int_equal(hf_tls_client_new(&c, &tls, NULL), HF_OK);
	return tls;
}

void raw_open(struct raw *raw, uint16_t port, bool tls)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { 5, 0 };

	*raw = (struct raw){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	assert_int_equal(connect(raw->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(setsockopt(raw->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	if (!tls)
		return;
	raw->ctx = SSL_CTX_new(TLS_client_method());
	raw->ssl = SSL_new(raw->ctx);
	assert_int_equal(SSL_set_fd(raw->ssl, raw->fd), 1);
	assert_int_equal(SSL_connect(raw->ssl), 1);
}

void raw_write(struct raw *raw, const char *bytes, size_t len)
{
	if (raw->ssl != NULL)
		(void)SSL_write(raw->ssl, bytes, (int)len);
	else
		assert_int_equal(send(raw->fd, bytes, len, MSG_NOSIGNAL), len);
}

const char *raw_read(struct raw *raw, const char *want, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = 0;
	while (len + 1 < cap && (want == NULL || strstr(out, want) == NULL)) {
		int room = (int)(cap - len - 1);
		int n = raw->ssl != NULL ? SSL_read(raw->ssl, out + len, room)
					 : (int)recv(raw->fd, out + len, (size_t)room, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		out[len] = 0;
	}
	return out;
}

void raw_close(struct raw *raw)
{
	SSL_free(raw->ssl);
	SSL_CTX_free(raw->ctx);
	close(raw->fd);
}

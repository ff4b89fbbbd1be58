/* keys_peer -- lets others judge a private key that a URI names: test_keys_peers.py runs it.
 * usage: keys_peer VERB URI PASSFILE ARGUMENT...
 *	pub                                  prints the public point as hexadecimal
 *	issue ISSUER.der POINT OUT.der       a device's certificate, signed by the key as a CA
 *	connect CERT.pem CA.pem PORT 1.2|1.3 a TLS client on loopback; prints what it hears
 *	impostor CERT.pem CA.pem PORT 1.2|1.3 POINT   the same, with the certificate of another key
 *	serve                                for each line of 64 digits: its signature, or "error"
 * PASSFILE '-' = none. Exit 1: a step failed, named on stderr.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <hf/hwkey.h>
#include <hf/keyuri.h>
#include <hf/pki.h>

enum { DAY = 86400, FILE_MAX = 16384 };

static _Noreturn void fail(const char *act, const char *words)
{
	(void)fprintf(stderr, "%s: %s\n", act, words);
	exit(1);
}

static void must(hf_err err, const char *act)
{
	if (err != HF_OK)
		fail(act, hf_err_text(err));
}

static hf_bytes read_whole(const char *path, uint8_t mem[static FILE_MAX])
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		fail(path, "cannot open");
	n = fread(mem, 1, FILE_MAX, f);
	(void)fclose(f);
	return (hf_bytes){ mem, n };
}

static void print_hex(hf_bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		printf("%02x", b.ptr[i]);
	puts("");
	(void)fflush(stdout);
}

/* Is `text` exactly this many bytes of hexadecimal? */
static bool read_hex(const char *text, uint8_t *bytes, size_t n)
{
	struct hf_out out = { bytes, n, 0 };

	return hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &out) == HF_OK &&
	       out.len == n;
}

static int show_pub(const struct hf_hwkey *key, char **argv)
{
	(void)argv;
	print_hex(
		(hf_bytes){ key->pub, key->curve == HF_CURVE_P384 ? HF_P384_POINT_LEN : HF_P256_POINT_LEN });
	return 0;
}

static int issue(const struct hf_hwkey *key, char **argv)
{
	static uint8_t issuer_mem[FILE_MAX], serial[HF_PKI_SERIAL_LEN] = { 0x41, 7 };
	uint8_t pub[HF_P256_POINT_LEN], mem[HF_PKI_CERT_MAX];
	int64_t now = time(NULL) - 1;
	const struct hf_pki_spec spec = { .profile = HF_PKI_LDEVID,
					  .curve = HF_CURVE_P256,
					  .pub = pub,
					  .serial = serial,
					  .not_before = now,
					  .not_after = now + 9 * DAY,
					  .cn = "hf-aaaaaaaaaaaaaaaa",
					  .uri = "spiffe://example.org/d/aaaaaaaaaaaaaaaa" };
	struct hf_out out = HF_OUT(mem);
	FILE *f;

	if (!read_hex(argv[1], pub, sizeof(pub)))
		fail("issue", "not a point");
	must(hf_pki_issue(&spec, read_whole(argv[0], issuer_mem), key, &out), "issue");
	f = fopen(argv[2], "wb");
	if (f == NULL || fwrite(mem, 1, out.len, f) != out.len || fclose(f) != 0)
		fail(argv[2], "cannot write");
	return 0;
}

static void refuse_tls(const char *act)
{
	char words[256] = "";

	ERR_error_string_n(ERR_peek_last_error(), words, sizeof(words));
	fail(act, words);
}

static SSL_CTX *context(const struct hf_hwkey *key, char **argv)
{
	int version = strcmp(argv[3], "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	EVP_PKEY *evp = NULL;

	must(hf_hwkey_evp(key, &evp), "key");
	if (ctx == NULL || SSL_CTX_use_certificate_file(ctx, argv[0], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, evp) != 1 || SSL_CTX_load_verify_file(ctx, argv[1]) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, key->curve == HF_CURVE_P384 ? "ECDSA+SHA384:ECDSA+SHA256"
								       : "ECDSA+SHA256") != 1)
		refuse_tls("context");
	EVP_PKEY_free(evp);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static int dial(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		fail("connect", "nobody listens");
	return fd;
}

static int tls_connect(const struct hf_hwkey *key, char **argv)
{
	SSL_CTX *ctx = context(key, argv);
	SSL *ssl = SSL_new(ctx);
	char heard[256] = "";
	int n;

	if (SSL_set_fd(ssl, dial(argv[2])) != 1 || SSL_connect(ssl) != 1)
		refuse_tls("handshake");
	/* In TLS 1.3 only an answer shows that the server took our certificate. */
	n = SSL_write(ssl, "GET / HTTP/1.0\r\n\r\n", 18) > 0 ? SSL_read(ssl, heard, sizeof(heard) - 1) : 0;
	if (n <= 0)
		refuse_tls("answer");
	printf("%s %.*s\n", SSL_get_version(ssl), n, heard);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return 0;
}

static int tls_impostor(const struct hf_hwkey *key, char **argv)
{
	struct hf_hwkey other = *key;

	if (!read_hex(argv[4], other.pub, HF_P256_POINT_LEN))
		fail("impostor", "not a point");
	return tls_connect(&other, argv);
}

static int serve(const struct hf_hwkey *key, char **argv)
{
	char line[256];
	uint8_t digest[HF_SHA256_LEN], rs[HF_P384_SIG_LEN];

	(void)argv;
	puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (read_hex(line, digest, sizeof(digest)) &&
		    key->sign(key->ctx, digest, sizeof(digest), rs) == HF_OK) {
			print_hex((hf_bytes){ rs, HF_P256_SIG_LEN });
		} else {
			puts("error");
			(void)fflush(stdout);
		}
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct hf_hwkey *key, char **argv);
	int args;
} verbs[] = { { "pub", show_pub, 0 },
	      { "issue", issue, 3 },
	      { "connect", tls_connect, 4 },
	      { "impostor", tls_impostor, 5 },
	      { "serve", serve, 0 } };

int main(int argc, char **argv)
{
	static uint8_t mem[FILE_MAX];
	struct hf_keyuri *key HF_AUTO(hf_keyuri_drop) = NULL;
	struct hf_keyuri_why why;
	hf_bytes passphrase = { NULL, 0 };

	for (size_t i = 0; argc >= 4 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0 || argc != 4 + verbs[i].args)
			continue;
		if (strcmp(argv[3], "-") != 0)
			passphrase = read_whole(argv[3], mem);
		if (hf_keyuri_open(argv[2], passphrase, &key, &why) != HF_OK)
			fail("open", why.text);
		return verbs[i].run(hf_keyuri_hwkey(key), argv + 4);
	}
	return 2;
}

/* keys_try -- does with a private key, named by a URI, what the project does with keys; test_keys.py runs it.
 *
 * usage: keys_try [pass PASSPHRASE] STEP...
 * steps: open URI | generate256 URI | generate384 URI | sign | csr FILE | issue | tls12 | tls13 | many URI |
 *        threads | store URI | wait (prints "waiting", goes on after a line of input) | close
 * Prints the name of the first error with the backend's words and exits 1, or prints HF_OK and exits 0.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/hwkey.h>
#include <hf/keyuri.h>
#include <hf/pki.h>

enum { MANY = 8, THREADS = 4, PER_THREAD = 25, DAY = 86400, NOW = 1800000000 };

static struct hf_keyuri *open_key;
static hf_bytes passphrase;
static struct hf_keyuri_why why;

static const char *name_of(hf_err err)
{
	switch (err) {
#define ROW(name, a, b, number, class, text) \
	case name: \
		return #name;
		HF_ERROR_TABLE(ROW)
#undef ROW
	case HF_OK:
		return "HF_OK";
	}
	return "?";
}

static const struct hf_hwkey *hwkey(void)
{
	return hf_keyuri_hwkey(open_key);
}

/* One signature, verified; other lengths of digest refused. */
static hf_err sign_with(const struct hf_hwkey *key)
{
	uint8_t digest[48] = { 7 }, rs[HF_P384_SIG_LEN];
	size_t n = key->curve == HF_CURVE_P384 ? 48 : 32;

	if (key->sign(key->ctx, digest, n - 1, rs) != HF_ERR_BASE_MISUSE ||
	    key->sign(key->ctx, digest, n == 32 ? 48 : 32, rs) != HF_ERR_BASE_MISUSE)
		return HF_ERR_CRYPTO_SIGNATURE;
	HF_TRY(key->sign(key->ctx, digest, n, rs));
	return n == 32 ? hf_crypto_p256_verify(key->pub, digest, rs) : HF_OK; /* P-384: `issue` verifies */
}

static hf_err write_csr(const char *path)
{
	const struct hf_pki_csr_spec spec = { .cn = "hf-a",
					      .uri = "spiffe://x/d/a",
					      .challenge = "q83vEjRWeJA=" };
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_pki_csr csr;
	FILE *f;

	HF_TRY(hf_pki_csr_write(&spec, hwkey(), &out));
	if (hwkey()->curve == HF_CURVE_P256) {
		HF_TRY(hf_pki_csr_read(hf_out_bytes(&out), &csr));
		if (memcmp(csr.pub, hwkey()->pub, HF_P256_POINT_LEN) != 0)
			return HF_ERR_CRYPTO_CSR;
	}
	f = fopen(path, "wb");
	if (f == NULL || fwrite(mem, 1, out.len, f) != out.len || fclose(f) != 0)
		return HF_ERR_FILE_IO;
	return HF_OK;
}

/* The key as a CA, and the key as a device: certificates for both roles. */
struct issued {
	struct hf_pki_key *root_key, *device_key;
	struct hf_hwkey root, device;
	uint8_t mem[4][HF_PKI_CERT_MAX];
	struct hf_out root_cert, ca_cert, device_cert, own_cert;
};

static hf_err issue_one(struct issued *i, const struct hf_pki_spec *spec, const struct hf_out *issuer,
			const struct hf_hwkey *key, struct hf_out *out, uint8_t *mem)
{
	*out = (struct hf_out){ mem, HF_PKI_CERT_MAX, 0 };
	(void)i;
	return hf_pki_issue(spec, issuer == NULL ? (hf_bytes){ 0 } : hf_out_bytes(issuer), key, out);
}

static hf_err issue(struct issued *i)
{
	static uint8_t serial[HF_PKI_SERIAL_LEN] = { 0x41 };
	struct hf_pki_spec root = { .profile = HF_PKI_ROOT,
				    .curve = HF_CURVE_P384,
				    .pub = i->root.pub,
				    .serial = serial,
				    .not_before = NOW,
				    .not_after = NOW + 9 * DAY,
				    .cn = "root" };
	struct hf_pki_spec ca = root, device = root;
	hf_bytes anchor;

	HF_TRY(hf_pki_key_generate(HF_PKI_KIND_P384, &i->root_key));
	HF_TRY(hf_pki_key_generate(HF_PKI_KIND_P256, &i->device_key));
	HF_TRY(hf_pki_key_hwkey(i->root_key, &i->root));
	HF_TRY(hf_pki_key_hwkey(i->device_key, &i->device));
	HF_TRY(issue_one(i, &root, NULL, &i->root, &i->root_cert, i->mem[0]));
	ca.profile = HF_PKI_SUB_CA;
	ca.cn = "ca";
	ca.curve = hwkey()->curve;
	ca.pub = hwkey()->pub;
	HF_TRY(issue_one(i, &ca, &i->root_cert, &i->root, &i->ca_cert, i->mem[1]));
	device.profile = HF_PKI_LDEVID;
	device.cn = "hf-a";
	device.uri = "spiffe://x/d/a";
	device.curve = HF_CURVE_P256;
	device.pub = i->device.pub;
	HF_TRY(issue_one(i, &device, &i->ca_cert, hwkey(), &i->device_cert, i->mem[2]));
	anchor = hf_out_bytes(&i->ca_cert);
	HF_TRY(hf_pki_verify(hf_out_bytes(&i->device_cert), &anchor, 1, HF_PKI_USE_CLIENT, NOW, NULL));
	device.curve = hwkey()->curve;
	device.pub = hwkey()->pub;
	return issue_one(i, &device, &i->root_cert, &i->root, &i->own_cert, i->mem[3]);
}

static void end_issued(struct issued *i)
{
	hf_pki_key_free(i->root_key);
	hf_pki_key_free(i->device_key);
}

static hf_err try_issue(void)
{
	struct issued i HF_AUTO(end_issued) = { 0 };

	return issue(&i);
}

/* ---- TLS: our key authenticates a client; the server has a software key ---- */

static int any_peer(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1; /* what is tried is the proof of the key, in CertificateVerify */
}

static SSL_CTX *tls_context(int version, const struct hf_out *cert, const struct hf_hwkey *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	EVP_PKEY *evp = NULL;

	if (ctx == NULL || hf_hwkey_evp(key, &evp) != HF_OK ||
	    SSL_CTX_use_certificate_ASN1(ctx, (int)cert->len, cert->ptr) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, evp) != 1 || SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, key->curve == HF_CURVE_P384 ? "ECDSA+SHA384:ECDSA+SHA256"
								       : "ECDSA+SHA256:ECDSA+SHA384") != 1)
		exit(3);
	EVP_PKEY_free(evp);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, any_peer);
	return ctx;
}

static bool shake(SSL *client, SSL *server)
{
	for (int i = 0; i < 10; i++) {
		int a = SSL_do_handshake(client), b = SSL_do_handshake(server);

		if (a == 1 && b == 1)
			return true;
	}
	return false;
}

static hf_err try_tls(int version)
{
	struct issued i HF_AUTO(end_issued) = { 0 };
	SSL_CTX *client_ctx, *server_ctx;
	BIO *one = NULL, *two = NULL;
	SSL *client, *server;
	X509 *peer;
	uint8_t *der = NULL;
	int n = 0;

	HF_TRY(issue(&i));
	client_ctx = tls_context(version, &i.own_cert, hwkey());
	server_ctx = tls_context(version, &i.device_cert, &i.device);
	client = SSL_new(client_ctx);
	server = SSL_new(server_ctx);
	if (BIO_new_bio_pair(&one, 0, &two, 0) != 1)
		exit(3);
	SSL_set_bio(client, one, one);
	SSL_set_bio(server, two, two);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	if (!shake(client, server))
		return HF_ERR_TLS_HANDSHAKE;
	peer = SSL_get1_peer_certificate(server);
	n = i2d_X509(peer, &der);
	if (n != (int)i.own_cert.len || memcmp(der, i.own_cert.ptr, i.own_cert.len) != 0 ||
	    SSL_version(server) != version)
		return HF_ERR_TLS_VERIFY;
	OPENSSL_free(der);
	X509_free(peer);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return HF_OK;
}

/* ---- more than a TPM's three slots ---- */

static hf_err try_many(const char *uri)
{
	struct hf_keyuri *keys[MANY] = { 0 };
	hf_err err = HF_OK;

	for (int round = 0; round < 2 && err == HF_OK; round++) {
		for (int i = 0; i < MANY && err == HF_OK; i++)
			err = hf_keyuri_open(uri, passphrase, &keys[i], &why);
		for (int i = 0; i < MANY && err == HF_OK; i++)
			err = sign_with(hf_keyuri_hwkey(keys[i]));
		for (int i = 0; i < MANY; i++) {
			hf_keyuri_close(keys[i]);
			keys[i] = NULL;
		}
	}
	return err;
}

static hf_err try_store(const char *uri)
{
	struct hf_keystore *store HF_AUTO(hf_keystore_drop) = NULL;
	struct hf_keyuri *keys[MANY] = { 0 };
	uint8_t mem[HF_KEYSTORE_BLOB_MAX], pub[HF_P256_POINT_LEN];
	hf_err err;

	HF_TRY(hf_keystore_open(uri, &store, &why));
	for (int i = 0; i < MANY; i++) {
		struct hf_out blob = HF_OUT(mem);

		HF_TRY(hf_keystore_make(store, &blob, pub, &why));
		HF_TRY(hf_keystore_load(store, hf_out_bytes(&blob), &keys[i], &why));
		if (memcmp(pub, hf_keyuri_hwkey(keys[i])->pub, sizeof(pub)) != 0)
			return HF_ERR_KEYURI_BLOB;
		hf_keyuri_close(keys[i]);
		mem[blob.len - 1] ^= 1;
		if (strcmp(uri, "software") != 0 && /* any scalar is a software key */
		    hf_keystore_load(store, hf_out_bytes(&blob), &keys[i], &why) != HF_ERR_KEYURI_BLOB)
			return HF_ERR_BASE_MISUSE;
		mem[blob.len - 1] ^= 1;
		HF_TRY(hf_keystore_load(store, hf_out_bytes(&blob), &keys[i], &why));
	}
	hf_keystore_close(store);
	store = NULL; /* keys outlive it */
	for (int i = 0; i < MANY; i++) {
		err = sign_with(hf_keyuri_hwkey(keys[i]));
		hf_keyuri_close(keys[i]);
		HF_TRY(err);
	}
	return HF_OK;
}

static void *sign_often(void *unused)
{
	hf_err err = HF_OK;

	(void)unused;
	for (int i = 0; i < PER_THREAD && err == HF_OK; i++)
		err = sign_with(hwkey());
	return err == HF_OK ? NULL : &open_key;
}

static hf_err try_threads(void)
{
	pthread_t threads[THREADS];
	hf_err err = HF_OK;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, sign_often, NULL) != 0)
			exit(3);
	for (int i = 0; i < THREADS; i++) {
		void *failed = NULL;

		pthread_join(threads[i], &failed);
		err = failed == NULL ? err : HF_ERR_PORT_KEY;
	}
	return err;
}

static hf_err try_wait(void)
{
	char line[16];

	puts("waiting");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL ? HF_OK : HF_ERR_FILE_IO;
}

static hf_err alone(const char *step, bool *known)
{
	*known = true;
	if (strcmp(step, "sign") == 0)
		return sign_with(hwkey());
	if (strcmp(step, "issue") == 0)
		return try_issue();
	if (strcmp(step, "tls12") == 0)
		return try_tls(TLS1_2_VERSION);
	if (strcmp(step, "tls13") == 0)
		return try_tls(TLS1_3_VERSION);
	if (strcmp(step, "threads") == 0)
		return try_threads();
	if (strcmp(step, "wait") == 0)
		return try_wait();
	if (strcmp(step, "close") == 0) {
		hf_keyuri_close(open_key);
		open_key = NULL;
		return HF_OK;
	}
	*known = false;
	return HF_OK;
}

static hf_err with_argument(const char *step, const char *arg)
{
	if (strcmp(step, "pass") == 0)
		passphrase = (hf_bytes){ (const uint8_t *)arg, strlen(arg) };
	else if (strcmp(step, "open") == 0)
		return hf_keyuri_open(arg, passphrase, &open_key, &why);
	else if (strcmp(step, "generate256") == 0)
		return hf_keyuri_generate(arg, HF_CURVE_P256, passphrase, &open_key, &why);
	else if (strcmp(step, "generate384") == 0)
		return hf_keyuri_generate(arg, HF_CURVE_P384, passphrase, &open_key, &why);
	else if (strcmp(step, "csr") == 0)
		return write_csr(arg);
	else if (strcmp(step, "many") == 0)
		return try_many(arg);
	else if (strcmp(step, "store") == 0)
		return try_store(arg);
	else
		exit(2);
	return HF_OK;
}

int main(int argc, char **argv)
{
	hf_err err = HF_OK;

	for (int i = 1; i < argc && err == HF_OK; i++) {
		bool known;

		err = alone(argv[i], &known);
		if (!known && i + 1 < argc) {
			err = with_argument(argv[i], argv[i + 1]);
			i++;
		} else if (!known) {
			return 2;
		}
	}
	hf_keyuri_close(open_key);
	printf("%s %s\n", name_of(err), why.text);
	return err == HF_OK ? 0 : 1;
}

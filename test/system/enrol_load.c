/* enrol_load -- many devices that enrol at once: each has its own claim, key, TLS connection and request.
 * usage: enrol_load LINE.hfp THREADS <CLAIM-CODES     prints enrolled=N failed=N seconds=S cpu=S p50=MS
 *                                         p99=MS, then for each device SCALAR CERTIFICATE in hexadecimal
 *        enrol_load --raw SECONDS         of CPU time, no network, no database: request checked, certificate
 *                                         signed, reply encoded; prints rate=N
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/httpc.h>
#include <hf/pki.h>
#include <holdfast/claim.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { DEVICES_MAX = 20000, THREADS_MAX = 64, REPLY_CAP = 16384 };

static struct hf_provision provision;
static char host[256], path[128];
static struct hf_claim_keys *claim;
struct device {
	struct hf_key secret;
	uint8_t cert[HF_PKI_CERT_MAX];
	size_t cert_len;
};
static struct device *device; /* as many as claims */
static double *took;
static size_t n_claims;
static atomic_size_t next_claim, n_done, n_failed;

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(const char *what)
{
	fprintf(stderr, "enrol_load: %s\n", what);
	exit(1);
}

/* base64 (RFC 4648 s4) with padding, as text. */
static void base64(hf_bytes in, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.len; i += 3) {
		uint32_t v = (uint32_t)in.ptr[i] << 16;

		v |= i + 1 < in.len ? (uint32_t)in.ptr[i + 1] << 8 : 0;
		v |= i + 2 < in.len ? in.ptr[i + 2] : 0;
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = '=';
		*out++ = '=';
		if (i + 1 < in.len)
			out[-2] = alphabet[v >> 6 & 63];
		if (i + 2 < in.len)
			out[-1] = alphabet[v & 63];
	}
	*out = '\0';
}

/* A fresh key, the request bound to X, and the proof of the label's secret. */
static hf_err make_request(const struct hf_claim_keys *c, const uint8_t x[static HF_CLAIM_BINDING_LEN],
			   struct hf_key *secret, char *body, char *proof)
{
	uint8_t mem[HF_PKI_CSR_MAX], pub[HF_P256_POINT_LEN], hash[HF_SHA256_LEN], mac[HF_SHA256_LEN];
	struct hf_out csr = HF_OUT(mem), header = { (uint8_t *)proof, HF_CLAIM_HEADER_CAP, 0 };
	char challenge[48];
	struct hf_hwkey key;
	hf_bytes der;

	base64((hf_bytes){ x, HF_CLAIM_BINDING_LEN }, challenge);
	HF_TRY(hf_crypto_p256_generate(secret, pub));
	HF_TRY(hf_crypto_p256_hwkey(secret, &key));
	HF_TRY(hf_pki_csr_write(&(struct hf_pki_csr_spec){ .challenge = challenge }, &key, &csr));
	der = hf_out_bytes(&csr);
	base64(der, body);
	HF_TRY(hf_crypto_sha256(&der, 1, hash));
	HF_TRY(hf_claim_mac(&c->kc, HF_CLAIM_DEVICE, x, hash, mac));
	HF_TRY(hf_claim_write_authorization(c->cid, mac, &header));
	proof[header.len] = '\0';
	return HF_OK;
}

/* The reply's first certificate. */
static hf_err take_cert(hf_bytes body, struct device *d)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t der[REPLY_CAP];
	hf_bytes certs[HF_PKI_CERTS_MAX];
	uint32_t v = 0;
	size_t len = 0, n = 0, digits = 0;

	for (size_t i = 0; i < body.len; i++) {
		const char *digit = memchr(alphabet, body.ptr[i], 64);

		if (digit == NULL)
			continue;
		v = v << 6 | (uint32_t)(digit - alphabet);
		if (++digits % 4 != 1)
			der[len++] = (uint8_t)(v >> (6 - 2 * ((digits - 1) % 4)));
	}
	HF_TRY(hf_pki_certs_only_read((hf_bytes){ der, len }, certs, &n));
	if (n == 0 || certs[0].len > sizeof(d->cert))
		return HF_ERR_CRYPTO_CERT;
	memcpy(d->cert, certs[0].ptr, certs[0].len);
	d->cert_len = certs[0].len;
	return HF_OK;
}

static hf_err post(struct hf_httpc *http, const struct hf_claim_keys *c, struct device *d)
{
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(REPLY_CAP);
	char body[2 * HF_PKI_CSR_MAX], proof[HF_CLAIM_HEADER_CAP + 1];
	struct hf_http_header header = { "Authorization", proof };
	struct hf_httpc_req req = { .method = "POST", .path = path, .type = "application/pkcs10",
				    .headers = &header, .n_headers = 1 };
	struct hf_why why = { HF_OK, "" };

	HF_TRY(make_request(c, hf_httpc_peer(http)->x, &d->secret, body, proof));
	req.body = (hf_bytes){ (const uint8_t *)body, strlen(body) };
	HF_TRY(hf_httpc_call(http, &req, &res, &why));
	return res.status == 200 ? take_cert(hf_buf_bytes(&res.body), d) : HF_ERR_HTTPC_ANSWER;
}

static hf_err enrol(struct hf_tls *tls, const struct hf_claim_keys *c, struct device *d)
{
	const struct hf_httpc_conf conf = { .host = host, .port = provision.enrol_port, .tls = tls };
	struct hf_why why = { HF_OK, "" };
	struct hf_httpc *http = NULL;
	hf_err err;

	hf_tls_forget_session(tls); /* every device is a stranger */
	HF_TRY(hf_httpc_open(&conf, &http, &why));
	err = post(http, c, d);
	hf_httpc_close(http);
	return err;
}

static void *work(void *unused)
{
	const struct hf_tls_client_conf conf = { .anchor = provision.server_ca, .host = host };
	struct hf_why why = { HF_OK, "" };
	struct hf_tls *tls = NULL;

	(void)unused;
	if (hf_tls_client_new(&conf, &tls, &why) != HF_OK)
		stop(hf_why_text(&why));
	for (;;) {
		size_t i = atomic_fetch_add(&next_claim, 1);
		double start = now_s();

		if (i >= n_claims)
			break;
		if (enrol(tls, &claim[i], &device[i]) == HF_OK)
			took[atomic_fetch_add(&n_done, 1)] = now_s() - start;
		else
			atomic_fetch_add(&n_failed, 1);
	}
	hf_tls_free(tls);
	return NULL;
}

static void read_claims(void)
{
	char line[128];

	claim = calloc(DEVICES_MAX, sizeof(*claim));
	took = calloc(DEVICES_MAX, sizeof(*took));
	device = calloc(DEVICES_MAX, sizeof(*device));
	if (claim == NULL || took == NULL || device == NULL)
		stop("no memory");
	while (n_claims < DEVICES_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct hf_claim_secret s;

		line[strcspn(line, "\n")] = '\0';
		if (hf_claim_parse((hf_bytes){ (const uint8_t *)line, strlen(line) }, &s) != HF_OK ||
		    hf_claim_derive(&s, &claim[n_claims]) != HF_OK)
			stop("not a claim code");
		n_claims++;
	}
}

static void open_provision(const char *file)
{
	static struct hf_buf text;
	struct hf_why why = { HF_OK, "" };

	text = HF_BUF(HF_PROVISION_CEILING);
	if (hf_file_read(file, &text, &why) != HF_OK ||
	    hf_provision_read(hf_buf_bytes(&text), &provision) != HF_OK)
		stop("no provisioning file");
	(void)snprintf(host, sizeof(host), "%.*s", (int)provision.enrol_host.len,
		       (const char *)provision.enrol_host.ptr);
	(void)snprintf(path, sizeof(path), "/.well-known/est/%.*s/simpleenroll", (int)provision.line.len,
		       (const char *)provision.line.ptr);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_device(const struct device *d)
{
	for (size_t i = 0; d->cert_len > 0 && i < HF_KEY_CAP; i++)
		printf("%02x", d->secret.b[i]);
	printf(" ");
	for (size_t i = 0; i < d->cert_len; i++)
		printf("%02x", d->cert[i]);
	printf("\n");
}

static int load(const char *file, int threads)
{
	pthread_t thread[THREADS_MAX];
	struct rusage use;
	double start;
	size_t n;

	open_provision(file);
	read_claims();
	start = now_s();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL) != 0)
			stop("no thread");
	for (int i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	start = now_s() - start;
	n = atomic_load(&n_done);
	qsort(took, n, sizeof(*took), compare);
	(void)getrusage(RUSAGE_SELF, &use);
	printf("enrolled=%zu failed=%zu seconds=%.3f cpu=%.3f p50=%.1f p99=%.1f\n", n, atomic_load(&n_failed),
	       start, (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
			      (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
	       n > 0 ? took[n / 2] * 1e3 : 0, n > 0 ? took[n * 99 / 100] * 1e3 : 0);
	for (size_t i = 0; i < n_claims; i++)
		print_device(&device[i]);
	return n > 0 ? 0 : 1;
}

/* ---- raw ceiling ---------------------------------------------------------------------------------- */

struct ca {
	struct hf_key secret;
	struct hf_hwkey key;
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out cert;
};

static hf_err make_ca(struct ca *ca, const struct ca *issuer, struct hf_pki_spec spec)
{
	static uint8_t serial[HF_PKI_SERIAL_LEN] = { 0x40 };
	uint8_t pub[HF_P256_POINT_LEN];

	serial[15]++;
	spec.curve = HF_CURVE_P256;
	spec.pub = pub;
	spec.serial = serial;
	spec.not_before = time(NULL) - 60;
	spec.not_after = spec.not_before + 86400 * 400;
	ca->cert = HF_OUT(ca->mem);
	HF_TRY(hf_crypto_p256_generate(&ca->secret, pub));
	HF_TRY(hf_crypto_p256_hwkey(&ca->secret, &ca->key));
	return hf_pki_issue(&spec, hf_out_bytes(&issuer->cert), &issuer->key, &ca->cert);
}

static hf_err raw_once(const struct hf_pki_issuer *ca, hf_bytes request)
{
	uint8_t cert_mem[HF_PKI_CERT_MAX], reply_mem[2 * HF_PKI_CERT_MAX],
		serial[HF_PKI_SERIAL_LEN] = { 0x41 };
	struct hf_out cert = HF_OUT(cert_mem), reply = HF_OUT(reply_mem);
	struct hf_pki_csr csr;
	struct hf_pki_spec spec = { .profile = HF_PKI_LDEVID,
				    .curve = HF_CURVE_P256,
				    .serial = serial,
				    .cn = "hf-abcdefghijklmnop",
				    .uri = "spiffe://localhost/d/abcdefghijklmnop" };
	hf_bytes certs[1];

	HF_TRY(hf_pki_csr_read(request, &csr));
	spec.pub = csr.pub;
	spec.not_before = time(NULL) - 60;
	spec.not_after = spec.not_before + 86400 * 90;
	HF_TRY(hf_pki_issue_by(ca, &spec, &cert));
	certs[0] = hf_out_bytes(&cert);
	return hf_pki_certs_only_write(certs, 1, &reply);
}

/* Of this process alone, whoever else is on the machine. */
static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int raw(double seconds)
{
	static struct ca root, op;
	struct hf_pki_issuer *issuer = NULL;
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out csr = HF_OUT(mem);
	double start;
	unsigned n = 0;

	if (hf_crypto_p256_generate(&root.secret, mem) != HF_OK ||
	    hf_crypto_p256_hwkey(&root.secret, &root.key) != HF_OK ||
	    make_ca(&root, &root, (struct hf_pki_spec){ .profile = HF_PKI_ROOT, .cn = "root" }) != HF_OK ||
	    make_ca(&op, &root, (struct hf_pki_spec){ .profile = HF_PKI_SUB_CA, .cn = "op" }) != HF_OK ||
	    hf_pki_csr_write(&(struct hf_pki_csr_spec){ .challenge = "x" }, &op.key, &csr) != HF_OK ||
	    hf_pki_issuer_new(hf_out_bytes(&op.cert), &op.key, &issuer) != HF_OK)
		stop("raw: no CA");
	for (start = cpu_s(); cpu_s() - start < seconds; n++)
		if (raw_once(issuer, hf_out_bytes(&csr)) != HF_OK)
			stop("raw: no certificate");
	printf("rate=%.0f\n", n / (cpu_s() - start));
	hf_pki_issuer_free(issuer);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--raw") == 0)
		return raw(atof(argv[2]));
	if (argc != 3 || atoi(argv[2]) < 1 || atoi(argv[2]) > THREADS_MAX) {
		fprintf(stderr,
			"usage: enrol_load LINE.hfp THREADS <CLAIM-CODES | enrol_load --raw SECONDS\n");
		return 2;
	}
	return load(argv[1], atoi(argv[2]));
}

/* log_load -- what a log and its verifier cost, measured through the log's own code; for bench/log.py.
 * usage: log_load fill DIR N [durable]          add leaves until the store in DIR holds N of them
 *        log_load open DIR                      open the store as the server does
 *        log_load submit PORT N THREADS SEED    add-leaf over HTTP, each thread with its own connection
 *        log_load verify POLICY BUNDLE N        the device's verdict, N times
 * Prints name=value pairs. Without the word durable fsync does nothing: so a big log is made in minutes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/bundle.h>
#include <hf/file.h>
#include <hf/httpc.h>
#include <hf/lognote.h>
#include <hf/logstore.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 2048, STACK = 1 << 18, FILE_MAX = 1 << 20 };

static bool durable = true;

/* Takes the place of the C library's in this program. */
int fsync(int fd)
{
	return durable ? (int)syscall(SYS_fsync, fd) : 0;
}

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(hf_err err, const char *what)
{
	if (err == HF_OK)
		return;
	fprintf(stderr, "log_load: %s: %s\n", what, hf_err_text(err));
	exit(1);
}

/* ---- storage ---- */

static void make_leaf(uint64_t number, uint8_t *leaf)
{
	memset(leaf, 0x5a, HF_LEAF_LEN);
	hf_put_be64(leaf, number);
}

static void fill(const char *dir, uint64_t total)
{
	static uint8_t batch[HF_LOG_BATCH * HF_LEAF_LEN];
	struct hf_logstore *s = NULL;
	struct hf_tree_head head;
	struct hf_why why = { 0 };
	double start;
	uint64_t at;

	if (!hf_file_exists(dir))
		need(hf_logstore_create(dir, &why), why.text);
	need(hf_logstore_open(dir, false, &s, &why), why.text);
	hf_logstore_head(s, &head);
	start = now_s();
	for (at = head.size; at < total;) {
		size_t n = 0;

		for (; n < HF_LOG_BATCH && at < total; n++, at++)
			make_leaf(at, batch + n * HF_LEAF_LEN);
		need(hf_logstore_append(s, batch, n, &why), why.text);
	}
	printf("leaves=%llu seconds=%.3f\n", (unsigned long long)(at - head.size), now_s() - start);
	hf_logstore_close(s);
}

/* Largest resident memory of this program alone; what getrusage says includes its parent's before exec. */
static long peak_kib(void)
{
	struct hf_buf status HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	const char *line;

	need(hf_file_read("/proc/self/status", &status, NULL), "/proc/self/status");
	line = strstr(hf_buf_text(&status), "VmHWM:");
	return line == NULL ? 0 : strtol(line + 6, NULL, 10);
}

static void open_store(const char *dir)
{
	struct hf_logstore *s = NULL;
	struct hf_tree_head head;
	struct hf_why why = { 0 };
	double start = now_s(), took_s;

	need(hf_logstore_open(dir, true, &s, &why), why.text);
	hf_logstore_head(s, &head);
	took_s = now_s() - start;
	printf("leaves=%llu seconds=%.6f peak_kib=%ld\n", (unsigned long long)head.size, took_s, peak_kib());
	hf_logstore_close(s);
}

/* ---- submitting ---- */

static struct hf_key seed = { .len = 32 };
static uint8_t pub[HF_ED25519_PUB_LEN];
static uint16_t port;
static size_t n_leaves;
static double *took;
static atomic_size_t next_leaf, n_failed;

static void make_body(size_t number, struct hf_buf *body)
{
	uint8_t message[HF_SHA256_LEN] = { 0 }, checksum[HF_SHA256_LEN], text[HF_LEAF_MESSAGE_LEN];
	uint8_t sig[HF_ED25519_SIG_LEN];

	hf_put_be64(message, (uint64_t)getpid());
	hf_put_be64(message + 8, number);
	need(hf_leaf_checksum(message, checksum), "checksum");
	hf_leaf_message(checksum, text);
	need(hf_crypto_ed25519_sign(&seed, HF_ARR(text), sig), "signature");
	hf_buf_reset(body);
	need(hf_buf_puts(body, "message="), "body");
	need(hf_kv_put_hex(body, message, sizeof(message)), "body");
	need(hf_buf_puts(body, "\nsignature="), "body");
	need(hf_kv_put_hex(body, sig, sizeof(sig)), "body");
	need(hf_buf_puts(body, "\npublic_key="), "body");
	need(hf_kv_put_hex(body, pub, sizeof(pub)), "body");
	need(hf_buf_puts(body, "\n"), "body");
}

/* 202: durable perhaps, but not in a published head within its time; it is asked again, as the protocol
 * says. */
static bool add(struct hf_httpc *c, hf_bytes body)
{
	struct hf_httpc_req req = {
		.method = "POST", .path = "/add-leaf", .type = "text/plain", .body = body
	};
	struct hf_httpc_res res = HF_HTTPC_RES(4096);
	hf_err err = HF_OK;

	do
		err = hf_httpc_call(c, &req, &res, NULL);
	while (err == HF_OK && (res.status == 202 || res.status == 429));
	hf_httpc_res_free(&res);
	return err == HF_OK && res.status == 200;
}

static void *work(void *unused)
{
	const struct hf_httpc_conf conf = { .host = "127.0.0.1", .port = port, .plain = true };
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_httpc *c = NULL;
	(void)unused;

	need(hf_httpc_open(&conf, &c, NULL), "connect");
	for (size_t i = next_leaf++; i < n_leaves; i = next_leaf++) {
		double start;

		make_body(i, &body);
		start = now_s();
		if (!add(c, hf_buf_bytes(&body)))
			n_failed++;
		took[i] = now_s() - start;
	}
	hf_httpc_close(c);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void submit(unsigned threads)
{
	static pthread_t thread[THREADS_MAX];
	pthread_attr_t attr;
	struct rusage use;
	double start = now_s();

	took = calloc(n_leaves + 1, sizeof(*took));
	if (took == NULL || threads > THREADS_MAX)
		need(HF_ERR_BASE_MISUSE, "threads");
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], &attr, work, NULL) != 0)
			need(HF_ERR_HOST_MEMORY, "thread");
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	(void)getrusage(RUSAGE_SELF, &use);
	start = now_s() - start;
	qsort(took, n_leaves, sizeof(*took), compare);
	printf("leaves=%zu failed=%zu seconds=%.3f cpu=%.3f p50=%.1f p99=%.1f\n", n_leaves, (size_t)n_failed,
	       start, (double)use.ru_utime.tv_sec + (double)use.ru_utime.tv_usec / 1e6,
	       took[n_leaves / 2] * 1e3, took[n_leaves * 99 / 100] * 1e3);
	free(took);
}

/* ---- verifying ---- */

static hf_bytes read_file(const char *path, struct hf_buf *b)
{
	need(hf_file_read(path, b, NULL), path);
	return hf_buf_bytes(b);
}

/* A device that the bundle was made for. */
static void fit(hf_bytes bundle, struct hf_device_facts *device, struct hf_manifest *m)
{
	static struct hf_envelope e;
	struct hf_bundle b;

	need(hf_bundle_read(bundle, &b), "bundle");
	need(hf_envelope_read(b.object, &e), "envelope");
	need(hf_manifest_read(e.manifest, m), "manifest");
	*device = (struct hf_device_facts){ .vendor = m->vendor,
					    .class_id = m->class_id,
					    .component = m->component,
					    .installed = INT64_MAX,
					    .agent_level = INT64_MAX };
}

static void verify(const char *policy_path, const char *bundle_path, unsigned n)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	static struct hf_trust trust;
	static struct hf_release release;
	struct hf_buf policy_file HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	struct hf_buf bundle_file HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	hf_bytes policy = read_file(policy_path, &policy_file), bundle = read_file(bundle_path, &bundle_file);
	struct hf_out scratch = HF_OUT(mem);
	struct hf_device_facts device;
	struct hf_manifest m;
	double start;

	fit(bundle, &device, &m);
	need(hf_trust_start(&trust, NULL, policy, &scratch), "policy");
	start = now_s();
	for (unsigned i = 0; i < n; i++)
		need(hf_bundle_verify(bundle, &trust, &device, &scratch, &release), "verdict");
	printf("bytes=%zu us=%.1f\n", bundle.len, (now_s() - start) * 1e6 / n);
}

static int usage(void)
{
	fprintf(stderr, "usage: log_load fill DIR N [durable] | open DIR | submit PORT N THREADS SEED | "
			"verify POLICY BUNDLE N\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	struct hf_out out = { seed.b, sizeof(seed.b), 0 };

	if (strcmp(verb, "fill") == 0 && argc >= 4) {
		durable = argc > 4 && strcmp(argv[4], "durable") == 0;
		fill(argv[2], strtoull(argv[3], NULL, 10));
	} else if (strcmp(verb, "open") == 0) {
		open_store(argv[2]);
	} else if (strcmp(verb, "submit") == 0 && argc == 6) {
		port = (uint16_t)strtoul(argv[2], NULL, 10);
		n_leaves = strtoull(argv[3], NULL, 10);
		need(hf_hex_decode((hf_bytes){ (const uint8_t *)argv[5], strlen(argv[5]) }, &out), "seed");
		need(hf_crypto_ed25519_public(&seed, pub), "seed");
		submit((unsigned)strtoul(argv[4], NULL, 10));
	} else if (strcmp(verb, "verify") == 0 && argc == 5) {
		verify(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	} else {
		return usage();
	}
	return 0;
}

/* Notes, keys and witnesses: what parses, what a witness answers, and what each of its answers makes us do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/base64.h>
#include <hf/http.h>
#include <hf/logfront.h>
#include <hf/lognote.h>
#include <hf/logwitness.h>

static struct {
	char dir[64], data[80], state[80];
	struct hf_logstore *store;
	struct hf_key log_seed;
	uint8_t log[HF_ED25519_PUB_LEN];
	struct hf_logwitness w;
	struct hf_http *http;
	struct hf_log_witness peer;
	int status; /* 0: ask the witness */
	const char *text;
} rig;

static struct hf_loghead signed_head(void)
{
	struct hf_loghead h = { 0 };
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out body = HF_OUT(mem);

	hf_logstore_head(rig.store, &h.head);
	assert_int_equal(hf_checkpoint_body(rig.log, &h.head, &body), HF_OK);
	assert_int_equal(hf_crypto_ed25519_sign(&rig.log_seed, hf_out_bytes(&body), h.sig), HF_OK);
	return h;
}

/* The witness itself, over HTTP but without its second process; or whatever a test wants it to say. */
static void on_add(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_http_res res = { .status = rig.status, .type = "text/plain" };
	struct hf_note_request r;
	struct hf_witness_ask ask;
	struct hf_witness_answer a;

	(void)ctx;
	if (rig.status != 0) {
		res.body = (hf_bytes){ (const uint8_t *)rig.text, strlen(rig.text) };
		hf_http_answer(call, &res);
		return;
	}
	assert_int_equal(hf_note_request_read(req->body, &r), HF_OK);
	ask = (struct hf_witness_ask){ .old_size = r.old_size, .head = r.note.head, .n_proof = r.n_proof };
	memcpy(ask.log_sig, hf_note_find(&r.note, HF_NOTE_LOG, rig.log)->payload, 64);
	memcpy(ask.proof, r.proof, sizeof(ask.proof));
	hf_logwitness_judge(&rig.w, &ask, 1700000000, &a);
	res.status = a.status;
	if (a.status == 200)
		assert_int_equal(hf_note_put_cosignature(&body, rig.w.pub, a.time, a.sig), HF_OK);
	else
		assert_int_equal(hf_buf_printf(&body, "%llu\n", (unsigned long long)a.size), HF_OK);
	res.body = hf_buf_bytes(&body);
	hf_http_answer(call, &res);
}

static int open_rig(void **unused)
{
	static const struct hf_http_route route = { HF_HTTP_POST, "/add-checkpoint", HF_NOTE_REQUEST_MAX,
						    on_add };
	const struct hf_http_conf c = { .addr = "127.0.0.1",
					.plain = true,
					.workers = 1,
					.body_max = HF_NOTE_REQUEST_MAX,
					.routes = &route,
					.n_routes = 1 };

	(void)unused;
	memset(&rig, 0, sizeof(rig));
	(void)snprintf(rig.dir, sizeof(rig.dir), "/tmp/hf-wit-XXXXXX");
	assert_non_null(mkdtemp(rig.dir));
	(void)snprintf(rig.data, sizeof(rig.data), "%s/data", rig.dir);
	(void)snprintf(rig.w.path, sizeof(rig.w.path), "%s/state", rig.dir);
	assert_int_equal(hf_logstore_create(rig.data, NULL), HF_OK);
	assert_int_equal(hf_logstore_open(rig.data, false, &rig.store, NULL), HF_OK);
	assert_int_equal(hf_crypto_ed25519_generate(&rig.log_seed, rig.log), HF_OK);
	assert_int_equal(hf_crypto_ed25519_generate(&rig.w.seed, rig.w.pub), HF_OK);
	memcpy(rig.w.log, rig.log, 32);
	assert_int_equal(hf_logwitness_open(&rig.w, NULL), HF_OK);
	assert_int_equal(hf_http_new(&c, &rig.http, NULL), HF_OK);
	assert_int_equal(hf_http_start(rig.http, NULL), HF_OK);
	memcpy(rig.peer.pub, rig.w.pub, 32);
	(void)snprintf(rig.peer.host, sizeof(rig.peer.host), "127.0.0.1");
	rig.peer.port = hf_http_port(rig.http);
	return 0;
}

static int close_rig(void **unused)
{
	char command[128];

	(void)unused;
	hf_http_free(rig.http);
	hf_logstore_close(rig.store);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", rig.dir);
	return system(command);
}

static void add(size_t n)
{
	static uint8_t leaves[HF_LOG_BATCH * HF_LEAF_LEN];

	for (size_t i = 0; i < sizeof(leaves); i++)
		leaves[i] = (uint8_t)rand();
	assert_int_equal(hf_logstore_append(rig.store, leaves, n, NULL), HF_OK);
}

static hf_err ask(uint64_t *old_size)
{
	struct hf_loghead h = signed_head();
	struct hf_log_cosig cosig = { 0 };
	hf_err err = hf_log_witness_ask(&rig.peer, rig.store, rig.log, &h, old_size, &cosig, NULL);

	if (err == HF_OK)
		assert_int_equal(hf_cosignature_verify(rig.log, &h.head, cosig.time, rig.w.pub, cosig.sig),
				 HF_OK);
	return err;
}

static void a_witness_follows_a_growing_log_and_its_restart(void **unused)
{
	uint64_t old_size = 0;

	(void)unused;
	assert_int_equal(ask(&old_size), HF_OK); /* 0 -> 0 */
	add(1);
	assert_int_equal(ask(&old_size), HF_OK); /* 0 -> 1 */
	add(4);
	assert_int_equal(ask(&old_size), HF_OK); /* 1 -> 5 */
	assert_int_equal(ask(&old_size), HF_OK); /* 5 -> 5 */
	add(200);
	assert_int_equal(hf_logwitness_open(&rig.w, NULL), HF_OK); /* restarted */
	assert_int_equal(rig.w.last.size, 5);
	old_size = 0; /* and the log forgot what it knew: 409, then from there */
	assert_int_equal(ask(&old_size), HF_OK);
	assert_int_equal(old_size, 205);
}

static void a_witness_that_knows_more_than_our_tree_means_rollback(void **unused)
{
	uint64_t old_size = 0;

	(void)unused;
	add(3);
	rig.status = 409;
	rig.text = "4\n";
	assert_int_equal(ask(&old_size), HF_ERR_LOG_ROLLBACK);
	rig.text = "3\n"; /* always another size: not for ever */
	assert_int_equal(ask(&old_size), HF_ERR_LOG_WITNESS);
	rig.text = "x";
	assert_int_equal(ask(&old_size), HF_ERR_LOG_WITNESS);
}

static void every_other_answer_is_an_alarm_or_a_retry(void **unused)
{
	static const int alarms[] = { 400, 403, 404, 405, 422 }, retries[] = { 500, 503 };
	uint64_t old_size = 0;

	(void)unused;
	rig.text = "no\n";
	for (size_t i = 0; i < 5; i++) {
		rig.status = alarms[i];
		assert_int_equal(ask(&old_size), HF_ERR_LOG_WITNESS);
	}
	for (size_t i = 0; i < 2; i++) {
		rig.status = retries[i];
		assert_int_equal(hf_err_class(ask(&old_size)), HF_CLASS_MACHINE);
	}
	rig.status = 200; /* no line, and a line that is none */
	assert_int_equal(ask(&old_size), HF_ERR_LOG_NOTE);
	rig.text = "";
	assert_int_equal(ask(&old_size), HF_ERR_PROOF_WITNESS);
}

static void our_witness_refuses_with_the_codes_of_the_specification(void **unused)
{
	struct hf_witness_ask q = { 0 };
	struct hf_witness_answer a;
	struct hf_loghead h;
	uint64_t old_size = 0;

	(void)unused;
	add(5);
	assert_int_equal(ask(&old_size), HF_OK);
	add(2);
	h = signed_head();
	q.head = h.head;
	memcpy(q.log_sig, h.sig, 64);
	q.old_size = 4;
	hf_logwitness_judge(&rig.w, &q, 1, &a);
	assert_true(a.status == 409 && a.size == 5);
	q.old_size = 8;
	hf_logwitness_judge(&rig.w, &q, 1, &a);
	assert_int_equal(a.status, 400);
	q.old_size = 5; /* a proof belongs here */
	hf_logwitness_judge(&rig.w, &q, 1, &a);
	assert_int_equal(a.status, 422);
	q.n_proof = 1;
	hf_logwitness_judge(&rig.w, &q, 1, &a);
	assert_int_equal(a.status, 422);
	q.log_sig[0] ^= 1;
	hf_logwitness_judge(&rig.w, &q, 1, &a);
	assert_int_equal(a.status, 403);
	assert_int_equal(rig.w.last.size, 5);
}

static void notes_are_read_back_and_spoiled_ones_refused(void **unused)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	struct hf_note note;
	struct hf_loghead h;

	(void)unused;
	add(7);
	h = signed_head();
	assert_int_equal(hf_note_put_body(&text, rig.log, &h.head), HF_OK);
	assert_int_equal(hf_note_read(hf_buf_bytes(&text), &note), HF_ERR_LOG_NOTE); /* nobody signed */
	assert_int_equal(hf_note_put_log_line(&text, rig.log, h.sig), HF_OK);
	assert_int_equal(hf_note_read(hf_buf_bytes(&text), &note), HF_OK);
	assert_true(note.head.size == 7 && note.n_lines == 1);
	assert_non_null(hf_note_find(&note, HF_NOTE_LOG, rig.log));
	assert_null(hf_note_find(&note, HF_NOTE_COSIGNATURE, rig.w.pub));
	for (size_t i = 1; i < text.len; i++)
		assert_int_equal(hf_note_read((hf_bytes){ text.ptr, text.len - i }, &note), HF_ERR_LOG_NOTE);
}

static void submissions_are_three_lines_in_their_order(void **unused)
{
	struct hf_log_submission s;

	(void)unused;
	assert_int_equal(hf_log_submission_read(HF_STR("message=00\n"), &s), HF_ERR_LOG_REQUEST);
	assert_int_equal(hf_log_submission_read(HF_STR(""), &s), HF_ERR_LOG_REQUEST);
}

static void a_leaf_signature_counts_for_its_checksum_and_key_only(void **unused)
{
	uint8_t d[32] = { 1 }, checksum[32], message[HF_LEAF_MESSAGE_LEN], sig[64];

	(void)unused;
	assert_int_equal(hf_leaf_checksum(d, checksum), HF_OK);
	hf_leaf_message(checksum, message);
	assert_int_equal(hf_crypto_ed25519_sign(&rig.log_seed, HF_ARR(message), sig), HF_OK);
	assert_int_equal(hf_leaf_verify(checksum, rig.log, sig), HF_OK);
	assert_int_equal(hf_leaf_verify(checksum, rig.w.pub, sig), HF_ERR_PROOF_LEAF);
	checksum[0] ^= 1;
	assert_int_equal(hf_leaf_verify(checksum, rig.log, sig), HF_ERR_PROOF_LEAF);
}

static void only_releases_and_statements_stand_behind_leaves(void **unused)
{
	uint8_t d[HF_SHA256_LEN], a[HF_LOG_OBJECT_MESSAGE_LEN], b[HF_LOG_OBJECT_MESSAGE_LEN];
	(void)unused;

	assert_int_equal(hf_log_object_digest(HF_STR(""), d), HF_ERR_LOG_OBJECT);
	assert_int_equal(hf_log_object_digest(HF_STR("a record, or anything"), d), HF_ERR_LOG_OBJECT);
	assert_int_equal(hf_log_object_message(HF_STR("x"), a), HF_OK);
	assert_int_equal(hf_log_object_message(HF_STR("y"), b), HF_OK);
	assert_memory_equal(a, "hf/log-object/1", 16);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void base64_has_one_spelling(void **unused)
{
	static const char *const bad[] = { "A",    "AA",       "AAA",   "A===", "AB==",
					   "AA-_", "AA==AAAA", "AAAA=", "AAB=" };
	uint8_t mem[16];
	struct hf_out out = HF_OUT(mem);

	(void)unused;
	assert_int_equal(hf_base64_decode(HF_STR("+/8="), &out), HF_OK);
	assert_int_equal(out.len, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		out.len = 0;
		assert_int_equal(
			hf_base64_decode((hf_bytes){ (const uint8_t *)bad[i], strlen(bad[i]) }, &out),
			HF_ERR_BASE_TEXT);
	}
}

int main(void)
{
#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		WITH_RIG(a_witness_follows_a_growing_log_and_its_restart),
		WITH_RIG(a_witness_that_knows_more_than_our_tree_means_rollback),
		WITH_RIG(every_other_answer_is_an_alarm_or_a_retry),
		WITH_RIG(our_witness_refuses_with_the_codes_of_the_specification),
		WITH_RIG(notes_are_read_back_and_spoiled_ones_refused),
		WITH_RIG(submissions_are_three_lines_in_their_order),
		WITH_RIG(a_leaf_signature_counts_for_its_checksum_and_key_only),
		WITH_RIG(only_releases_and_statements_stand_behind_leaves),
		WITH_RIG(base64_has_one_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

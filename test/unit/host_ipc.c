/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/ipc.h>

enum { ECHO = 1, FAIL = 2, SLOW = 3, COUNT = 4 };

/* A thread that answers, and the asking side. */
struct rig {
	int fds[2];
	struct hf_ipc *ipc;
	pthread_t thread;
	int counted;
	struct hf_hwkey key;
};

static hf_err echo(void *ctx, hf_bytes body, struct hf_out *reply)
{
	(void)ctx;
	return hf_out_put(reply, body);
}

static hf_err fail_now(void *ctx, hf_bytes body, struct hf_out *reply)
{
	(void)ctx;
	/* What was put before the failure must not get out. */
	(void)!hf_out_put(reply, body);
	return HF_ERR_CRYPTO_KEY;
}

static hf_err slow(void *ctx, hf_bytes body, struct hf_out *reply)
{
	(void)ctx;
	usleep(60000);
	return hf_out_put(reply, body);
}

static hf_err count(void *ctx, hf_bytes body, struct hf_out *reply)
{
	(void)body;
	(void)reply;
	((struct rig *)ctx)->counted++;
	return HF_OK;
}

static const struct hf_hwkey *find_key(void *ctx, uint8_t number)
{
	return number == 1 ? &((struct rig *)ctx)->key : NULL;
}

static hf_err key_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_pub(body, find_key, ctx, reply);
}

static hf_err key_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_sign(body, find_key, ctx, reply);
}

static hf_err fake_sign(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	(void)ctx;
	memcpy(rs, digest, n);
	memset(rs + n, 0x5a, n);
	return HF_OK;
}

static const struct hf_ipc_op ops[] = {
	{ ECHO, 0, HF_IPC_BODY_MAX, echo },
	{ FAIL, 0, 16, fail_now },
	{ SLOW, 0, 16, slow },
	{ COUNT, 0, 0, count },
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, key_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, key_sign },
};

static void *answer_thread(void *arg)
{
	struct rig *r = arg;
	struct hf_ipc_table table = { ops, sizeof(ops) / sizeof(ops[0]), r };

	assert_int_equal(hf_ipc_answer_forever(r->fds[1], &table), HF_ERR_IPC_CLOSED);
	return NULL;
}

static int open_rig(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (r == NULL || hf_ipc_pair(r->fds, NULL) != HF_OK || hf_ipc_new(r->fds[0], &r->ipc) != HF_OK)
		return -1;
	r->key = (struct hf_hwkey){ .sign = fake_sign, .curve = HF_CURVE_P256 };
	r->key.pub[0] = 4;
	r->key.pub[64] = 9;
	*state = r;
	return pthread_create(&r->thread, NULL, answer_thread, r);
}

static int close_rig(void **state)
{
	struct rig *r = *state;

	hf_ipc_free(r->ipc);
	pthread_join(r->thread, NULL);
	close(r->fds[1]);
	free(r);
	return 0;
}

static void a_question_gets_its_answer(void **state)
{
	struct rig *r = *state;
	uint8_t room[64];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR("hello"), 1000, &reply), HF_OK);
	assert_int_equal(reply.len, 5);
	assert_memory_equal(room, "hello", 5);
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR(""), 1000, &reply), HF_OK);
	assert_int_equal(reply.len, 0);
}

static void the_largest_body_passes_and_one_more_does_not(void **state)
{
	struct rig *r = *state;
	static uint8_t big[HF_IPC_BODY_MAX + 1], room[HF_IPC_BODY_MAX];
	struct hf_out reply = HF_OUT(room);

	memset(big, 7, sizeof(big));
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, (hf_bytes){ big, HF_IPC_BODY_MAX }, 1000, &reply), HF_OK);
	assert_int_equal(reply.len, HF_IPC_BODY_MAX);
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_ARR(big), 1000, &reply), HF_ERR_BASE_NO_ROOM);
}

static void a_failure_comes_back_as_its_code_and_nothing_else(void **state)
{
	struct rig *r = *state;
	uint8_t room[64];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_call(r->ipc, FAIL, HF_STR("secret"), 1000, &reply), HF_ERR_CRYPTO_KEY);
	assert_int_equal(reply.len, 0);
}

static void unknown_types_and_lengths_outside_the_row_are_refused(void **state)
{
	struct rig *r = *state;
	uint8_t room[64];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_call(r->ipc, 99, HF_STR(""), 1000, &reply), HF_ERR_IPC_TYPE);
	assert_int_equal(hf_ipc_call(r->ipc, FAIL, HF_STR("12345678901234567"), 1000, &reply),
			 HF_ERR_IPC_FRAME);
	assert_int_equal(hf_ipc_call(r->ipc, COUNT, HF_STR("1"), 1000, &reply), HF_ERR_IPC_FRAME);
	assert_int_equal(r->counted, 0);
}

static void an_answer_too_large_for_the_asker_is_an_error(void **state)
{
	struct rig *r = *state;
	uint8_t room[4];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR("hello"), 1000, &reply), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(reply.len, 0);
}

static void a_late_answer_is_not_taken_for_the_next_one(void **state)
{
	struct rig *r = *state;
	uint8_t room[64];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_call(r->ipc, SLOW, HF_STR("old"), 10, &reply), HF_ERR_IPC_TIMEOUT);
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR("new"), 1000, &reply), HF_OK);
	assert_memory_equal(room, "new", 3);
}

static void broken_frames_are_dropped_and_the_next_is_served(void **state)
{
	struct rig *r = *state;
	uint8_t room[64], junk[20] = { 0 };
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(send(r->fds[0], junk, 3, 0), 3);
	hf_put_be32(junk, 5); /* the length says 5, the packet has 4 */
	assert_int_equal(send(r->fds[0], junk, sizeof(junk), 0), sizeof(junk));
	hf_put_be32(junk, 0xffffffff);
	assert_int_equal(send(r->fds[0], junk, sizeof(junk), 0), sizeof(junk));
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR("hello"), 1000, &reply), HF_OK);
}

static void a_notice_is_served_without_an_answer(void **state)
{
	struct rig *r = *state;
	uint8_t room[64];
	struct hf_out reply = HF_OUT(room);

	assert_int_equal(hf_ipc_notify(r->ipc, COUNT, HF_STR("")), HF_OK);
	assert_int_equal(hf_ipc_call(r->ipc, ECHO, HF_STR("x"), 1000, &reply), HF_OK);
	assert_int_equal(r->counted, 1);
}

static void a_far_key_signs_through_the_callback(void **state)
{
	struct rig *r = *state;
	struct hf_ipc_key k;
	uint8_t digest[48] = { 1, 2, 3 }, rs[96];

	assert_int_equal(hf_ipc_key_open(&k, r->ipc, 1, 1000), HF_OK);
	assert_int_equal(k.key.curve, HF_CURVE_P256);
	assert_memory_equal(k.key.pub, r->key.pub, 65);
	assert_int_equal(k.key.sign(k.key.ctx, digest, 32, rs), HF_OK);
	assert_memory_equal(rs, digest, 32);
	assert_int_equal(rs[63], 0x5a);
	assert_int_equal(k.key.sign(k.key.ctx, digest, 48, rs), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_ipc_key_open(&k, r->ipc, 2, 1000), HF_ERR_IPC_KEY);
}

static void silence_and_death_are_told_apart(void **unused)
{
	uint8_t room[8];
	struct hf_out reply = HF_OUT(room);
	struct hf_ipc *ipc = NULL;
	int fds[2];

	(void)unused;
	assert_int_equal(hf_ipc_pair(fds, NULL), HF_OK);
	assert_int_equal(hf_ipc_new(fds[0], &ipc), HF_OK);
	assert_int_equal(hf_ipc_call(ipc, ECHO, HF_STR("x"), 20, &reply), HF_ERR_IPC_TIMEOUT);
	close(fds[1]);
	assert_int_equal(hf_ipc_call(ipc, ECHO, HF_STR("x"), 20, &reply), HF_ERR_IPC_CLOSED);
	hf_ipc_free(ipc);
}

static void a_full_queue_makes_a_notice_fail_at_once(void **unused)
{
	static uint8_t body[HF_IPC_BODY_MAX];
	struct hf_ipc *ipc = NULL;
	hf_err err = HF_OK;
	int fds[2];

	(void)unused;
	assert_int_equal(hf_ipc_pair(fds, NULL), HF_OK);
	assert_int_equal(hf_ipc_new(fds[0], &ipc), HF_OK);
	for (int i = 0; i < 1000 && err == HF_OK; i++)
		err = hf_ipc_notify(ipc, ECHO, HF_ARR(body));
	assert_int_equal(err, HF_ERR_IPC_BUSY);
	hf_ipc_free(ipc);
	close(fds[1]);
}

static void a_stream_socket_is_no_channel(void **unused)
{
	struct hf_ipc *ipc = NULL;
	int fds[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(hf_ipc_new(fds[0], &ipc), HF_ERR_IPC_SOCKET);
	close(fds[0]);
	close(fds[1]);
}

static bool was_closed;
static void on_closed(void *ctx)
{
	(void)ctx;
	was_closed = true;
}

static void a_loop_serves_and_notices_the_end(void **unused)
{
	struct hf_ipc_table table = { ops, 1, NULL };
	struct hf_ipc_serve serve = { 0 };
	struct hf_loop *loop = NULL;
	struct hf_ipc_head h = { .type = ECHO, .len = 2, .id = 7 };
	uint8_t packet[HF_IPC_HEAD_LEN + 2];
	int fds[2];

	(void)unused;
	was_closed = false;
	assert_int_equal(hf_loop_new(&loop), HF_OK);
	assert_int_equal(hf_ipc_pair(fds, NULL), HF_OK);
	assert_int_equal(hf_ipc_serve_start(&serve, loop, fds[1], &table, on_closed), HF_OK);
	hf_ipc_head_write(packet, &h);
	memcpy(packet + HF_IPC_HEAD_LEN, "hi", 2);
	assert_int_equal(send(fds[0], packet, sizeof(packet), 0), sizeof(packet));
	assert_int_equal(hf_loop_turn(loop, 100), HF_OK);
	memset(packet, 0, sizeof(packet));
	assert_int_equal(recv(fds[0], packet, sizeof(packet), MSG_DONTWAIT), sizeof(packet));
	assert_int_equal(hf_ipc_head_read(HF_ARR(packet), &h), HF_OK);
	assert_int_equal(h.id, 7);
	assert_int_equal(h.flags, HF_IPC_FLAG_REPLY);
	assert_memory_equal(packet + HF_IPC_HEAD_LEN, "hi", 2);
	close(fds[0]);
	assert_int_equal(hf_loop_turn(loop, 100), HF_OK);
	assert_true(was_closed);
	hf_ipc_serve_stop(&serve);
	close(fds[1]);
	hf_loop_free(loop);
}

int main(void)
{
#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		WITH_RIG(a_question_gets_its_answer),
		WITH_RIG(the_largest_body_passes_and_one_more_does_not),
		WITH_RIG(a_failure_comes_back_as_its_code_and_nothing_else),
		WITH_RIG(unknown_types_and_lengths_outside_the_row_are_refused),
		WITH_RIG(an_answer_too_large_for_the_asker_is_an_error),
		WITH_RIG(a_late_answer_is_not_taken_for_the_next_one),
		WITH_RIG(broken_frames_are_dropped_and_the_next_is_served),
		WITH_RIG(a_notice_is_served_without_an_answer),
		WITH_RIG(a_far_key_signs_through_the_callback),
		cmocka_unit_test(silence_and_death_are_told_apart),
		cmocka_unit_test(a_full_queue_makes_a_notice_fail_at_once),
		cmocka_unit_test(a_stream_socket_is_no_channel),
		cmocka_unit_test(a_loop_serves_and_notices_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

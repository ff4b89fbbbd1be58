/* host_pool.c -- every work runs once, and a full queue says so.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <hf/pool.h>

struct rig {
	pthread_mutex_t lock;
	unsigned n;
};

static void count(void *ctx)
{
	struct rig *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->n++;
	pthread_mutex_unlock(&r->lock);
}

static void every_queued_work_runs_before_the_pool_ends(void **unused)
{
	struct rig r = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct hf_pool *p = NULL;

	(void)unused;
	assert_int_equal(hf_pool_new(4, 100, &p), HF_OK);
	for (int i = 0; i < 100; i++)
		assert_int_equal(hf_pool_run(p, count, &r), HF_OK);
	hf_pool_free(p);
	assert_int_equal(r.n, 100);
}

static void a_full_queue_refuses_at_once(void **unused)
{
	struct rig r = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct hf_pool *p = NULL;
	unsigned queued = 0;

	(void)unused;
	assert_int_equal(hf_pool_new(1, 2, &p), HF_OK);
	pthread_mutex_lock(&r.lock); /* the one thread waits in its first work */
	while (queued < 10 && hf_pool_run(p, count, &r) == HF_OK)
		queued++;
	assert_true(queued >= 2 && queued <= 3);
	assert_int_equal(hf_pool_run(p, count, &r), HF_ERR_POOL_FULL);
	pthread_mutex_unlock(&r.lock);
	hf_pool_free(p);
	assert_int_equal(r.n, queued);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_queued_work_runs_before_the_pool_ends),
		cmocka_unit_test(a_full_queue_refuses_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

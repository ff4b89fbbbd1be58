/* pool.c -- a ring of works and the threads that take from it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <hf/pool.h>

enum { THREADS_MAX = 64 };

struct work {
	void (*fn)(void *ctx);
	void *ctx;
};
struct hf_pool {
	pthread_mutex_t lock;
	pthread_cond_t some;
	pthread_t thread[THREADS_MAX];
	unsigned n_threads, cap, head, n;
	bool stop;
	struct work ring[];
};

static void *work_forever(void *ctx)
{
	struct hf_pool *p = ctx;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (p->n == 0 && !p->stop)
			pthread_cond_wait(&p->some, &p->lock);
		if (p->n == 0) {
			pthread_mutex_unlock(&p->lock);
			return NULL;
		}
		struct work w = p->ring[p->head];
		p->head = (p->head + 1) % p->cap;
		p->n--;
		pthread_mutex_unlock(&p->lock);
		w.fn(w.ctx);
	}
}

hf_err hf_pool_new(unsigned threads, unsigned queue, struct hf_pool **out)
{
	*out = NULL;
	if (threads == 0 || queue == 0)
		return HF_ERR_BASE_MISUSE;
	struct hf_pool *p = calloc(1, sizeof(*p) + queue * sizeof(p->ring[0]));
	if (!p)
		return HF_ERR_HOST_MEMORY;
	p->cap = queue;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->some, NULL);
	for (unsigned i = 0; i < threads && i < THREADS_MAX; i++) {
		if (pthread_create(&p->thread[i], NULL, work_forever, p) != 0) {
			hf_pool_free(p);
			return HF_ERR_HOST_MEMORY;
		}
		p->n_threads++;
	}
	*out = p;
	return HF_OK;
}

hf_err hf_pool_run(struct hf_pool *p, void (*work)(void *ctx), void *ctx)
{
	hf_err err = HF_ERR_POOL_FULL;

	pthread_mutex_lock(&p->lock);
	if (p->n < p->cap && !p->stop) {
		p->ring[(p->head + p->n++) % p->cap] = (struct work){ work, ctx };
		pthread_cond_signal(&p->some);
		err = HF_OK;
	}
	pthread_mutex_unlock(&p->lock);
	return err;
}

void hf_pool_free(struct hf_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->some);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->some);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* pool.h -- threads for work that blocks (store, other processes), so that loop threads never wait.
 * Promise: the queue is bounded; what does not fit is refused at once, never waited for.
 * Thread rule: hf_pool_run from any thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_POOL_H
#define HF_POOL_H
#include <hf/why.h>

struct hf_pool;
/* `threads` at least 1; at most `queue` works wait. Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_pool_new(unsigned threads, unsigned queue, struct hf_pool **out);
/* Run work(ctx) soon. Errors: HF_ERR_POOL_FULL: nothing was queued. */
HF_MUST_CHECK hf_err hf_pool_run(struct hf_pool *p, void (*work)(void *ctx), void *ctx);
/* Finishes what is queued, joins the threads. NULL is allowed. */
void hf_pool_free(struct hf_pool *p);
#endif

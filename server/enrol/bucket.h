/* bucket.h -- token buckets for refusals, one for each source address: who is refused too often waits.
 * Thread rule: any thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUCKET_H
#define HF_BUCKET_H
#include <hf/why.h>

enum { HF__BUCKET_BURST = 100, HF__BUCKET_PER_S = 10 };
struct hf__buckets;
HF_MUST_CHECK hf_err hf__buckets_new(struct hf__buckets **out);
void hf__buckets_free(struct hf__buckets *b);
/* May this source ask at all? */
bool hf__bucket_open(struct hf__buckets *b, const char *addr, uint64_t now_ms);
/* One token for a refusal. */
void hf__bucket_take(struct hf__buckets *b, const char *addr, uint64_t now_ms);
#endif

/* old_digest.h -- MD5 and SHA-1 of one file; set up before a process is sealed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_OLD_DIGEST_H
#define HF_OLD_DIGEST_H
#include "comp_priv.h"

struct evp_md_st;
struct evp_md_ctx_st;
struct hf__old_digest {
	struct evp_md_st *md5, *sha1; /* NULL: the library has none */
	struct evp_md_ctx_st *ctx;
};
HF_MUST_CHECK hf_err hf__old_digest_new(struct hf__old_digest *d);
void hf__old_digest_free(struct hf__old_digest *d);
HF_MUST_CHECK hf_err hf__put_digests(const struct hf__old_digest *d, const struct hf__file *f);
#endif

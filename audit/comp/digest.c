/* MD5 and SHA-1 as package databases record them: to see a changed file, never to prove a good one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include "old_digest.h"

enum { MD5_LEN = 16, SHA1_LEN = 20 };

hf_err hf__old_digest_new(struct hf__old_digest *d)
{
	d->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	d->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	d->ctx = EVP_MD_CTX_new();
	/* A system without MD5 (FIPS) gives no verdict on dpkg's files, no error. */
	return d->ctx != NULL ? HF_OK : HF_ERR_HOST_MEMORY;
}

void hf__old_digest_free(struct hf__old_digest *d)
{
	EVP_MD_free(d->md5);
	EVP_MD_free(d->sha1);
	EVP_MD_CTX_free(d->ctx);
}

static hf_bytes one(const struct hf__old_digest *d, const EVP_MD *md, hf_bytes bytes, uint8_t *out)
{
	unsigned len = 0;

	if (md == NULL || EVP_DigestInit_ex2(d->ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(d->ctx, bytes.ptr, bytes.len) != 1 || EVP_DigestFinal_ex(d->ctx, out, &len) != 1)
		return (hf_bytes){ 0 };
	return (hf_bytes){ out, len };
}

hf_err hf__put_digests(const struct hf__old_digest *d, const struct hf__file *f)
{
	struct hf_fact fact = { .kind = HF_FACT_DIGEST, .path = f->path };
	uint8_t md5[MD5_LEN], sha1[SHA1_LEN];

	fact.text[HF_DIGEST_IS_MD5] = one(d, d->md5, f->bytes, md5);
	fact.text[HF_DIGEST_IS_SHA1] = one(d, d->sha1, f->bytes, sha1);
	return f->sink->put(f->sink->ctx, &fact);
}

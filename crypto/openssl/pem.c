/* pem.c -- RFC 7468 text around DER.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>
#include "ossl_priv.h"
#include <hf/pki.h>

HF__OSSL_OWNER(free_bio, BIO, BIO_free_all)

hf_err hf_pki_pem_write(const char *label, hf_bytes der, struct hf_out *out)
{
	BIO *bio HF_AUTO(free_bio) = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	if (bio == NULL || der.len > INT_MAX || PEM_write_bio(bio, label, "", der.ptr, (long)der.len) <= 0)
		return HF_ERR_CRYPTO_FAILED;
	n = BIO_get_mem_data(bio, &text);
	return hf_out_put(out, (hf_bytes){ (const uint8_t *)text, (size_t)n });
}

hf_err hf_pki_pem_read(const char *label, hf_bytes text, struct hf_out *out)
{
	BIO *bio HF_AUTO(free_bio) = text.len <= INT_MAX ? BIO_new_mem_buf(text.ptr, (int)text.len) : NULL;
	hf_err err = HF_ERR_CRYPTO_CERT;
	char *name = NULL, *header = NULL;
	uint8_t *der = NULL;
	long n = 0;

	while (bio != NULL && err == HF_ERR_CRYPTO_CERT && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
		if (strcmp(name, label) == 0)
			err = hf_out_put(out, (hf_bytes){ der, (size_t)n });
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	return err;
}

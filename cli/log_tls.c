/* log_tls.c -- HTTPS of a log: one certificate, no clients' certificates.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/file.h>
#include "log.h"

enum { PEM_MAX = 65536 };

static hf_err read_cert(const char *path, struct hf_out *der, struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(PEM_MAX);
	hf_err err;

	if (path[0] == '\0')
		return HF_OK;
	HF_TRY(hf_file_read(path, &pem, why));
	err = hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), der);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err read_key(const char *path, struct hf_pki_key **key, struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF_SECRET(PEM_MAX);
	hf_err err;

	HF_TRY(hf_file_read_secret(path, &pem, why));
	err = hf_pki_key_read(hf_buf_bytes(&pem), (hf_bytes){ 0 }, key);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

hf_err log_tls_open(const struct log_place *p, struct hf_pki_key **key, struct hf_tls **tls,
		    struct hf_why *why)
{
	static struct hf_hwkey hw; /* as long as the context lives */
	uint8_t cert_mem[HF_TLS_CERT_MAX], chain_mem[HF_TLS_CERT_MAX];
	struct hf_out cert = HF_OUT(cert_mem), chain = HF_OUT(chain_mem);
	struct hf_tls_server_conf conf = { .key = &hw, .name = "log" };

	*tls = NULL;
	if (p->tls_cert[0] == '\0')
		return HF_OK;
	HF_TRY(read_cert(p->tls_cert, &cert, why));
	HF_TRY(read_cert(p->tls_chain, &chain, why));
	HF_TRY(read_key(p->tls_key, key, why));
	HF_TRY(hf_pki_key_hwkey(*key, &hw));
	conf.cert = hf_out_bytes(&cert);
	conf.chain = hf_out_bytes(&chain);
	return hf_tls_server_new(&conf, tls, why);
}

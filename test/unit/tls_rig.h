/* tls_rig.h -- a small deployment in memory for tests of tls, http and mqtt: CAs, a server, clients.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_TLS_RIG_H
#define TEST_TLS_RIG_H
#include <openssl/ssl.h>
#include <hf/pki.h>
#include <hf/tls.h>

struct party {
	struct hf_key secret;
	struct hf_hwkey key;
	uint8_t der[HF_PKI_CERT_MAX];
	size_t len;
};
static inline hf_bytes party_cert(const struct party *p)
{
	return (hf_bytes){ p->der, p->len };
}

struct tls_rig {
	struct party root, server_ca, device_ca, stranger_ca;
	struct party server; /* "localhost" */
	struct party device, expired, stranger, self_signed;
	hf_bytes anchors[1];
};
void tls_rig_make(struct tls_rig *r);
/* Server context with the rig's server certificate; `pass` as in struct hf_tls_server_conf. */
struct hf_tls *tls_rig_server(const struct tls_rig *r, unsigned pass, bool require);
/* Client context; `who` may be NULL. */
struct hf_tls *tls_rig_client(const struct tls_rig *r, const struct party *who);

/* A connection that writes exactly the bytes it is told to. */
struct raw {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};
void raw_open(struct raw *raw, uint16_t port, bool tls);
void raw_write(struct raw *raw, const char *bytes, size_t len);
/* Read until the other side ends or `want` is in the text; the text so far. */
const char *raw_read(struct raw *raw, const char *want, char *out, size_t cap);
void raw_close(struct raw *raw);
#endif

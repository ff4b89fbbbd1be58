/* log_ask.h -- one question at a time to a Sigsum v1 log over HTTP or HTTPS.
 * Promise: what a log says proves itself, so plain HTTP is no risk to what is believed; HTTPS hides what is
 * asked, and the server must show a certificate of the given CA for its name.
 * Thread rule: one thread per client.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOG_ASK_H
#define LOG_ASK_H
#include <hf/buf.h>
#include <hf/why.h>

enum { LOG_URL_MAX = 512, LOG_ANSWER_MAX = 4 << 20 };

#define OPT_LOG_CA \
	{ \
		"log-ca", "FILE", "CA certificate (PEM) that an https:// log must show one of" \
	}

struct log_client {
	char host[256], prefix[LOG_URL_MAX];
	uint16_t port;
	const char *ca; /* PEM file; NULL: plain */
	struct hf_why *why;
};
/* http://HOST:PORT[/PREFIX], or https:// with `ca`, which is borrowed. Errors: HF_ERR_LOG_URL. */
HF_MUST_CHECK hf_err log_client_open(const char *url, const char *ca, struct hf_why *why,
				     struct log_client *c);
/* GET PREFIX/PATH, or POST `body` when it is not empty; `status` gets the answer's.
 * Errors: httpc's, TLS's. */
HF_MUST_CHECK hf_err log_client_ask(struct log_client *c, const char *path, hf_bytes body, int *status,
				    struct hf_buf *answer);
#endif

/* hello.h -- the first word of every session: which certificate, which boot, whether the device has put the
 * old key away. Hello = COSE_Sign1 (aad "hf/hello/1") by the session's key over
 * {1: certificate serial (16 B), 2: boot counter, 3: promoted}, on hf/1/{dev}/-/up/id/hello; the broker
 * plugin adds the session's certificate hash. The answer on hf/1/{dev}/-/dn/id/hello is
 * [bstr SHA-256 of the hello object, uint server time]: only the answer to *this* hello wipes a key, and
 * its time is a time heard on an authenticated session (time floor).
 * Thread rule: pure functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_HELLO_H
#define HOLDFAST_HELLO_H
#include <holdfast/cose.h>
#include <holdfast/identity.h>

enum { HF_HELLO_MAX_LEN = 160, HF_HELLO_ACK_MAX_LEN = 64 };

struct hf_hello {
	uint8_t serial[HF_SERIAL_LEN];
	uint64_t boot_count;
	bool promoted;
};

/* Device: append the hello, signed by the session's key. Errors: key's, HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_hello_write(const struct hf_hello *h, const struct hf_hwkey *key, struct hf_out *out);
/* Server: `spki` is the public key of the certificate whose hash the broker added.
 * Errors: HF_ERR_HELLO_SHAPE, HF_ERR_COSE_SIGNATURE, _ALG, _POINT. */
HF_MUST_CHECK hf_err hf_hello_open(hf_bytes object, const uint8_t spki[static HF_P256_POINT_LEN],
				   struct hf_hello *h);

/* Server: append the answer to `hello` (the object as received). */
HF_MUST_CHECK hf_err hf_hello_ack_write(hf_bytes hello, uint64_t now_s, struct hf_out *out);
/* Device: is `ack` the answer to `hello`? Errors: HF_ERR_HELLO_SHAPE, HF_ERR_HELLO_OTHER. */
HF_MUST_CHECK hf_err hf_hello_ack_read(hf_bytes ack, hf_bytes hello, uint64_t *now_s);
#endif

/* cose_tool.h -- arguments and answers of cose_tool.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_COSE_TOOL_H
#define TEST_COSE_TOOL_H
#include <hf/fake.h>
#include <holdfast/cose_foreign.h>
#include <holdfast/seal.h>

struct args {
	char **v;
	int n;
	struct hf_port port;
};

struct signer_keys {
	struct hf_key secret;
	struct hf_hwkey hw;
};

_Noreturn void fail_usage(const char *what);
/* The next argument as each type; the program ends when it is missing or wrong. */
hf_bytes bytes(struct args *a);
long number(struct args *a);
struct hf_key key(struct args *a);
const uint8_t *base_iv(struct args *a); /* NULL when empty */
const uint8_t *point(struct args *a);
struct hf_ecdhkey ecdh_key(struct args *a);
struct hf_cose_pub pub(struct args *a);
struct hf_cose_signer signer(struct args *a, struct signer_keys *k);
/* Print a result, or its error. */
void report(const char *name, hf_err err, hf_bytes b);
/* One of eight buffers in turn. */
struct hf_out room(void);
#endif

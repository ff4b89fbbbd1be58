/* cose_tool_args.c -- the command line of cose_tool.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cose_tool.h"

enum { CAP = 1 << 17 };

_Noreturn void fail_usage(const char *what)
{
	fprintf(stderr, "cose_tool: %s\n", what);
	exit(2);
}

static const char *word(struct args *a)
{
	if (a->n == 0)
		fail_usage("too few arguments");
	a->n--;
	return *a->v++;
}

hf_bytes bytes(struct args *a)
{
	const char *hex = word(a);
	size_t len = strlen(hex);
	struct hf_out out = { malloc(len / 2 + 1), len / 2 + 1, 0 };

	if (out.ptr == NULL)
		fail_usage("no memory");
	if (strcmp(hex, "-") == 0)
		return (hf_bytes){ out.ptr, 0 };
	if (hf_hex_decode((hf_bytes){ (const uint8_t *)hex, len }, &out) != HF_OK)
		fail_usage("not hexadecimal");
	return hf_out_bytes(&out); /* never freed: the program ends soon */
}

long number(struct args *a)
{
	return strtol(word(a), NULL, 10);
}

struct hf_key key(struct args *a)
{
	hf_bytes b = bytes(a);
	struct hf_key k = { .len = (uint8_t)b.len };

	if (b.len > sizeof(k.b))
		fail_usage("key is too long");
	memcpy(k.b, b.ptr, b.len);
	return k;
}

const uint8_t *base_iv(struct args *a)
{
	hf_bytes b = bytes(a);

	if (b.len != 0 && b.len != HF_AEAD_NONCE_LEN)
		fail_usage("a base IV has 12 bytes");
	return b.len == 0 ? NULL : b.ptr;
}

const uint8_t *point(struct args *a)
{
	hf_bytes b = bytes(a);

	if (b.len != HF_P256_POINT_LEN)
		fail_usage("a point has 65 bytes");
	return b.ptr;
}

static void print_hex(const char *name, hf_bytes b)
{
	printf("%s=", name);
	for (size_t i = 0; i < b.len; i++)
		printf("%02x", b.ptr[i]);
	printf("\n");
}

void report(const char *name, hf_err err, hf_bytes b)
{
	char code[8];

	if (err == HF_OK) {
		print_hex(name, b);
		return;
	}
	hf_err_name(err, code);
	printf("error=%s\n", code);
}

struct hf_out room(void)
{
	static uint8_t mem[8][CAP];
	static size_t next;

	return (struct hf_out){ mem[next++ % 8], CAP, 0 };
}

struct hf_ecdhkey ecdh_key(struct args *a)
{
	static struct hf_key secret;
	struct hf_ecdhkey k;

	secret = key(a);
	if (hf_crypto_p256_ecdhkey(&secret, &k) != HF_OK)
		fail_usage("not a P-256 secret");
	return k;
}

struct hf_cose_pub pub(struct args *a)
{
	int64_t alg = number(a);

	return (struct hf_cose_pub){ alg, bytes(a) };
}

struct hf_cose_signer signer(struct args *a, struct signer_keys *k)
{
	struct hf_cose_signer s = { .alg = number(a) };

	k->secret = key(a);
	s.kid = bytes(a);
	s.seed = &k->secret;
	s.hw = &k->hw;
	if (s.alg == HF_COSE_ES256 && hf_crypto_p256_hwkey(&k->secret, &k->hw) != HF_OK)
		fail_usage("not a P-256 secret");
	return s;
}

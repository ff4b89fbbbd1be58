/* Fuzz target: bodies of key=value lines: add-leaf, and the words and numbers that they are made of.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/logfront.h>
#include <hf/lognote.h>
#include "fuzz.h"

static void put(struct hf_buf *b, const char *key, const uint8_t *value, size_t n)
{
	if (hf_buf_puts(b, key) != HF_OK || hf_kv_put_hex(b, value, n) != HF_OK ||
	    hf_buf_puts(b, "\n") != HF_OK)
		abort();
}

/* Hexadecimal is read in either case and written in one; nothing else may differ. */
static bool is_same(hf_bytes a, hf_bytes b)
{
	bool same = a.len == b.len;

	for (size_t i = 0; same && i < a.len; i++) {
		uint8_t c = b.ptr[i];

		same = a.ptr[i] == c || (c >= 'A' && c <= 'F' && a.ptr[i] == c + ('a' - 'A'));
	}
	return same;
}

static void check_submission(hf_bytes in)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_log_submission s;

	if (hf_log_submission_read(in, &s) != HF_OK)
		return;
	put(&text, "message=", s.message, sizeof(s.message));
	put(&text, "signature=", s.sig, sizeof(s.sig));
	put(&text, "public_key=", s.pub, sizeof(s.pub));
	if (!is_same(hf_buf_bytes(&text), in))
		abort();
}

static void check_number(hf_bytes word)
{
	char text[32];
	uint64_t n;

	if (!hf_kv_number(word, &n))
		return;
	if (n > INT64_MAX || snprintf(text, sizeof(text), "%llu", (unsigned long long)n) != (int)word.len ||
	    memcmp(text, word.ptr, word.len) != 0)
		abort();
}

/* As the reader of a tree head takes it apart. */
static void check_words(hf_bytes rest)
{
	static const char *const keys[] = { "size", "root_hash", "cosignature", "node_hash", "leaf" };
	uint8_t hash[HF_SHA256_LEN];
	hf_bytes value;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		while (hf_kv_take(&rest, keys[i], &value)) {
			(void)hf_kv_hex(value, hash, sizeof(hash));
			while (value.len > 0)
				check_number(hf_kv_word(&value));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };

	check_submission(in);
	check_words(in);
	return 0;
}

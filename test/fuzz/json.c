/* Reading a request by a table never crashes; a tree that parses prints to text that parses again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <hf/json.h>
#include "fuzz.h"

struct sample {
	char name[8];
	uint64_t count;
	int64_t delta;
	bool flag;
	struct hf_json_texts list;
	struct hf_buf key;
};
static const struct hf_json_field fields[] = {
	{ .name = "name", .type = HF_JSON_TEXT, .offset = offsetof(struct sample, name), .cap = 8 },
	{ .name = "count", .type = HF_JSON_UINT, .offset = offsetof(struct sample, count) },
	{ .name = "delta", .type = HF_JSON_INT, .offset = offsetof(struct sample, delta) },
	{ .name = "flag", .type = HF_JSON_BOOL, .offset = offsetof(struct sample, flag) },
	{ .name = "list", .type = HF_JSON_TEXTS, .offset = offsetof(struct sample, list) },
	{ .name = "key", .type = HF_JSON_BYTES, .offset = offsetof(struct sample, key) },
};

static void print_and_parse(hf_bytes text)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct hf_json *tree = NULL, *again = NULL;

	if (hf_json_parse(text, &tree, NULL) != HF_OK)
		return;
	if (hf_json_print(tree, &out) == HF_OK && hf_json_parse(hf_buf_bytes(&out), &again, NULL) != HF_OK)
		abort();
	hf_json_free(again);
	hf_json_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sample s;
	struct hf_why why = { 0 };

	s.key = HF_BUF(64);
	if (hf_json_read((hf_bytes){ data, size }, fields, 6, &s, &why) == HF_OK && s.key.len > 64)
		abort();
	hf_buf_free(&s.key);
	print_and_parse((hf_bytes){ data, size });
	return 0;
}

/* Reading a configuration never crashes, and what it accepts is printed and read back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <hf/conf.h>
#include "fuzz.h"

struct sample {
	char text[16];
	uint64_t number, time, choice;
	bool flag;
};
static const char *const choices[] = { "a", "b", NULL };
static const struct hf_conf_key keys[] = {
	{ .name = "text",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct sample, text),
	  .cap = 16,
	  .standard = "x" },
	{ .name = "number",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct sample, number),
	  .standard = "1" },
	{ .name = "time",
	  .type = HF_CONF_DURATION,
	  .offset = offsetof(struct sample, time),
	  .standard = "1s" },
	{ .name = "choice",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct sample, choice),
	  .choices = choices,
	  .standard = "a" },
	{ .name = "flag", .type = HF_CONF_BOOL, .offset = offsetof(struct sample, flag), .standard = "no" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	struct hf_why why = { 0 };
	struct sample s = { 0 }, back = { 0 };

	if (hf_conf_parse("f", (hf_bytes){ data, size }, keys, 5, &s, &why) != HF_OK)
		return 0;
	if (hf_conf_print(keys, 5, &s, &out) != HF_OK)
		abort();
	if (hf_conf_parse("g", hf_buf_bytes(&out), keys, 5, &back, &why) != HF_OK || back.number != s.number)
		abort();
	return 0;
}

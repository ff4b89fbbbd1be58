/* Fuzz target: one file of an image as components see it. First byte: under which name it lies; the rest is
 * its
 * content: package databases, copyright files, programs with version texts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/comp.h>
#include "fuzz.h"

static hf_err put(void *ctx, const struct hf_fact *fact)
{
	size_t total = fact->path.len;

	(void)ctx;
	for (int i = 0; i < HF_FACT_TEXTS; i++) {
		hf_bytes t = fact->text[i];

		/* Touch both ends, so that a text outside its buffer is seen. */
		if (t.len > 0 && t.ptr[0] + t.ptr[t.len - 1] > 1000)
			abort();
		total += t.len;
	}
	if (total > HF_FACT_MAX_LEN)
		abort();
	return HF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"/var/lib/dpkg/status",         "/usr/lib/opkg/status",
		"/lib/apk/db/installed",        "/var/lib/rpm/rpmdb.sqlite",
		"/var/lib/rpm/Packages.db",     "/etc/os-release",
		"/usr/share/doc/x/copyright",   "/var/lib/dpkg/info/x.list",
		"/var/lib/dpkg/info/x.md5sums", "/bin/x",
		"/b/compile_commands.json",
	};
	static struct hf_comp *comp;
	struct hf_fact_sink sink = { NULL, put };

	if (size < 2 || (comp == NULL && hf_comp_new(&comp) != HF_OK))
		return 0;
	const char *name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
	struct hf_node node = { .path = HF_STR("fw!/x"), .name = { (const uint8_t *)name, strlen(name) } };
	struct hf_src src = { .size = size - 1, .mem = data + 1 };
	if (hf_comp_file(comp, &node, &src, &sink) != HF_OK)
		abort();
	return 0;
}

/* A scanner that does what a scanner must not: it dies, hangs, lies and opens files, by the name of the file
 * it reads. It stands in for audit/scan and audit/comp at link time, so that the processes can be tested.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <hf/comp.h>
#include <hf/scan.h>

enum { OWN_FDS = 64, MANY = 3000, LARGE = 60000 };

struct hf_scan {
	unsigned calls;
};

hf_err hf_scan_new(const struct hf_scan_opts *opts, struct hf_scan **out)
{
	(void)opts;
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? HF_OK : HF_ERR_HOST_MEMORY;
}

void hf_scan_free(struct hf_scan *scan)
{
	free(scan);
}

static hf_err crash(const struct hf_fact_sink *sink)
{
	(void)sink;
	__builtin_trap();
	return HF_OK;
}

static hf_err hang(const struct hf_fact_sink *sink)
{
	(void)sink;
	for (volatile unsigned i = 0;; i++)
		;
	return HF_OK;
}

static hf_err lie(const struct hf_fact_sink *sink)
{
	static const char garbage[] = "\x00\x00\x00\x04\xff\xff\xff\xff";

	(void)sink;
	for (int fd = 3; fd < OWN_FDS; fd++)
		(void)!syscall(SYS_write, fd, garbage, sizeof(garbage) - 1);
	return HF_OK;
}

static hf_err open_a_file(const struct hf_fact_sink *sink)
{
	(void)sink;
	(void)!open("/etc/passwd", O_RDONLY);
	return HF_OK;
}

static hf_err connect_out(const struct hf_fact_sink *sink)
{
	(void)sink;
	(void)!socket(AF_INET, SOCK_STREAM, 0);
	return HF_OK;
}

static hf_err say_too_much(const struct hf_fact_sink *sink)
{
	static uint8_t large[LARGE];
	struct hf_fact f = { .kind = 40, .text = { HF_ARR(large) } };

	for (unsigned i = 0; i < MANY; i++)
		HF_TRY(sink->put(sink->ctx, &f));
	return HF_OK;
}

static hf_err fail(const struct hf_fact_sink *sink)
{
	(void)sink;
	return HF_ERR_FILE_IO;
}

static const struct {
	const char *name;
	hf_err (*act)(const struct hf_fact_sink *sink);
} acts[] = { { "crash", crash },         { "hang", hang },         { "lie", lie },  { "open", open_a_file },
	     { "connect", connect_out }, { "much", say_too_much }, { "fail", fail } };

static hf_bytes base_of(hf_bytes name)
{
	size_t i = name.len;

	while (i > 0 && name.ptr[i - 1] != '/')
		i--;
	return (hf_bytes){ name.ptr + i, name.len - i };
}

hf_err hf_scan_file(struct hf_scan *scan, const struct hf_node *node, const struct hf_src *src,
		    const struct hf_fact_sink *sink)
{
	struct hf_fact f = { .kind = HF_FACT_FILE, .path = node->path };
	hf_bytes base = base_of(node->name);

	scan->calls++;
	f.num[HF_FILE_TYPE] = node->type;
	f.num[HF_FILE_SIZE] = src != NULL ? src->size : 0;
	f.num[HF_FILE_KNOWN] = node->known;
	f.text[HF_FILE_NAME] = node->name;
	f.text[HF_FILE_TREE] = node->tree;
	f.text[HF_FILE_LINK] = node->link;
	HF_TRY(sink->put(sink->ctx, &f));
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (base.len == strlen(acts[i].name) && memcmp(base.ptr, acts[i].name, base.len) == 0)
			return acts[i].act(sink);
	return HF_OK;
}

hf_err hf_comp_new(struct hf_comp **out)
{
	*out = NULL;
	return HF_OK;
}

hf_err hf_comp_file(struct hf_comp *comp, const struct hf_node *node, const struct hf_src *src,
		    const struct hf_fact_sink *sink)
{
	(void)comp;
	(void)node;
	(void)src;
	(void)sink;
	return HF_OK;
}

void hf_comp_free(struct hf_comp *comp)
{
	(void)comp;
}

/* scan_try -- every file below some folders through the scanner, facts as lines: KIND path numbers | texts.
 * usage: scan_try [-e] [-q] PATH...    -e only ELF facts; -q no output, for measuring
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/scan.h>

struct run {
	struct hf_scan *scan;
	bool quiet;
	unsigned long files, failed;
	unsigned long long bytes;
};

static void print_text(hf_bytes t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] == 0)
			putchar(',');
		else if (t.ptr[i] > 32 && t.ptr[i] < 127 && t.ptr[i] != '|')
			putchar(t.ptr[i]);
		else
			printf("%%%02X", t.ptr[i]);
}

static hf_err print_fact(void *ctx, const struct hf_fact *f)
{
	const struct run *run = ctx;

	if (run->quiet || f->kind == HF_FACT_FILE)
		return HF_OK;
	printf("%u ", f->kind);
	print_text(f->path);
	for (int i = 0; i < HF_FACT_NUMS; i++)
		printf(" %llu", (unsigned long long)f->num[i]);
	for (int i = 0; i < HF_FACT_TEXTS; i++) {
		printf(" | ");
		print_text(f->text[i]);
	}
	putchar('\n');
	return HF_OK;
}

static void scan_bytes(struct run *run, struct hf_node *node, const void *map, size_t len)
{
	struct hf_src src = { .size = len, .mem = map };
	struct hf_fact_sink sink = { run, print_fact };

	if (hf_scan_file(run->scan, node, &src, &sink) != HF_OK)
		run->failed++;
	run->files++;
	run->bytes += len;
}

static void scan_entry(struct run *run, const FTSENT *e)
{
	hf_bytes name = { (const uint8_t *)e->fts_path, strlen(e->fts_path) };
	struct hf_node node = { .path = name,
				.name = name,
				.type = HF_NODE_FILE,
				.depth = 1,
				.known = HF_KNOWN_MODE | HF_KNOWN_OWNER,
				.mode = e->fts_statp->st_mode & 07777,
				.uid = e->fts_statp->st_uid,
				.gid = e->fts_statp->st_gid };
	int fd = open(e->fts_accpath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	size_t len = (size_t)e->fts_statp->st_size;
	void *map = fd >= 0 && len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

	node.size = len;
	if (fd < 0 || map == MAP_FAILED)
		run->failed++;
	else
		scan_bytes(run, &node, map != NULL ? map : "", len);
	if (map != NULL && map != MAP_FAILED)
		(void)munmap(map, len);
	if (fd >= 0)
		(void)close(fd);
}

static void scan_link(struct run *run, const FTSENT *e)
{
	hf_bytes name = { (const uint8_t *)e->fts_path, strlen(e->fts_path) };
	struct hf_fact_sink sink = { run, print_fact };
	uint8_t target[4096];
	ssize_t n = readlink(e->fts_accpath, (char *)target, sizeof(target));
	struct hf_node node = { .path = name,
				.name = name,
				.type = HF_NODE_LINK,
				.depth = 1,
				.link = { target, n > 0 ? (size_t)n : 0 } };

	if (hf_scan_file(run->scan, &node, NULL, &sink) != HF_OK)
		run->failed++;
}

static int walk(struct run *run, char *const *paths)
{
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
	FTSENT *e;

	if (tree == NULL)
		return 1;
	while ((e = fts_read(tree)) != NULL)
		if (e->fts_info == FTS_F)
			scan_entry(run, e);
		else if (e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE)
			scan_link(run, e);
	(void)fts_close(tree);
	fprintf(stderr, "%lu files, %llu bytes, %lu failed\n", run->files, run->bytes, run->failed);
	return run->failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct hf_scan_opts opts = { 0 };
	struct run run = { 0 };
	int c, status;

	while ((c = getopt(argc, argv, "eq")) != -1)
		if (c == 'e')
			opts.only = HF_SCAN_ELF;
		else if (c == 'q')
			run.quiet = true;
		else
			return 2;
	if (optind == argc || hf_scan_new(&opts, &run.scan) != HF_OK)
		return 2;
	status = walk(&run, argv + optind);
	hf_scan_free(run.scan);
	return status;
}

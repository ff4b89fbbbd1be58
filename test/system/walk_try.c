/* walk_try -- lists what the walk finds in an image; for system tests of audit/image.
 * usage: walk_try [-k SHARE -n SHARES] [-a AFTER] [-c CAP=VALUE]... FILE
 * One line per entry, in the order of the walk:
 *   F path size sha256 mode uid gid mtime  ("-" for what is not known or not readable)
 *   D|L|C|B|P|S path mode uid gid link
 *   BOX path format begin len depth
 *   PROBLEM rule path begin len why
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <hf/vpath.h>
#include <hf/walk.h>
#include <openssl/evp.h>

static void print_escaped(hf_bytes b)
{
	uint8_t mem[3 * HF_WALK_NAME_MAX];
	struct hf_out out = HF_OUT(mem);

	if (hf_vpath_escape(b, &out) == HF_OK)
		printf("%.*s", (int)out.len, (const char *)mem);
}

/* SHA-256 in hexadecimal; "-" when the content cannot be read. */
static void print_digest(const struct hf_src *src)
{
	static uint8_t window[1 << 20];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
	uint8_t sum[32];

	for (uint64_t at = 0; good && at < src->size; at += sizeof(window)) {
		size_t n = src->size - at < sizeof(window) ? (size_t)(src->size - at) : sizeof(window);

		good = hf_src_read(src, at, window, n) == HF_OK && EVP_DigestUpdate(hash, window, n) == 1;
	}
	good = good && EVP_DigestFinal_ex(hash, sum, NULL) == 1;
	for (size_t i = 0; good && i < sizeof(sum); i++)
		printf("%02x", sum[i]);
	printf("%s", good ? "" : "-");
	EVP_MD_CTX_free(hash);
}

static void print_meta(const struct hf_node *node)
{
	if ((node->known & HF_KNOWN_MODE) != 0)
		printf(" %04o %u %u", node->mode, node->uid, node->gid);
	else
		printf(" - - -");
}

static hf_err on_node(void *ctx, const struct hf_node *node, const struct hf_src *src)
{
	static const char letters[] = "?FDLCBPS";

	(void)ctx;
	printf("%c %.*s", letters[node->type & 7], (int)node->path.len, (const char *)node->path.ptr);
	if (node->type == HF_NODE_FILE) {
		printf(" %llu ", (unsigned long long)node->size);
		if (src != NULL)
			print_digest(src);
		else
			printf("-");
	}
	print_meta(node);
	printf(" %llu ", (unsigned long long)node->mtime);
	print_escaped(node->link);
	for (size_t i = 0; i < node->caps.len; i++)
		printf("%s%02x", i == 0 ? " caps=" : "", node->caps.ptr[i]);
	printf("\n");
	return HF_OK;
}

static hf_err on_container(void *ctx, hf_bytes path, const char *format, uint64_t begin, uint64_t len,
			   unsigned depth)
{
	(void)ctx;
	printf("BOX %.*s %s %llu %llu %u\n", (int)path.len, (const char *)path.ptr, format,
	       (unsigned long long)begin, (unsigned long long)len, depth);
	return HF_OK;
}

static hf_err on_problem(void *ctx, unsigned rule, hf_bytes path, uint64_t begin, uint64_t len,
			 const char *why)
{
	(void)ctx;
	printf("PROBLEM %u %.*s %llu %llu ", rule, (int)path.len, (const char *)path.ptr,
	       (unsigned long long)begin, (unsigned long long)len);
	print_escaped((hf_bytes){ (const uint8_t *)why, strlen(why) });
	printf("\n");
	return HF_OK;
}

static uint64_t now_s(void *ctx)
{
	struct timespec t;

	(void)ctx;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

static bool is_cap(const char *arg, const char *name, unsigned long long *v)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || arg[n] != '=')
		return false;
	*v = strtoull(arg + n + 1, NULL, 10);
	return true;
}

static bool set_cap(struct hf_walk_caps *caps, const char *arg)
{
	unsigned long long v;

	if (is_cap(arg, "depth", &v))
		caps->depth = (unsigned)v;
	else if (is_cap(arg, "files", &v))
		caps->files = v;
	else if (is_cap(arg, "bytes", &v))
		caps->bytes = v;
	else if (is_cap(arg, "ratio", &v))
		caps->ratio = (unsigned)v;
	else if (is_cap(arg, "file_bytes", &v))
		caps->file_bytes = v;
	else
		return false;
	return true;
}

static int walk_file(const char *path, const struct hf_walk_caps *caps, const struct hf_walk_share *share)
{
	static const struct hf_visitor visitor = { NULL, on_node, on_container, on_problem, now_s };
	const char *base = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct hf_src src;
	struct stat st;
	hf_err err;

	if (fd < 0 || fstat(fd, &st) != 0) {
		perror(path);
		return 2;
	}
	src = hf_src_file(&fd, (uint64_t)st.st_size);
	base = base == NULL ? path : base + 1;
	err = hf_walk_image(&src, (hf_bytes){ (const uint8_t *)base, strlen(base) }, caps, share, &visitor);
	close(fd);
	if (err != HF_OK)
		fprintf(stderr, "walk_try: %s\n", hf_err_text(err));
	return err == HF_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct hf_walk_caps caps = hf_walk_caps_default;
	struct hf_walk_share share = { .k = 0, .n = 1 };
	int c;

	while ((c = getopt(argc, argv, "k:n:a:c:")) != -1) {
		if (c == 'k')
			share.k = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'n')
			share.n = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'a')
			share.after = (hf_bytes){ (const uint8_t *)optarg, strlen(optarg) };
		else if (c != 'c' || !set_cap(&caps, optarg))
			return 2;
	}
	if (optind + 1 != argc || hf_walk_prepare() != HF_OK)
		return 2;
	return walk_file(argv[optind], &caps, &share);
}

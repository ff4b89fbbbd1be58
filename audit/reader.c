/* reader.c -- one reader: seals itself, walks its share of every image, then takes files of directories until
 * there are no more. It speaks in facts, a whole file at a time: when it dies in a file, nothing half said
 * about that file is on the pipe, and the board tells main where it was.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/recheck.h>
#include <hf/sandbox.h>
#include <hf/vpath.h>
#include "engine.h"

enum { OUTBOX_CEILING = 32 << 20, MESSAGE_MAX = HF_FACT_MAX_LEN, FDS_SPARE = 8, SBOM_CEILING = 256 << 20 };
/* A file of a directory is walked under this name, whose one letter is then replaced by its path. */
static const uint8_t stand_in[] = { 'x' };

struct reader {
	const struct hf__reader_start *start;
	struct hf__outbox outbox;
	struct hf_fact_sink sink;
	const struct hf_node *entry; /* of the directory, while one is walked; else NULL */
	uint8_t path[HF_FACT_PATH_MAX], tree[HF_FACT_PATH_MAX], message[MESSAGE_MAX];
	uint8_t name[HF_WALK_NAME_MAX + 1];
};

static hf_err put(void *ctx, const struct hf_fact *fact)
{
	struct reader *r = ctx;

	return hf__outbox_put(&r->outbox, fact);
}

static void set_phase(struct reader *r, uint32_t phase)
{
	r->start->board->begun_ms = hf__now_ms();
	r->start->board->phase = phase;
}

static void set_place(struct reader *r, hf_bytes path)
{
	struct hf__board *b = r->start->board;

	b->path_len = (uint32_t)(path.len <= sizeof(b->path) ? path.len : sizeof(b->path));
	if (path.len > 0)
		memcpy(b->path, path.ptr, b->path_len);
}

/* The path as people know it. Errors: HF_ERR_BASE_NO_ROOM: too long. */
static hf_err real_path(const struct reader *r, hf_bytes walked, struct hf_out *room, hf_bytes *out)
{
	*out = walked;
	if (r->entry == NULL || walked.len == 0)
		return HF_OK;
	HF_TRY(hf_out_put(room, r->entry->path));
	HF_TRY(hf_out_put(room, (hf_bytes){ walked.ptr + 1, walked.len - 1 }));
	*out = hf_out_bytes(room);
	return HF_OK;
}

/* What is no fault of this program becomes a problem of the file; the walk goes on. */
static hf_err after_file(struct reader *r, hf_bytes path, hf_err err)
{
	if (err == HF_OK)
		return hf__outbox_flush(&r->outbox);
	hf__outbox_drop(&r->outbox);
	if (err == HF_ERR_BASE_NO_ROOM)
		HF_TRY(hf__audit_problem(&r->sink, 1, path, "more facts about one file than may be said"));
	else
		HF_TRY(hf__audit_problem(&r->sink, 2, path, hf_err_text(err)));
	return hf__outbox_flush(&r->outbox);
}

/* A document that is none is a part of the input that nobody read. */
static hf_err read_sbom(struct reader *r, const struct hf_node *node, const struct hf_src *src)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(SBOM_CEILING);
	struct hf_why why = { 0 };
	uint8_t *where;
	hf_err err;

	if (src->size > SBOM_CEILING)
		return hf__audit_problem(&r->sink, 1, node->path, "bill of materials above 256 MiB");
	HF_TRY(hf_buf_reserve(&text, (size_t)src->size, &where));
	HF_TRY(hf_src_read(src, 0, where, (size_t)src->size));
	hf_buf_commit(&text, (size_t)src->size);
	err = hf_sbom_read(hf_buf_bytes(&text), node->path, &r->sink, &why);
	return err == HF_OK ? HF_OK : hf__audit_problem(&r->sink, 2, node->path, hf_why_text(&why));
}

/* Archives write "./etc/x" or "etc/x" where a file system has "/etc/x"; checks know one form only. */
static hf_bytes from_root(struct reader *r, const struct hf_node *node)
{
	hf_bytes name = node->name;

	if (node->tree.len == 0 || (name.len > 0 && name.ptr[0] == '/'))
		return name;
	if (name.len > 1 && name.ptr[0] == '.' && name.ptr[1] == '/') {
		name.ptr++;
		name.len--;
	} else if (hf_bytes_equal(name, HF_STR("."))) {
		return HF_STR("/");
	}
	if ((name.len > 0 && name.ptr[0] == '/') || name.len + 1 > sizeof(r->name))
		return name;
	r->name[0] = '/';
	if (name.len > 0)
		memcpy(r->name + 1, name.ptr, name.len);
	return (hf_bytes){ r->name, name.len + 1 };
}

static hf_err scan(struct reader *r, const struct hf_node *node, const struct hf_src *src)
{
	const struct hf__engine *e = r->start->opts->engine;

	HF_TRY(hf_scan_file(e->scan, node, src, &r->sink));
	if (e->sboms)
		return src != NULL && node->depth == 0 ? read_sbom(r, node, src) : HF_OK;
	return e->comp != NULL ? hf_comp_file(e->comp, node, src, &r->sink) : HF_OK;
}

static hf_err on_node(void *ctx, const struct hf_node *node, const struct hf_src *src)
{
	struct reader *r = ctx;
	struct hf_out path_room = HF_OUT(r->path), tree_room = HF_OUT(r->tree);
	struct hf_node real = *node;
	hf_err err;

	real.name = from_root(r, node);
	err = real_path(r, node->path, &path_room, &real.path);

	if (err == HF_OK)
		err = real_path(r, node->tree, &tree_room, &real.tree);
	if (r->entry != NULL && node->depth == 0) {
		real = *r->entry;
		real.size = node->size;
	}
	if (err != HF_OK)
		return after_file(r, r->entry != NULL ? r->entry->path : node->path, err);
	set_place(r, real.path);
	set_phase(r, HF__BOARD_SCANNING);
	err = after_file(r, real.path, scan(r, &real, src));
	set_phase(r, HF__BOARD_WALKING);
	return err;
}

static hf_err on_container(void *ctx, hf_bytes path, const char *format, uint64_t begin, uint64_t len,
			   unsigned depth)
{
	struct reader *r = ctx;
	struct hf_out room = HF_OUT(r->path);
	struct hf_fact f = { .kind = HF_FACT_CONTAINER };

	f.num[HF_CONTAINER_BEGIN] = begin;
	f.num[HF_CONTAINER_LEN] = len;
	f.num[HF_CONTAINER_DEPTH] = depth;
	f.text[HF_CONTAINER_FORMAT] = (hf_bytes){ (const uint8_t *)format, strlen(format) };
	if (real_path(r, path, &room, &f.path) != HF_OK)
		f.path = r->entry->path;
	HF_TRY(hf__outbox_put(&r->outbox, &f));
	return hf__outbox_flush(&r->outbox);
}

static hf_err on_problem(void *ctx, unsigned rule, hf_bytes path, uint64_t begin, uint64_t len,
			 const char *why)
{
	struct reader *r = ctx;
	struct hf_out room = HF_OUT(r->path);
	struct hf_fact f = { .kind = HF_FACT_PROBLEM };

	f.num[HF_PROBLEM_RULE] = rule;
	f.num[HF_PROBLEM_BEGIN] = begin;
	f.num[HF_PROBLEM_LEN] = len;
	f.text[HF_PROBLEM_WHY] = (hf_bytes){ (const uint8_t *)why, strlen(why) };
	if (real_path(r, path, &room, &f.path) != HF_OK)
		f.path = r->entry->path;
	HF_TRY(hf__outbox_put(&r->outbox, &f));
	return hf__outbox_flush(&r->outbox);
}

static uint64_t now_s(void *ctx)
{
	(void)ctx;
	return hf__now_ms() / 1000;
}

static hf_err walk(struct reader *r, const int *fd, uint64_t size, hf_bytes name,
		   const struct hf_walk_caps *caps, const struct hf_walk_share *share)
{
	const struct hf_visitor visitor = { r, on_node, on_container, on_problem, now_s };
	struct hf_src src = hf_src_file(fd, size);

	return hf_walk_image(&src, name, caps, share, &visitor);
}

static hf_err walk_images(struct reader *r)
{
	const struct hf__reader_start *s = r->start;

	for (uint64_t i = s->input; i < s->opts->n_inputs; i++) {
		const struct hf__input *in = &s->opts->inputs[i];
		struct hf_walk_share share = { .k = s->k, .n = s->opts->jobs };
		hf_bytes name = { (const uint8_t *)in->name, strlen(in->name) };

		if (in->is_dir)
			continue;
		if (i == s->input)
			share.after = s->after;
		s->board->input = i;
		set_place(r, share.after);
		set_phase(r, HF__BOARD_WALKING);
		HF_TRY(walk(r, &in->fd, in->size, name, &s->opts->caps, &share));
	}
	s->board->input = s->opts->n_inputs;
	return HF_OK;
}

static struct hf_node node_of(const struct hf_fact *f)
{
	return (struct hf_node){ .path = f->path,
				 .tree = f->text[HF_FILE_TREE],
				 .name = f->text[HF_FILE_NAME],
				 .link = f->text[HF_FILE_LINK],
				 .type = (uint8_t)f->num[HF_FILE_TYPE],
				 .known = (uint8_t)f->num[HF_FILE_KNOWN],
				 .depth = f->text[HF_FILE_TREE].len > 0,
				 .mode = (uint32_t)f->num[HF_FILE_MODE],
				 .uid = (uint32_t)f->num[HF_FILE_UID],
				 .gid = (uint32_t)f->num[HF_FILE_GID],
				 .size = f->num[HF_FILE_SIZE],
				 .mtime = f->num[HF_FILE_MTIME] };
}

static hf_err walk_entry(struct reader *r, const struct hf_fact *fact, const int *fd)
{
	const struct hf_walk_share whole = { .n = 1 };
	struct hf_walk_caps caps = r->start->opts->caps;
	struct hf_node node = node_of(fact);
	hf_err err;

	if (*fd < 0)
		return on_node(r, &node, NULL);
	if (caps.depth > node.depth)
		caps.depth -= node.depth;
	r->entry = &node;
	set_place(r, node.path);
	set_phase(r, HF__BOARD_WALKING);
	err = walk(r, fd, node.size, HF_ARR(stand_in), &caps, &whole);
	r->entry = NULL;
	return err;
}

static hf_err walk_entries(struct reader *r)
{
	bool more = true;

	while (more) {
		struct hf_out room = HF_OUT(r->message);
		struct hf_fact fact;
		int fd HF_AUTO(hf_fd_close) = -1;

		set_phase(r, HF__BOARD_WAITING);
		HF_TRY(hf__dirfeed_receive(r->start->feed, &room, &fact, &fd, &more));
		if (more)
			HF_TRY(walk_entry(r, &fact, &fd));
	}
	return HF_OK;
}

static void keep_own_descriptors(const struct hf__reader_start *s)
{
	static int keep[HF_AUDIT_INPUTS_MAX + FDS_SPARE];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n = 0;

	for (int fd = 0; fd < 3; fd++) {
		if (null >= 0)
			(void)dup2(null, fd);
		keep[n++] = fd;
	}
	keep[n++] = s->out;
	keep[n++] = s->feed;
	for (size_t i = 0; i < s->opts->n_inputs; i++)
		if (!s->opts->inputs[i].is_dir)
			keep[n++] = s->opts->inputs[i].fd;
	hf__keep_only(keep, n);
}

static hf_err seal(const struct hf__reader_start *s)
{
	const struct hf_sandbox box = { .powers = HF_SANDBOX_AUDIT,
					.max_fds = s->opts->n_inputs * 2 + FDS_SPARE + 64,
					.max_memory = s->opts->reader_memory,
					.max_cpu_s = s->opts->caps.seconds + s->opts->caps.container_seconds,
					.no_files = true };

	keep_own_descriptors(s);
	return hf_sandbox_enter(&box, NULL);
}

/* Not _exit: with AddressSanitizer it makes calls that a sealed process may not. */
static void end(int status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

void hf__reader_run(const struct hf__reader_start *start)
{
	static struct reader r;
	const struct hf_fact done = { .kind = HF_FACT_DONE };
	hf_err err;

	r.start = start;
	r.sink = (struct hf_fact_sink){ &r, put };
	r.outbox = (struct hf__outbox){ .fd = start->out, .buf = HF_BUF(OUTBOX_CEILING) };
	if (seal(start) != HF_OK)
		end(HF__EXIT_UNSEALED);
	err = walk_images(&r);
	if (err == HF_OK)
		err = walk_entries(&r);
	if (err == HF_OK)
		err = hf__outbox_put(&r.outbox, &done);
	if (err == HF_OK)
		err = hf__outbox_flush(&r.outbox);
	end(err == HF_OK ? 0 : HF__EXIT_BROKEN);
}

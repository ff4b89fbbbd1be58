/* audit_priv.h -- shared by main's side, readers and judge of one run.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDIT_PRIV_H
#define HF_AUDIT_PRIV_H
#include <sys/types.h>
#include <hf/audit.h>
#include <hf/walk.h>

/* ---- frames: u32 big-endian length, then the body ---- */
enum { HF__FRAME_HEAD = 4, HF__FRAME_MAX = HF_FACT_MAX_LEN + 16, HF__REPORT_CEILING = 512 << 20 };
/* Append a fact as a frame. Errors: HF_ERR_BASE_NO_ROOM, HF_ERR_HOST_MEMORY; then nothing was appended. */
HF_MUST_CHECK hf_err hf__frame_put(struct hf_buf *to, const struct hf_fact *fact);

/* ---- inputs ---- */
struct hf__input {
	char name[HF_WALK_NAME_MAX]; /* what it is called in paths: base name, raw */
	int fd;                      /* of a file or a directory; opened for reading only */
	bool is_dir;
	bool is_tree; /* a directory that is one root or source tree; else each file in it is an input */
	uint64_t size;
};
/* Open all. Errors: HF_ERR_AUDIT_INPUT; memory. */
HF_MUST_CHECK hf_err hf__inputs_open(const char *const *paths, size_t n, struct hf__input **out,
				     struct hf_why *why);
void hf__inputs_close(struct hf__input *inputs, size_t n);

/* ---- what a reader leaves behind when it dies: a page shared with main ---- */
enum { HF__BOARD_WALKING = 0, HF__BOARD_SCANNING = 1, HF__BOARD_WAITING = 2 };
struct hf__board {
	uint64_t input;    /* index */
	uint64_t begun_ms; /* monotonic, when the phase began */
	uint32_t phase;
	uint32_t path_len;              /* 0: no file of this input was begun */
	uint8_t path[HF_FACT_PATH_MAX]; /* of the file begun last */
};
uint64_t hf__now_ms(void);

/* ---- the reader's side of its pipe: facts leave in whole files only ---- */
struct hf__outbox {
	int fd;
	struct hf_buf buf;
};
HF_MUST_CHECK hf_err hf__outbox_put(struct hf__outbox *o, const struct hf_fact *fact);
/* The file is finished: send. Errors: HF_ERR_FILE_IO. */
HF_MUST_CHECK hf_err hf__outbox_flush(struct hf__outbox *o);
/* Forget what was put since the last flush. */
void hf__outbox_drop(struct hf__outbox *o);

/* ---- one scan: all inputs to facts ---- */
struct hf__engine; /* what scans files; made before the first fork, see engine.h */
struct hf__scan_opts {
	struct hf__input *inputs;
	size_t n_inputs;
	unsigned jobs;
	struct hf_walk_caps caps;
	struct hf__engine *engine;
	uint64_t reader_memory; /* bytes of address space; 0 = no limit */
};
HF_MUST_CHECK hf_err hf__scan(const struct hf__scan_opts *opts, const struct hf_fact_sink *sink,
			      struct hf_why *why);

/* ---- the reader's process ---- */
struct hf__reader_start {
	const struct hf__scan_opts *opts;
	unsigned k;     /* share */
	uint64_t input; /* go on with this input ... */
	hf_bytes after; /* ... behind this file; empty: from its beginning */
	int out, feed;  /* pipe for facts; socket on which files of directories come */
	struct hf__board *board;
};
/* Seals itself, reads, ends the process. */
void hf__reader_run(const struct hf__reader_start *start);
enum { HF__EXIT_UNSEALED = 76, HF__EXIT_BROKEN = 77 };

/* ---- files of directories, one message each: a FILE fact and, for regular files, the descriptor ---- */
struct hf__dirfeed;
HF_MUST_CHECK hf_err hf__dirfeed_new(const struct hf__input *inputs, size_t n, struct hf__dirfeed **out);
/* Send as many as the socket takes. *done when all are sent. Names that are too long, and what cannot be
 * opened, become problems for `sink`. */
HF_MUST_CHECK hf_err hf__dirfeed_send(struct hf__dirfeed *d, int socket, const struct hf_fact_sink *sink,
				      bool *done);
void hf__dirfeed_free(struct hf__dirfeed *d);
/* The other end: one message. *fd is -1 for what has no content; *more is false at the end. `room` holds what
 * the fact borrows. */
HF_MUST_CHECK hf_err hf__dirfeed_receive(int socket, struct hf_out *room, struct hf_fact *fact, int *fd,
					 bool *more);

/* Close every descriptor but these: another's pipe would let a process speak in another's name. It sorts
 * `keep`. */
void hf__keep_only(int *keep, size_t n);
/* A problem as a fact. */
HF_MUST_CHECK hf_err hf__audit_problem(const struct hf_fact_sink *sink, unsigned rule, hf_bytes path,
				       const char *why);
#endif

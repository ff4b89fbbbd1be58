/* walk_priv.h -- what the readers of containers share.
 * A place is a file that is looked into. A box is one container in it, while it is open; its reader hands
 * every entry to hf__give, which counts it against the caps, tells the visitor and looks inside.
 * Rule for errors: HF_ERR_IMAGE_* and HF_ERR_FILE_IO mean "this container (or file) cannot be read"; the walk
 * reports them with box->why and goes on. Anything else ends the walk; so does every error once walk->fatal
 * is set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__WALK_PRIV_H
#define HF__WALK_PRIV_H
#include <hf/walk.h>

enum {
	HF__WINDOW = 1 << 18,      /* bytes read at a time from sources that are not in memory */
	HF__HELD_MAX = 1 << 30,    /* anonymous memory of one walk */
	HF__UNIT = 2 << 20,        /* bytes of content that are dealt to one share together */
	HF__RATIO_FREE = 64 << 20, /* bytes of output before the ratio counts */
	HF__WHY_MAX = 200,
	HF__PADDING_MIN = 16,
};

struct hf__format;
struct hf__seen; /* hashes of paths given so far */
struct hf__carver;

struct hf__walk {
	const struct hf_walk_caps *caps;
	const struct hf_visitor *visitor;
	unsigned k, n;
	hf_bytes after; /* not empty: still silent */
	uint64_t began_s, file_began_s;
	uint64_t files, bytes; /* spent of the caps */
	uint64_t held;
	struct hf__seen *seen;
	struct hf__carver *carver;
	hf_err fatal;
};

struct hf__place {
	struct hf__walk *walk;
	const struct hf_src *src;
	hf_bytes path; /* escaped */
	unsigned depth;
	bool common; /* every share comes here and share 0 speaks; else it belongs to this share alone */
	bool entry;  /* a file of a tree: it may be data of any kind */
};

/* Anonymous memory for content that comes as a stream. Pages of zeros are not touched. */
struct hf__spool {
	struct hf__walk *walk;
	uint8_t *ptr;
	size_t len, cap;
	size_t dirty; /* bytes that were written ever; what lies behind reads as zero */
	uint64_t held;
};

struct hf__box {
	struct hf__walk *walk;
	const struct hf__place *place;
	const struct hf__format *format;
	hf_bytes path;            /* of the container: the place's own, or with one element for a chunk */
	struct hf_src src;        /* from the container's first byte to the end of the place */
	struct hf_src_slice part; /* behind src */
	uint64_t begin;           /* in the place */
	uint64_t in, out;         /* for the ratio: bytes of the container, of content */
	uint64_t entries, dealt;
	uint64_t began_s;
	bool common;
	bool told; /* a cap of this container was hit and reported */
	struct hf__spool content;
	char why[HF__WHY_MAX];
};

struct hf__entry {
	struct hf_node node; /* the reader fills all but path, tree and depth */
	void *ctx;
	/* Open the content, valid until the next call. NULL: the entry has none. */
	hf_err (*load)(void *ctx, struct hf__box *box, struct hf_src *out);
};

enum hf__access {
	HF__WRAPPER, /* few parts, found at once: every share enters each */
	HF__TREE,    /* files at any place: dealt out */
	HF__STREAM,  /* one after another: share 0 alone */
};

struct hf__magic {
	const char *bytes;
	uint8_t len;
	uint32_t at; /* from the container's first byte */
};

struct hf__format {
	const char *name;
	enum hf__access access;
	struct hf__magic magic[6];
	/* Does `src` begin with such a container: magic and whatever its header can prove. */
	bool (*probe)(const struct hf_src *src);
	/* For chunks inside unknown bytes: the length of a container that is whole up to its end. NULL: such
	 * a container cannot be told from chance, so it is opened at the beginning of files only. */
	hf_err (*measure)(const struct hf_src *src, uint64_t *len);
	/* Give every entry; `used` is the container's length. */
	hf_err (*open)(struct hf__box *box, uint64_t *used);
};
extern const struct hf__format *const hf__formats[];
extern const size_t hf__n_formats;

/* ---- walk.c ---- */
/* Hand over one entry, then look inside. */
HF_MUST_CHECK hf_err hf__give(struct hf__box *box, const struct hf__entry *entry);
/* Content of a layer that only compresses: a container of the same path, or else one file called after it. */
HF_MUST_CHECK hf_err hf__give_bare(struct hf__box *box, const struct hf_src *src);
/* ---- look.c ---- */
HF_MUST_CHECK hf_err hf__look(struct hf__place *place);
/* A box was read: report `err` if it is one, tell the visitor of the container. Errors: the visitor's. */
HF_MUST_CHECK hf_err hf__close_box(struct hf__box *box, hf_err err, uint64_t used);
const struct hf__format *hf__recognise(const struct hf_src *src);
/* ---- carve.c ---- */
/* The next whole container at or behind `from`; format NULL when there is none.
 * Errors: HF_ERR_IMAGE_CAP when the search takes too long. */
struct hf__chunk {
	const struct hf__format *format;
	uint64_t begin, len;
};
HF_MUST_CHECK hf_err hf__carve(const struct hf__place *place, uint64_t from, struct hf__chunk *chunk);
/* The tables of the search, made once per walk; free() it. */
HF_MUST_CHECK hf_err hf__carver_new(struct hf__carver **out);
/* First byte at or behind `from` that is not one repeated 0x00 or 0xff. */
HF_MUST_CHECK hf_err hf__skip_padding(const struct hf_src *src, uint64_t from, uint64_t *at);
/* Does [begin, begin + len) look encrypted or compressed: 7.5 bits a byte or more? */
HF_MUST_CHECK hf_err hf__is_dense(const struct hf_src *src, uint64_t begin, uint64_t len, bool *dense);
/* A program, picture, sound, font or document by its magic. */
bool hf__is_known_data(const struct hf_src *src);
/* ---- caps.c ---- */
HF_MUST_CHECK hf_err hf__problem(const struct hf__place *place, hf_bytes path, unsigned rule, uint64_t begin,
				 uint64_t len, const char *why);
/* Is it time to stop? HF_ERR_IMAGE_CAP, reported. Call it at least once a MiB of work. */
HF_MUST_CHECK hf_err hf__tick(struct hf__box *box);
/* Count `n` bytes of content. HF_ERR_IMAGE_CAP, reported. */
HF_MUST_CHECK hf_err hf__spend(struct hf__box *box, uint64_t n);
/* A cap of this container, or of the whole walk, was hit: report it once, give HF_ERR_IMAGE_CAP. */
HF_MUST_CHECK hf_err hf__cap_box(struct hf__box *box, const char *why);
HF_MUST_CHECK hf_err hf__cap_walk(struct hf__box *box, const char *why);
/* Note why the container or file cannot be read; gives `err`. */
hf_err hf__fail(struct hf__box *box, hf_err err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Does this error end the walk? */
bool hf__is_fatal(const struct hf__walk *w, hf_err err);
/* True the first time for this path. Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__seen_add(struct hf__walk *w, hf_bytes path, bool *first);
void hf__seen_free(struct hf__walk *w);
/* ---- spool.c ---- */
void hf__spool_reset(struct hf__spool *s);
void hf__spool_free(struct hf__spool *s);
/* Room for `n` bytes at `at`; bytes between len and `at` are zero. Errors: HF_ERR_IMAGE_CAP (1 GiB),
 * HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__spool_room(struct hf__spool *s, uint64_t at, size_t n, uint8_t **where);
HF_MUST_CHECK hf_err hf__spool_put(struct hf__spool *s, uint64_t at, hf_bytes data);
struct hf_src hf__spool_src(const struct hf__spool *s);

/* ---- numbers in little and big endian ---- */
static inline uint16_t hf__le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t hf__le32(const uint8_t *p)
{
	return (uint32_t)hf__le16(p) | (uint32_t)hf__le16(p + 2) << 16;
}
static inline uint64_t hf__le64(const uint8_t *p)
{
	return hf__le32(p) | (uint64_t)hf__le32(p + 4) << 32;
}
#endif

/* fact.h -- what was learned about an image, one small record at a time.
 * Readers see hostile bytes and answer in facts; the judge sees facts only. So everything that crosses from
 * a reader to the judge is this one shape, with one codec that checks every bound.
 * A fact has a kind, the virtual path of the file it is about, numbers and texts. What a slot means is named
 * beside its kind: here for files and containers, in factscan.h for what scans find, in factcomp.h for
 * components. Slots that a kind does not name are 0 and empty.
 * Limits: a fact is at most HF_FACT_MAX_LEN bytes encoded. Texts are bytes, not always UTF-8: whoever
 * prints them escapes them. Thread rule: pure values; the bytes are borrowed from whoever made the fact.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FACT_H
#define HF_FACT_H
#include <holdfast/base.h>

enum { HF_FACT_NUMS = 8, HF_FACT_TEXTS = 6, HF_FACT_MAX_LEN = 65536, HF_FACT_PATH_MAX = 4096 };

/* Kinds are stable within one run only: both ends of the pipe are one program. */
enum {
	HF_FACT_FILE = 1,        /* every entry of every tree, and every input */
	HF_FACT_CONTAINER = 2,   /* what was opened: its format and the bytes it accounts for */
	HF_FACT_PROBLEM = 3,     /* SCAN-001..003: what could not be read, and why */
	HF_FACT_BEGIN = 4,       /* a reader starts on this path: names the file when the reader dies on it */
	HF_FACT_DONE = 5,        /* a reader finished its share; without it the scan is incomplete */
	HF_FACT_CONTENT = 6,     /* a [[content]] row of the policy was looked for in this file */
	HF_FACT_SCAN_FIRST = 32, /* factscan.h */
	HF_FACT_COMP_FIRST = 96, /* factcomp.h */
	HF_FACT_KINDS = 128,
};

struct hf_fact {
	uint8_t kind;
	hf_bytes path; /* escaped and complete: "fw.itb!/images/ramdisk-1!/etc/shadow"; see vpath.h */
	uint64_t num[HF_FACT_NUMS];
	hf_bytes text[HF_FACT_TEXTS];
};

/* HF_FACT_FILE */
enum {
	HF_FILE_TYPE = 0, /* HF_NODE_* */
	HF_FILE_MODE = 1, /* permission bits with setuid, setgid, sticky: 07777 */
	HF_FILE_UID = 2,
	HF_FILE_GID = 3,
	HF_FILE_SIZE = 4,
	HF_FILE_MTIME = 5, /* seconds since 1970 */
	HF_FILE_KNOWN = 6, /* HF_KNOWN_*: which of the above the container told */
	HF_FILE_KIND = 7,  /* HF_KIND_* */
};
enum {
	HF_FILE_SHA256 = 0, /* 32 bytes; empty unless a regular file was read to its end */
	HF_FILE_SHA512 = 1, /* 64 bytes, as above */
	HF_FILE_LINK = 2,   /* target of a symbolic link, raw; of a hard link, the first name */
	HF_FILE_NAME = 3,   /* raw name inside its tree, from "/": "/etc/shadow"; an input: its base name */
	HF_FILE_CAPS = 4,   /* security.capability, raw */
	HF_FILE_TREE = 5,   /* escaped path of the tree it lies in, "" for an input itself */
};
enum { HF_KNOWN_MODE = 1, HF_KNOWN_OWNER = 2, HF_KNOWN_MTIME = 4, HF_KNOWN_DEVICE = 8 };
enum {
	HF_NODE_FILE = 1,
	HF_NODE_DIR = 2,
	HF_NODE_LINK = 3,
	HF_NODE_CHAR = 4,
	HF_NODE_BLOCK = 5,
	HF_NODE_FIFO = 6,
	HF_NODE_SOCKET = 7,
};
/* What the content is; told by content, never by name. */
enum {
	HF_KIND_OTHER = 0,
	HF_KIND_ELF = 1,
	HF_KIND_SCRIPT = 2,
	HF_KIND_ARCHIVE = 3,
	HF_KIND_KERNEL = 4,
	HF_KIND_MODULE = 5,
	HF_KIND_BOOTLOADER = 6,
	HF_KIND_MCU = 7,
	HF_KIND_TEXT = 8,
	HF_KIND_EMPTY = 9,
	HF_KIND_SBOM = 10,
	HF_KIND_SARIF = 11,
	HF_KIND_BUNDLE = 12,
	HF_KIND_COMMANDS = 13, /* compile_commands.json */
	HF_KIND_BUILDLOG = 14,
};

/* HF_FACT_CONTAINER: path is the container's own file. */
enum { HF_CONTAINER_BEGIN = 0, HF_CONTAINER_LEN = 1, HF_CONTAINER_DEPTH = 2, HF_CONTAINER_ENTRIES = 3 };
enum { HF_CONTAINER_FORMAT = 0 }; /* "squashfs", "tar", "gzip" ... */

/* HF_FACT_PROBLEM */
enum { HF_PROBLEM_RULE = 0, HF_PROBLEM_BEGIN = 1, HF_PROBLEM_LEN = 2 }; /* rule 1..3 of group SCAN */
enum {
	HF_PROBLEM_WHY = 0
}; /* for people, at most 200 bytes: "ratio cap 1000:1", "LZO block 17 ends early" */

/* HF_FACT_CONTENT: index of the row in the policy, and whether its pattern stands in the file */
enum { HF_CONTENT_WANT = 0, HF_CONTENT_MATCHED = 1 };

/* Where facts go. `put` copies what it keeps. Its error ends the scan of the file. */
struct hf_fact_sink {
	void *ctx;
	hf_err (*put)(void *ctx, const struct hf_fact *fact);
};

/* One fact as deterministic CBOR: [kind, path, [num...], [text...]], trailing zeros and empty texts left out.
 * Errors: HF_ERR_BASE_NO_ROOM (out smaller than the fact, or the fact above HF_FACT_MAX_LEN). */
HF_MUST_CHECK hf_err hf_fact_encode(const struct hf_fact *fact, struct hf_out *out);
/* The texts borrow from `bytes`. Errors: HF_ERR_FACT_SHAPE, the CBOR reader's. On error *fact is empty. */
HF_MUST_CHECK hf_err hf_fact_decode(hf_bytes bytes, struct hf_fact *fact);
#endif

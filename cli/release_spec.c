/* release_spec.c -- from a description and an image to record, manifest and envelope.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/conf.h>
#include <hf/pki.h>
#include "release.h"

enum { TEXT = 256, LONG_TEXT = 1024, HEX = SHELF_HEX, NONE = 1 << 30, LINES_MAX = 65536, DIGITS = 10 };

struct spec {
	char product[TEXT], class_name[TEXT], version[HF_MANIFEST_MAX_VERSION_LEN + 1], uri[TEXT];
	char repository[LONG_TEXT], commit[TEXT], tree[HEX], container[HEX], build[LONG_TEXT];
	char environment[LONG_TEXT], file[RECORD_DIGESTS][LONG_TEXT], previous[HEX];
	char advisories[LONG_TEXT], boards[TEXT];
	uint64_t sequence, epoch, urgency, agent, installed, data, policy, chunk;
};

#define KEY_TEXT(name_, member_, standard_, help_) \
	{ \
		.name = (name_), .type = HF_CONF_TEXT, .offset = offsetof(struct spec, member_), \
		.cap = sizeof(((struct spec *)0)->member_), .standard = (standard_), .help = (help_) \
	}
#define KEY_UINT(name_, member_, max_, standard_, help_) \
	{ \
		.name = (name_), .type = HF_CONF_UINT, .offset = offsetof(struct spec, member_), \
		.max = (max_), .standard = (standard_), .help = (help_) \
	}
/* A number that does not exist in a manifest stands for "no condition". */
#define NO_CONDITION "1073741824"

static const struct hf_conf_key keys[] = {
	KEY_TEXT("product", product, NULL, "Name of the product line."),
	KEY_TEXT("class", class_name, NULL, "Model; the class is UUIDv5(vendor, model)."),
	KEY_TEXT("version", version, NULL, "For people, at most 32 bytes."),
	KEY_UINT("sequence", sequence, INT64_MAX, NULL, "Security counter; never falls."),
	KEY_TEXT("uri", uri, "", "Where devices get the image (default: by its hash)."),
	KEY_TEXT("repository", repository, NULL, "Git repository."),
	KEY_TEXT("commit", commit, NULL, "Commit."),
	KEY_TEXT("tree", tree, NULL, "Git tree hash, 40 or 64 hex digits."),
	KEY_TEXT("container", container, "", "Digest of the build container, 64 hex digits."),
	KEY_UINT("source-date-epoch", epoch, INT64_MAX, "0", "SOURCE_DATE_EPOCH of the build."),
	KEY_TEXT("build-command", build, "", "What was run."),
	KEY_TEXT("environment", environment, "", "File of NAME=VALUE lines: the full environment."),
	KEY_TEXT("sbom", file[RECORD_SBOM], "", "File."),
	KEY_TEXT("vex", file[RECORD_VEX], "", "File."),
	KEY_TEXT("audit", file[RECORD_AUDIT], "", "File."),
	KEY_TEXT("capabilities", file[RECORD_CAPABILITIES], "", "File, one capability a line."),
	KEY_TEXT("provenance", file[RECORD_PROVENANCE], "", "File, in-toto statement."),
	KEY_TEXT("previous", previous, "", "D of the release before, 64 hex digits."),
	KEY_TEXT("advisories", advisories, "", "Fixed advisories, separated by commas."),
	KEY_UINT("urgency", urgency, RECORD_URGENCY_MAX, "0", "0 to 3."),
	KEY_TEXT("boards", boards, "", "Board revisions it may run on, separated by commas."),
	KEY_UINT("agent-level", agent, NONE, NO_CONDITION, "Least level of the agent."),
	KEY_UINT("installed", installed, NONE, NO_CONDITION, "Least sequence that must be installed."),
	KEY_UINT("data-level", data, NONE, NO_CONDITION, "Data format of this image."),
	KEY_UINT("policy", policy, NONE, NO_CONDITION, "Least policy number."),
	{ .name = "chunk-bits",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct spec, chunk),
	  .min = HF_MANIFEST_MIN_CHUNK_BITS,
	  .max = HF_MANIFEST_MAX_CHUNK_BITS,
	  .standard = "12",
	  .help = "log2 of the chunk size: 12 for microcontrollers, 16 for Linux." },
};
enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

/* Everything the record and the manifest borrow from. */
struct draft {
	struct shelf *s;
	const char *folder; /* of the description: file names are relative to it */
	struct spec spec;
	struct record record;
	struct hf_manifest manifest;
	struct hf_buf image, environment;
	uint8_t class_id[HF_PKI_UUID_LEN], tree[HF_SHA256_LEN], container[HF_SHA256_LEN];
	uint8_t previous[HF_SHA256_LEN], digest[RECORD_DIGESTS][HF_SHA256_LEN], image_hash[HF_SHA256_LEN];
	uint8_t chunk_root[HF_SHA256_LEN], record_hash[HF_SHA256_LEN], boards[HF_MANIFEST_MAX_BOARDS * 9 + 9];
	uint8_t record_mem[RECORD_MAX], manifest_mem[HF_MANIFEST_MAX_LEN], envelope_mem[HF_ENVELOPE_MAX_LEN];
	struct capability_set capabilities;
};

static void draft_free(struct draft **d)
{
	hf_buf_free(&(*d)->image);
	hf_buf_free(&(*d)->environment);
}

hf_bytes release_text(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static hf_err read_hex(struct draft *d, const char *name, const char *text, size_t len, uint8_t *mem,
		       hf_bytes *b)
{
	struct hf_out out = { mem, len, 0 };

	*b = (hf_bytes){ 0 };
	if (text[0] == '\0')
		return HF_OK;
	if (strlen(text) != 2 * len || hf_hex_decode(release_text(text), &out) != HF_OK)
		return hf_why_set(&d->s->why, HF_ERR_CONF_VALUE, "%s: %zu hex digits are needed", name,
				  2 * len);
	*b = hf_out_bytes(&out);
	return HF_OK;
}

static hf_err read_beside(struct draft *d, const char *name, struct hf_buf *out)
{
	char path[CLI_PATH_MAX];

	if (name[0] == '/')
		return hf_file_read(name, out, &d->s->why);
	HF_TRY(hf_path_join(path, sizeof(path), d->folder, name));
	return hf_file_read(path, out, &d->s->why);
}

static hf_err store_capabilities(struct draft *d, struct hf_buf *text)
{
	struct hf_buf room HF_AUTO(hf_buf_free) = HF_BUF(2 * CAPABILITY_MAX);
	struct hf_out out = { .cap = 2 * CAPABILITY_MAX };

	HF_TRY(hf_buf_reserve(&room, out.cap, &out.ptr));
	HF_TRY(capability_parse(hf_buf_bytes(text), &d->capabilities, &d->s->why));
	HF_TRY(capability_write(&d->capabilities, &out));
	return shelf_put(d->s, hf_out_bytes(&out), d->digest[RECORD_CAPABILITIES]);
}

static hf_err store_objects(struct draft *d)
{
	for (int i = 0; i < RECORD_DIGESTS; i++) {
		struct hf_buf file HF_AUTO(hf_buf_free) =
			HF_BUF(i == RECORD_CAPABILITIES ? CAPABILITY_MAX : SHELF_OBJECT_MAX);
		hf_err err;

		if (d->spec.file[i][0] == '\0')
			continue;
		HF_TRY(read_beside(d, d->spec.file[i], &file));
		err = i == RECORD_CAPABILITIES ? store_capabilities(d, &file)
					       : shelf_put(d->s, hf_buf_bytes(&file), d->digest[i]);
		if (err != HF_OK)
			return shelf_fail(d->s, err, "%s", d->spec.file[i]);
		d->record.digest[i] = HF_ARR(d->digest[i]);
	}
	return HF_OK;
}

static int by_text(const void *a, const void *b)
{
	const hf_bytes *x = a, *y = b;
	int c = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

/* Cut `text` at `mark` into at most RECORD_LIST_MAX parts that are not empty. */
static hf_err cut(struct draft *d, const char *name, hf_bytes text, char mark, hf_bytes *part, size_t *n)
{
	*n = 0;
	while (text.len > 0) {
		const uint8_t *end = memchr(text.ptr, mark, text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		if (len > 0 && *n == RECORD_LIST_MAX)
			return hf_why_set(&d->s->why, HF_ERR_CONF_VALUE, "%s: at most %d entries", name,
					  RECORD_LIST_MAX);
		if (len > 0)
			part[(*n)++] = (hf_bytes){ text.ptr, len };
		len += end != NULL ? 1 : 0;
		text = (hf_bytes){ text.ptr + len, text.len - len };
	}
	return HF_OK;
}

static hf_err fill_lists(struct draft *d)
{
	struct record *r = &d->record;

	HF_TRY(cut(d, "advisories", release_text(d->spec.advisories), ',', r->advisory, &r->n_advisories));
	if (d->spec.environment[0] == '\0')
		return HF_OK;
	d->environment = HF_BUF(LINES_MAX);
	HF_TRY(read_beside(d, d->spec.environment, &d->environment));
	HF_TRY(cut(d, "environment", hf_buf_bytes(&d->environment), '\n', r->environment, &r->n_environment));
	if (r->n_environment > 0)
		qsort(r->environment, r->n_environment, sizeof(r->environment[0]), by_text);
	return HF_OK;
}

static hf_err fill_record(struct draft *d)
{
	struct record *r = &d->record;
	size_t tree_len = strlen(d->spec.tree) == 40 ? 20 : HF_SHA256_LEN;

	r->product = release_text(d->spec.product);
	r->n_classes = 1;
	r->class_id[0] = HF_ARR(d->class_id);
	r->component = HF_STR("main");
	r->version = release_text(d->spec.version);
	r->repository = release_text(d->spec.repository);
	r->commit = release_text(d->spec.commit);
	r->build_command = release_text(d->spec.build);
	r->source_date_epoch = d->spec.epoch;
	r->urgency = d->spec.urgency;
	HF_TRY(read_hex(d, "tree", d->spec.tree, tree_len, d->tree, &r->tree));
	HF_TRY(read_hex(d, "container", d->spec.container, HF_SHA256_LEN, d->container, &r->container));
	HF_TRY(read_hex(d, "previous", d->spec.previous, HF_SHA256_LEN, d->previous, &r->previous));
	HF_TRY(fill_lists(d));
	HF_TRY(store_objects(d));
	r->n_images = 1;
	r->image[0] = (struct record_image){ HF_STR("main"), HF_ARR(d->image_hash), d->image.len };
	return HF_OK;
}

hf_err release_chunk_root(hf_bytes image, unsigned bits, uint8_t root[static HF_SHA256_LEN])
{
	struct hf_merkle_hash node[HF_MERKLE_MAX_LEVELS], leaf, top;
	struct hf_merkle_range range = { .node = node, .cap = HF_MERKLE_MAX_LEVELS };

	while (image.len > 0) {
		size_t n = (size_t)1 << bits;

		n = image.len < n ? image.len : n;
		HF_TRY(hf_merkle_leaf((hf_bytes){ image.ptr, n }, &leaf));
		HF_TRY(hf_merkle_range_add(&range, &leaf));
		image = (hf_bytes){ image.ptr + n, image.len - n };
	}
	HF_TRY(hf_merkle_range_root(&range, &top));
	memcpy(root, top.b, HF_SHA256_LEN);
	return HF_OK;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static hf_err fill_boards(struct draft *d)
{
	struct hf_out out = HF_OUT(d->boards);
	hf_bytes part[RECORD_LIST_MAX];
	uint64_t board[RECORD_LIST_MAX] = { 0 };
	size_t n = 0;

	HF_TRY(cut(d, "boards", release_text(d->spec.boards), ',', part, &n));
	if (n == 0)
		return HF_OK;
	for (size_t i = 0; i < n; i++) {
		char *end = NULL;

		board[i] = strtoull((const char *)part[i].ptr, &end, 10);
		if ((const uint8_t *)end != part[i].ptr + part[i].len || part[i].len > DIGITS)
			return hf_why_set(&d->s->why, HF_ERR_CONF_VALUE, "boards: numbers are needed");
	}
	qsort(board, n, sizeof(board[0]), by_number);
	d->manifest.conditions |= HF_MANIFEST_HAS_BOARDS;
	HF_TRY(hf_boards_write(board, n, &out));
	d->manifest.boards = hf_out_bytes(&out);
	return HF_OK;
}

static void fill_condition(struct draft *d, uint64_t value, unsigned bit, int64_t *to)
{
	if (value == NONE)
		return;
	d->manifest.conditions |= bit;
	*to = (int64_t)value;
}

static hf_err fill_manifest(struct draft *d, const struct hf_policy *p)
{
	struct hf_manifest *m = &d->manifest;

	m->sequence = d->spec.sequence;
	m->component = HF_COMPONENT_MAIN;
	m->vendor = p->vendor;
	m->class_id = HF_ARR(d->class_id);
	m->image_digest = HF_ARR(d->image_hash);
	m->image_size = d->image.len;
	m->validate = true;
	m->record = HF_ARR(d->record_hash);
	m->chunk_root = HF_ARR(d->chunk_root);
	m->chunk_bits = (uint8_t)d->spec.chunk;
	m->version = release_text(d->spec.version);
	if (d->spec.uri[0] == '\0') {
		memcpy(d->spec.uri, "objects/", 8);
		shelf_hex(HF_ARR(d->image_hash), d->spec.uri + 8);
	}
	m->uri = release_text(d->spec.uri);
	fill_condition(d, d->spec.agent, HF_MANIFEST_HAS_AGENT, &m->agent_level);
	fill_condition(d, d->spec.installed, HF_MANIFEST_HAS_INSTALLED, &m->installed);
	fill_condition(d, d->spec.data, HF_MANIFEST_HAS_DATA, &m->data_level);
	fill_condition(d, d->spec.policy, HF_MANIFEST_HAS_POLICY, &m->policy_number);
	HF_TRY(fill_boards(d));
	return release_chunk_root(hf_buf_bytes(&d->image), m->chunk_bits, d->chunk_root);
}

static hf_err store(struct draft *d, char name[static SHELF_HEX])
{
	struct hf_out record = HF_OUT(d->record_mem), manifest = HF_OUT(d->manifest_mem);
	struct hf_out envelope = HF_OUT(d->envelope_mem);
	uint8_t digest[HF_SHA256_LEN];
	char path[SHELF_NAME_MAX];
	hf_err err = record_write(&d->record, &record);

	if (err != HF_OK)
		return shelf_fail(d->s, err, "record");
	HF_TRY(shelf_put(d->s, hf_out_bytes(&record), d->record_hash));
	err = hf_manifest_write(&d->manifest, &manifest);
	if (err == HF_OK)
		err = hf_manifest_digest(hf_out_bytes(&manifest), digest);
	if (err == HF_OK)
		err = hf_envelope_write(hf_out_bytes(&manifest), (hf_bytes){ 0 }, &envelope);
	if (err != HF_OK)
		return shelf_fail(d->s, err, "manifest");
	shelf_hex(HF_ARR(digest), name);
	shelf_release_name(name, "", path);
	HF_TRY(shelf_make_dir(d->s, path));
	shelf_release_name(name, "envelope", path);
	/* The same input gives the same D: signatures that are there already stay. */
	return shelf_has(d->s, path) ? HF_OK : shelf_replace(d->s, path, hf_out_bytes(&envelope));
}

static hf_err fill(struct draft *d, const struct hf_policy *p, const char *image_file,
		   char name[static SHELF_HEX])
{
	d->image = HF_BUF(SHELF_IMAGE_MAX);
	HF_TRY(hf_file_read(image_file, &d->image, &d->s->why));
	if (d->image.len == 0)
		return hf_why_set(&d->s->why, HF_ERR_CONF_VALUE, "%s: an empty image", image_file);
	HF_TRY(hf_pki_uuid5(p->vendor.ptr, release_text(d->spec.class_name), d->class_id));
	HF_TRY(shelf_put(d->s, hf_buf_bytes(&d->image), d->image_hash));
	HF_TRY(fill_record(d));
	HF_TRY(fill_manifest(d, p));
	return store(d, name);
}

hf_err release_make(struct shelf *s, const char *spec_file, const char *image_file,
		    char name[static SHELF_HEX])
{
	struct shelf_policy policy HF_AUTO(shelf_policy_end) = { 0 };
	struct draft memory = { 0 };
	struct draft *d HF_AUTO(draft_free) = &memory;
	char folder[CLI_PATH_MAX];
	char *slash;

	if (strlen(spec_file) >= sizeof(folder))
		return hf_why_set(&s->why, HF_ERR_FILE_PATH, "%s", "");
	memcpy(folder, spec_file, strlen(spec_file) + 1);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	d->s = s;
	d->folder = slash == NULL ? "." : folder[0] == '\0' ? "/" : folder;
	HF_TRY(hf_conf_read(spec_file, keys, N_KEYS, &d->spec, &s->why));
	HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, &policy));
	return fill(d, &policy.p, image_file, name);
}

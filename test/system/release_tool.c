/* release_tool -- core/trust and core/update on the command line, for tests that hold them against others.
 * usage: release_tool VERB ARGUMENT...   as cose_tool
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/merkle.h>
#include <holdfast/suit_foreign.h>
#include "cose_tool.h"

static void report_number(const char *name, uint64_t v)
{
	uint8_t b[8];

	hf_put_be64(b, v);
	report(name, HF_OK, HF_ARR(b));
}

/* ---- trees ---------------------------------------------------------------------------------------- */

static uint64_t number64(struct args *a)
{
	hf_bytes b = bytes(a);

	if (b.len != 8)
		fail_usage("a number is 8 bytes");
	return hf_get_be64(b.ptr);
}

/* A hash of another length is no hash: a program in C could not even hand it on. */
static bool take_hash(struct args *a, struct hf_merkle_hash *hash)
{
	hf_bytes b = bytes(a);

	if (b.len == HF_MERKLE_LEN)
		memcpy(hash->b, b.ptr, HF_MERKLE_LEN);
	return b.len == HF_MERKLE_LEN;
}

/* The rest of the arguments is the path. */
static bool take_path(struct args *a, struct hf_merkle_hash *path, size_t *n)
{
	bool fine = true;

	for (*n = 0; a->n > 0 && *n < HF_MERKLE_PROOF_MAX; (*n)++)
		fine = take_hash(a, &path[*n]) && fine;
	return fine && a->n == 0;
}

/* INDEX SIZE LEAF ROOT HASH... */
static void inclusion(struct args *a)
{
	struct hf_merkle_hash leaf, root, path[HF_MERKLE_PROOF_MAX];
	uint64_t index = number64(a), size = number64(a);
	bool fine = take_hash(a, &leaf);
	size_t n = 0;

	fine = take_hash(a, &root) && fine;
	fine = take_path(a, path, &n) && fine;
	if (!fine)
		report("length", HF_OK, (hf_bytes){ 0 });
	else
		report("holds", hf_merkle_check_inclusion(&leaf, index, size, path, n, &root),
		       (hf_bytes){ 0 });
}

/* SIZE SIZE ROOT ROOT HASH... */
static void consistency(struct args *a)
{
	struct hf_merkle_hash old, root, path[HF_MERKLE_PROOF_MAX];
	uint64_t old_size = number64(a), size = number64(a);
	bool fine = take_hash(a, &old);
	size_t n = 0;

	fine = take_hash(a, &root) && fine;
	fine = take_path(a, path, &n) && fine;
	if (!fine)
		report("length", HF_OK, (hf_bytes){ 0 });
	else
		report("holds", hf_merkle_check_consistency(old_size, &old, size, &root, path, n),
		       (hf_bytes){ 0 });
}

/* ---- SUIT ----------------------------------------------------------------------------------------- */

/* One item of any kind from the reader to the writer. */
static void copy_item(struct hf_cborr *r, struct hf_cborw *w)
{
	hf_bytes string = { 0 };
	int64_t number = 0;
	uint64_t tag = 0;
	size_t n = 0;

	switch (hf_cbor_peek(r)) {
	case HF_CBOR_UINT:
	case HF_CBOR_NINT:
		hf_cbor_read_int(r, &number);
		hf_cbor_put_int(w, number);
		break;
	case HF_CBOR_BYTES:
		hf_cbor_read_bytes(r, &string);
		hf_cbor_put_bytes(w, string);
		break;
	case HF_CBOR_TEXT:
		hf_cbor_read_text(r, &string);
		hf_cbor_put_text(w, string);
		break;
	case HF_CBOR_ARRAY:
		hf_cbor_read_array(r, &n);
		hf_cbor_put_array(w, n);
		break;
	case HF_CBOR_MAP:
		hf_cbor_read_map(r, &n);
		hf_cbor_put_map(w, n);
		break;
	case HF_CBOR_TAG:
		hf_cbor_read_tag(r, &tag);
		hf_cbor_put_tag(w, tag);
		break;
	default:
		hf_cbor_read_null(r);
		hf_cbor_put_null(w);
	}
}

/* ITEM: read piece by piece and written again. */
static void again(struct args *a)
{
	struct hf_out out = room();
	struct hf_cborr r;
	struct hf_cborw w;
	hf_err err;

	hf_cbor_reader(&r, bytes(a));
	hf_cbor_writer(&w, &out);
	do {
		copy_item(&r, &w);
		while (r.depth > 0 && hf_cbor_left(&r) == 0 && hf_cbor_error(&r) == HF_OK)
			hf_cbor_end(&r);
	} while (r.depth > 0 && hf_cbor_error(&r) == HF_OK);
	err = hf_cbor_done(&r);
	if (err == HF_OK)
		err = hf_cbor_finish(&w);
	report("item", err, hf_out_bytes(&out));
}

/* ENVELOPE ALG KEY: what the walker says, then each block, then what the release profile says. */
static void suit(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_cose_pub key = pub(a);
	struct hf_out scratch = room();
	const hf_bytes none = { 0 };
	static struct hf_suit_foreign s;
	struct hf_manifest m;
	hf_err err = hf_suit_foreign_read(object, &s);

	report("d", err, HF_ARR(s.envelope.d));
	if (err != HF_OK)
		return;
	report_number("sequence", s.sequence);
	report_number("components", s.n_components);
	report_number("commands", s.n_commands);
	report_number("severed", s.n_severed);
	report_number("subset", s.in_subset);
	report("manifest", HF_OK, s.envelope.manifest);
	for (size_t i = 0; i < s.envelope.n_blocks; i++)
		report("signature", hf_cose_sign1_verify(&s.envelope.block[i], &key, none, &scratch),
		       s.envelope.block[i].signature);
	report("release", hf_manifest_read(s.envelope.manifest, &m), none);
}

/* ENVELOPE: as the strict reader of releases sees it. */
static void envelope(struct args *a)
{
	struct hf_envelope e;
	hf_err err = hf_envelope_read(bytes(a), &e);

	report("d", err, HF_ARR(e.d));
}

static const struct verb {
	const char *name;
	void (*run)(struct args *a);
} verbs[] = {
	{ "inclusion", inclusion }, { "consistency", consistency }, { "again", again },
	{ "suit", suit },           { "envelope", envelope },
};

int main(int argc, char **argv)
{
	struct args a = { .v = argv + 2, .n = argc - 2 };

	if (argc < 2)
		fail_usage("usage: release_tool VERB ARGUMENT...");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			verbs[i].run(&a);
			if (a.n != 0)
				fail_usage("too many arguments");
			return 0;
		}
	fail_usage("unknown verb");
}

/* suit_foreign.c -- envelopes as others may write them: what the walker knows, and what it refuses. The
 * examples of the draft themselves are in test/system/test_suit_vectors.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/suit_foreign.h>
#include "release_rig.h"

static struct rig rig_mem; /* too large for a stack */
static struct hf_suit_foreign view;

/* What an envelope is made of; empty: left out. */
struct parts {
	hf_bytes shared, install;
	hf_bytes severed; /* member 20 of the envelope; the manifest then has its digest */
	hf_bytes extra;   /* member 16 of the envelope, which nothing covers */
	int64_t extra_label;
	int64_t label; /* a further member of the manifest */
	hf_bytes value;
	hf_bytes dependencies;
	bool delegation;
	size_t components;
	bool spoil; /* another digest than that of `severed` */
};
struct made {
	uint8_t manifest_mem[1024], mem[2048];
	struct hf_out manifest, out;
};

static void put_common(struct hf_cborw *w, const struct parts *p)
{
	hf_cbor_put_key(w, 3);
	hf_cbor_begin_bytes(w);
	hf_cbor_put_map(w, 1u + (p->shared.len > 0 ? 1 : 0) + (p->dependencies.len > 0 ? 1 : 0));
	if (p->dependencies.len > 0) {
		hf_cbor_put_key(w, 1);
		hf_cbor_put_raw(w, p->dependencies);
	}
	hf_cbor_put_key(w, 2);
	hf_cbor_put_array(w, p->components);
	for (size_t i = 0; i < p->components; i++)
		hf_cbor_put_raw(w, HF_COMPONENT_MAIN);
	if (p->shared.len > 0) {
		hf_cbor_put_key(w, 4);
		hf_cbor_put_bytes(w, p->shared);
	}
	hf_cbor_end_bytes(w);
}

static void put_install(struct hf_cborw *w, const struct parts *p)
{
	uint8_t digest[HF_SHA256_LEN];

	hf_cbor_put_key(w, 20);
	if (p->severed.len == 0) {
		hf_cbor_put_bytes(w, p->install);
		return;
	}
	assert_int_equal(hf_text_digest(p->severed, digest), HF_OK);
	digest[0] ^= p->spoil ? 1 : 0;
	hf_cbor_put_array(w, 2);
	hf_cbor_put_int(w, -16);
	hf_cbor_put_bytes(w, HF_ARR(digest));
}

static void put_manifest(struct made *m, const struct parts *p)
{
	struct hf_cborw w;

	m->manifest = HF_OUT(m->manifest_mem);
	hf_cbor_writer(&w, &m->manifest);
	hf_cbor_put_map(&w, p->label != 0 ? 5 : 4);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_uint(&w, 1);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_uint(&w, 9);
	put_common(&w, p);
	put_install(&w, p);
	if (p->label != 0) {
		hf_cbor_put_key(&w, p->label);
		hf_cbor_put_raw(&w, p->value);
	}
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
}

static hf_bytes put_envelope(struct made *m, const struct parts *p)
{
	uint8_t digest[36] = { 0x82, 0x2f, 0x58, 0x20 };
	struct hf_cborw w;

	put_manifest(m, p);
	assert_int_equal(hf_manifest_digest(hf_out_bytes(&m->manifest), digest + 4), HF_OK);
	m->out = HF_OUT(m->mem);
	hf_cbor_writer(&w, &m->out);
	hf_cbor_put_tag(&w, 107);
	hf_cbor_put_map(&w, 2u + p->delegation + (p->extra.len > 0 ? 1 : 0) + (p->severed.len > 0 ? 1 : 0));
	if (p->delegation) {
		hf_cbor_put_key(&w, 1);
		hf_cbor_put_bytes(&w, HF_STR("\x80"));
	}
	hf_cbor_put_key(&w, 2);
	hf_cbor_begin_bytes(&w);
	hf_cbor_put_array(&w, 1);
	hf_cbor_put_bytes(&w, HF_ARR(digest));
	hf_cbor_end_bytes(&w);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, hf_out_bytes(&m->manifest));
	if (p->extra.len > 0) {
		hf_cbor_put_key(&w, p->extra_label);
		hf_cbor_put_bytes(&w, p->extra);
	}
	if (p->severed.len > 0) {
		hf_cbor_put_key(&w, 20);
		hf_cbor_put_bytes(&w, p->severed);
	}
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	return hf_out_bytes(&m->out);
}

static hf_err walk(const struct parts *p)
{
	struct made m;
	hf_err err = hf_suit_foreign_read(put_envelope(&m, p), &view);

	assert_true(err == HF_OK || (view.n_commands == 0 && view.envelope.manifest.ptr == NULL));
	return err;
}

static hf_err walk_install(hf_bytes install)
{
	const struct parts p = { .install = install, .components = 1 };

	return walk(&p);
}

static void our_own_releases_are_of_the_subset(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	rig_release(r, 3u << REL0);
	assert_int_equal(hf_suit_foreign_read(hf_out_bytes(&r->envelope), &view), HF_OK);
	assert_true(view.in_subset);
	assert_int_equal(view.envelope.n_blocks, 2);
	assert_int_equal(view.sequence, 7);
	assert_int_equal(view.n_components, 1);
	assert_int_equal(view.n_commands, 3 + 5 + 3); /* shared; conditions; parameters, fetch, match */
	r->envelope.ptr[r->envelope.len - 1] ^= 1;
	assert_int_equal(hf_suit_foreign_read(hf_out_bytes(&r->envelope), &view), HF_ERR_RELEASE_ENVELOPE);
}

static void other_commands_are_known_but_not_ours(void **unused)
{
	(void)unused;
	assert_int_equal(walk_install(HF_STR("\x84\x15\x02\x03\x0f")), HF_OK); /* fetch, image match */
	assert_true(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x16\x02")), HF_OK); /* copy */
	assert_false(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x0c\x00")), HF_OK); /* set component index */
	assert_false(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x0f\x82\x43\x82\x03\x0f\xf6")),
			 HF_OK); /* try each, or nothing */
	assert_false(view.in_subset);
	assert_int_equal(view.n_commands, 2);
	assert_int_equal(walk_install(HF_STR("\x82\x14\xa1\x16\x00")), HF_OK); /* source component */
	assert_false(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x39\x01\x2c\x40")), HF_OK); /* -301 */
	assert_true(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x39\x01\x00\x40")),
			 HF_OK); /* -257: a command of nobody of ours */
	assert_false(view.in_subset);
	assert_int_equal(walk_install(HF_STR("\x82\x14\xa1\x39\x01\x04\x00")), HF_OK); /* parameter -261 */
	assert_false(view.in_subset);
}

static void what_nobody_registered_is_refused(void **unused)
{
	struct parts p = { .install = HF_STR("\x80"), .components = 1, .label = 22, .value = HF_STR("\xf6") };
	static const hf_bytes bad[] = {
		{ (const uint8_t *)"\x82\x09\x0f", 3 },                 /* command 9 */
		{ (const uint8_t *)"\x82\x20\x0f", 3 },                 /* command -1 */
		{ (const uint8_t *)"\x82\x38\xff\x40", 4 },             /* command -256 */
		{ (const uint8_t *)"\x82\x14\xa1\x06\x00", 5 },         /* parameter 6 */
		{ (const uint8_t *)"\x82\x14\xa1\x03\x00", 5 },         /* a digest that is none */
		{ (const uint8_t *)"\x82\x14\xa1\x03\x42\x80\x00", 7 }, /* nor this, and a byte after it */
		{ (const uint8_t *)"\x82\x15\x10", 3 },                 /* reporting value 16 */
		{ (const uint8_t *)"\x81\x15", 2 },                     /* half a command */
		{ (const uint8_t *)"\x82\x15", 2 },                     /* short */
		{ (const uint8_t *)"\x82\x15\x02\x00", 4 },             /* long */
		{ (const uint8_t *)"\x82\x18\x15\x02", 4 },             /* 21 in two bytes */
		{ (const uint8_t *)"\x82\x0f\x82\xf6\x43\x82\x03\x0f", 8 }, /* nothing, before something */
	};
	(void)unused;

	assert_int_equal(walk_install(HF_STR("\x80")), HF_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(walk_install(bad[i]), HF_ERR_RELEASE_ENVELOPE);
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE); /* member 22 */
	p = (struct parts){ .install = HF_STR("\x80"), .components = 0 };
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	p.components = 2;
	assert_int_equal(walk(&p), HF_OK);
	assert_false(view.in_subset);
}

static void other_sections_are_known_but_not_ours(void **unused)
{
	struct parts p = {
		.install = HF_STR("\x80"), .components = 1, .label = 24, .value = HF_STR("\x41\x80")
	};
	(void)unused;

	assert_int_equal(walk(&p), HF_OK); /* uninstall */
	assert_false(view.in_subset);
	p.value = HF_STR("\x82\x2f\x40"); /* severed, with a digest that is none */
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	p = (struct parts){ .install = HF_STR("\x80"), .components = 1, .dependencies = HF_STR("\xa0") };
	assert_int_equal(walk(&p), HF_OK);
	assert_false(view.in_subset);
	p = (struct parts){ .install = HF_STR("\x80"), .components = 1, .delegation = true };
	assert_int_equal(walk(&p), HF_OK);
	assert_false(view.in_subset);
}

static void custom_labels_are_forbidden_in_the_shared_sequence(void **unused)
{
	struct parts p = { .install = HF_STR("\x80"), .components = 1, .shared = HF_STR("\x82\x01\x0f") };
	(void)unused;

	assert_int_equal(walk(&p), HF_OK);
	assert_true(view.in_subset);
	p.shared = HF_STR("\x82\x39\x01\x2c\x40");
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	p.shared = HF_STR("\x82\x14\xa1\x39\x01\x03\x00");
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	/* not even inside a sequence inside it */
	p.shared = HF_STR("\x82\x18\x20\x45\x82\x39\x01\x2c\x40");
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
}

static void severed_members_are_held_against_their_digests(void **unused)
{
	struct parts p = { .severed = HF_STR("\x82\x15\x02"), .components = 1 };
	(void)unused;

	assert_int_equal(walk(&p), HF_OK);
	assert_true(view.in_subset);
	assert_int_equal(view.n_severed, 1);
	assert_int_equal(view.n_commands, 1);
	p.spoil = true;
	assert_int_equal(walk(&p), HF_ERR_SUIT_DIGEST);
	p.spoil = false;
	p.extra = HF_STR("\x80"); /* nothing in the manifest knows it */
	p.extra_label = 16;
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	p.extra_label = 17; /* and this is no member at all */
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
	p.extra = (hf_bytes){ 0 };
	p.severed = HF_STR("\x82\x09\x0f"); /* well covered, and not registered */
	assert_int_equal(walk(&p), HF_ERR_RELEASE_ENVELOPE);
}

static void sequences_end_four_levels_down(void **unused)
{
	uint8_t mem[2][64] = { { 0x82, 0x15, 0x02 } };
	size_t len = 3;
	(void)unused;

	for (int level = 1; level <= HF_SUIT_MAX_NESTING; level++) {
		uint8_t *from = mem[(level - 1) & 1], *to = mem[level & 1];

		assert_int_equal(walk_install((hf_bytes){ from, len }), HF_OK);
		assert_int_equal(view.n_commands, level);
		memcpy(to, "\x82\x18\x20", 3); /* run sequence */
		to[3] = (uint8_t)(0x40 | len);
		memcpy(to + 4, from, len);
		len += 4;
	}
	assert_int_equal(walk_install((hf_bytes){ mem[0], len }), HF_ERR_SUIT_LIMIT);
}

static void an_envelope_beyond_the_limit_is_not_looked_at(void **unused)
{
	static uint8_t big[HF_SUIT_FOREIGN_MAX_LEN + 1];
	(void)unused;

	assert_int_equal(hf_suit_foreign_read(HF_ARR(big), &view), HF_ERR_SUIT_LIMIT);
	assert_int_equal(hf_suit_foreign_read((hf_bytes){ big, sizeof(big) - 1 }, &view),
			 HF_ERR_RELEASE_ENVELOPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_releases_are_of_the_subset),
		cmocka_unit_test(other_commands_are_known_but_not_ours),
		cmocka_unit_test(what_nobody_registered_is_refused),
		cmocka_unit_test(other_sections_are_known_but_not_ours),
		cmocka_unit_test(custom_labels_are_forbidden_in_the_shared_sequence),
		cmocka_unit_test(severed_members_are_held_against_their_digests),
		cmocka_unit_test(sequences_end_four_levels_down),
		cmocka_unit_test(an_envelope_beyond_the_limit_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

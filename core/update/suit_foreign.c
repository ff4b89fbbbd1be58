/* suit_foreign.c -- a walk over any SUIT envelope; decides nothing but whether releases could say the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/suit_foreign.h>
#include "update_priv.h"

enum { TAG_SUIT = 107, OVERRIDE = 20, SET_PARAMETERS = 19, TRY_EACH = 15, RUN_SEQUENCE = 32 };

/* Sets of labels, bit n = label n. */
#define L(n) (UINT64_C(1) << (n))
static const uint64_t severable = L(14) | L(15) | L(16) | L(18) | L(20) | L(23) | L(24);
static const uint64_t members = L(1) | L(2) | L(3) | L(4) | L(5) | L(6) | L(7) | L(8) | L(9) | severable;
static const uint64_t sections = L(7) | L(8) | L(9) | L(15) | L(16) | L(18) | L(20) | L(24);
static const uint64_t our_sections = L(7) | L(9) | L(20);
static const uint64_t parameters = L(1) | L(2) | L(3) | L(4) | L(5) | L(12) | L(13) | L(14) | L(18) | L(19) |
				   L(21) | L(22) | L(23) | L(24) | L(25) | L(26) | L(27) | L(28) | L(29) |
				   L(30);
static const uint64_t our_parameters = L(1) | L(2) | L(3) | L(14) | L(21);
/* Commands by what follows them: a reporting value; anything (an index, a map of maps). */
static const uint64_t reporting = L(1) | L(2) | L(3) | L(4) | L(5) | L(6) | L(7) | L(8) | L(11) | L(14) |
				  L(18) | L(21) | L(22) | L(23) | L(24) | L(25) | L(26) | L(27) | L(28) |
				  L(29) | L(31) | L(33);
static const uint64_t other_commands = L(12) | L(34) | L(35);
static const uint64_t our_commands = L(1) | L(2) | L(3) | L(20) | L(21) | L(23);
#undef L

/* Which sequence is being walked. */
struct walk {
	struct hf_suit_foreign *s;
	bool shared;
	int nesting;
};

static hf_err walk_sequence(const struct walk *outer, hf_bytes in);

static bool has(uint64_t set, int64_t label)
{
	return label >= 0 && label < 64 && (set >> label & 1) != 0;
}

/* Labels below -256 are anybody's own, except in the shared sequence; ours are a range of them. */
static void judge_custom(struct hf_cborr *r, const struct walk *w, int64_t label, int64_t first, int64_t last)
{
	if (label > -257 || w->shared)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_ENVELOPE);
	if (label > first || label < last)
		w->s->in_subset = false;
}

static void check_digest(struct hf_cborr *r, hf_bytes item)
{
	hf_bytes encoded = { 0 };
	struct hf_cborr inner;

	hf_cbor_reader(&inner, item);
	hf_cbor_read_bytes(&inner, &encoded);
	if (hf_cbor_done(&inner) != HF_OK || hf__suit_digest_value(encoded).len == 0)
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_ENVELOPE);
}

static void walk_parameters(struct hf_cborr *r, const struct walk *w)
{
	size_t n = 0;

	hf_cbor_read_map(r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++) {
		hf_bytes value = { 0 };
		int64_t label = 0;

		hf_cbor_read_key(r, &label);
		hf_cbor_capture(r, &value);
		if (label < 0)
			judge_custom(r, w, label, -257, -260);
		else if (!has(parameters, label))
			hf_cbor_reader_fail(r, HF_ERR_RELEASE_ENVELOPE);
		else if (!has(our_parameters, label))
			w->s->in_subset = false;
		if (label == 3 && hf_cbor_error(r) == HF_OK)
			check_digest(r, value);
	}
	hf_cbor_end(r);
}

/* A byte string that holds a sequence. */
static void walk_nested(struct hf_cborr *r, const struct walk *w)
{
	hf_bytes inner = { 0 };
	hf_err err;

	hf_cbor_read_bytes(r, &inner);
	if (hf_cbor_error(r) != HF_OK)
		return;
	err = walk_sequence(w, inner);
	if (err != HF_OK)
		hf_cbor_reader_fail(r, err);
}

/* Alternatives; the last may be null: none of them is fine, too. */
static void walk_choices(struct hf_cborr *r, const struct walk *w)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++)
		if (i + 1 < n || !hf_cbor_try_null(r))
			walk_nested(r, w);
	hf_cbor_end(r);
}

static void walk_argument(struct hf_cborr *r, const struct walk *w, int64_t command)
{
	uint64_t report = 0;

	if (command == OVERRIDE || command == SET_PARAMETERS)
		walk_parameters(r, w);
	else if (command == TRY_EACH)
		walk_choices(r, w);
	else if (command == RUN_SEQUENCE)
		walk_nested(r, w);
	else if (has(reporting, command))
		hf_cbor_read_uint_max(r, 15, &report);
	else if (has(other_commands, command) || command < 0)
		hf_cbor_skip(r);
	else
		hf_cbor_reader_fail(r, HF_ERR_RELEASE_ENVELOPE);
}

static hf_err walk_sequence(const struct walk *outer, hf_bytes in)
{
	const struct walk w = { outer->s, outer->shared, outer->nesting + 1 };
	struct hf_cborr r;
	size_t n = 0;

	if (w.nesting > HF_SUIT_MAX_NESTING)
		return HF_ERR_SUIT_LIMIT;
	hf_cbor_reader(&r, in);
	hf_cbor_read_array(&r, &n);
	if (n % 2 != 0)
		return HF_ERR_RELEASE_ENVELOPE;
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i += 2) {
		int64_t command = 0;

		hf_cbor_read_int(&r, &command);
		if (command < 0)
			judge_custom(&r, &w, command, -301, -305);
		else if (!has(our_commands, command))
			w.s->in_subset = false;
		w.s->n_commands++;
		walk_argument(&r, &w, command);
	}
	return hf_cbor_done(&r);
}

static hf_err walk_common(struct hf_suit_foreign *s, hf_bytes in)
{
	const struct walk w = { .s = s, .shared = true };
	hf_bytes shared = { 0 };
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_read_map(&r, &n);
	if (hf_cbor_try_key(&r, 1)) { /* dependencies, of trust domains */
		s->in_subset = false;
		hf_cbor_skip(&r);
	}
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_array(&r, &s->n_components);
	for (size_t i = 0; i < s->n_components && hf_cbor_error(&r) == HF_OK; i++)
		hf_cbor_skip(&r);
	hf_cbor_end(&r);
	if (hf_cbor_try_key(&r, 4))
		hf_cbor_read_bytes(&r, &shared);
	HF_TRY(hf_cbor_done(&r));
	if (s->n_components != 1)
		s->in_subset = false;
	return shared.ptr == NULL ? HF_OK : walk_sequence(&w, shared);
}

/* A member whose place in the manifest holds only its digest. `content` stays empty when it was severed
 * away. */
static hf_err find_severed(const struct hf_suit_foreign *s, int64_t label, hf_bytes digest, hf_bytes *content)
{
	hf_bytes value = hf__suit_digest_value(digest);
	uint8_t hash[HF_SHA256_LEN];

	if (value.len == 0)
		return HF_ERR_RELEASE_ENVELOPE;
	for (size_t i = 0; i < s->n_severed; i++) {
		if (s->severed[i].label != label)
			continue;
		HF_TRY(hf_crypto_sha256(&s->severed[i].member, 1, hash));
		if (!hf_bytes_equal(value, HF_ARR(hash)))
			return HF_ERR_SUIT_DIGEST;
		*content = s->severed[i].content;
	}
	return HF_OK;
}

static hf_err walk_member(struct hf_suit_foreign *s, int64_t label, hf_bytes item, size_t *n_digests)
{
	const struct walk w = { .s = s };
	hf_bytes content = { 0 };
	struct hf_cborr r;

	if (has(sections, label) && !has(our_sections, label))
		s->in_subset = false;
	hf_cbor_reader(&r, item);
	if (has(severable, label) && hf_cbor_peek(&r) == HF_CBOR_ARRAY) {
		HF_TRY(find_severed(s, label, item, &content));
		*n_digests += content.ptr != NULL ? 1 : 0;
	} else if (label == 3 || has(sections, label)) {
		hf_cbor_read_bytes(&r, &content);
		HF_TRY(hf_cbor_done(&r));
	}
	if (label == 3)
		return walk_common(s, content);
	return has(sections, label) && content.ptr != NULL ? walk_sequence(&w, content) : HF_OK;
}

static hf_err walk_manifest(struct hf_suit_foreign *s)
{
	size_t n = 0, n_digests = 0;
	struct hf_cborr r;

	hf_cbor_reader(&r, s->envelope.manifest);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_expect_uint(&r, 1);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_uint(&r, &s->sequence);
	for (size_t i = 2; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes item = { 0 };
		int64_t label = 0;

		hf_cbor_read_key(&r, &label);
		hf_cbor_capture(&r, &item);
		if (hf_cbor_error(&r) != HF_OK || !has(members, label))
			return HF_ERR_RELEASE_ENVELOPE;
		HF_TRY(walk_member(s, label, item, &n_digests));
	}
	HF_TRY(hf_cbor_done(&r));
	/* What no digest of the manifest covers was put there by anybody. */
	return n_digests == s->n_severed && s->n_components > 0 ? HF_OK : HF_ERR_RELEASE_ENVELOPE;
}

/* There is room: a key of a map stands once, and so many labels are severable. */
static hf_err take_severed(struct hf_suit_foreign *s, int64_t label, hf_bytes member)
{
	struct hf_suit_severed *to = &s->severed[s->n_severed];
	struct hf_cborr r;

	if (!has(severable, label))
		return HF_ERR_RELEASE_ENVELOPE;
	to->label = label;
	to->member = member;
	hf_cbor_reader(&r, member);
	hf_cbor_read_bytes(&r, &to->content);
	s->n_severed++;
	return hf_cbor_done(&r);
}

static hf_err read_envelope(hf_bytes in, struct hf_suit_foreign *s, hf_bytes *auth)
{
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_tag(&r, TAG_SUIT);
	hf_cbor_read_map(&r, &n);
	if (hf_cbor_try_key(&r, 1)) { /* delegation, of trust domains */
		s->in_subset = false;
		hf_cbor_skip(&r);
		n--;
	}
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_bytes(&r, auth);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_capture(&r, &s->envelope.member);
	for (size_t i = 2; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes member = { 0 };
		int64_t label = 0;

		hf_cbor_read_key(&r, &label);
		hf_cbor_capture(&r, &member);
		if (hf_cbor_error(&r) == HF_OK)
			HF_TRY(take_severed(s, label, member));
	}
	return hf_cbor_done(&r);
}

static hf_err read(hf_bytes in, struct hf_suit_foreign *s)
{
	struct hf_envelope *e = &s->envelope;
	hf_bytes auth = { 0 };
	struct hf_cborr r;

	s->in_subset = true;
	HF_TRY(read_envelope(in, s, &auth));
	hf_cbor_reader(&r, e->member);
	hf_cbor_read_bytes(&r, &e->manifest);
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(hf__envelope_read_blocks(auth, e));
	HF_TRY(hf_crypto_sha256(&e->member, 1, e->d));
	if (!hf_bytes_equal(hf__suit_digest_value(e->digest), HF_ARR(e->d)))
		return HF_ERR_RELEASE_ENVELOPE;
	return walk_manifest(s);
}

hf_err hf_suit_foreign_read(hf_bytes in, struct hf_suit_foreign *s)
{
	hf_err err = HF_ERR_SUIT_LIMIT;

	memset(s, 0, sizeof(*s));
	if (in.len <= HF_SUIT_FOREIGN_MAX_LEN)
		err = read(in, s);
	if (err == HF_OK)
		return HF_OK;
	memset(s, 0, sizeof(*s));
	return err == HF_ERR_SUIT_LIMIT || err == HF_ERR_SUIT_DIGEST || hf_err_class(err) == HF_CLASS_MACHINE
		       ? err
		       : HF_ERR_RELEASE_ENVELOPE;
}

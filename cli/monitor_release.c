/* monitor_release.c -- a release as the log shows it: signers, sequence, image, capabilities, rebuilders.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <holdfast/bundle.h>
#include "capability.h"
#include "monitor.h"
#include "record.h"
#include "shelf.h"

enum { CAPABILITIES_SHOWN = 16 };

/* What a release is judged with; about 180 KiB, so one for the program. */
struct study {
	struct hf_envelope envelope;
	struct hf_manifest manifest;
	hf_key_set signers, rebuilders;
	struct hf_buf record_file[2], capability_file[2]; /* of this release, and of the one before */
	struct record record[2];
	struct capability_set capability[2];
};
static struct study memory;

static void study_end(struct study **s)
{
	for (int i = 0; i < 2; i++) {
		hf_buf_free(&(*s)->record_file[i]);
		hf_buf_free(&(*s)->capability_file[i]);
	}
}

static hf_err open_release(struct monitor *m, hf_bytes object, struct study *s, bool *rebuilt)
{
	uint8_t mem[HF_COSE_SCRATCH_OVERHEAD + 128];
	struct hf_out scratch = HF_OUT(mem);
	hf_bytes quorum = { 0 };

	*rebuilt = false;
	HF_TRY(hf_envelope_read(object, &s->envelope));
	HF_TRY(hf_manifest_read(s->envelope.manifest, &s->manifest));
	HF_TRY(hf_release_signers(&s->envelope, &m->p[0], &scratch, &s->signers, &s->rebuilders));
	*rebuilt = hf_policy_rebuilder(&m->p[0], s->manifest.class_id, &quorum) != HF_OK ||
		   hf_verdict_is_yes(hf_quorum_met(&m->p[0], quorum, s->rebuilders));
	HF_TRY(hf_policy_release(&m->p[0], s->manifest.class_id, &quorum));
	return hf_verdict_is_yes(hf_quorum_met(&m->p[0], quorum, s->signers)) ? HF_OK : HF_ERR_RELEASE_QUORUM;
}

/* ---- against the releases before it ---- */

static hf_err compare(struct monitor *m, uint64_t index, const struct study *s)
{
	const struct hf_manifest *now = &s->manifest;
	uint64_t highest = 0;
	bool shared = false;

	for (size_t i = 0; i < m->s.n_releases; i++) {
		const struct monitor_release *r = &m->s.release[i];
		bool same = hf_bytes_equal(HF_ARR(r->class_id), now->class_id);

		if (same && r->sequence > highest)
			highest = r->sequence;
		shared |= !same && hf_bytes_equal(HF_ARR(r->image), now->image_digest);
	}
	if (now->sequence < highest)
		HF_TRY(monitor_say(m, MONITOR_BACK, &index, s->envelope.d, "sequence %llu after %llu",
				   (unsigned long long)now->sequence, (unsigned long long)highest));
	if (shared)
		HF_TRY(monitor_say(m, MONITOR_SHARED_IMAGE, &index, s->envelope.d,
				   "another product was released with the same image"));
	return HF_OK;
}

/* ---- record and capabilities, from the log's objects ---- */

/* *found false when the log has it not, or has something else under that name. */
static hf_err fetch_object(struct monitor *m, hf_bytes hash, struct hf_buf *out, bool *found)
{
	uint8_t is[HF_SHA256_LEN];
	hf_bytes content;

	*out = HF_BUF(LOG_ANSWER_MAX);
	*found = false;
	if (hash.len == 0)
		return HF_OK;
	HF_TRY(monitor_fetch(m, "object", hash.ptr, out, found));
	content = hf_buf_bytes(out);
	HF_TRY(hf_crypto_sha256(&content, 1, is));
	*found = *found && hf_bytes_equal(HF_ARR(is), hash);
	return HF_OK;
}

/* Record `hash` and the capability manifest that it names, into place `at`. */
static hf_err fetch_record(struct monitor *m, struct study *s, int at, hf_bytes hash, bool *whole)
{
	bool found = false;

	s->capability[at].n = 0;
	s->record[at] = (struct record){ 0 };
	HF_TRY(fetch_object(m, hash, &s->record_file[at], whole));
	if (!*whole)
		return HF_OK;
	*whole = record_read(hf_buf_bytes(&s->record_file[at]), &s->record[at]) == HF_OK;
	if (!*whole || s->record[at].digest[RECORD_CAPABILITIES].len == 0)
		return HF_OK;
	HF_TRY(fetch_object(m, s->record[at].digest[RECORD_CAPABILITIES], &s->capability_file[at], &found));
	*whole = found && capability_read(hf_buf_bytes(&s->capability_file[at]), &s->capability[at]) == HF_OK;
	return HF_OK;
}

/* The record of the release before: its envelope lies behind a leaf of its own. */
static hf_err fetch_previous(struct monitor *m, struct study *s, bool *whole)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	uint8_t checksum[HF_SHA256_LEN], record[HF_SHA256_LEN];
	struct hf_manifest manifest;
	struct hf_envelope e;
	bool found = false;

	*whole = true;
	if (s->record[0].previous.len == 0)
		return HF_OK;
	HF_TRY(hf_leaf_checksum(s->record[0].previous.ptr, checksum));
	HF_TRY(monitor_fetch(m, "leafobj", checksum, &object, &found));
	*whole = found && hf_envelope_read(hf_buf_bytes(&object), &e) == HF_OK &&
		 hf_bytes_equal(HF_ARR(e.d), s->record[0].previous) &&
		 hf_manifest_read(e.manifest, &manifest) == HF_OK;
	if (!*whole)
		return HF_OK;
	memcpy(record, manifest.record.ptr, sizeof(record));
	return fetch_record(m, s, 1, HF_ARR(record), whole);
}

static hf_err say_capability(struct monitor *m, uint64_t index, const struct study *s,
			     const struct capability *c, unsigned *shown)
{
	struct hf_buf line HF_AUTO(hf_buf_free) = HF_BUF(2 * CAPABILITY_LINE_MAX);

	HF_TRY(capability_print(c, &line));
	if (m->accepted != NULL && monitor_has_line(&m->accepted_file, hf_buf_text(&line)))
		return HF_OK;
	if (++*shown <= CAPABILITIES_SHOWN)
		return monitor_say(m, MONITOR_CAPABILITY, &index, s->envelope.d, "+ %.200s",
				   hf_buf_text(&line));
	return HF_OK;
}

static hf_err judge_capabilities(struct monitor *m, uint64_t index, struct study *s)
{
	unsigned shown = 0;
	bool whole = false;

	s->capability[1].n = 0;
	HF_TRY(fetch_record(m, s, 0, s->manifest.record, &whole));
	if (whole)
		HF_TRY(fetch_previous(m, s, &whole));
	if (!whole)
		return monitor_say(m, MONITOR_NO_OBJECT, &index, s->envelope.d,
				   "its record, or the one before, or a capability manifest is not shown");
	if (s->record[0].digest[RECORD_CAPABILITIES].len == 0 &&
	    s->record[1].digest[RECORD_CAPABILITIES].len > 0)
		return monitor_say(m, MONITOR_CAPABILITY, &index, s->envelope.d,
				   "no capability manifest, and the release before had one");
	for (size_t i = 0; i < s->capability[0].n; i++)
		if (!capability_has(&s->capability[1], &s->capability[0].line[i]))
			HF_TRY(say_capability(m, index, s, &s->capability[0].line[i], &shown));
	if (shown > CAPABILITIES_SHOWN)
		return monitor_say(m, MONITOR_CAPABILITY, &index, s->envelope.d, "and %u more",
				   shown - CAPABILITIES_SHOWN);
	return HF_OK;
}

/* ---- the release ---- */

static hf_err remember(struct monitor *m, const struct study *s, bool rebuilt)
{
	struct monitor_release r = { .sequence = s->manifest.sequence,
				     .seen = (uint64_t)time(NULL),
				     .rebuild = rebuilt ? 1 : 0 };

	memcpy(r.d, s->envelope.d, sizeof(r.d));
	memcpy(r.class_id, s->manifest.class_id.ptr, sizeof(r.class_id));
	memcpy(r.image, s->manifest.image_digest.ptr, sizeof(r.image));
	return monitor_state_add(&m->s, &r);
}

hf_err monitor_judge_release(struct monitor *m, uint64_t index, hf_bytes object)
{
	struct study *s HF_AUTO(study_end) = &memory;
	bool rebuilt = false;
	hf_err err = open_release(m, object, s, &rebuilt);

	if (hf_err_class(err) == HF_CLASS_MACHINE)
		return err;
	if (err != HF_OK && err != HF_ERR_RELEASE_QUORUM) /* not a release at all, or a wrong signature */
		return monitor_say(m, MONITOR_UNSIGNED, &index, NULL, "%s", hf_err_text(err));
	if (err == HF_OK)
		HF_TRY(monitor_say(m, MONITOR_RELEASE, &index, s->envelope.d, "version %.*s, sequence %llu",
				   (int)s->manifest.version.len, (const char *)s->manifest.version.ptr,
				   (unsigned long long)s->manifest.sequence));
	else /* it approves nothing, so nothing is compared with it later */
		return monitor_say(m, MONITOR_UNSIGNED, &index, s->envelope.d,
				   "a release that too few have signed");
	HF_TRY(compare(m, index, s));
	HF_TRY(judge_capabilities(m, index, s));
	return remember(m, s, rebuilt);
}

/* ---- rebuilders have time ---- */

static hf_err look_again(struct monitor *m, struct monitor_release *r)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	struct study *s HF_AUTO(study_end) = &memory;
	uint8_t checksum[HF_SHA256_LEN];
	bool found = false, rebuilt = false;

	HF_TRY(hf_leaf_checksum(r->d, checksum));
	HF_TRY(monitor_fetch(m, "leafobj", checksum, &object, &found));
	if (found)
		(void)open_release(m, hf_buf_bytes(&object), s, &rebuilt);
	if (!rebuilt || !hf_bytes_equal(HF_ARR(s->envelope.d), HF_ARR(r->d)))
		HF_TRY(monitor_say(m, MONITOR_REBUILD, NULL, r->d, "too few rebuilders confirm it"));
	r->rebuild = rebuilt ? 1 : 2;
	return HF_OK;
}

hf_err monitor_rebuilds(struct monitor *m)
{
	uint64_t now = (uint64_t)time(NULL);

	for (size_t i = 0; i < m->s.n_releases; i++) {
		struct monitor_release *r = &m->s.release[i];

		if (r->rebuild == 0 && now >= r->seen + m->rebuild_s)
			HF_TRY(look_again(m, r));
	}
	return HF_OK;
}

/* hits.c -- what the automaton found, asked again now that the file is known: does it stand alone, is it in a
 * program, does the text behind it have the right form?
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "automaton.h"
#include "hits.h"
#include "pattern.h"

enum { WINDOW = 512, LITERALS_MAX = 256, TOKEN_DISTINCT = 10 };

static bool is_program(unsigned kind)
{
	return kind == HF_KIND_ELF || kind == HF_KIND_SCRIPT || kind == HF_KIND_OTHER ||
	       kind == HF_KIND_KERNEL || kind == HF_KIND_BOOTLOADER || kind == HF_KIND_MCU;
}

static bool is_binary(unsigned kind)
{
	return is_program(kind) && kind != HF_KIND_SCRIPT;
}

bool hf__scan_hit_alone(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	const struct hf__scan_literal *l = hf__scan_literal(hit->literal);
	uint8_t want = l->alone == HF__ALONE_22 ? 0x22 : 0;
	const uint8_t *p;

	if (l->alone == 0)
		return true;
	if (hit->offset == 0)
		return false;
	p = hf__scan_view_at(job->view, hit->offset - 1, (uint64_t)l->len + 2);
	return p != NULL && p[0] == want && p[l->len + 1] == want;
}

/* Does this class of literal say anything in this kind of file? */
static bool belongs(const struct hf__scan_job *job, unsigned action)
{
	switch (action) {
	case HF_HITC_WATCHDOG:
	case HF_HITC_TELSCAN:
		return job->kind == HF_KIND_ELF;
	case HF_HITC_PASSWORD:
		return job->auth;
	case HF_HITC_MCUDEBUG:
		return job->kind == HF_KIND_MCU;
	case HF_HITC_BOTXOR:
		return is_binary(job->kind);
	default:
		return is_program(job->kind);
	}
}

static hf_err put_hit(struct hf__scan_job *job, unsigned class, const char *name, hf_bytes evidence,
		      uint64_t offset, uint64_t count)
{
	struct hf_fact fact = { .kind = HF_FACT_HIT };

	fact.num[HF_HIT_CLASS] = class;
	fact.num[HF_HIT_OFFSET] = offset;
	fact.num[HF_HIT_LENGTH] = evidence.len;
	fact.num[HF_HIT_COUNT] = count;
	fact.num[HF_HIT_KIND] = job->kind;
	fact.text[HF_HIT_NAME] = HF__TEXT(name);
	fact.text[HF_HIT_EVIDENCE] = hf_span_upto(evidence, 200);
	return hf__scan_put(job, &fact);
}

/* The literals that say it all, each once with its count. */
static hf_err put_plain(struct hf__scan_job *job)
{
	uint64_t first[LITERALS_MAX] = { 0 };
	uint16_t count[LITERALS_MAX] = { 0 };
	const struct hf__scan_hits *hits = &job->scan->hits;

	for (size_t i = 0; i < hits->n; i++) {
		unsigned literal = hits->at[i].literal, action = hf__scan_literal(literal)->action;

		if (action >= HF__ACT_PEM || literal >= LITERALS_MAX || !belongs(job, action) ||
		    !hf__scan_hit_alone(job, &hits->at[i]))
			continue;
		if (count[literal]++ == 0)
			first[literal] = hits->at[i].offset;
	}
	for (size_t l = 0; l < hf__scan_n_literals() && l < LITERALS_MAX; l++) {
		const struct hf__scan_literal *literal = hf__scan_literal(l);

		if (count[l] > 0)
			HF_TRY(put_hit(job, literal->action, literal->name,
				       (hf_bytes){ (const uint8_t *)literal->name, strlen(literal->name) },
				       first[l], count[l]));
	}
	return HF_OK;
}

static unsigned distinct(hf_bytes b)
{
	bool seen[256] = { false };
	unsigned n = 0;

	for (size_t i = 0; i < b.len; i++) {
		n += !seen[b.ptr[i]];
		seen[b.ptr[i]] = true;
	}
	return n;
}

static bool continues_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       c == '-';
}

/* The text from the hit on; empty when the byte before makes it part of a longer word. */
static hf_bytes window_of(struct hf__scan_job *job, const struct hf__scan_hit *hit, bool word)
{
	uint64_t begin = hit->offset > 0 ? hit->offset - 1 : 0;
	hf_bytes w = hf__scan_view_upto(job->view, begin, WINDOW);

	if (hit->offset == 0)
		return w;
	if (w.len == 0 || (word && continues_word(w.ptr[0])))
		return (hf_bytes){ 0 };
	return hf_span_from(w, 1);
}

static hf_err put_token(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	const char *name = hf__scan_literal(hit->literal)->name;
	uint8_t room[HF__REDACTED_CAP];
	struct hf_out evidence = HF_OUT(room);
	struct hf_fact fact = { .kind = HF_FACT_KEY };
	hf_bytes match;

	if (!hf__scan_pattern_match(job->scan->patterns, name, window_of(job, hit, true), &match) ||
	    distinct(match) < TOKEN_DISTINCT || hf_span_find(match, "EXAMPLE") != SIZE_MAX)
		return HF_OK;
	HF_TRY(hf__scan_redact(match, &evidence));
	fact.num[HF_KEY_CLASS] = HF_KEYC_TOKEN;
	fact.num[HF_KEY_OFFSET] = hit->offset;
	fact.num[HF_KEY_LENGTH] = match.len;
	fact.num[HF_KEY_KIND] = job->kind;
	fact.text[HF_KEY_NAME] = HF__TEXT(name);
	fact.text[HF_KEY_EVIDENCE] = hf_out_bytes(&evidence);
	return hf__scan_put(job, &fact);
}

/* A hash that stands alone in a program that checks passwords is somebody's account. */
static hf_err put_hash(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	const char *name = hf__scan_literal(hit->literal)->name;
	uint8_t room[HF__REDACTED_CAP];
	struct hf_out evidence = HF_OUT(room);
	const uint8_t *before = hit->offset > 0 ? hf__scan_view_at(job->view, hit->offset - 1, 1) : NULL;
	hf_bytes match;

	/* ':' : a whole line of passwd may be the literal. */
	if (before == NULL || (*before != 0 && *before != ':') ||
	    !hf__scan_pattern_match(job->scan->patterns, name, window_of(job, hit, false), &match))
		return HF_OK;
	HF_TRY(hf__scan_redact(match, &evidence));
	return put_hit(job, HF_HITC_HASH, name, hf_out_bytes(&evidence), hit->offset, 1);
}

static hf_err put_trace(struct hf__scan_job *job, const struct hf__scan_hit *hit, unsigned action, bool *done)
{
	const char *name = action == HF__ACT_DATE ? "date" : "path";
	hf_bytes match;

	if (*done || !hf__scan_pattern_match(job->scan->patterns, name, window_of(job, hit, true), &match))
		return HF_OK;
	*done = true;
	return put_hit(job, action == HF__ACT_DATE ? HF_HITC_DATE : HF_HITC_BUILDPATH, name, match,
		       hit->offset, 1);
}

static hf_err put_url(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	hf_bytes match;
	size_t at;

	if (!job->scan->opts.hosts ||
	    !hf__scan_pattern_match(job->scan->patterns, "url", window_of(job, hit, true), &match))
		return HF_OK;
	at = hf_span_find(match, "://") + 3;
	match = hf_span_from(match, at);
	if (!hf__scan_host_is_public(match))
		return HF_OK;
	return put_hit(job, HF_HITC_HOST, "url", match, hit->offset + at, 1);
}

struct once {
	bool date, path;
};

static hf_err put_in_binary(struct hf__scan_job *job, const struct hf__scan_hit *hit, struct once *once)
{
	unsigned action = hf__scan_literal(hit->literal)->action;

	if (!is_binary(job->kind))
		return HF_OK;
	if (action == HF__ACT_BANNER)
		return hf__scan_put_banner(job, hit);
	return put_trace(job, hit, action, action == HF__ACT_DATE ? &once->date : &once->path);
}

static hf_err put_one(struct hf__scan_job *job, const struct hf__scan_hit *hit, struct once *once)
{
	unsigned action = hf__scan_literal(hit->literal)->action;

	switch (action) {
	case HF__ACT_TOKEN:
		return put_token(job, hit);
	case HF__ACT_HASH:
		return job->auth ? put_hash(job, hit) : HF_OK;
	case HF__ACT_DATE:
	case HF__ACT_PATH:
	case HF__ACT_BANNER:
		return put_in_binary(job, hit, once);
	case HF__ACT_URL:
		return is_program(job->kind) ? put_url(job, hit) : HF_OK;
	case HF__ACT_BOOTDELAY:
	case HF__ACT_BOOTARGS:
	case HF__ACT_BOOTSTOP:
		return hf__scan_put_uboot(job, hit, action);
	default:
		return HF_OK;
	}
}

hf_err hf__scan_hits(struct hf__scan_job *job)
{
	const struct hf__scan_hits *hits = &job->scan->hits;
	struct once once = { 0 };

	if (hits->n == 0)
		return HF_OK;
	HF_TRY(put_plain(job));
	for (size_t i = 0; i < hits->n; i++)
		HF_TRY(put_one(job, &hits->at[i], &once));
	if (hits->lost)
		return hf__scan_put_problem(job, 1,
					    "more than 1,024 of one kind of key or token in one file");
	return HF_OK;
}

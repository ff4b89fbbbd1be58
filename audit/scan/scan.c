/* scan.c -- one pass over a file: each block is hashed, then matched while it is in the cache. What a match
 * means is asked afterwards, when the file is known.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/digest.h>
#include <hf/keyfacts.h>
#include "automaton.h"
#include "content.h"
#include "known.h"
#include "pattern.h"
#include "scan_priv.h"

enum {
	BLOCK = 65536, /* stays in the second cache while three readers go over it */
	HEAD = 65536,  /* what the kind is told by */
};

hf_err hf_scan_new(const struct hf_scan_opts *opts, struct hf_scan **out)
{
	struct hf_scan *s = calloc(1, sizeof(*s));
	hf_err err = s == NULL ? HF_ERR_HOST_MEMORY : HF_OK;

	*out = NULL;
	if (err == HF_OK) {
		s->opts = *opts;
		s->window = malloc(HF_SCAN_WINDOW);
		err = s->window == NULL ? HF_ERR_HOST_MEMORY : hf_keyfacts_prepare();
	}
	if (err == HF_OK)
		err = hf_digest_new(&s->digest);
	if (err == HF_OK)
		err = hf__scan_automaton_new(&s->automaton);
	if (err == HF_OK)
		err = hf__scan_patterns_new(&s->patterns);
	if (err == HF_OK)
		err = hf__scan_known_new(opts->passwords, opts->crypt_ms, &s->known);
	if (err == HF_OK)
		err = hf__scan_contents_new(opts, &s->contents);
	if (err != HF_OK) {
		hf_scan_free(s);
		return err;
	}
	*out = s;
	return HF_OK;
}

void hf_scan_free(struct hf_scan *s)
{
	if (s == NULL)
		return;
	hf__scan_contents_free(s->contents);
	hf__scan_known_free(s->known);
	hf__scan_patterns_free(s->patterns);
	hf__scan_automaton_free(s->automaton);
	hf_digest_free(s->digest);
	free(s->window);
	free(s);
}

static bool wanted(const struct hf_scan *s, unsigned what)
{
	return s->opts.only == 0 || (s->opts.only & what) != 0;
}

static hf_err pass_block(struct hf_scan *s, hf_bytes block, uint64_t offset, uint32_t *state)
{
	HF_TRY(hf_digest_update(s->digest, block));
	if (wanted(s, HF_SCAN_LITERALS))
		*state = hf__scan_automaton_run(s->automaton, *state, block, offset, &s->hits);
	return HF_OK;
}

/* The one pass. */
static hf_err pass(struct hf_scan *s, const struct hf_src *src, struct hf_fact *file, uint8_t *digests)
{
	uint32_t state = 0;

	s->hits.n = 0;
	s->hits.lost = false;
	HF_TRY(hf_digest_start(s->digest));
	for (uint64_t at = 0; at < src->size;) {
		uint64_t left = src->size - at;
		size_t cap = src->mem != NULL ? BLOCK : HF_SCAN_WINDOW;
		size_t n = left < cap ? (size_t)left : cap;
		hf_bytes block = { src->mem != NULL ? src->mem + at : s->window, n };

		if (src->mem == NULL)
			HF_TRY(src->read(src->ctx, at, s->window, n));
		HF_TRY(pass_block(s, block, at, &state));
		at += n;
	}
	HF_TRY(hf_digest_finish(s->digest, digests, digests + HF_SHA256_LEN));
	file->text[HF_FILE_SHA256] = (hf_bytes){ digests, HF_SHA256_LEN };
	file->text[HF_FILE_SHA512] = (hf_bytes){ digests + HF_SHA256_LEN, HF_SHA512_LEN };
	return HF_OK;
}

static void describe(const struct hf_node *node, struct hf_fact *fact)
{
	*fact = (struct hf_fact){ .kind = HF_FACT_FILE };
	fact->num[HF_FILE_TYPE] = node->type;
	fact->num[HF_FILE_MODE] = node->mode;
	fact->num[HF_FILE_UID] = node->uid;
	fact->num[HF_FILE_GID] = node->gid;
	fact->num[HF_FILE_SIZE] = node->size;
	fact->num[HF_FILE_MTIME] = node->mtime;
	fact->num[HF_FILE_KNOWN] = node->known;
	fact->text[HF_FILE_LINK] = node->link;
	fact->text[HF_FILE_NAME] = node->name;
	fact->text[HF_FILE_CAPS] = node->caps;
	fact->text[HF_FILE_TREE] = node->tree;
}

/* A literal tells what a headerless image is. */
static unsigned kind_by_hits(const struct hf_scan *s, unsigned kind)
{
	if (kind != HF_KIND_OTHER)
		return kind;
	for (size_t i = 0; i < s->hits.n; i++) {
		unsigned action = hf__scan_literal(s->hits.at[i].literal)->action;

		if (action == HF__ACT_BANNER)
			return HF_KIND_KERNEL;
		if (action == HF__ACT_UBOOT)
			return HF_KIND_BOOTLOADER;
	}
	return kind;
}

static hf_err run_readers(struct hf__scan_job *job)
{
	static hf_err (*const texts[])(struct hf__scan_job *) = { hf__scan_accounts, hf__scan_services,
								  hf__scan_settings, hf__scan_kernel,
								  hf__scan_mcu,      hf__scan_build };

	if (job->kind == HF_KIND_ELF && wanted(job->scan, HF_SCAN_ELF | HF_SCAN_LITERALS))
		HF_TRY(hf__scan_elf(job));
	if (wanted(job->scan, HF_SCAN_TEXTS))
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			HF_TRY(texts[i](job));
	if (!wanted(job->scan, HF_SCAN_LITERALS))
		return HF_OK;
	HF_TRY(hf__scan_keys(job));
	return hf__scan_hits(job);
}

static hf_err scan_content(struct hf__scan_job *job, struct hf_fact *file)
{
	uint8_t digests[HF_SHA256_LEN + HF_SHA512_LEN];
	hf_bytes head = hf__scan_view_upto(job->view, 0, HEAD);

	job->kind = hf__scan_kind_of(job->node, head, job->src->size);
	HF_TRY(pass(job->scan, job->src, file, digests));
	job->kind = kind_by_hits(job->scan, job->kind);
	file->num[HF_FILE_KIND] = job->kind;
	file->num[HF_FILE_SIZE] = job->src->size;
	if (job->kind == HF_KIND_ELF)
		file->num[HF_FILE_KIND] = hf__scan_elf_kind(job->view);
	HF_TRY(hf__scan_put(job, file));
	if (job->src->size <= HF_SCAN_TEXT_MAX &&
	    (job->kind == HF_KIND_TEXT || job->kind == HF_KIND_SCRIPT || job->kind == HF_KIND_BUILDLOG))
		job->text = hf__scan_view_upto(job->text_view, 0, job->src->size);
	HF_TRY(hf__scan_contents(job));
	return run_readers(job);
}

hf_err hf_scan_file(struct hf_scan *scan, const struct hf_node *node, const struct hf_src *src,
		    const struct hf_fact_sink *sink)
{
	struct hf__scan_view view HF_AUTO(hf__scan_view_free) = HF__VIEW(src);
	struct hf__scan_view text HF_AUTO(hf__scan_view_free) = HF__VIEW(src);
	struct hf__scan_job job = { .scan = scan,
				    .node = node,
				    .src = src,
				    .sink = sink,
				    .view = &view,
				    .text_view = &text,
				    .name = node->name,
				    .base = hf_span_base(node->name) };
	struct hf_fact file;

	describe(node, &file);
	if (src != NULL)
		return scan_content(&job, &file);
	HF_TRY(hf__scan_put(&job, &file));
	return wanted(scan, HF_SCAN_TEXTS) ? hf__scan_link(&job) : HF_OK;
}

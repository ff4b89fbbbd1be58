/* release_page.c -- what a signer must see: everything that changed since the release before.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "release.h"

struct page {
	struct shelf *s;
	struct hf_buf *out;
	hf_err err; /* sticky */
};

static void __attribute__((format(printf, 2, 3))) put(struct page *p, const char *format, ...)
{
	va_list ap;

	if (p->err != HF_OK)
		return;
	va_start(ap, format);
	p->err = hf_buf_vprintf(p->out, format, ap);
	va_end(ap);
}

/* Text of others: control characters would let it draw over the page. */
static void put_text(struct page *p, hf_bytes t)
{
	for (size_t i = 0; i < t.len; i++)
		put(p, "%c", t.ptr[i] < 0x20 || t.ptr[i] == 0x7f ? '?' : t.ptr[i]);
}

static void put_change(struct page *p, const char *name, bool first, hf_bytes old, hf_bytes now)
{
	put(p, "%-14s", name);
	if (!first && !hf_bytes_equal(old, now)) {
		put_text(p, old);
		put(p, " -> ");
	}
	put_text(p, now);
	put(p, "\n");
}

static void put_hash_change(struct page *p, const char *name, bool first, hf_bytes old, hf_bytes now)
{
	char a[SHELF_HEX] = "none", b[SHELF_HEX] = "none";

	shelf_hex(old, a);
	shelf_hex(now, b);
	if (first)
		put(p, "%-14s%s\n", name, b);
	else if (hf_bytes_equal(old, now))
		put(p, "%-14s%s (as before)\n", name, b);
	else
		put(p, "%-14s%s -> %s\n", name, a, b);
}

static void put_origin(struct page *p, const struct release *old, const struct release *r)
{
	static const struct record empty;
	const struct record *a = old != NULL ? &old->record : &empty, *b = &r->record;
	bool first = old == NULL;
	char sequence[48];

	put_change(p, "product", first, a->product, b->product);
	put_hash_change(p, "class", first, first ? (hf_bytes){ 0 } : a->class_id[0], b->class_id[0]);
	put_change(p, "version", first, a->version, b->version);
	if (first)
		(void)snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)r->manifest.sequence);
	else
		(void)snprintf(sequence, sizeof(sequence), "%llu -> %llu",
			       (unsigned long long)old->manifest.sequence,
			       (unsigned long long)r->manifest.sequence);
	put(p, "%-14s%s%s\n", "sequence", sequence,
	    !first && r->manifest.sequence < old->manifest.sequence ? "   GOES BACK" : "");
	put_change(p, "repository", first, a->repository, b->repository);
	put_change(p, "commit", first, a->commit, b->commit);
	put_hash_change(p, "git tree", first, a->tree, b->tree);
	put_hash_change(p, "container", first, a->container, b->container);
	put_change(p, "build command", first, a->build_command, b->build_command);
	put(p, "%-14s%llu bytes", "image", (unsigned long long)r->manifest.image_size);
	put(p, "%s\n",
	    !first && hf_bytes_equal(old->manifest.image_digest, r->manifest.image_digest)
		    ? ", the same as before"
		    : "");
}

static bool has_text(const hf_bytes *list, size_t n, hf_bytes t)
{
	for (size_t i = 0; i < n; i++)
		if (hf_bytes_equal(list[i], t))
			return true;
	return false;
}

static void put_list_difference(struct page *p, const char *name, const hf_bytes *a, size_t n_a,
				const hf_bytes *b, size_t n_b)
{
	for (size_t i = 0; i < n_b; i++)
		if (!has_text(a, n_a, b[i])) {
			put(p, "%-14s+ ", name);
			put_text(p, b[i]);
			put(p, "\n");
		}
	for (size_t i = 0; i < n_a; i++)
		if (!has_text(b, n_b, a[i])) {
			put(p, "%-14s- ", name);
			put_text(p, a[i]);
			put(p, "\n");
		}
}

size_t release_additions(const struct release *old, const struct release *r, struct capability_set *out)
{
	out->n = 0;
	for (size_t i = 0; i < r->capabilities.n; i++)
		if (old == NULL || !capability_has(&old->capabilities, &r->capabilities.line[i]))
			out->line[out->n++] = r->capabilities.line[i];
	return out->n;
}

static void put_capability(struct page *p, char sign, const struct capability *c)
{
	put(p, "  %c ", sign);
	if (p->err == HF_OK)
		p->err = capability_print(c, p->out);
	put(p, "\n");
}

static void put_capabilities(struct page *p, const struct release *old, const struct release *r)
{
	put(p, "\ncapabilities: %s\n",
	    r->has_capabilities ? "" : "no manifest: nobody says what this image can do");
	for (size_t i = 0; i < r->capabilities.n; i++)
		if (old == NULL || !capability_has(&old->capabilities, &r->capabilities.line[i]))
			put_capability(p, '+', &r->capabilities.line[i]);
	for (size_t i = 0; old != NULL && i < old->capabilities.n; i++)
		if (!capability_has(&r->capabilities, &old->capabilities.line[i]))
			put_capability(p, '-', &old->capabilities.line[i]);
}

static void put_evidence(struct page *p, const struct release *old, const struct release *r)
{
	static const char *const names[RECORD_DIGESTS] = { "SBOM", "VEX", "audit", "capabilities",
							   "provenance" };

	for (int i = 0; i < RECORD_DIGESTS; i++)
		put_hash_change(p, names[i], old == NULL,
				old == NULL ? (hf_bytes){ 0 } : old->record.digest[i], r->record.digest[i]);
	put_list_difference(p, "environment", old == NULL ? NULL : old->record.environment,
			    old == NULL ? 0 : old->record.n_environment, r->record.environment,
			    r->record.n_environment);
	for (size_t i = 0; i < r->record.n_advisories; i++) {
		put(p, "%-14s", "fixes");
		put_text(p, r->record.advisory[i]);
		put(p, "\n");
	}
}

static void put_signers(struct page *p, const struct release *r, const struct hf_policy *policy)
{
	hf_key_set signers = 0, rebuilders = 0;
	hf_bytes quorum = { 0 };
	bool wants = hf_policy_rebuilder(policy, r->manifest.class_id, &quorum) == HF_OK;
	hf_err err = release_signed(p->s, r, policy, &signers, &rebuilders);

	put(p, "\npolicy        %llu\nsigned by     ", (unsigned long long)policy->number);
	if (p->err == HF_OK)
		p->err = release_names(policy, signers, p->out);
	put(p, "%s\nrebuilt by    ", err == HF_OK ? "" : " (quorum not met)");
	if (p->err == HF_OK)
		p->err = release_names(policy, rebuilders, p->out);
	put(p, "%s\n", wants ? "" : " (the policy asks for none)");
}

hf_err release_page(struct shelf *s, const struct release *old, const struct release *r,
		    const struct hf_policy *p, struct hf_buf *out)
{
	struct page page = { .s = s, .out = out };

	put(&page, "release       %s\nbefore it     %s\n\n", r->d,
	    old == NULL ? "none: this is the first" : old->d);
	put_origin(&page, old, r);
	put(&page, "\n");
	put_evidence(&page, old, r);
	put_capabilities(&page, old, r);
	put_signers(&page, r, p);
	return page.err == HF_OK ? HF_OK : hf_why_set(&s->why, page.err, "%s", "page");
}

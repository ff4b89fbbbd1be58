/* components.h -- the components of a model: what a package database or a signature names, who owns which
 * file, and what advisories and proofs say about each.
 * Promise: everything here depends on model, policy and feed only. A binary that a package owns is that
 * package, whatever its strings say; a program only built against a library is not that library.
 * Thread rule: one thread per object; it borrows from the model, which must outlive it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_COMPONENTS_H
#define HF_COMPONENTS_H
#include <hf/auditpolicy.h>
#include <hf/factcomp.h>
#include <hf/feed.h>

enum { HF_PURL_CAP = 512, HF_LICENCE_CAP = 512 };

struct hf_part {
	const struct hf_fact *fact;   /* HF_FACT_PACKAGE or HF_FACT_VERSION */
	const struct hf_fact *info;   /* HF_FACT_PACKAGE_INFO; NULL when there is none */
	const struct hf_fact *distro; /* HF_FACT_DISTRO of its tree; NULL when there is none */
	hf_bytes tree;                /* escaped path of its tree */
	hf_bytes name, version, source, source_version;
	bool no_source; /* advisories cannot be looked up by name: see HF_PACKAGE_NO_SOURCE */
};
struct hf_owner {
	const struct hf_fact *file, *owns;
};
struct hf_components {
	const struct hf_model *model;
	struct hf_part *parts; /* sorted by path, name, version */
	size_t n_parts;
	struct hf_owner *owners; /* sorted by file */
	size_t n_owners;
};
/* Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_components_new(const struct hf_model *model, struct hf_components *out);
void hf_components_free(struct hf_components *c);
/* The first owner of a file and how many follow it; NULL when nobody owns it. */
const struct hf_owner *hf_owner_of(const struct hf_components *c, const struct hf_fact *file, size_t *n);
/* Has the tree a package database that names files? */
bool hf_tree_is_owned(const struct hf_components *c, hf_bytes tree);

/* "pkg:deb/debian/openssl", and with version and qualifiers. `of_source`: of the source package. */
void hf_part_purl(const struct hf_part *p, bool of_source, bool whole, char out[static HF_PURL_CAP]);
/* What the feed is asked for this part. */
void hf_part_lookup(const struct hf_part *p, struct hf_component *out);
/* SPDX expression: the policy's map, the database's field, the copyright file; false and
 * "LicenseRef-holdfast-unknown" when none tells. */
bool hf_part_licence(const struct hf_components *c, const struct hf_auditpolicy *policy,
		     const struct hf_part *p, char out[static HF_LICENCE_CAP]);
/* Homepage, or the maintainer's e-mail, or the policy's creator; empty when none is there. */
hf_bytes hf_part_creator(const struct hf_auditpolicy *policy, const struct hf_part *p);

/* ---- vulnerabilities ---- */
/* Why a fault that a feed names does not count here; the words are those of OpenVEX and CycloneDX. */
struct hf_vex_reason {
	const char *openvex, *cyclonedx; /* justifications; NULL when the distribution judged */
	const char *what;                /* "the applet is not in the binary" */
};
struct hf_vuln {
	const struct hf_part *part;
	const struct hf_vuln_hit *hit;
	const struct hf_vex_reason *vex; /* NULL: nothing speaks against it */
	const struct hf_fact *proof;     /* FILE or APPLETS or COMPILED fact that proves it; may be NULL */
};
struct hf_vulns {
	void *ctx;
	/* Each affected, disputed or proven-absent vulnerability; those fixed in this version do not come. */
	hf_err (*vuln)(void *ctx, const struct hf_vuln *v);
	/* Parts that no source knows; may be NULL. */
	hf_err (*unknown)(void *ctx, const struct hf_part *part);
};
/* One part for each source package and version of a tree. */
HF_MUST_CHECK hf_err hf_vulns_each(const struct hf_components *c, struct hf_feed *feed,
				   const struct hf_vulns *out);
#endif

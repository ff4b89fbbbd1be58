/* comp_priv.h -- what the readers of package databases share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_COMP_PRIV_H
#define HF_COMP_PRIV_H
#include <hf/buf.h>
#include <hf/comp.h>
#include <hf/span.h>

enum {
	HF__FIELD_MAX = 4096,         /* bytes of one text of a fact; longer ones are cut */
	HF__DATABASE_MAX = 256 << 20, /* of a package database */
};

/* One file while it is read. */
struct hf__file {
	hf_bytes path, name, bytes; /* name: raw, from the root of its tree */
	hf_bytes prefix;            /* what stands before the well-known name: "" or "/rootfs" */
	const struct hf_fact_sink *sink;
};

struct hf__package {
	unsigned db;
	hf_bytes name, version, arch, source, source_version;
	hf_bytes licence, homepage, maintainer, depends;
	bool no_source;
};
HF_MUST_CHECK hf_err hf__put_package(const struct hf__file *f, const struct hf__package *p);
struct hf__owned {
	hf_bytes package, file, digest;
	unsigned alg;
	bool conf;
};
HF_MUST_CHECK hf_err hf__put_owned(const struct hf__file *f, const struct hf__owned *o);
HF_MUST_CHECK hf_err hf__put_problem(const struct hf__file *f, const char *why);

/* ---- text ---- */
/* "Name: value" -> value without blanks around it; false when the line has another name. */
bool hf__field(hf_bytes line, const char *name, hf_bytes *value);
/* The part before `sign`; *rest is what follows it, empty when there is none. */
hf_bytes hf__before(hf_bytes b, char sign, hf_bytes *rest);
/* "libc6 (>= 2.3), a | b" -> "libc6 a"; cut where `out` is full. */
void hf__depend_names(hf_bytes depends, char separator, struct hf_out *out);

/* ---- readers, by well-known names (comp.c) ---- */
HF_MUST_CHECK hf_err hf__read_dpkg_status(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_opkg_status(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_list(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_md5sums(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_conffiles(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_apk(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_rpm_sqlite(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_rpm_ndb(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_rpm_bdb(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_os_release(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_copyright(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_applets(const struct hf__file *f);
HF_MUST_CHECK hf_err hf__read_compile_commands(const struct hf__file *f);
/* One header of an rpm database: a package and its files. */
HF_MUST_CHECK hf_err hf__rpm_header(const struct hf__file *f, hf_bytes header);
#endif

/* bom_tool -- writes all bills of materials of one small model into a folder, for validators.
 *	bom_tool FEED-DB DIR         DIR/bom.cdx.json, its .vex.json, DIR/bom.spdx.json, its .openvex.json
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/case.h>
#include <hf/factcomp.h>
#include <hf/feed.h>
#include <hf/file.h>
#include <hf/model.h>
#include <hf/render.h>

enum { TODAY = 20656, NOW = 1784678400, CEILING = 1 << 20 };

static void must(hf_err err)
{
	if (err == HF_OK)
		return;
	fprintf(stderr, "bom_tool: %s\n", hf_err_text(err));
	exit(3);
}

static hf_bytes t(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static void file(struct hf_model *m, const char *path, const char *tree, const char *name, unsigned kind)
{
	uint8_t sha256[32], sha512[64];

	memset(sha256, path[strlen(path) - 1], sizeof(sha256));
	memset(sha512, path[strlen(path) - 1], sizeof(sha512));
	must(hf_model_add(
		m, &(struct hf_fact){
			   .kind = HF_FACT_FILE,
			   .path = t(path),
			   .num = { HF_NODE_FILE, 0755, 0, 0, 1000, 1700000000, 15, kind },
			   .text = { HF_ARR(sha256), HF_ARR(sha512), { 0 }, t(name), { 0 }, t(tree) } }));
}

static void package(struct hf_model *m, const char *name, const char *version, const char *source,
		    const char *needs)
{
	hf_bytes db = t("fw.tar!/var/lib/dpkg/status");

	must(hf_model_add(
		m, &(struct hf_fact){ .kind = HF_FACT_PACKAGE,
				      .path = db,
				      .num = { HF_DB_DPKG },
				      .text = { t(name), t(version), t("armhf"), t(source), t(version) } }));
	must(hf_model_add(m, &(struct hf_fact){ .kind = HF_FACT_PACKAGE_INFO,
						.path = db,
						.text = { t(name),
							  t(version),
							  { 0 },
							  t("https://example.org/"),
							  t("A <a@example.org>"),
							  t(needs) } }));
}

static void owns(struct hf_model *m, const char *name, const char *path)
{
	must(hf_model_add(m, &(struct hf_fact){ .kind = HF_FACT_OWNS,
						.path = t("fw.tar!/var/lib/dpkg/status"),
						.text = { t(name), t(path) } }));
}

static void digest(struct hf_model *m, const char *path)
{
	must(hf_model_add(m,
			  &(struct hf_fact){ .kind = HF_FACT_DIGEST,
					     .path = t(path),
					     .text = { t("0123456789abcdef"), t("0123456789abcdef0123") } }));
}

static void fill(struct hf_model *m)
{
	file(m, "fw.tar", "", "fw.tar", HF_KIND_ARCHIVE);
	file(m, "fw.tar!/var/lib/dpkg/status", "fw.tar", "/var/lib/dpkg/status", HF_KIND_TEXT);
	file(m, "fw.tar!/etc/os-release", "fw.tar", "/etc/os-release", HF_KIND_TEXT);
	file(m, "fw.tar!/usr/share/doc/openssl/copyright", "fw.tar", "/usr/share/doc/openssl/copyright",
	     HF_KIND_TEXT);
	file(m, "fw.tar!/usr/bin/openssl", "fw.tar", "/usr/bin/openssl", HF_KIND_ELF);
	file(m, "fw.tar!/usr/bin/busybox", "fw.tar", "/usr/bin/busybox", HF_KIND_ELF);
	file(m, "fw.tar!/opt/tool%20%FF", "fw.tar", "/opt/tool \xff", HF_KIND_SCRIPT);
	digest(m, "fw.tar!/usr/bin/openssl");
	digest(m, "fw.tar!/opt/tool%20%FF");
	package(m, "openssl", "3.0.15-1~deb12u1", "openssl", "libc6 libssl3 libc6");
	package(m, "libssl3", "3.0.15-1~deb12u1", "openssl", "libc6");
	package(m, "libc6", "2.36-9+deb12u10", "glibc", "");
	owns(m, "openssl", "/usr/bin/openssl");
	must(hf_model_add(m, &(struct hf_fact){ .kind = HF_FACT_DISTRO,
						.path = t("fw.tar!/etc/os-release"),
						.text = { t("debian"), t("12"), t("bookworm") } }));
	must(hf_model_add(
		m, &(struct hf_fact){
			   .kind = HF_FACT_LICENCE,
			   .path = t("fw.tar!/usr/share/doc/openssl/copyright"),
			   .text = { t("openssl"), t("Apache-2.0\nArtistic or GPL-1+\nStrange words") } }));
	must(hf_model_add(m, &(struct hf_fact){ .kind = HF_FACT_VERSION,
						.path = t("fw.tar!/usr/bin/busybox"),
						.num = { 10, 20, HF_HOW_CONTAINS },
						.text = { t("busybox"), t("1.35.0"), t("BusyBox v1.35.0 ("),
							  t("pkg:generic/busybox"), t("busybox:busybox"),
							  t("GPL-2.0-only") } }));
	must(hf_model_add(m, &(struct hf_fact){ .kind = HF_FACT_APPLETS,
						.path = t("fw.tar!/usr/bin/busybox"),
						.num = { 30, 11 },
						.text = { HF_STR("ar\0busybox\0") } }));
	must(hf_model_seal(m));
}

static void write_both(const struct hf_rendering *in, const char *format, const char *dir)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(CEILING),
			  companion HF_AUTO(hf_buf_free) = HF_BUF(CEILING);
	const struct hf_format *f = hf_format_find(format);
	char path[4096];

	must(f->render(in, &out, &companion));
	(void)snprintf(path, sizeof(path), "%s/bom.%s.json", dir, format);
	must(hf_file_replace(path, hf_buf_bytes(&out), 0644, NULL));
	(void)snprintf(path, sizeof(path), "%s/bom.%s.json%s", dir, format, f->companion);
	must(hf_file_replace(path, hf_buf_bytes(&companion), 0644, NULL));
}

int main(int argc, char **argv)
{
	struct hf_auditpolicy policy;
	struct hf_model *m;
	struct hf_feed *feed;
	struct hf_case *c;
	struct hf_why why = { 0 };

	if (argc != 3)
		return 2;
	must(hf_auditpolicy_read(
		"p", t("[sbom]\ncreator = \"psirt@example.com\"\nlicences = [\"libc6=LGPL-2.1-or-later\"]\n"),
		TODAY, &policy, &why));
	must(hf_model_new(&m));
	fill(m);
	must(hf_feed_open(argv[1], &feed, &why));
	must(hf_case_new(
		&(struct hf_case_opts){ .model = m, .policy = &policy, .feed = feed, .today = TODAY }, &c));
	must(hf_case_run(c, "VULN"));
	struct hf_rendering in = { .model = m,
				   .outcome = hf_case_outcome(c),
				   .policy = &policy,
				   .feed = feed,
				   .today = TODAY,
				   .now = NOW,
				   .version = "0.1.0",
				   .file_name = "bom.json" };
	write_both(&in, "cyclonedx", argv[2]);
	write_both(&in, "spdx", argv[2]);
	hf_case_free(c);
	hf_feed_close(feed);
	hf_model_free(m);
	hf_auditpolicy_free(&policy);
	return 0;
}

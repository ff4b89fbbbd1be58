/* Package databases: what they give, what each format hides, what damaged ones do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <hf/comp.h>

enum { LINES = 64, LINE_CAP = 512 };

/* Facts as lines: "PACKAGE name|version|arch|source|source version" and so on. */
struct rig {
	size_t n;
	char line[LINES][LINE_CAP];
};

static const char *const kinds[] = { "PACKAGE", "OWNS",   "VERSION", "APPLETS",
				     "INFO",    "DISTRO", "LICENCE", "DIGEST" };

static hf_err put(void *ctx, const struct hf_fact *fact)
{
	struct rig *r = ctx;
	char *line = r->line[r->n];
	int at;

	assert_true(r->n < LINES);
	r->n++;
	at = snprintf(line, LINE_CAP, "%s",
		      fact->kind == HF_FACT_PROBLEM ? "PROBLEM" : kinds[fact->kind - HF_FACT_COMP_FIRST]);
	for (int i = 0; i < HF_FACT_TEXTS; i++) {
		hf_bytes t = fact->text[i];

		if (fact->kind == HF_FACT_OWNS && i == HF_OWNS_DIGEST)
			at += snprintf(line + at, (size_t)(LINE_CAP - at), "|%u:%zu%s",
				       (unsigned)fact->num[HF_OWNS_ALG], t.len,
				       fact->num[HF_OWNS_CONF] ? " conf" : "");
		else if (t.len > 0)
			at += snprintf(line + at, (size_t)(LINE_CAP - at), "|%.*s", (int)t.len,
				       (const char *)t.ptr);
	}
	return HF_OK;
}

static hf_err read_file(struct rig *r, const char *name, hf_bytes bytes)
{
	struct hf_comp *comp;
	struct hf_src src = { .size = bytes.len, .mem = bytes.ptr };
	struct hf_node node = { .path = HF_STR("image!/db"),
				.name = { (const uint8_t *)name, strlen(name) },
				.type = HF_NODE_FILE };
	struct hf_fact_sink sink = { r, put };
	hf_err err;

	r->n = 0;
	assert_int_equal(hf_comp_new(&comp), HF_OK);
	err = hf_comp_file(comp, &node, &src, &sink);
	hf_comp_free(comp);
	return err;
}

static void expect(const char *name, hf_bytes bytes, size_t n, const char *const *lines)
{
	static struct rig r;

	assert_int_equal(read_file(&r, name, bytes), HF_OK);
	for (size_t i = 0; i < n && i < r.n; i++)
		assert_string_equal(r.line[i], lines[i]);
	assert_int_equal(r.n, n);
}
#define EXPECT(name, bytes, ...) \
	do { \
		const char *const lines_[] = { __VA_ARGS__ }; \
		expect(name, bytes, sizeof(lines_) / sizeof(lines_[0]), lines_); \
	} while (0)
#define NOTHING(name, bytes) expect(name, bytes, 0, NULL)

static void dpkg_gives_sources_of_rebuilt_packages(void **unused)
{
	(void)unused;
	EXPECT("/var/lib/dpkg/status",
	       HF_STR("Package: libc-bin\nStatus: install ok installed\nArchitecture: armhf\n"
		      "Source: glibc\nVersion: 2.36-9\nDepends: libc6 (>> 2.36), a | b, c:any\n"
		      "Homepage: https://x.example\nConffiles:\n /etc/ld.so.conf 4317c\nDescription: x\n "
		      "y\n\n"
		      "Package: less\nStatus: install ok installed\nVersion: 590-2+b1\nSource: less "
		      "(590-2)\n\n"
		      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
		      "Package: half\nStatus: install reinstreq half-installed\nVersion: 1\n"),
	       "OWNS|libc-bin|/etc/ld.so.conf|0:0 conf", "PACKAGE|libc-bin|2.36-9|armhf|glibc|2.36-9",
	       "INFO|libc-bin|2.36-9|https://x.example|libc6 a c", "PACKAGE|less|590-2+b1|less|590-2",
	       "PACKAGE|half|1|half|1");
}

static void installer_packages_count_and_their_source_is_unknown(void **unused)
{
	static struct rig r;

	(void)unused;
	EXPECT("/var/lib/dpkg/status",
	       HF_STR("Package: busybox-udeb\nStatus: install ok unpacked\nVersion: 1:1.35.0-4+b3\n"),
	       "PACKAGE|busybox-udeb|1:1.35.0-4+b3|busybox-udeb|1:1.35.0-4+b3");
	assert_int_equal(read_file(&r, "/rootfs/var/lib/dpkg/status.d/base",
				   HF_STR("Package: base-files\nVersion: 12\n")),
			 HF_OK);
	assert_string_equal(r.line[0], "PACKAGE|base-files|12|base-files|12");
}

static void lists_and_sums_give_owners(void **unused)
{
	(void)unused;
	EXPECT("/rootfs/var/lib/dpkg/info/libc6:armhf.list", HF_STR("/.\n/lib\n/lib/libc.so.6\n"),
	       "OWNS|libc6|/rootfs/lib|0:0", "OWNS|libc6|/rootfs/lib/libc.so.6|0:0");
	EXPECT("/var/lib/dpkg/info/less.md5sums",
	       HF_STR("0123456789abcdef0123456789ABCDEF  "
		      "usr/bin/less\nshort\nzz23456789abcdef0123456789abcdef  x\n"),
	       "OWNS|less|/usr/bin/less|1:16");
	EXPECT("/var/lib/dpkg/info/less.conffiles", HF_STR("/etc/less\n"), "OWNS|less|/etc/less|0:0 conf");
	EXPECT("/usr/lib/opkg/info/dropbear.list", HF_STR("/usr/sbin/dropbear\t0100755\t\n"),
	       "OWNS|dropbear|/usr/sbin/dropbear|0:0");
	NOTHING("/srv/list", HF_STR("/x\n"));
}

static void opkg_has_names_for_sources(void **unused)
{
	(void)unused;
	EXPECT("/usr/lib/opkg/status",
	       HF_STR("Package: dropbear\nVersion: 2022.83-1\nDepends: libc\nSource: feeds/base\n"
		      "Status: install user installed\nArchitecture: mips_24kc\n"),
	       "PACKAGE|dropbear|2022.83-1|mips_24kc|dropbear|2022.83-1", "INFO|dropbear|2022.83-1|libc");
}

static void apk_gives_origins_and_digests(void **unused)
{
	(void)unused;
	EXPECT("/lib/apk/db/installed",
	       HF_STR("C:Q1abc=\nP:busybox-binsh\nV:1.36.1-r5\nA:armhf\nL:GPL-2.0-only\no:busybox\nD:so:libc "
		      "busybox=1\n"
		      "F:bin\nR:sh\na:0:0:777\nZ:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=\nF:etc\nR:x\n\n"
		      "P:musl\nV:1.2.4-r2\n"),
	       "PACKAGE|busybox-binsh|1.36.1-r5|armhf|busybox|1.36.1-r5",
	       "INFO|busybox-binsh|1.36.1-r5|GPL-2.0-only|so busybox", "OWNS|busybox-binsh|/bin/sh|2:20",
	       "OWNS|busybox-binsh|/etc/x|0:0 conf", "PACKAGE|musl|1.2.4-r2|musl|1.2.4-r2");
	EXPECT("/usr/lib/apk/db/installed", HF_STR("P:a\nV:1\nF:usr/bin\nR:a\n"), "PACKAGE|a|1|a|1",
	       "OWNS|a|/usr/bin/a|0:0");
}

static void distributions_and_licences_are_read(void **unused)
{
	(void)unused;
	EXPECT("/etc/os-release", HF_STR("NAME=x\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"),
	       "DISTRO|debian|12|bookworm");
	NOTHING("/etc/os-release", HF_STR("NAME=x\n"));
	EXPECT("/usr/share/doc/less/copyright",
	       HF_STR("Format: https://d.example/\nLicense: GPL-3+\n\nFiles: *\nLicense: less\nLicense: "
		      "GPL-3+\n"),
	       "LICENCE|less|GPL-3+\nless");
	NOTHING("/usr/share/doc/less/copyright", HF_STR("This package is free.\nLicense: x\n"));
}

/* ---- rpm ---- */
struct header {
	uint8_t bytes[4096];
	size_t n, store;
	uint8_t values[2048];
};

static void add(struct header *h, uint32_t tag, uint32_t type, uint32_t count, const void *value, size_t len)
{
	uint8_t *entry = h->bytes + 8 + 16 * h->n++;

	while (type == 4 && h->store % 4 != 0)
		h->values[h->store++] = 0;
	hf_put_be32(entry, tag);
	hf_put_be32(entry + 4, type);
	hf_put_be32(entry + 8, (uint32_t)h->store);
	hf_put_be32(entry + 12, count);
	memcpy(h->values + h->store, value, len);
	h->store += len;
}

static hf_bytes finish(struct header *h)
{
	hf_put_be32(h->bytes, (uint32_t)h->n);
	hf_put_be32(h->bytes + 4, (uint32_t)h->store);
	memcpy(h->bytes + 8 + 16 * h->n, h->values, h->store);
	return (hf_bytes){ h->bytes, 8 + 16 * h->n + h->store };
}

static hf_bytes bash_header(struct header *h)
{
	static const uint8_t epoch[4] = { 0, 0, 0, 2 }, dirs[8] = { 0, 0, 0, 1, 0, 0, 0, 0 };
	static const uint8_t flags[8] = { 0, 0, 0, 0, 0, 0, 0, 1 }, sha256[4] = { 0, 0, 0, 8 };
	static const char digests[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\0";

	memset(h, 0, sizeof(*h));
	add(h, 1000, 6, 1, "bash", 5);
	add(h, 1001, 6, 1, "5.1.8", 6);
	add(h, 1002, 6, 1, "6.el9", 6);
	add(h, 1003, 4, 1, epoch, 4);
	add(h, 1014, 6, 1, "GPLv3+", 7);
	add(h, 1022, 6, 1, "armv7", 6);
	add(h, 1044, 6, 1, "bash-x-5.1.8-6.el9.src.rpm", 27);
	add(h, 1117, 8, 2, "sh\0conf", 8);
	add(h, 1118, 8, 2, "/etc/\0/bin/", 12);
	add(h, 1116, 4, 2, dirs, 8);
	add(h, 1037, 4, 2, flags, 8);
	add(h, 1035, 8, 2, digests, sizeof(digests));
	add(h, 5011, 4, 1, sha256, 4);
	return finish(h);
}

#define BASH_LINES \
	"PACKAGE|bash|2:5.1.8-6.el9|armv7|bash-x|2:5.1.8-6.el9", "INFO|bash|2:5.1.8-6.el9|GPLv3+", \
		"OWNS|bash|/bin/sh|3:32", "OWNS|bash|/etc/conf|0:0 conf"

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* One slot page, one package behind it. */
static hf_bytes ndb_of(uint8_t *room, hf_bytes header)
{
	memset(room, 0, 4096 + 16);
	for (size_t at = 0; at < 4096; at += 16)
		memcpy(room + at, at < 32 ? "RpmP" : "Slot", 4);
	put_le32(room + 12, 1);
	put_le32(room + 32 + 4, 7);
	put_le32(room + 32 + 8, 4096 / 16);
	memcpy(room + 4096, "BlbS", 4);
	put_le32(room + 4096 + 4, 7);
	put_le32(room + 4096 + 12, (uint32_t)header.len);
	memcpy(room + 4096 + 16, header.ptr, header.len);
	return (hf_bytes){ room, 4096 + 16 + header.len };
}

static void rpm_ndb_is_read(void **unused)
{
	static struct header h;
	static uint8_t room[16384];
	hf_bytes db = ndb_of(room, bash_header(&h));

	(void)unused;
	EXPECT("/usr/lib/sysimage/rpm/Packages.db", db, BASH_LINES);
	for (size_t cut = 1; cut < db.len; cut += 97)
		EXPECT("/var/lib/rpm/Packages.db", ((hf_bytes){ room, db.len - cut }),
		       db.len - cut < 4096   ? cut > db.len - 32
						       ? "PROBLEM|rpm database (ndb) cannot be read"
						       : "PROBLEM|rpm database (ndb) has a damaged slot table"
		       : db.len - cut < 4112 ? "PROBLEM|rpm database (ndb) points outside"
					     : "PROBLEM|rpm database (ndb) has a damaged package");
	put_le32(room + 32 + 8, 0x0fffffff);
	EXPECT("/var/lib/rpm/Packages.db", db, "PROBLEM|rpm database (ndb) points outside");
	memcpy(room + 48, "Slop", 4);
	EXPECT("/var/lib/rpm/Packages.db", db, "PROBLEM|rpm database (ndb) points outside",
	       "PROBLEM|rpm database (ndb) has a damaged slot");
}

/* A database as bytes, in WAL mode as images have them. */
static hf_bytes sqlite_of(const char *schema, hf_bytes header, uint8_t *room, size_t cap)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	sqlite3_int64 len = 0;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
	if (header.len > 0) {
		assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO Packages VALUES(1,?)", -1, &st, NULL),
				 SQLITE_OK);
		assert_int_equal(sqlite3_bind_blob64(st, 1, header.ptr, header.len, SQLITE_STATIC),
				 SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_DONE);
		assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	}
	unsigned char *image = sqlite3_serialize(db, "main", &len, 0);
	assert_true(image && (size_t)len <= cap);
	memcpy(room, image, (size_t)len);
	sqlite3_free(image);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	room[18] = room[19] = 2;
	return (hf_bytes){ room, (size_t)len };
}

static void rpm_sqlite_is_read_from_memory(void **unused)
{
	static struct header h;
	static uint8_t room[65536];
	static const char schema[] = "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)";

	(void)unused;
	EXPECT("/var/lib/rpm/rpmdb.sqlite", sqlite_of(schema, bash_header(&h), room, sizeof(room)),
	       BASH_LINES);
	EXPECT("/var/lib/rpm/rpmdb.sqlite", sqlite_of(schema, HF_STR("short"), room, sizeof(room)),
	       "PROBLEM|rpm header is damaged");
	EXPECT("/var/lib/rpm/rpmdb.sqlite", HF_STR("SQLite format 3"),
	       "PROBLEM|rpm database (SQLite) cannot be read");
}

/* Without the look at the schema the view would count for minutes. */
static void hostile_rpm_sqlite_schemas_are_not_run(void **unused)
{
	static uint8_t room[65536];
	static const char *const schema[] = {
		"CREATE TABLE other(x)",
		("CREATE VIEW Packages AS WITH RECURSIVE c(blob) AS (SELECT 1 UNION ALL "
		 "SELECT blob+1 FROM c) SELECT blob FROM c"),
		"CREATE TABLE Packages(x INTEGER PRIMARY KEY, blob AS (zeroblob(1<<30)))",
	};

	(void)unused;
	for (size_t i = 0; i < 2; i++)
		EXPECT("/var/lib/rpm/rpmdb.sqlite", sqlite_of(schema[i], (hf_bytes){ 0 }, room, sizeof(room)),
		       "PROBLEM|rpm database (SQLite) cannot be read");
	hf_bytes db = sqlite_of(schema[2], (hf_bytes){ 0 }, room, sizeof(room));
	NOTHING("/var/lib/rpm/rpmdb.sqlite", db);
}

static void berkeley_db_is_named_not_skipped(void **unused)
{
	static const uint8_t db[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x15, 0x06, 0 };

	(void)unused;
	EXPECT("/var/lib/rpm/Packages", HF_ARR(db),
	       "PROBLEM|rpm database of Berkeley DB is not supported: its packages are not seen");
	NOTHING("/var/lib/rpm/Packages", HF_STR("something else, longer"));
}

/* Every single damage of a header ends in facts or a problem; ASan watches. */
static void damaged_rpm_headers_do_no_harm(void **unused)
{
	static struct header h;
	static uint8_t room[16384];
	static struct rig r;
	size_t len = ndb_of(room, bash_header(&h)).len;

	(void)unused;
	for (size_t at = 4096 + 16; at < len; at++)
		for (int bit = 0; bit < 8; bit += 7) {
			room[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(read_file(&r, "/var/lib/rpm/Packages.db", (hf_bytes){ room, len }),
					 HF_OK);
			room[at] ^= (uint8_t)(1 << bit);
		}
}

static hf_err refuse(void *ctx, const struct hf_fact *fact)
{
	(void)ctx;
	(void)fact;
	return HF_ERR_HOST_MEMORY;
}

static void an_error_of_the_sink_ends_the_file(void **unused)
{
	struct hf_comp *comp;
	hf_bytes text = HF_STR("Package: a\nVersion: 1\n");
	struct hf_src src = { .size = text.len, .mem = text.ptr };
	struct hf_node node = { .name = HF_STR("/var/lib/dpkg/status") };
	struct hf_fact_sink sink = { NULL, refuse };

	(void)unused;
	assert_int_equal(hf_comp_new(&comp), HF_OK);
	assert_int_equal(hf_comp_file(comp, &node, &src, &sink), HF_ERR_HOST_MEMORY);
	assert_int_equal(hf_comp_file(comp, &node, NULL, &sink), HF_OK);
	hf_comp_free(comp);
	hf_comp_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_gives_sources_of_rebuilt_packages),
		cmocka_unit_test(installer_packages_count_and_their_source_is_unknown),
		cmocka_unit_test(lists_and_sums_give_owners),
		cmocka_unit_test(opkg_has_names_for_sources),
		cmocka_unit_test(apk_gives_origins_and_digests),
		cmocka_unit_test(distributions_and_licences_are_read),
		cmocka_unit_test(rpm_ndb_is_read),
		cmocka_unit_test(rpm_sqlite_is_read_from_memory),
		cmocka_unit_test(hostile_rpm_sqlite_schemas_are_not_run),
		cmocka_unit_test(berkeley_db_is_named_not_skipped),
		cmocka_unit_test(damaged_rpm_headers_do_no_harm),
		cmocka_unit_test(an_error_of_the_sink_ends_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* factcomp.h -- kinds of facts about components, and what their slots mean.
 * Names and versions are as the image has them, unescaped.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FACTCOMP_H
#define HF_FACTCOMP_H
#include <hf/fact.h>

enum {
	HF_FACT_PACKAGE = HF_FACT_COMP_FIRST, /* one package of a package database, or of an SBOM */
	HF_FACT_OWNS,                         /* a package owns a file, and the digest it recorded */
	HF_FACT_VERSION,                      /* a version signature matched in a binary */
	HF_FACT_APPLETS,                      /* applet table of a BusyBox */
	HF_FACT_PACKAGE_INFO,                 /* what an SBOM says about a package beyond its name */
	HF_FACT_DISTRO,                       /* the distribution of a tree */
	HF_FACT_LICENCE,                      /* what a package's copyright file names */
	HF_FACT_DIGEST,   /* MD5 and SHA-1 of a program or script, to compare with databases */
	HF_FACT_COMPILED, /* a source file that a build compiled */
};

/* HF_FACT_PACKAGE: path is the database (or the SBOM). */
enum { HF_PACKAGE_DB = 0, HF_PACKAGE_FLAGS = 1 };
enum { HF_DB_DPKG = 1, HF_DB_OPKG = 2, HF_DB_APK = 3, HF_DB_RPM = 4, HF_DB_SBOM = 5 };
/* The source is not known: an installer package (udeb) of Debian has no Source field. */
enum { HF_PACKAGE_NO_SOURCE = 1 };
enum {
	HF_PACKAGE_NAME = 0,
	HF_PACKAGE_VERSION = 1, /* of rpm with its epoch: "1:2.3-4" */
	HF_PACKAGE_ARCH = 2,
	HF_PACKAGE_SOURCE = 3, /* what advisories name; equals the name when the database says so */
	HF_PACKAGE_SOURCE_VERSION = 4,
	HF_PACKAGE_ORIGIN = 5, /* of an SBOM: "debian:12", "alpine:3.18", "cpe:vendor:product"; else empty */
};

/* HF_FACT_PACKAGE_INFO: same path, name and version as its package. */
enum {
	HF_INFO_NAME = 0,
	HF_INFO_VERSION = 1,
	HF_INFO_LICENCE = 2, /* as the database words it */
	HF_INFO_HOMEPAGE = 3,
	HF_INFO_MAINTAINER = 4,
	HF_INFO_DEPENDS = 5, /* names separated by spaces, alternatives and versions taken off */
};

/* HF_FACT_OWNS: path is the database. */
enum { HF_OWNS_ALG = 0, HF_OWNS_CONF = 1 }; /* CONF 1: a configuration file, which owners may change */
enum { HF_DIGEST_NONE = 0, HF_DIGEST_MD5 = 1, HF_DIGEST_SHA1 = 2, HF_DIGEST_SHA256 = 3, HF_DIGEST_OTHER = 4 };
enum {
	HF_OWNS_PACKAGE = 0,
	HF_OWNS_FILE = 1,   /* raw, from the root of the tree: "/usr/bin/x" */
	HF_OWNS_DIGEST = 2, /* raw bytes; empty with ALG 0 */
};

/* HF_FACT_VERSION: path is the binary. */
enum { HF_VERSION_OFFSET = 0, HF_VERSION_LEN = 1, HF_VERSION_HOW = 2 };
enum { HF_HOW_CONTAINS = 1, HF_HOW_BUILT_AGAINST = 2 };
enum {
	HF_VERSION_COMPONENT = 0, /* "openssl" */
	HF_VERSION_TEXT = 1,      /* "3.0.17" */
	HF_VERSION_MATCH = 2,     /* the bytes that matched, at most 256 */
	HF_VERSION_PURL = 3,      /* without version: "pkg:generic/openssl" */
	HF_VERSION_CPE = 4,       /* "openssl:openssl" */
	HF_VERSION_LICENCE = 5,   /* SPDX expression of the upstream project */
};

/* HF_FACT_APPLETS: path is the BusyBox; the table lies at OFFSET, LEN bytes. */
enum { HF_APPLETS_OFFSET = 0, HF_APPLETS_LEN = 1 };
enum { HF_APPLETS_NAMES = 0 }; /* each ends in NUL */

/* HF_FACT_DISTRO: path is os-release. */
enum { HF_DISTRO_ID = 0, HF_DISTRO_VERSION = 1, HF_DISTRO_CODENAME = 2, HF_DISTRO_TREE = 3 };

/* HF_FACT_LICENCE: path is the copyright file. */
enum { HF_LICENCE_PACKAGE = 0, HF_LICENCE_NAMES = 1 }; /* names, one a line */

/* HF_FACT_COMPILED: path is the compile_commands.json. */
enum { HF_COMPILED_FILE = 0 };

/* HF_FACT_DIGEST */
enum { HF_DIGEST_IS_MD5 = 0, HF_DIGEST_IS_SHA1 = 1 };
#endif

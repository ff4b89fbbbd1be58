/* version.h -- which of two versions is newer, as each packaging world sees it.
 * Promise: every order is total, antisymmetric and transitive over all byte strings, also over nonsense,
 * because each is a lexicographic order over tokens of one text. Digits are compared as texts (zeros
 * stripped, then length, then bytes), never as integers, so no version is too long.
 * Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_VERSION_H
#define HF_VERSION_H
#include <holdfast/base.h>

/* The numbers stand in feed databases: never renumber. */
enum {
	HF_VERSION_DPKG = 1,    /* epoch, `~` before the end, letters before other signs; opkg too */
	HF_VERSION_APK = 2,     /* _alpha _beta _pre _rc < none < _cvs _svn _git _hg _p, letter, -rN */
	HF_VERSION_RPM = 3,     /* epoch (missing = 0), `~`, `^`, digits over letters */
	HF_VERSION_SEMVER = 4,  /* semver 2.0; missing parts are 0 */
	HF_VERSION_GENERIC = 5, /* upstream habits: 1.1.1w, za > z, 9.0p1, 2.0rc1 before 2.0 */
	HF_VERSION_LINUX = 6,   /* a.b.c with -rcN; vendors' suffixes do not count; "5.4.*" ends a branch */
};
/* -1, 0, 1. An unknown scheme compares as generic. */
int hf_version_compare(unsigned scheme, hf_bytes a, hf_bytes b);
#endif

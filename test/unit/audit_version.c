/* Orders of versions: what each packaging world says, and that every order is an order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/version.h>

enum { TRIPLES = 100000, RANDOM_CAP = 24 };

static hf_bytes text(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

/* Each list runs from the oldest to the newest; every pair of it is compared both ways. */
static void assert_rising(unsigned scheme, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int order = hf_version_compare(scheme, text(list[i]), text(list[k]));

			if (order != (i > k) - (i < k))
				print_message("scheme %u: %s against %s\n", scheme, list[i], list[k]);
			assert_int_equal(order, (i > k) - (i < k));
		}
}
#define RISING(scheme, ...) \
	do { \
		const char *const list_[] = { __VA_ARGS__ }; \
		assert_rising(scheme, list_, sizeof(list_) / sizeof(list_[0])); \
	} while (0)

static void assert_same(unsigned scheme, const char *a, const char *b)
{
	assert_int_equal(hf_version_compare(scheme, text(a), text(b)), 0);
	assert_int_equal(hf_version_compare(scheme, text(b), text(a)), 0);
}

static void dpkg_orders_epochs_tildes_and_revisions(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_DPKG, "", "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1~deb7u1", "1.0-1", "1.0-1+b1",
	       "1.0-1+deb12u2", "1.0-1.1", "1.0a", "1.0+dfsg-1", "1.0.1", "1.2-9", "1.10-1", "1:0.1",
	       "99999999999999999999:1", "100000000000000000000:1");
	assert_same(HF_VERSION_DPKG, "1.0", "0:1.0");
	assert_same(HF_VERSION_DPKG, "1.0", "1.0-0");
	assert_same(HF_VERSION_DPKG, "1.000", "1.0");
}

static void apk_orders_suffixes_letters_and_revisions(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_APK, "1.2_alpha", "1.2_alpha2", "1.2_beta", "1.2_pre", "1.2_rc1", "1.2_rc2",
	       "1.2_blah", "1.2", "1.2-r0", "1.2-r1", "1.2-r10", "1.2_cvs1", "1.2_svn", "1.2_git20200101",
	       "1.2_hg", "1.2_p1", "1.2a", "1.2b", "1.2.1", "1.10");
	RISING(HF_VERSION_APK, "1.0", "1.02", "1.1", "1.2", "1.12");
	assert_same(HF_VERSION_APK, "1-r", "1-r0");
	assert_same(HF_VERSION_APK, "1-r1", "1-r01");
}

static void rpm_orders_epochs_carets_and_kinds(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_RPM, "1.0~rc1-1", "1.0~rc2-1", "1.0-1", "1.0-1.el8", "1.0-1.1", "1.0^git1-1",
	       "1.0a-1", "1.0.1-1", "1.1-1", "1.10-1", "1:0.5-1", "10:0.1-1");
	assert_same(HF_VERSION_RPM, "0:1.0-1", "1.0-1");
	assert_same(HF_VERSION_RPM, "1.0_1", "1.0.1");
	RISING(HF_VERSION_RPM, "1.0", "1.0-1"); /* no release stands before any */
}

static void semver_orders_prereleases_and_ignores_builds(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_SEMVER, "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
	       "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.9.0", "1.10.0");
	assert_same(HF_VERSION_SEMVER, "1.0.0+a", "1.0.0+b");
	assert_same(HF_VERSION_SEMVER, "v1.2", "1.2.0");
}

static void generic_knows_upstream_habits(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_GENERIC, "1.1.1-dev", "1.1.1-alpha2", "1.1.1beta1", "1.1.1-pre2", "1.1.1rc1",
	       "1.1.1-rc2", "1.1.1", "1.1.1a", "1.1.1w", "1.1.1z", "1.1.1za", "1.1.2", "1.10");
	RISING(HF_VERSION_GENERIC, "9.0", "9.0p1", "9.0p2", "9.1");
	assert_same(HF_VERSION_GENERIC, "1.2", "1.2.0");
	assert_same(HF_VERSION_GENERIC, "v4.6_1", "4.6.1");
	assert_int_equal(hf_version_compare(77, text("1.9"), text("1.10")), -1);
}

static void linux_ignores_vendors_and_ends_branches(void **unused)
{
	(void)unused;
	RISING(HF_VERSION_LINUX, "5.4", "5.4.228", "5.4.*", "5.10.0-rc1", "5.10.0-rc11", "5.10", "6.1.140");
	assert_same(HF_VERSION_LINUX, "6.1.0-18-amd64", "6.1");
	assert_same(HF_VERSION_LINUX, "5.15.70-yocto-standard", "5.15.70");
}

/* A small generator of its own, so that a failure can be repeated. */
static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static hf_bytes random_version(uint8_t *out)
{
	static const char *const piece[] = {
		"0",   "1",    "00", "9",  "10", ".",   "-",  "~", "^",  "_p",
		"_rc", "-rc1", "a",  "za", "+",  "-r1", "1:", "*", "_g", "\xff"
	};
	size_t len = 0;

	for (uint32_t n = random_below(7); n > 0; n--) {
		const char *p = piece[random_below(sizeof(piece) / sizeof(piece[0]))];

		memcpy(out + len, p, strlen(p));
		len += strlen(p);
	}
	return (hf_bytes){ out, len };
}

static void assert_is_an_order(unsigned scheme)
{
	uint8_t room[3][RANDOM_CAP + 8];

	random_state = scheme;
	for (int i = 0; i < TRIPLES; i++) {
		hf_bytes a = random_version(room[0]), b = random_version(room[1]),
			 c = random_version(room[2]);
		int ab = hf_version_compare(scheme, a, b), bc = hf_version_compare(scheme, b, c);
		int ac = hf_version_compare(scheme, a, c);

		assert_int_equal(hf_version_compare(scheme, a, a), 0);
		assert_int_equal(hf_version_compare(scheme, b, a), -ab);
		assert_in_range(ab + 1, 0, 2);
		if (ab <= 0 && bc <= 0)
			assert_int_equal(ac, ab < 0 || bc < 0 ? -1 : 0);
		if (ab >= 0 && bc >= 0)
			assert_int_equal(ac, ab > 0 || bc > 0 ? 1 : 0);
	}
}

static void every_order_is_total_antisymmetric_and_transitive(void **unused)
{
	(void)unused;
	for (unsigned scheme = HF_VERSION_DPKG; scheme <= HF_VERSION_LINUX; scheme++)
		assert_is_an_order(scheme);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_orders_epochs_tildes_and_revisions),
		cmocka_unit_test(apk_orders_suffixes_letters_and_revisions),
		cmocka_unit_test(rpm_orders_epochs_carets_and_kinds),
		cmocka_unit_test(semver_orders_prereleases_and_ignores_builds),
		cmocka_unit_test(generic_knows_upstream_habits),
		cmocka_unit_test(linux_ignores_vendors_and_ends_branches),
		cmocka_unit_test(every_order_is_total_antisymmetric_and_transitive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Accounts: states, schemes, public passwords, and what it may cost.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "scan_rig.h"

static struct scan_rig *r;

static uint64_t num(size_t i, unsigned slot)
{
	return scan_rig_at(r, HF_FACT_ACCOUNT, i)->num[slot];
}

static void passwd_lines_become_accounts(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/passwd",
		      "root:x:0:0:root:/:/bin/sh\n# note\nbad:line\nguest::1000:100::/srv/g:/bin/ash\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 2);
	assert_int_equal(num(0, HF_ACCOUNT_STATE), HF_PASSWORD_SHADOWED);
	assert_int_equal(num(1, HF_ACCOUNT_STATE), HF_PASSWORD_EMPTY);
	assert_int_equal(num(1, HF_ACCOUNT_UID), 1000);
	assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_ACCOUNT, 1)->text[HF_ACCOUNT_SHELL], "/bin/ash"));
}

static void public_passwords_are_found_in_every_scheme(void **unused)
{
	static const char *const hashes[] = {
		"absxcfbgXtb3o",
		"$1$abcdefgh$6A1NUg/cwg8.hJCFhb8sQ/",
		"$5$saltsalt$uDhmHKqqX/dN62g3oXLmm4Z2kcB6b7sTneuhytFHqf6",
		"$6$saltsalt$"
		"LEMN33VP2TYBo8mCNDWJT9878TZpgF3hpq3dVtqKPvGE4GsKUGH89rZMU8NnsFKD4LOcaYJykvhZ5HK2w2"
		"Y1Q/",
	};
	static const unsigned schemes[] = { HF_SCHEME_DES, HF_SCHEME_MD5, HF_SCHEME_SHA256,
					    HF_SCHEME_SHA512 };

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		char line[300];

		(void)snprintf(line, sizeof(line), "any:%s:19000:0:99999:7:::\n", hashes[i]);
		scan_rig_text(r, "/etc/shadow", line);
		assert_int_equal(num(0, HF_ACCOUNT_SCHEME), schemes[i]);
		assert_int_equal(num(0, HF_ACCOUNT_STATE), HF_PASSWORD_USABLE);
		assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_YES);
		assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_ACCOUNT, 0)->text[HF_ACCOUNT_PASSWORD],
					i == 0 ? "xc3511" : "vizxv"));
	}
}

static void another_password_is_not_said_to_be_public(void **unused)
{
	(void)unused;
	scan_rig_text(
		r, "/etc/shadow",
		"root:$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2sc"
		"Ftv/uamSo5z0:1:::::::\nroot:$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEi"
		"UvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0:1::::::\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 1); /* ten fields are another form */
	assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_NO);
	/* The evidence does not give the hash away. */
	assert_true(scan_rig_at(r, HF_FACT_ACCOUNT, 0)->text[HF_ACCOUNT_EVIDENCE].len <= 24);
}

static void locked_and_odd_fields_are_not_usable(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/shadow",
		      "a:*:1::::::\nb:!:1::::::\nc:!$1$abcdefgh$6A1NUg/cwg8.hJCFhb8sQ/:1::::::\nd:nonsense "
		      "text:1::::::\ne::1::::::\n");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(num(i, HF_ACCOUNT_STATE), HF_PASSWORD_LOCKED);
	assert_int_equal(num(4, HF_ACCOUNT_STATE), HF_PASSWORD_EMPTY);
}

static void costly_hashes_are_not_tried_and_said_so(void **unused)
{
	static const char *const costly[] = {
		"a:$6$rounds=2000000$saltsalt$"
		"LEMN33VP2TYBo8mCNDWJT9878TZpgF3hpq3dVtqKPvGE4GsKUGH89rZMU8NnsFKD4L"
		"OcaYJykvhZ5HK2w2Y1Q/:1::::::\n",
		"a:$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234:1::::::\n",
		"a:$y$jFT$abcdefghijklmnopqrstu.$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq:1::::::\n",
	};

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		scan_rig_text(r, "/etc/shadow", costly[i]);
		assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_COSTLY);
		assert_int_equal(scan_rig_at(r, HF_FACT_PROBLEM, 0)->num[HF_PROBLEM_RULE], 1);
	}
}

static void a_hash_may_cost_only_its_time(void **unused)
{
	const struct hf_scan_opts opts = { .crypt_ms = 1 };

	(void)unused;
	scan_rig_free(r);
	r = scan_rig_with(&opts);
	scan_rig_text(r, "/etc/shadow",
		      "a:$6$rounds=900000$saltsalt$"
		      "LEMN33VP2TYBo8mCNDWJT9878TZpgF3hpq3dVtqKPvGE4GsKUGH89rZMU8NnsFKD4"
		      "LOcaYJykvhZ5HK2w2Y1Q/:1::::::\n");
	assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_COSTLY);
}

static void the_operators_list_is_tried_too(void **unused)
{
	const struct hf_scan_opts opts = { .crypt_ms = 2000, .passwords = HF_STR("other\ncorrect horse\n") };

	(void)unused;
	scan_rig_free(r);
	r = scan_rig_with(&opts);
	scan_rig_text(
		r, "/etc/shadow",
		"root:$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2sc"
		"Ftv/uamSo5z0:1::::::\n");
	assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_YES);
}

static void web_passwords_are_read_in_plain_and_hashed(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/lighttpd/.htpasswd", "web:admin\nops:s0me-l0ng-word\n");
	assert_int_equal(num(0, HF_ACCOUNT_STATE), HF_PASSWORD_PLAIN);
	assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_YES);
	assert_int_equal(num(1, HF_ACCOUNT_KNOWN), HF_KNOWNPW_NO);
	scan_rig_text(r, "/etc/httpd.conf",
		      "A:10.0.0.0/8\n/cgi-bin:foo:$1$abcdefgh$6A1NUg/cwg8.hJCFhb8sQ/\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 1);
	assert_int_equal(num(0, HF_ACCOUNT_KNOWN), HF_KNOWNPW_YES);
}

static void other_files_hold_no_accounts(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/usr/share/doc/x", "root::0:0::/:/bin/sh\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 0);
	scan_rig_bytes(r, "/etc/shadow", HF_STR("\0\1\2root::1::::::\n"));
	assert_int_equal(scan_rig_n(r, HF_FACT_ACCOUNT), 0);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(passwd_lines_become_accounts),
		T(public_passwords_are_found_in_every_scheme),
		T(another_password_is_not_said_to_be_public),
		T(locked_and_odd_fields_are_not_usable),
		T(costly_hashes_are_not_tried_and_said_so),
		T(a_hash_may_cost_only_its_time),
		T(the_operators_list_is_tried_too),
		T(web_passwords_are_read_in_plain_and_hashed),
		T(other_files_hold_no_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

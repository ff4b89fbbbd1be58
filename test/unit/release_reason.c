/* release_reason.c -- each refusal of a release has a name of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/bundle.h>

static const hf_err named[] = {
	HF_ERR_BUNDLE_FORMAT,     HF_ERR_BUNDLE_CHAIN,    HF_ERR_RELEASE_ENVELOPE, HF_ERR_RELEASE_SIGNATURE,
	HF_ERR_RELEASE_QUORUM,    HF_ERR_RELEASE_PROFILE, HF_ERR_RELEASE_CLASS,    HF_ERR_RELEASE_ROLLBACK,
	HF_ERR_RELEASE_CONDITION, HF_ERR_RELEASE_REBUILD, HF_ERR_PROOF_NONE,       HF_ERR_PROOF_LEAF,
	HF_ERR_PROOF_INCLUSION,   HF_ERR_PROOF_LOG,       HF_ERR_PROOF_WITNESS,    HF_ERR_PROOF_EXPIRED,
};
enum { N_NAMED = sizeof(named) / sizeof(named[0]) };

static void every_refusal_has_a_name_of_its_own(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < N_NAMED; i++) {
		const char *name = hf_release_reason(named[i]);

		assert_non_null(name);
		assert_int_equal(strncmp(name, "E_", 2), 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, hf_release_reason(named[j]));
	}
}

static void other_errors_have_none(void **unused)
{
	static const hf_err others[] = { HF_OK, HF_ERR_POLICY_QUORUM, HF_ERR_PORT_STORAGE };
	(void)unused;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(hf_release_reason(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_a_name_of_its_own),
		cmocka_unit_test(other_errors_have_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A policy file is signed as {0: "hf/audit-policy/1", 1: SHA-256(file)} in a statement.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <holdfast/statement.h>
#include <hf/buf.h>
#include <hf/gate.h>

#define TYPE HF_STR("hf/audit-policy/1")
enum { SIGNERS_MIN = 2 };

static hf_err check_payload(hf_bytes payload, const uint8_t policy_sha256[static 32])
{
	hf_bytes digest = { 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 2);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, TYPE);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_bytes(&r, &digest);
	HF_TRY(hf_cbor_done(&r));
	return hf_bytes_equal(digest, (hf_bytes){ policy_sha256, 32 }) ? HF_OK : HF_ERR_STATEMENT_TYPE;
}

static unsigned count(hf_key_set set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

static hf_err check_signers(const struct hf_statement *s, const struct hf_policy *policy, int64_t now)
{
	struct hf_buf mem HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_SCRATCH);
	struct hf_out scratch = { .cap = HF_STATEMENT_SCRATCH };
	struct hf_verdict met = HF_VERDICT_NO;
	hf_key_set signers = 0;
	hf_bytes quorum;

	HF_TRY(hf_buf_reserve(&mem, HF_STATEMENT_SCRATCH, &scratch.ptr));
	HF_TRY(hf_statement_signers(s, policy, now, &scratch, &signers));
	if (hf_policy_named(policy, HF_STR("audit-waiver"), &quorum) == HF_OK)
		met = hf_quorum_met(policy, quorum, signers);
	else if (count(signers) >= SIGNERS_MIN)
		met = hf_policy_any_release(policy, signers);
	return hf_verdict_is_yes(met) ? HF_OK : HF_ERR_STATEMENT_QUORUM;
}

hf_err hf_waivers_signed(hf_bytes statement, hf_bytes trust, const uint8_t policy_sha256[32], int64_t now)
{
	struct hf_statement s, policy_statement;
	struct hf_policy policy;

	HF_TRY(hf_statement_read(trust, &policy_statement));
	HF_TRY(hf_policy_read(policy_statement.sign.payload, &policy));
	HF_TRY(hf_statement_read(statement, &s));
	if (!hf_bytes_equal(s.type, TYPE))
		return HF_ERR_STATEMENT_TYPE;
	HF_TRY(check_payload(s.sign.payload, policy_sha256));
	return check_signers(&s, &policy, now);
}

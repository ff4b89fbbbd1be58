/* opca.c -- may each key of the Operational CA be used? The root keys of the policy say so, or nobody does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/statement.h>
#include <hf/file.h>
#include "ca_priv.h"

enum { FILE_MAX = HF_STATEMENT_MAX_LEN };

static hf_err read_file(const char *dir, const char *name, struct hf_buf *out, struct hf_why *why)
{
	char path[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_path(path, dir, name, why));
	return hf_file_read(path, out, why);
}

static hf_err read_spki(const char *dir, unsigned generation, uint8_t out[static HF_SHA256_LEN],
			struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(16384);
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	char name[HF_DEPLOY_OP_NAME_CAP];
	struct hf_pki_cert cert;

	hf_deploy_op_name(name, generation, ".crt");
	HF_TRY(read_file(dir, name, &pem, why));
	hf_err err = hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), &der);
	if (err == HF_OK)
		err = hf_pki_cert_read(hf_out_bytes(&der), &cert);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s", name);
	memcpy(out, cert.spki_sha256, HF_SHA256_LEN);
	return HF_OK;
}

/* The statement must say of these two keys, under this policy, exactly what we would write ourselves. */
static hf_err check_one(const char *dir, unsigned generation, const struct hf_policy *policy,
			struct hf_why *why)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	uint8_t now[HF_SHA256_LEN], before[HF_SHA256_LEN], mem[256], scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out want = HF_OUT(mem), scratch = HF_OUT(scratch_mem);
	struct hf_deploy_op_change change = { generation, HF_ARR(now), HF_ARR(before),
					      HF_ARR(policy->ref) };
	char name[HF_DEPLOY_OP_NAME_CAP];
	hf_bytes payload;

	hf_deploy_op_statement(name, generation);
	HF_TRY(read_file(dir, name, &object, why));
	HF_TRY(read_spki(dir, generation, now, why));
	HF_TRY(read_spki(dir, generation - 1, before, why));
	HF_TRY(hf_deploy_op_payload(&change, &want));
	hf_err err = hf_statement_check(hf_buf_bytes(&object), HF_STR(HF_DEPLOY_CA_KEY_TYPE), policy,
					policy->root, 0, &scratch, &payload);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s: the root keys of the policy did not sign it", name);
	if (payload.len != want.len || memcmp(payload.ptr, want.ptr, want.len) != 0)
		return hf_why_set(why, HF_ERR_CA_KEY, "%s speaks of another key than the certificate", name);
	return HF_OK;
}

hf_err hf_ca_op_check(const char *dir, struct hf_why *why)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	uint8_t scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(scratch_mem);
	unsigned last = hf_deploy_op_generation(dir);
	struct hf_policy policy;

	if (last == 1)
		return HF_OK; /* the first came with the deployment itself */
	HF_TRY(read_file(dir, "trust/policy-1.cose", &object, why));
	hf_err err = hf_policy_open_first(hf_buf_bytes(&object), &scratch, &policy);
	if (err != HF_OK)
		return hf_why_set(why, err, "trust/policy-1.cose");
	for (unsigned n = 2; n <= last; n++)
		HF_TRY(check_one(dir, n, &policy, why));
	return HF_OK;
}

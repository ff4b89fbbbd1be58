/* log_policy.c -- from one policy to the next. What the log accepts and whom it asks is decided by the
 * policy; a wrong file dropped into its folder must not decide that.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/file.h>
#include <hf/log.h>
#include <holdfast/statement.h>
#include "log.h"

static bool names_this_log(const struct log_place *p)
{
	for (size_t i = 0; i < p->policy.n_keys; i++)
		if ((p->policy.logs >> i & 1) != 0 &&
		    memcmp(p->policy.key[i].pub.ptr, p->pub, sizeof(p->pub)) == 0)
			return true;
	return cli_fail("%s: policy %llu does not name this log", p->dir,
			(unsigned long long)p->policy.number) == CLI_DONE;
}

/* The same, or the next one. */
static bool follows(const struct log_place *p, hf_bytes before)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	static struct hf_policy now, next;
	struct hf_statement s;

	if (hf_statement_read(before, &s) != HF_OK || hf_policy_read(s.sign.payload, &now) != HF_OK)
		return cli_fail("%s/policy.cose is damaged", p->data) == CLI_DONE;
	if (memcmp(now.hash, p->policy.hash, sizeof(now.hash)) == 0)
		return true;
	if (hf_policy_open_next(hf_buf_bytes(&p->policy_file), &now, &scratch, &next) == HF_OK)
		return true;
	return cli_fail("%s: policy %llu does not follow policy %llu, under which this log runs", p->dir,
			(unsigned long long)p->policy.number, (unsigned long long)now.number) == CLI_DONE;
}

bool log_policy_follow(const struct log_place *p)
{
	struct hf_buf before HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	char path[CLI_PATH_MAX];
	struct hf_why why = { 0 };
	hf_err err = hf_path_join(path, sizeof(path), p->data, "policy.cose");

	if (!names_this_log(p))
		return false;
	if (err == HF_OK)
		err = hf_file_read(path, &before, &why);
	if (err == HF_OK && !follows(p, hf_buf_bytes(&before)))
		return false;
	if (err == HF_OK || err == HF_ERR_FILE_ABSENT)
		err = hf_file_replace(path, hf_buf_bytes(&p->policy_file), 0644, &why);
	return err == HF_OK || cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

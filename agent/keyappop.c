/* Operations that applications take. They live as long as the application is connected; a command for one
 * that is away is an unknown operation.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <string.h>

static bool is_own(const struct keyproc *k, hf_bytes name)
{
	for (size_t i = 0; i < k->cmd.n_own_ops; i++)
		if (hf_bytes_equal(name, (hf_bytes){ (const uint8_t *)k->cmd.op[i].name,
						     strlen(k->cmd.op[i].name) }))
			return true;
	return false;
}

static unsigned check_any(void *ctx, const struct hf_claims *c)
{
	(void)ctx;
	(void)c; /* the application judges its arguments */
	return HF_REASON_NONE;
}

static hf_err read_op(struct keyproc *k, struct hf_cborr *r, size_t row)
{
	uint64_t cls = 0;
	hf_bytes name;

	hf_cbor_expect_array(r, 2);
	hf_cbor_read_text_max(r, HF_COMMAND_MAX_OP_LEN, &name);
	hf_cbor_read_uint_max(r, HF_COMMAND_DANGER, &cls);
	hf_cbor_end(r);
	HF_TRY(hf_cbor_error(r));
	if (name.len == 0 || cls == 0 || is_own(k, name) || memchr(name.ptr, 0, name.len) != NULL)
		return HF_ERR_AGENT_APP;
	memset(k->cmd.op_name[row], 0, sizeof(k->cmd.op_name[row]));
	memcpy(k->cmd.op_name[row], name.ptr, name.len);
	k->cmd.op[row] = (struct hf_op){ k->cmd.op_name[row], (uint8_t)cls, check_any };
	return HF_OK;
}

hf_err key_on_app_ops(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;
	struct hf_cborr r;
	size_t n = 0;
	hf_err err;

	reply->len = 0;
	k->cmd.n_ops = k->cmd.n_own_ops; /* the list is always complete; after an error there are none */
	k->cmd.obey.cfg.n_ops = k->cmd.n_ops;
	hf_cbor_reader(&r, body);
	hf_cbor_read_array(&r, &n);
	if (n > KEY_OPS_MAX - k->cmd.n_own_ops)
		return HF_ERR_AGENT_FULL;
	for (size_t i = 0; i < n; i++)
		HF_TRY(read_op(k, &r, k->cmd.n_own_ops + i));
	err = hf_cbor_done(&r);
	if (err == HF_OK)
		k->cmd.n_ops = k->cmd.obey.cfg.n_ops = k->cmd.n_own_ops + n;
	return err;
}

hf_err key_app_deliver(struct keyproc *k, const struct hf_claims *c)
{
	static uint8_t mem[HF_COMMAND_MAX_LEN];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_bytes(&w, HF_ARR(c->cti));
	hf_cbor_put_text(&w, c->op);
	hf_cbor_put_bytes(&w, c->args);
	HF_TRY(hf_cbor_finish(&w));
	return hf_ipc_notify(k->deliver, MSG_DELIVER, hf_out_bytes(&body));
}

hf_err key_on_app_result(void *ctx, hf_bytes body, struct hf_out *reply)
{
	uint8_t cti[HF_COMMAND_CTI_LEN];
	struct keyproc *k = ctx;
	uint64_t status = 0;
	struct hf_cborr r;
	hf_bytes result;

	reply->len = 0;
	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 3);
	hf_cbor_read_fixed(&r, cti, sizeof(cti));
	hf_cbor_read_uint_max(&r, HF_STATUS_UNKNOWN, &status);
	hf_cbor_read_bytes_max(&r, HF_RECEIPT_MAX_RESULT_LEN, &result);
	HF_TRY(hf_cbor_done(&r));
	if (status == HF_STATUS_REFUSED)
		return HF_ERR_AGENT_APP;
	return key_cmd_finish(k, cti, (unsigned)status, result);
}

/* updproc: judges heads and bundles that net brings, in a process without network, and keeps what the device
 * believes. Slots follow with the update machine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "msg.h"
#include "upd.h"
#include <hf/file.h>
#include <hf/log.h>
#include <string.h>

enum { NAMES_LEN = 2 * HF_SHA256_LEN, UPD_MAX_FDS = 32 };

struct updproc {
	struct upd_device device;
	struct upd_report last; /* the newest verdict goes with every report */
};

static hf_err answer(const struct updproc *u, struct hf_out *reply)
{
	return upd_report_write(&u->last, reply);
}

/* What was fetched must be what the look named; its content says the rest. */
static void hold_to_names(struct upd_report *r, hf_bytes names)
{
	bool address = memcmp(names.ptr + HF_SHA256_LEN, r->address, HF_SHA256_LEN) == 0;
	bool release = memcmp(names.ptr, r->d, HF_SHA256_LEN) == 0;

	if (!address || (r->verdict == HF_OK && !release))
		r->verdict = HF_ERR_AGENT_LOOK;
	memcpy(r->d, names.ptr, HF_SHA256_LEN); /* the report answers that look */
	r->has_release = true;
}

static hf_err on_verify(void *ctx, hf_bytes body, struct hf_out *reply)
{
	hf_bytes names = { NULL, 0 }, bundle = { NULL, 0 };
	struct updproc *u = ctx;
	struct upd_report r;
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	reply->len = 0;
	HF_TRY(msg_pair_read(body, &names, &bundle));
	if (names.len != NAMES_LEN)
		return HF_ERR_BASE_MISUSE;
	err = upd_verify(&u->device, bundle, &r, &why);
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "upd", "no verdict", err, &why);
		return err;
	}
	hold_to_names(&r, names);
	r.head_err = u->last.head_err;
	u->last = r;
	hf_log(r.verdict == HF_OK ? HF_LOG_INFO : HF_LOG_WARN, "upd", "verdict",
	       "reason=\"%s\" links=%u policy=%llu", upd_reason(r.verdict), r.n_links,
	       (unsigned long long)r.policy_number);
	return answer(u, reply);
}

static hf_err on_head(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct updproc *u = ctx;
	struct hf_why why = { HF_OK, "" };
	bool was_stale = u->last.stale;
	hf_err err = upd_hear(&u->device, body, &u->last, &why);

	reply->len = 0;
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "upd", "head", err, &why);
		return err;
	}
	if (u->last.head_err != HF_OK)
		hf_log_why(HF_LOG_WARN, "upd", "head not taken", u->last.head_err, NULL);
	if (u->last.stale != was_stale)
		hf_log(HF_LOG_WARN, "upd", u->last.stale ? "stale" : "fresh again", "size=%llu",
		       (unsigned long long)u->last.head_size);
	return answer(u, reply);
}

static void on_closed(void *ctx)
{
	(void)ctx; /* the supervisor keeps the other end */
}

static const struct hf_ipc_op ops[] = {
	{ MSG_UPD_VERIFY, NAMES_LEN, UPD_BUNDLE_MAX + NAMES_LEN + 16, on_verify },
	{ MSG_UPD_HEAD, 0, HF_HEAD_MAX_LEN, on_head },
};

static hf_err serve(struct updproc *u, const struct agent *a, struct hf_why *why)
{
	const struct hf_ipc_table table = { ops, sizeof(ops) / sizeof(ops[0]), u };
	struct hf_ipc_serve from_net = { 0 };
	struct hf_loop *loop = NULL;

	HF_TRY(upd_open(&u->device, a, why));
	HF_TRY(hf_loop_new(&loop));
	HF_TRY(upd_seal(a, UPD_MAX_FDS, why));
	HF_TRY(upd_hear(&u->device, (hf_bytes){ NULL, 0 }, &u->last, why));
	HF_TRY(hf_ipc_serve_start(&from_net, loop, UPD_FD_NET, &table, on_closed));
	return hf_loop_run(loop);
}

int agent_updproc(const struct agent *a)
{
	static struct updproc u;
	struct hf_why why = { HF_OK, "" };
	hf_err err = serve(&u, a, &why);

	hf_log_why(HF_LOG_ERR, "upd", "stopped", err, &why);
	return 1;
}

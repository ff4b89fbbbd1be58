/* tamperproc: heartbeats. Sources, policy and erase follow with the vault; the heartbeat already tells the
 * server whether the device that is back is the one that left. net adds the boot counter, which key knows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "msg.h"
#include <hf/log.h>
#include <hf/sandbox.h>

enum { STATE_UNARMED = 0, N_VALUES = 5, BODY_CAP = 64 };

struct tamper {
	const struct agent *agent;
	struct hf_ipc *net;
	struct hf_timer timer;
	uint64_t n;
};

static void beat(void *ctx)
{
	struct tamper *t = ctx;
	const uint64_t values[N_VALUES] = { STATE_UNARMED, 0, 0, ++t->n, 0 };
	uint8_t mem[BODY_CAP];
	struct hf_out out = HF_OUT(mem);

	if (msg_numbers_write(values, N_VALUES, &out) ==
	    HF_OK) /* a full queue: net is away, the next beat will tell */
		(void)!hf_ipc_notify(t->net, MSG_HEARTBEAT, hf_out_bytes(&out));
	if (hf_timer_start(&t->timer, t->agent->conf.heartbeat_s * 1000) != HF_OK)
		hf_log(HF_LOG_ERR, "tamper", "timer", "");
}

static hf_err run(struct tamper *t, struct hf_why *why)
{
	const struct hf_sandbox s = {
		.powers = 0,
		.user = t->agent->conf.user[0] != '\0' ? t->agent->conf.user : NULL,
		.max_fds = 32,
	};
	struct hf_loop *loop = NULL;

	HF_TRY(hf_loop_new(&loop));
	HF_TRY(hf_ipc_new(TAMPER_FD_NET, &t->net));
	HF_TRY(hf_timer_init(&t->timer, loop, beat, t));
	HF_TRY(hf_sandbox_enter(&s, why));
	beat(t);
	return hf_loop_run(loop);
}

int agent_tamperproc(const struct agent *a)
{
	struct tamper t = { .agent = a };
	struct hf_why why = { HF_OK, "" };
	hf_err err = run(&t, &why);

	hf_log_why(HF_LOG_ERR, "tamper", "stopped", err, &why);
	return 1;
}

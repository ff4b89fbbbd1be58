/* logtimes.c -- when a head is begun, published and cosigned again, and when a silent witness is an alarm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "logseq_priv.h"

enum {
	RETRY_FIRST_MS = 1000,
	RETRY_MAX_MS = 300000,
	ALARM_MS = 600000,
	ROUND_MS = 5000, /* for the witnesses, before a newer tree may take the head's place */
};
static const uint64_t again_ms = 6 * 3600 * 1000; /* an unchanged head is cosigned anew: freshness */

enum hf__logseq_step hf__logseq_next(const struct hf__logseq_view *v)
{
	if (v->round == 0)
		return HF__STEP_BEGIN;
	if (v->met && !v->shown)
		return HF__STEP_PUBLISH;
	if (v->grown && (v->met || v->age_ms >= ROUND_MS))
		return HF__STEP_BEGIN;
	return v->met && v->age_ms >= again_ms ? HF__STEP_BEGIN : HF__STEP_WAIT;
}

uint64_t hf__logseq_backoff(uint64_t before_ms)
{
	uint64_t next = before_ms == 0 ? RETRY_FIRST_MS : 2 * before_ms;

	return next < RETRY_MAX_MS ? next : RETRY_MAX_MS;
}

bool hf__logseq_is_alarm(hf_err err, uint64_t failing_since_ms, uint64_t now_ms)
{
	return err == HF_ERR_LOG_WITNESS || now_ms - failing_since_ms > ALARM_MS;
}

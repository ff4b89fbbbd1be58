/* What the program asks: which session, which request, when to look again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_priv.h"
#include "identity_priv.h"

int hf__renew_session(const struct hf_renew *r)
{
	if (r->state == HF_RENEW_HAVE || r->state == HF_RENEW_PROVE)
		return (int)hf__renew_other(r);
	return r->active;
}

/* Renewal may hang on a settled session: look every minute, and at the moment it falls due. */
static int64_t next_look_s(const struct hf_renew *r, int64_t now_s)
{
	int64_t due_s = r->window_s, at = now_s + 60;

	if (due_s == 0 && hf_renew_due(&r->slot[r->active].leaf, &due_s) != HF_OK)
		return at;
	return due_s > now_s && due_s < at ? due_s : at;
}

/* Seconds until time alone can matter. */
static int64_t next_s(const struct hf_renew *r, int64_t now_s)
{
	int64_t at = r->next_try_s;

	if (r->state == HF_RENEW_STABLE)
		at = next_look_s(r, now_s);
	if (r->state == HF_RENEW_REQUESTED || r->state == HF_RENEW_PROMOTED ||
	    (r->state == HF_RENEW_PROVE && !r->proven) || at > now_s + 3600)
		at = now_s + 3600;
	return at > now_s ? at - now_s : 1;
}

void hf_renew_want(struct hf_renew *r, struct hf_renew_want *want)
{
	struct hf_clock clock = { 0 };
	int64_t now_s;

	memset(want, 0, sizeof(*want));
	want->request = r->state == HF_RENEW_REQUESTED;
	want->request_slot = hf__renew_other(r);
	want->request_auth = r->fresh_lineage ? -1 : r->active;
	want->session = hf__renew_session(r);
	want->promoted = want->session >= 0 && want->session == r->active;
	want->endorse = r->state == HF_RENEW_PROMOTED;
	want->alarm = r->alarm;
	r->alarm = false;
	if (hf_port_clock(r->port, &clock) != HF_OK)
		return; /* wake_ms 0: at once, the step will tell */
	now_s = hf_floor_schedule_now(&r->floor, &clock);
	want->wake_ms = clock.boot_ms + (uint64_t)next_s(r, now_s) * 1000;
}

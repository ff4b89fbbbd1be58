/* check_started.c -- units and start scripts run when a link wants them; what stands in inittab, inetd, cron
 * or a script that always runs needs none.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "check_started.h"

/* "telnet@.service" and "telnet.socket" are one service: what stands before '@' and the last dot. */
static hf_bytes stem(hf_bytes unit)
{
	const uint8_t *at = unit.len > 0 ? memchr(unit.ptr, '@', unit.len) : NULL;

	if (at == NULL && unit.len > 0)
		at = memrchr(unit.ptr, '.', unit.len);
	return at == NULL ? unit : (hf_bytes){ unit.ptr, (size_t)(at - unit.ptr) };
}

unsigned hf__chk_started(const struct hf_case *c, const struct hf_fact *service)
{
	const struct hf_model *m = hf_case_model(c);
	hf_bytes tree = hf__chk_tree(service->path), unit = service->text[HF_SERVICE_UNIT];
	const struct hf_fact *f;
	bool any = false;

	if ((service->num[HF_SERVICE_FLAGS] & HF_SERVICEF_DISABLED) != 0)
		return HF_STATE_NO;
	if ((service->num[HF_SERVICE_FLAGS] & HF_SERVICEF_TEMPLATE) == 0)
		return HF_STATE_YES;
	HF__CHK_EACH(m, HF_FACT_SERVICE, f, i)
	{
		if (f->num[HF_SERVICE_SOURCE] != HF_SOURCE_WANTS ||
		    !hf_bytes_equal(hf__chk_tree(f->path), tree))
			continue;
		any = true;
		if (hf_bytes_equal(stem(f->text[HF_SERVICE_UNIT]), stem(unit)))
			return HF_STATE_YES;
	}
	return any ? HF_STATE_NO : HF_STATE_UNKNOWN;
}

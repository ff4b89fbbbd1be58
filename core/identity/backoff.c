/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/identity.h>

/* first << n, at most `top`, without ever shifting a bit out. */
static uint64_t doubled(uint64_t first, uint64_t top, unsigned n)
{
	uint64_t v = first;

	while (n > 0 && v < top) {
		v *= 2;
		n--;
	}
	return v < top ? v : top;
}

uint64_t hf_backoff_bound_ms(enum hf_wait why, unsigned n)
{
	switch (why) {
	case HF_WAIT_REFUSED:
		return doubled(15 * 60000u, 6 * 3600000u, n);
	case HF_WAIT_CLAIM:
		return doubled(60000, 3600000, n);
	case HF_WAIT_LINK:
	default:
		return doubled(1000, 300000, n);
	}
}

static uint8_t *counter(struct hf_backoff *b, enum hf_wait why)
{
	if (why == HF_WAIT_REFUSED)
		return &b->n_refused;
	return why == HF_WAIT_CLAIM ? &b->n_claim : &b->n_link;
}

hf_err hf_backoff_next(struct hf_backoff *b, struct hf_port *port, enum hf_wait why, uint64_t retry_after_s,
		       uint64_t *wait_ms)
{
	uint8_t *n = counter(b, why), raw[8];
	uint64_t least = (retry_after_s < 86400 ? retry_after_s : 86400) * 1000;

	*wait_ms = hf_backoff_bound_ms(why, *n);
	if (*n < UINT8_MAX)
		(*n)++;
	if (why == HF_WAIT_LINK) { /* full jitter: a fleet that lost its broker must not come back in step */
		uint64_t bound = *wait_ms;

		*wait_ms = 60000; /* without randomness */
		HF_TRY(hf_port_random(port, raw, sizeof(raw)));
		*wait_ms = hf_get_be64(raw) % (bound + 1);
	}
	if (*wait_ms < least)
		*wait_ms = least;
	return HF_OK;
}

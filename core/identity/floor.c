/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/identity.h>

enum { FLOOR_LEN = 8, STORE_STEP_S = 3600 };

hf_err hf_floor_load(struct hf_floor *f, struct hf_port *port, int64_t build_s)
{
	uint8_t raw[FLOOR_LEN];
	struct hf_out out = HF_OUT(raw);
	struct hf_clock clock = { 0 };
	uint64_t stored = 0;
	hf_err err;

	*f = (struct hf_floor){ build_s, 0, 0, false };
	HF_TRY(hf_port_clock(port, &clock));
	f->ref_ms = clock.boot_ms;
	err = hf_port_read(port, HF_REC_FLOOR, &out);
	if (err == HF_ERR_PORT_STORAGE)
		return err;
	if (err != HF_OK || out.len != FLOOR_LEN)
		return HF_OK; /* absent or damaged: the build time stands */
	stored = hf_get_be64(raw);
	if (stored > INT64_MAX)
		return HF_OK;
	f->stored_s = (int64_t)stored;
	if (f->stored_s > f->floor_s)
		f->floor_s = f->stored_s;
	return HF_OK;
}

static int64_t least_now(const struct hf_floor *f, const struct hf_clock *clock)
{
	uint64_t since_ms = clock->boot_ms > f->ref_ms ? clock->boot_ms - f->ref_ms : 0;

	return f->floor_s + (int64_t)(since_ms / 1000);
}

int64_t hf_floor_now(const struct hf_floor *f, const struct hf_clock *clock)
{
	int64_t least = least_now(f, clock);

	return clock->unix_s > least ? clock->unix_s : least;
}

int64_t hf_floor_schedule_now(const struct hf_floor *f, const struct hf_clock *clock)
{
	return f->heard ? least_now(f, clock) : hf_floor_now(f, clock);
}

hf_err hf_floor_raise(struct hf_floor *f, struct hf_port *port, int64_t heard_s, int64_t cap_s)
{
	uint8_t raw[FLOOR_LEN];
	struct hf_clock clock = { 0 };

	if (heard_s > cap_s)
		heard_s = cap_s;
	if (heard_s <= f->floor_s)
		return HF_OK;
	HF_TRY(hf_port_clock(port, &clock));
	f->floor_s = heard_s;
	f->ref_ms = clock.boot_ms;
	f->heard = true;
	if (heard_s < f->stored_s + STORE_STEP_S)
		return HF_OK;
	hf_put_be64(raw, (uint64_t)heard_s);
	HF_TRY(hf_port_replace(port, HF_REC_FLOOR, HF_ARR(raw)));
	f->stored_s = heard_s;
	return HF_OK;
}

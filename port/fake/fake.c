/* SPDX-License-Identifier: Apache-2.0 */
#include <hf/fake.h>
#include <stdlib.h>
#include <string.h>

void hf_fake_init(struct hf_port *port, uint64_t seed)
{
	memset(port, 0, sizeof(*port));
	port->random_state = seed;
	port->clock.boot_count = 1;
	port->clock.boot_ms = 1000;
	port->clock.unix_s = 1767225600; /* 2026-01-01T00:00:00Z */
	port->clock.quality = HF_CLOCK_TRUSTED;
}

void hf_fake_free(struct hf_port *port)
{
	for (size_t i = 0; i < port->n_records; i++)
		free(port->records[i].data);
	free(port->records);
	port->records = NULL;
	port->n_records = 0;
}

void hf_fake_cut_at(struct hf_port *port, unsigned n, enum hf_fake_cut how, jmp_buf *power)
{
	port->n_writes = 0;
	port->cut_at = n;
	port->cut_how = how;
	port->power = power;
}

void hf_fake_reboot(struct hf_port *port, int64_t off_s)
{
	port->clock.boot_count++;
	port->clock.boot_ms = 0;
	port->clock.unix_s += off_s;
	port->off = false;
	hf_fake_cut_at(port, 0, HF_FAKE_NEVER, NULL);
}

void hf_fake_advance(struct hf_port *port, uint64_t ms)
{
	uint64_t before_s = port->clock.boot_ms / 1000;

	port->clock.boot_ms += ms;
	port->clock.unix_s += (int64_t)(port->clock.boot_ms / 1000 - before_s);
}

static struct hf_fake_record *find(const struct hf_port *port, enum hf_record rec)
{
	for (size_t i = 0; i < port->n_records; i++)
		if (port->records[i].rec == (uint16_t)rec)
			return &port->records[i];
	return NULL;
}

bool hf_fake_has(const struct hf_port *port, enum hf_record rec)
{
	return find(port, rec) != NULL;
}

void hf_fake_tear(struct hf_port *port, enum hf_record rec)
{
	struct hf_fake_record *r = find(port, rec);

	if (r != NULL)
		r->torn = true;
}

static hf_err power_off(struct hf_port *port)
{
	jmp_buf *power = port->power;

	port->off = true;
	if (power != NULL)
		longjmp(*power, 1);
	return HF_ERR_PORT_STORAGE;
}

/* Count one durable write and say what becomes of it. */
static enum hf_fake_cut next_write(struct hf_port *port)
{
	port->n_writes++;
	if (port->cut_how == HF_FAKE_NEVER || port->n_writes != port->cut_at)
		return HF_FAKE_NEVER;
	port->n_cuts++;
	return port->cut_how;
}

/* Store a copy of `data` under `rec`, with room made before anything changes. */
static hf_err put(struct hf_port *port, enum hf_record rec, hf_bytes data, bool torn)
{
	struct hf_fake_record *r = find(port, rec);
	uint8_t *copy = malloc(data.len + 1);

	if (copy == NULL)
		return HF_ERR_PORT_STORAGE;
	if (data.len > 0)
		memcpy(copy, data.ptr, data.len);
	if (r == NULL) {
		r = realloc(port->records, (port->n_records + 1) * sizeof(*r));
		if (r == NULL) {
			free(copy);
			return HF_ERR_PORT_STORAGE;
		}
		port->records = r;
		r += port->n_records++;
		*r = (struct hf_fake_record){ NULL, 0, (uint16_t)rec, false };
	}
	free(r->data);
	r->data = copy;
	r->len = (uint32_t)data.len;
	r->torn = torn;
	return HF_OK;
}

hf_err hf_port_random(struct hf_port *port, uint8_t *p, size_t n)
{
	if (port->random_fails || port->off)
		return HF_ERR_PORT_RANDOM;
	for (size_t i = 0; i < n; i++) { /* splitmix64, one byte of each word */
		uint64_t z = (port->random_state += 0x9e3779b97f4a7c15u);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		p[i] = (uint8_t)(z ^ (z >> 31));
	}
	return HF_OK;
}

hf_err hf_port_clock(struct hf_port *port, struct hf_clock *now)
{
	if (port->off)
		return HF_ERR_PORT_STORAGE;
	*now = port->clock;
	return HF_OK;
}

hf_err hf_port_read(struct hf_port *port, enum hf_record rec, struct hf_out *out)
{
	const struct hf_fake_record *r = find(port, rec);

	out->len = 0;
	if (port->off)
		return HF_ERR_PORT_STORAGE;
	if (r == NULL)
		return HF_ERR_PORT_ABSENT;
	if (r->torn)
		return HF_ERR_PORT_CORRUPT;
	return hf_out_put(out, (hf_bytes){ r->data, r->len });
}

static hf_err check_write(const struct hf_port *port, enum hf_record rec, hf_bytes data)
{
	if (rec < HF_REC_BOOT || rec >= HF_REC_END || data.len > HF_RECORD_MAX_LEN)
		return HF_ERR_BASE_MISUSE;
	return port->off ? HF_ERR_PORT_STORAGE : HF_OK;
}

hf_err hf_port_replace(struct hf_port *port, enum hf_record rec, hf_bytes data)
{
	enum hf_fake_cut how;

	HF_TRY(check_write(port, rec, data));
	how = next_write(port);
	if (how == HF_FAKE_ERROR)
		return HF_ERR_PORT_STORAGE;
	if (how == HF_FAKE_BEFORE || how == HF_FAKE_INSIDE) /* inside: only the temporary copy was hit */
		return power_off(port);
	HF_TRY(put(port, rec, data, false));
	return how == HF_FAKE_AFTER ? power_off(port) : HF_OK;
}

hf_err hf_port_create_secret(struct hf_port *port, enum hf_record rec, hf_bytes data)
{
	enum hf_fake_cut how;

	HF_TRY(check_write(port, rec, data));
	if (find(port, rec) != NULL)
		return HF_ERR_BASE_MISUSE;
	how = next_write(port);
	if (how == HF_FAKE_ERROR)
		return HF_ERR_PORT_STORAGE;
	if (how == HF_FAKE_BEFORE)
		return power_off(port);
	HF_TRY(put(port, rec, data, how == HF_FAKE_INSIDE));
	return how == HF_FAKE_NEVER ? HF_OK : power_off(port);
}

static void drop(struct hf_port *port, struct hf_fake_record *r)
{
	hf_wipe(r->data, r->len);
	free(r->data);
	*r = port->records[--port->n_records];
}

hf_err hf_port_destroy(struct hf_port *port, enum hf_record rec)
{
	struct hf_fake_record *r = find(port, rec);
	enum hf_fake_cut how;

	HF_TRY(check_write(port, rec, (hf_bytes){ NULL, 0 }));
	if (r == NULL)
		return HF_OK; /* nothing durable happens */
	how = next_write(port);
	if (how == HF_FAKE_ERROR)
		return HF_ERR_PORT_STORAGE;
	if (how == HF_FAKE_BEFORE)
		return power_off(port);
	if (how == HF_FAKE_INSIDE) {
		r->torn = true;
		return power_off(port);
	}
	drop(port, r);
	return how == HF_FAKE_AFTER ? power_off(port) : HF_OK;
}

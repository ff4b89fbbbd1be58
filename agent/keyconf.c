/* What signed commands have set: settings (record {text: text}) and data-owner keys (["hf-owners1",
 * point...]). A damaged record counts as empty: settings have standard values, and without owners nothing is
 * sealed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_CAP = KEY_SETTINGS_MAX * (KEY_SETTING_NAME_MAX + KEY_SETTING_VALUE_MAX + 8) + 16 };

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- settings -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t min, max;
} own[] = {
	{ "heartbeat", 1, 86400 }, /* seconds between two heartbeats, at least agent.conf's */
	{ "keepalive", 5, 3600 },  /* seconds, from the next connection on */
};

static bool read_number(hf_bytes value, uint64_t *n)
{
	*n = 0;
	if (value.len == 0 || value.len > 9)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		*n = *n * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	return true;
}

static bool is_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* The agent's own notes begin with a dot; no command can make one. */
static bool is_name(hf_bytes name)
{
	if (name.len == 0 || name.len > KEY_SETTING_NAME_MAX || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_char(name.ptr[i]))
			return false;
	return true;
}

bool key_setting_is_valid(hf_bytes name, hf_bytes value)
{
	uint64_t n;

	if (!is_name(name) || value.len > KEY_SETTING_VALUE_MAX)
		return false;
	if (value.len > 0 && memchr(value.ptr, 0, value.len) != NULL)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && value.len > 0; i++)
		if (hf_bytes_equal(name, text(own[i].name)))
			return read_number(value, &n) && n >= own[i].min && n <= own[i].max;
	return true;
}

const char *key_setting(const struct keyproc *k, const char *name)
{
	for (size_t i = 0; i < k->settings.n; i++)
		if (strcmp(k->settings.row[i].name, name) == 0)
			return k->settings.row[i].value;
	return NULL;
}

uint64_t key_setting_number(const struct keyproc *k, const char *name, uint64_t otherwise)
{
	const char *value = key_setting(k, name);
	uint64_t n;

	return value != NULL && read_number(text(value), &n) ? n : otherwise;
}

static hf_err read_settings(struct key_settings *s, hf_bytes record)
{
	struct hf_cborr r;
	size_t n;

	s->n = 0;
	hf_cbor_reader(&r, record);
	hf_cbor_read_map(&r, &n);
	if (n > KEY_SETTINGS_MAX)
		return HF_ERR_PORT_CORRUPT;
	for (size_t i = 0; i < n; i++) {
		hf_bytes name, value;

		hf_cbor_read_text_max(&r, KEY_SETTING_NAME_MAX, &name);
		hf_cbor_read_text_max(&r, KEY_SETTING_VALUE_MAX, &value);
		HF_TRY(hf_cbor_error(&r));
		s->row[i] = (struct key_setting){ "", "" };
		memcpy(s->row[i].name, name.ptr, name.len);
		memcpy(s->row[i].value, value.ptr, value.len);
	}
	HF_TRY(hf_cbor_done(&r));
	s->n = n;
	return HF_OK;
}

static hf_err store_settings(struct keyproc *k, const struct key_settings *s)
{
	static uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_map(&w, s->n);
	for (size_t i = 0; i < s->n; i++) {
		hf_cbor_put_text(&w, text(s->row[i].name));
		hf_cbor_put_text(&w, text(s->row[i].value));
	}
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_replace(&k->port, HF_REC_CONFIG, hf_out_bytes(&out));
}

/* CBOR's order of text keys: shorter first, then by bytes. */
static int compare(hf_bytes a, hf_bytes b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.ptr, b.ptr, a.len);
}

hf_err key_setting_put(struct keyproc *k, hf_bytes name, hf_bytes value)
{
	static struct key_settings next;
	size_t at = 0;

	next = k->settings;
	while (at < next.n && compare(text(next.row[at].name), name) < 0)
		at++;
	if (at < next.n && compare(text(next.row[at].name), name) == 0) {
		memmove(&next.row[at], &next.row[at + 1], (next.n - at - 1) * sizeof(next.row[0]));
		next.n--;
	}
	if (value.len > 0) {
		if (next.n == KEY_SETTINGS_MAX || name.len > KEY_SETTING_NAME_MAX ||
		    value.len > KEY_SETTING_VALUE_MAX)
			return HF_ERR_AGENT_FULL;
		memmove(&next.row[at + 1], &next.row[at], (next.n - at) * sizeof(next.row[0]));
		next.row[at] = (struct key_setting){ "", "" };
		memcpy(next.row[at].name, name.ptr, name.len);
		memcpy(next.row[at].value, value.ptr, value.len);
		next.n++;
	}
	HF_TRY(store_settings(k, &next));
	k->settings = next;
	return HF_OK;
}

hf_err key_on_app_config(void *ctx, hf_bytes body, struct hf_out *reply)
{
	const struct keyproc *k = ctx;

	reply->len = 0;
	for (size_t i = 0; i < k->settings.n; i++)
		if (hf_bytes_equal(text(k->settings.row[i].name), body) && body.ptr[0] != '.')
			return hf_out_put(reply, text(k->settings.row[i].value));
	return HF_ERR_PORT_ABSENT;
}

/* ---- data-owner keys ------------------------------------------------------------------------------- */

static hf_err read_owners(struct key_settings *s, hf_bytes record)
{
	struct hf_cborr r;
	size_t n;

	s->n_owners = 0;
	hf_cbor_reader(&r, record);
	hf_cbor_read_array(&r, &n);
	hf_cbor_expect_text(&r, HF_STR("hf-owners1"));
	if (n < 1 || n > 1 + HF_SEAL_MAX_OWNERS)
		return HF_ERR_PORT_CORRUPT;
	for (size_t i = 0; i + 1 < n; i++)
		hf_cbor_read_fixed(&r, s->owner[i], HF_P256_POINT_LEN);
	HF_TRY(hf_cbor_done(&r));
	s->n_owners = n - 1;
	return HF_OK;
}

hf_err key_owners_put(struct keyproc *k, const hf_bytes *points, size_t n)
{
	uint8_t mem[16 + HF_SEAL_MAX_OWNERS * (HF_P256_POINT_LEN + 2)];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	if (n > HF_SEAL_MAX_OWNERS)
		return HF_ERR_AGENT_FULL;
	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 1 + n);
	hf_cbor_put_text(&w, HF_STR("hf-owners1"));
	for (size_t i = 0; i < n; i++) {
		if (points[i].len != HF_P256_POINT_LEN || hf_crypto_p256_check(points[i].ptr) != HF_OK)
			return HF_ERR_COSE_POINT;
		hf_cbor_put_bytes(&w, points[i]);
	}
	HF_TRY(hf_cbor_finish(&w));
	HF_TRY(hf_port_replace(&k->port, HF_REC_OWNERS, hf_out_bytes(&out)));
	key_streams_forget(k); /* a removed owner must not read on */
	return read_owners(&k->settings, hf_out_bytes(&out));
}

/* ---- start ----------------------------------------------------------------------------------------- */

static hf_err open_record(struct keyproc *k, enum hf_record rec,
			  hf_err (*read)(struct key_settings *s, hf_bytes record))
{
	static uint8_t mem[RECORD_CAP];
	struct hf_out out = HF_OUT(mem);
	hf_err err = hf_port_read(&k->port, rec, &out);

	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	if (err == HF_ERR_PORT_STORAGE)
		return err;
	if (err != HF_OK || read(&k->settings, hf_out_bytes(&out)) != HF_OK)
		hf_log(HF_LOG_WARN, "settings", "record damaged", "record=%d", (int)rec);
	return HF_OK;
}

hf_err key_settings_open(struct keyproc *k)
{
	HF_TRY(open_record(k, HF_REC_CONFIG, read_settings));
	return open_record(k, HF_REC_OWNERS, read_owners);
}

/* mcu.c -- images for chips without an operating system: is there a signature that a boot loader can check,
 * and a counter that keeps old ones out? MCUboot and wolfBoot; Intel HEX is turned into bytes first.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "key_priv.h"
#include "mcu.h"

enum {
	HEADER = 32,
	TLV_MAX = 4096,
	MAGIC_TLV = 0x6907,
	MAGIC_PROTECTED = 0x6908,
	TLV_KEYHASH = 0x01,
	TLV_SIG_FIRST = 0x20, /* RSA-2048, ECDSA-224, ECDSA, RSA-3072, Ed25519, pure */
	TLV_SIG_LAST = 0x25,
	TLV_COUNTER = 0x50,
	WOLF_SIGNATURE = 0x20,
	WOLF_VERSION = 0x01,
};

static uint32_t le(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

struct trailer {
	bool found, signature, counter;
};

/* The key an image names must not be one whose private half is published. */
static hf_err put_keyhash(struct hf__scan_job *job, hf_bytes hash)
{
	struct hf_keyfacts facts = { .has_spki = true };
	struct hf_fact fact = hf__scan_key_fact(job, HF_KEYC_PUBLIC, 0, 0);

	if (hash.len != HF_SHA256_LEN)
		return HF_OK;
	memcpy(facts.spki_sha256, hash.ptr, HF_SHA256_LEN);
	hf__scan_key_measure(&fact, &facts);
	return hf__scan_key_put(job, &fact, hash);
}

/* One area: magic, total length with these four bytes, then {type, length, value}. */
static hf_err read_area(struct hf__scan_job *job, hf_bytes area, struct trailer *t)
{
	for (hf_bytes rest = hf_span_from(area, 4); rest.len >= 4;) {
		uint32_t type = le(rest.ptr, 2), len = le(rest.ptr + 2, 2);

		if (len > rest.len - 4)
			return HF_OK;
		t->signature = t->signature || (type >= TLV_SIG_FIRST && type <= TLV_SIG_LAST && len >= 48);
		t->counter = t->counter || type == TLV_COUNTER;
		if (type == TLV_KEYHASH)
			HF_TRY(put_keyhash(job, hf_span_upto(hf_span_from(rest, 4), len)));
		rest = hf_span_from(rest, 4 + (size_t)len);
	}
	return HF_OK;
}

static hf_err read_mcuboot(struct hf__scan_job *job, hf_bytes all, struct trailer *t)
{
	uint64_t at = (uint64_t)le(all.ptr + 8, 2) + le(all.ptr + 12, 4);

	for (int i = 0; i < 2 && at + 4 <= all.len; i++) {
		hf_bytes area = hf_span_from(all, (size_t)at);
		uint32_t magic = le(area.ptr, 2), total = le(area.ptr + 2, 2);

		if ((magic != MAGIC_TLV && magic != MAGIC_PROTECTED) || total < 4)
			return HF_OK;
		t->found = true;
		HF_TRY(read_area(job, hf_span_upto(area, total), t));
		at += total;
	}
	return HF_OK;
}

/* Header of {type, length, value} with 0xff as padding, up to 512 bytes. */
static void read_wolfboot(hf_bytes all, struct trailer *t)
{
	hf_bytes rest = hf_span_from(hf_span_upto(all, 512), 8);

	t->found = true;
	while (rest.len >= 4) {
		uint32_t type = le(rest.ptr, 2), len = le(rest.ptr + 2, 2);

		if (rest.ptr[0] == 0xff) {
			rest = hf_span_from(rest, 1);
			continue;
		}
		if (type == 0 || len > rest.len - 4)
			return;
		t->signature = t->signature || (type == WOLF_SIGNATURE && len >= 48);
		t->counter = t->counter || type == WOLF_VERSION;
		rest = hf_span_from(rest, 4 + (size_t)len);
	}
}

static hf_err put_trailer(struct hf__scan_job *job, const struct trailer *t, const char *what)
{
	HF_TRY(hf__scan_put_setting(job, HF_SUBJECT_MCUSIGN, t->signature ? HF_STATE_YES : HF_STATE_NO,
				    HF__TEXT(what), (hf_bytes){ 0 }, 0));
	return hf__scan_put_setting(job, HF_SUBJECT_ROLLBACK, t->counter ? HF_STATE_YES : HF_STATE_NO,
				    HF__TEXT(what), (hf_bytes){ 0 }, 0);
}

static hf_err scan_bytes(struct hf__scan_job *job, hf_bytes all)
{
	struct trailer t = { 0 };

	if (all.len < HEADER)
		return HF_OK;
	if (memcmp(all.ptr, "\x3d\xb8\xf3\x96", 4) == 0) {
		HF_TRY(read_mcuboot(job, all, &t));
		return put_trailer(job, &t, "mcuboot");
	}
	if (memcmp(all.ptr, "WOLF", 4) == 0) {
		read_wolfboot(all, &t);
		return put_trailer(job, &t, "wolfboot");
	}
	/* A bare vector table: nobody can check who made it. */
	return hf__scan_put_setting(job, HF_SUBJECT_MCUSIGN, HF_STATE_NO, HF_STR("bare"), (hf_bytes){ 0 }, 0);
}

hf_err hf__scan_mcu(struct hf__scan_job *job)
{
	struct hf_buf bytes HF_AUTO(hf_buf_free) = HF_BUF(HF__HEX_MAX);

	if (job->kind == HF_KIND_MCU)
		return scan_bytes(job, hf__scan_view_upto(job->view, 0, job->src->size));
	if (job->text.len == 0 || job->text.ptr[0] != ':' || hf__scan_hex_read(job->text, &bytes) != HF_OK)
		return HF_OK;
	return scan_bytes(job, hf_buf_bytes(&bytes));
}

/* bundle.c -- our own release bundles, and rpm, whose payload follows two headers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>
#include <holdfast/bundle.h>
#include "wrap.h"

/* ---- HFB1: small, so it is read whole ---- */

static hf_err read_whole(const struct hf_src *src, size_t max, uint8_t **bytes, size_t *len)
{
	*len = src->size < max ? (size_t)src->size : max;
	*bytes = malloc(*len + 1);
	if (*bytes == NULL)
		return HF_ERR_HOST_MEMORY;
	return hf_src_read(src, 0, *bytes, *len);
}

static bool hfb_probe(const struct hf_src *src)
{
	return src->size >= HF_BUNDLE_HEADER_LEN && src->size <= HF_BUNDLE_MAX_LEN;
}

static hf_err give_envelope(struct hf__box *box, hf_bytes whole, hf_bytes object)
{
	if (object.len == 0)
		return HF_OK;
	return hf__give_range(box, "/envelope", (uint64_t)(object.ptr - whole.ptr), object.len);
}

static hf_err hfb_open(struct hf__box *box, uint64_t *used)
{
	uint8_t *bytes HF_AUTO(hf_auto_free) = NULL;
	struct hf_bundle bundle;
	size_t len = 0;

	*used = box->src.size;
	HF_TRY(read_whole(&box->src, HF_BUNDLE_MAX_LEN, &bytes, &len));
	if (hf_bundle_read((hf_bytes){ bytes, len }, &bundle) != HF_OK)
		return hf__fail(box, HF_ERR_IMAGE_FORMAT, "not a release bundle");
	return give_envelope(box, (hf_bytes){ bytes, len }, bundle.object);
}

const struct hf__format hf__format_hfb = { "holdfast-bundle", HF__WRAPPER, { { "HFB1", 4, 0 } },
					   hfb_probe,         NULL,        hfb_open };

/* ---- bare SUIT envelope: CBOR tag 107 ---- */

static hf_err read_suit(const struct hf_src *src, uint8_t **bytes, struct hf_envelope *e, hf_bytes *whole)
{
	size_t len = 0;

	HF_TRY(read_whole(src, HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN, bytes, &len));
	*whole = (hf_bytes){ *bytes, len };
	return hf_envelope_read(*whole, e) == HF_OK ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static bool suit_probe(const struct hf_src *src)
{
	uint8_t *bytes HF_AUTO(hf_auto_free) = NULL;
	struct hf_envelope e;
	hf_bytes whole;

	return src->size <= HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN &&
	       read_suit(src, &bytes, &e, &whole) == HF_OK;
}

static hf_err suit_open(struct hf__box *box, uint64_t *used)
{
	uint8_t *bytes HF_AUTO(hf_auto_free) = NULL;
	struct hf_envelope e;
	hf_bytes whole = { NULL, 0 };

	*used = box->src.size;
	HF_TRY(read_suit(&box->src, &bytes, &e, &whole));
	HF_TRY(hf__give_range(box, "/manifest", (uint64_t)(e.manifest.ptr - whole.ptr), e.manifest.len));
	if (e.text.len == 0)
		return HF_OK;
	return hf__give_range(box, "/text", (uint64_t)(e.text.ptr - whole.ptr), e.text.len);
}

const struct hf__format hf__format_suit = { "suit",     HF__WRAPPER, { { "\xd8\x6b", 2, 0 } },
					    suit_probe, NULL,        suit_open };

/* ---- rpm: lead, signature header, header, payload ---- */

enum { RPM_LEAD = 96, RPM_HEADER = 16, RPM_INDEX = 16, RPM_HEADER_MAX = 256 << 20 };

/* Behind the header structure at `at`. */
static hf_err rpm_header(const struct hf_src *src, uint64_t at, uint64_t *end)
{
	uint8_t h[RPM_HEADER];

	HF_TRY(hf_src_read(src, at, h, sizeof(h)));
	if (memcmp(h, "\x8e\xad\xe8\x01", 4) != 0 || hf_get_be32(h + 8) > RPM_HEADER_MAX / RPM_INDEX ||
	    hf_get_be32(h + 12) > RPM_HEADER_MAX)
		return HF_ERR_IMAGE_FORMAT;
	*end = at + RPM_HEADER + (uint64_t)hf_get_be32(h + 8) * RPM_INDEX + hf_get_be32(h + 12);
	return *end <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static hf_err rpm_payload(const struct hf_src *src, uint64_t *at)
{
	HF_TRY(rpm_header(src, RPM_LEAD, at));
	return rpm_header(src, (*at + 7) / 8 * 8, at);
}

static bool rpm_probe(const struct hf_src *src)
{
	uint64_t at;

	return rpm_payload(src, &at) == HF_OK;
}

static hf_err rpm_open(struct hf__box *box, uint64_t *used)
{
	uint64_t at = 0;

	*used = box->src.size;
	HF_TRY(rpm_payload(&box->src, &at));
	return hf__give_range(box, "/payload", at, box->src.size - at);
}

const struct hf__format hf__format_rpm = { "rpm",     HF__WRAPPER, { { "\xed\xab\xee\xdb", 4, 0 } },
					   rpm_probe, NULL,        rpm_open };

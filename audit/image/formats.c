/* formats.c -- the one list of containers, and those that libarchive reads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>
#include "archive.h"
#include "formats.h"

/* ---- archives from files at any place ---- */

static hf_err archive_open(struct hf__box *box, uint64_t *used)
{
	uint8_t *block HF_AUTO(hf_auto_free) = box->src.mem == NULL ? malloc(HF__STREAM_BLOCK) : NULL;
	struct hf__feed feed = { .src = &box->src, .block = block };

	if (box->src.mem == NULL && block == NULL)
		return HF_ERR_HOST_MEMORY;
	HF_TRY(hf__archive_read(box, &feed, used));
	if (!hf__archive_streams(box->format)) /* read here and there: the last place read is not the end */
		(void)(box->format->measure(&box->src, used) == HF_OK);
	return HF_OK;
}

static bool always(const struct hf_src *src)
{
	(void)src;
	return true;
}

/* ---- tar: 512-byte headers with a checksum over themselves ---- */

static bool octal(const uint8_t *text, size_t n, uint64_t *v)
{
	size_t i = 0;

	*v = 0;
	if ((text[0] & 0x80) != 0) { /* GNU: base 256, big endian */
		*v = text[0] & 0x7fu;
		for (i = 1; i < n; i++)
			*v = *v << 8 | text[i];
		return *v >> 60 == 0;
	}
	while (i < n && text[i] == ' ')
		i++;
	for (; i < n && text[i] >= '0' && text[i] <= '7'; i++)
		*v = *v << 3 | (uint64_t)(text[i] - '0');
	return i == n || text[i] == ' ' || text[i] == '\0';
}

static bool tar_header(const uint8_t h[static 512], uint64_t *size)
{
	uint64_t said, sum = 0;

	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return octal(h + 148, 8, &said) && said == sum && octal(h + 124, 12, size);
}

static bool tar_probe(const struct hf_src *src)
{
	uint8_t h[512];
	uint64_t size;

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && tar_header(h, &size);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Whole up to the block of zeros at its end, which must be there. */
static hf_err tar_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[512];
	uint64_t at = 0, size;

	for (;;) {
		HF_TRY(hf_src_read(src, at, h, sizeof(h)));
		if (all_zero(h, sizeof(h)))
			break;
		if (!tar_header(h, &size) || size > src->size)
			return HF_ERR_IMAGE_FORMAT;
		at += 512 + (size + 511) / 512 * 512;
		if (at > src->size)
			return HF_ERR_IMAGE_SHORT;
	}
	*len = at + 1024 <= src->size ? at + 1024 : src->size;
	return at > 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

const struct hf__format hf__format_tar = { "tar",     HF__STREAM,  { { "ustar", 5, 257 } },
					   tar_probe, tar_measure, archive_open };

/* ---- cpio, "newc" with and without checksum, and the portable old one ---- */

enum { CPIO_HEAD = 110, CPIO_NAME_MAX = 65536 };

static bool hex8(const uint8_t *p, uint64_t *v)
{
	uint8_t four[4];
	struct hf_out out = HF_OUT(four);

	if (hf_hex_decode((hf_bytes){ p, 8 }, &out) != HF_OK)
		return false;
	*v = hf_get_be32(four);
	return true;
}

static bool cpio_header(const uint8_t h[static CPIO_HEAD], uint64_t *size, uint64_t *name)
{
	uint64_t v;

	if (memcmp(h, "070701", 6) != 0 && memcmp(h, "070702", 6) != 0)
		return false;
	for (size_t i = 0; i < 13; i++)
		if (!hex8(h + 6 + 8 * i, &v))
			return false;
	return hex8(h + 54, size) && hex8(h + 94, name) && *name > 0 && *name <= CPIO_NAME_MAX;
}

static bool cpio_probe(const struct hf_src *src)
{
	uint8_t h[CPIO_HEAD];
	uint64_t size, name;

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && cpio_header(h, &size, &name);
}

static uint64_t up4(uint64_t n)
{
	return (n + 3) / 4 * 4;
}

static hf_err cpio_measure(const struct hf_src *src, uint64_t *len)
{
	static const uint8_t trailer[11] = "TRAILER!!!";
	uint8_t h[CPIO_HEAD], name[11];
	uint64_t at = 0, size, n;

	for (;;) {
		HF_TRY(hf_src_read(src, at, h, sizeof(h)));
		if (!cpio_header(h, &size, &n))
			return HF_ERR_IMAGE_FORMAT;
		if (n == sizeof(name)) {
			HF_TRY(hf_src_read(src, at + CPIO_HEAD, name, sizeof(name)));
			if (memcmp(name, trailer, sizeof(name)) == 0)
				break;
		}
		at += up4(CPIO_HEAD + n) + up4(size);
	}
	*len = up4(at + CPIO_HEAD + n) < src->size ? up4(at + CPIO_HEAD + n) : src->size;
	return HF_OK;
}

const struct hf__format hf__format_cpio = { "cpio",     HF__STREAM,   { { "07070", 5, 0 } },
					    cpio_probe, cpio_measure, archive_open };

/* ---- ar: the outside of .deb and of static libraries ---- */

static hf_err ar_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[60];
	uint64_t at = 8;

	while (src->size - at >= sizeof(h)) {
		uint64_t size = 0;

		HF_TRY(hf_src_read(src, at, h, sizeof(h)));
		if (h[58] != 0x60 || h[59] != 0x0a)
			break;
		for (size_t i = 48; i < 58 && h[i] >= '0' && h[i] <= '9'; i++)
			size = size * 10 + (uint64_t)(h[i] - '0');
		if (size > src->size - at - sizeof(h))
			return HF_ERR_IMAGE_SHORT;
		at += sizeof(h) + size + (size & 1);
		if (at > src->size)
			at = src->size;
	}
	*len = at;
	return at > 8 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

const struct hf__format hf__format_ar = { "ar",   HF__STREAM, { { "!<arch>\n", 8, 0 } },
					  always, ar_measure, archive_open };

/* ---- zip, 7z, iso ---- */

/* The end record of a zip tells where its directory lies; that must be right before the record. */
static bool zip_ends_at(const struct hf_src *src, uint64_t at, uint64_t *len)
{
	uint8_t h[22];

	if (hf_src_read(src, at, h, sizeof(h)) != HF_OK || memcmp(h, "PK\5\6", 4) != 0 ||
	    (uint64_t)hf__le32(h + 12) + hf__le32(h + 16) != at)
		return false;
	*len = at + sizeof(h) + hf__le16(h + 20);
	return *len <= src->size;
}

/* From the first local header on: the first end record that fits what stands before it. */
static hf_err zip_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t block[4096 + 3];

	for (uint64_t at = 0; at < src->size; at += 4096) {
		size_t n = src->size - at < sizeof(block) ? (size_t)(src->size - at) : sizeof(block);

		HF_TRY(hf_src_read(src, at, block, n));
		for (size_t i = 0; i + 4 <= n; i++)
			if (block[i] == 'P' && block[i + 1] == 'K' && zip_ends_at(src, at + i, len))
				return HF_OK;
	}
	return HF_ERR_IMAGE_FORMAT;
}

const struct hf__format hf__format_zip = { "zip",  HF__STREAM,  { { "PK\3\4", 4, 0 } },
					   always, zip_measure, archive_open };

static hf_err sevenzip_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[32];
	uint64_t offset, size;

	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	offset = hf__le64(h + 12);
	size = hf__le64(h + 20);
	if (offset > src->size - 32 || size > src->size - 32 - offset)
		return HF_ERR_IMAGE_SHORT;
	*len = 32 + offset + size;
	return HF_OK;
}

const struct hf__format hf__format_7z = { "7z",   HF__STREAM,       { { "7z\xbc\xaf\x27\x1c", 6, 0 } },
					  always, sevenzip_measure, archive_open };

/* ISO 9660 s8.4: volume space size and block size stand in both byte orders. */
static hf_err iso_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[132];
	uint64_t size;

	HF_TRY(hf_src_read(src, 32768, h, sizeof(h)));
	size = (uint64_t)hf__le32(h + 80) * hf__le16(h + 128);
	if (hf__le32(h + 80) != hf_get_be32(h + 84) || hf__le16(h + 128) != 2048 || size > src->size)
		return HF_ERR_IMAGE_FORMAT;
	*len = size;
	return HF_OK;
}

static bool iso_probe(const struct hf_src *src)
{
	uint8_t h[132];

	return hf_src_read(src, 32768, h, sizeof(h)) == HF_OK && hf__le32(h + 80) == hf_get_be32(h + 84);
}

const struct hf__format hf__format_iso = { "iso",     HF__STREAM,  { { "\1CD001\1", 7, 32768 } },
					   iso_probe, iso_measure, archive_open };

const struct hf__format *const hf__formats[] = {
#define HF__FORMAT_ADDRESS(name) &(name),
	HF__FORMATS(HF__FORMAT_ADDRESS)
#undef HF__FORMAT_ADDRESS
};
const size_t hf__n_formats = sizeof(hf__formats) / sizeof(hf__formats[0]);

/* boot.c -- headers that boot loaders read: uImage, and Linux kernels that unpack themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "codec.h"
#include "wrap.h"

/* ---- uImage: 64 bytes, big endian, with CRCs of the header and of the data ---- */

enum { UIMAGE_LEN = 64, UIMAGE_MULTI = 4, PARTS_MAX = 16 };

static bool uimage_probe(const struct hf_src *src)
{
	uint8_t h[UIMAGE_LEN];
	uint32_t said;

	if (hf_src_read(src, 0, h, sizeof(h)) != HF_OK)
		return false;
	said = hf_get_be32(h + 4);
	memset(h + 4, 0, 4);
	return crc32(0, h, sizeof(h)) == said;
}

static hf_err uimage_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[UIMAGE_LEN];

	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	*len = (uint64_t)UIMAGE_LEN + hf_get_be32(h + 12);
	return *len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static hf_err check_data(struct hf__box *box, uint64_t len, uint32_t said)
{
	uint8_t block[4096];
	uLong crc = 0;

	for (uint64_t i = UIMAGE_LEN; i < len; i += sizeof(block)) {
		size_t n = len - i < sizeof(block) ? (size_t)(len - i) : sizeof(block);

		HF_TRY(hf_src_read(&box->src, i, block, n));
		crc = crc32(crc, block, (unsigned)n);
	}
	if (crc == said)
		return HF_OK;
	return hf__problem(box->place, box->path, 2, box->begin, len,
			   "uimage: the checksum of the data is wrong");
}

/* Sizes of the parts, closed by a zero, then the parts, each on a multiple of 4. */
static hf_err give_parts(struct hf__box *box, uint64_t len)
{
	uint32_t size[PARTS_MAX];
	uint64_t at = UIMAGE_LEN;
	unsigned n = 0;
	uint8_t b[4];

	for (;; n++) {
		HF_TRY(hf_src_read(&box->src, at, b, sizeof(b)));
		at += 4;
		if (hf_get_be32(b) == 0)
			break;
		if (n == PARTS_MAX)
			return hf__fail(box, HF_ERR_IMAGE_CAP, "too many parts");
		size[n] = hf_get_be32(b);
	}
	for (unsigned i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/part-%u", i + 1);
		if (size[i] > len || at > len - size[i])
			return hf__fail(box, HF_ERR_IMAGE_FORMAT, "a part reaches beyond the end");
		HF_TRY(hf__give_range(box, name, at, size[i]));
		at += ((uint64_t)size[i] + 3) / 4 * 4;
	}
	return HF_OK;
}

static const char *uimage_name(uint8_t type)
{
	static const char *const names[] = { "/data",    "/standalone", "/kernel",
					     "/ramdisk", "/multi",      "/firmware",
					     "/script",  "/filesystem", "/devicetree" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "/data";
}

static hf_err uimage_open(struct hf__box *box, uint64_t *used)
{
	uint8_t h[UIMAGE_LEN];
	uint64_t len = 0;

	HF_TRY(hf_src_read(&box->src, 0, h, sizeof(h)));
	if (uimage_measure(&box->src, &len) != HF_OK) {
		HF_TRY(hf__problem(box->place, box->path, 2, box->begin, box->in,
				   "uimage: the image ends before its data"));
		len = box->src.size;
	}
	*used = box->in = len;
	HF_TRY(check_data(box, len, hf_get_be32(h + 24)));
	if (h[30] == UIMAGE_MULTI)
		return give_parts(box, len);
	return hf__give_range(box, uimage_name(h[30]), UIMAGE_LEN, len - UIMAGE_LEN);
}

const struct hf__format hf__format_uimage = { "uimage",     HF__WRAPPER,    { { "\x27\x05\x19\x56", 4, 0 } },
					      uimage_probe, uimage_measure, uimage_open };

/* ---- kernels: a loader and a compressed payload, found by magic and by decoding it to its end ---- */

static const struct hf__codec *const payloads[] = { &hf__codec_gzip,       &hf__codec_xz,   &hf__codec_zstd,
						    &hf__codec_lz4_legacy, &hf__codec_lzop, &hf__codec_bzip2,
						    &hf__codec_lzma };

struct payload {
	const struct hf__codec *codec;
	uint64_t begin, len;
};

static hf_err measure_at(const struct hf_src *src, uint64_t at, const struct hf__codec *codec,
			 struct payload *p)
{
	struct hf_src_slice slice;
	struct hf_src rest;
	uint64_t len = 0;
	hf_err err;

	HF_TRY(hf_src_cut(&slice, src, at, src->size - at, &rest));
	if (codec == &hf__codec_lzma ? !hf__lzma_probe(&rest) : !codec->probe(&rest))
		return HF_OK;
	err = hf__stream_measure(codec, &rest, HF__HELD_MAX, &len);
	if (err == HF_ERR_HOST_MEMORY)
		return err;
	if (err == HF_OK && len > p->len)
		*p = (struct payload){ codec, at, len };
	return HF_OK;
}

/* The largest stream that decodes: a kernel's loader holds magics of its own. */
static hf_err find_payload(struct hf__box *box, struct payload *p)
{
	static const uint8_t firsts[] = { 0x1f, 0xfd, 0x28, 0x02, 0x89, 'B', 0x5d };
	uint8_t block[4096];

	for (uint64_t at = 0; at < box->src.size; at += sizeof(block)) {
		size_t n = box->src.size - at < sizeof(block) ? (size_t)(box->src.size - at) : sizeof(block);

		HF_TRY(hf__tick(box));
		HF_TRY(hf_src_read(&box->src, at, block, n));
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof(firsts); k++)
				if (block[i] == firsts[k] && at + i >= p->begin + p->len)
					HF_TRY(measure_at(&box->src, at + i, payloads[k], p));
	}
	return HF_OK;
}

static hf_err kernel_give(struct hf__box *box)
{
	struct payload p = { NULL, 0, 0 };

	HF_TRY(find_payload(box, &p));
	if (p.codec == NULL)
		return hf__fail(box, HF_ERR_IMAGE_KIND, "no payload was found that can be unpacked");
	return hf__give_unpacked(box, p.codec, p.begin, "/vmlinux");
}

static hf_err kernel_open(struct hf__box *box, uint64_t *used)
{
	*used = box->src.size;
	if (box->format->measure != NULL && box->format->measure(&box->src, used) != HF_OK)
		*used = box->src.size;
	if (*used < box->src.size)
		box->src.size = box->in =
			*used; /* the payload lies inside; what follows is not the kernel's */
	return kernel_give(box);
}

/* ARM: the word at 0x24; begin and end of the image follow. */
static bool zimage_probe(const struct hf_src *src)
{
	uint8_t h[0x30];

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && hf__le32(h + 0x24) == 0x016f2818 &&
	       hf__le32(h + 0x28) < hf__le32(h + 0x2c);
}

static hf_err zimage_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[0x30];

	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	*len = hf__le32(h + 0x2c) - hf__le32(h + 0x28);
	return *len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

const struct hf__format hf__format_zimage = {
	"zimage", HF__STREAM, { { "\x18\x28\x6f\x01", 4, 0x24 } }, zimage_probe, zimage_measure, kernel_open
};

/* x86: "HdrS" at 0x202, the boot flag before it. */
static bool bzimage_probe(const struct hf_src *src)
{
	uint8_t h[0x250];

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && h[0x1fe] == 0x55 && h[0x1ff] == 0xaa;
}

const struct hf__format hf__format_bzimage = { "bzimage",     HF__STREAM, { { "HdrS", 4, 0x202 } },
					       bzimage_probe, NULL,       kernel_open };

/* EFI: "MZ", then "zimg", and where the payload lies. */
static bool zboot_probe(const struct hf_src *src)
{
	uint8_t h[64];

	return hf_src_read(src, 0, h, sizeof(h)) == HF_OK && h[0] == 'M' && h[1] == 'Z' &&
	       hf__le32(h + 8) < src->size;
}

const struct hf__format hf__format_zboot = { "efi-zboot", HF__STREAM, { { "zimg", 4, 4 } },
					     zboot_probe, NULL,       kernel_open };

/* ---- the kernel's own configuration ---- */

enum { MARK_LEN = 8 };

static bool ikconfig_probe(const struct hf_src *src)
{
	struct hf_src_slice slice;
	struct hf_src rest;

	return src->size > MARK_LEN &&
	       hf_src_cut(&slice, src, MARK_LEN, src->size - MARK_LEN, &rest) == HF_OK &&
	       hf__codec_gzip.probe(&rest);
}

static hf_err ikconfig_measure(const struct hf_src *src, uint64_t *len)
{
	struct hf_src_slice slice;
	struct hf_src rest;
	uint8_t mark[MARK_LEN];
	uint64_t packed = 0;

	HF_TRY(hf_src_cut(&slice, src, MARK_LEN, src->size - MARK_LEN, &rest));
	HF_TRY(hf__stream_measure(&hf__codec_gzip, &rest, HF__HELD_MAX, &packed));
	HF_TRY(hf_src_read(&rest, packed, mark, sizeof(mark)));
	*len = MARK_LEN + packed + MARK_LEN;
	return memcmp(mark, "IKCFG_ED", MARK_LEN) == 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err ikconfig_open(struct hf__box *box, uint64_t *used)
{
	HF_TRY(ikconfig_measure(&box->src, used));
	box->in = *used;
	return hf__give_unpacked(box, &hf__codec_gzip, MARK_LEN, "/config");
}

const struct hf__format hf__format_ikconfig = { "ikconfig",     HF__STREAM,       { { "IKCFG_ST", 8, 0 } },
						ikconfig_probe, ikconfig_measure, ikconfig_open };

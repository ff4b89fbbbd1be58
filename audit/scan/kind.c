/* kind.c -- what a file is, told by its first bytes. A kernel or boot loader without a header of its own is
 * told later, by the literals in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "scan_priv.h"

struct magic {
	uint16_t offset;
	uint8_t len;
	uint8_t kind;
	const char *bytes;
};
static const struct magic magics[] = {
	{ 0, 4, HF_KIND_ELF, "\177ELF" },
	{ 0, 2, HF_KIND_SCRIPT, "#!" },
	{ 0, 4, HF_KIND_BUNDLE, "HFB1" },
	{ 0, 2, HF_KIND_BUNDLE, "\xd8\x6b" }, /* CBOR tag 107: SUIT envelope */
	{ 0, 2, HF_KIND_ARCHIVE, "\x1f\x8b" },
	{ 0, 6, HF_KIND_ARCHIVE,
	  "\xfd"
	  "7zXZ\0" },
	{ 0, 4, HF_KIND_ARCHIVE, "\x28\xb5\x2f\xfd" },
	{ 0, 3, HF_KIND_ARCHIVE, "BZh" },
	{ 0, 4, HF_KIND_ARCHIVE, "\x04\x22\x4d\x18" },
	{ 0, 4, HF_KIND_ARCHIVE, "PK\3\4" },
	{ 0, 6, HF_KIND_ARCHIVE, "7z\xbc\xaf\x27\x1c" },
	{ 0, 8, HF_KIND_ARCHIVE, "!<arch>\n" },
	{ 0, 4, HF_KIND_ARCHIVE, "\xed\xab\xee\xdb" },
	{ 0, 5, HF_KIND_ARCHIVE, "07070" },
	{ 257, 5, HF_KIND_ARCHIVE, "ustar" },
	{ 0, 4, HF_KIND_ARCHIVE, "hsqs" },
	{ 0, 4, HF_KIND_ARCHIVE, "UBI#" },
	{ 0x202, 4, HF_KIND_KERNEL, "HdrS" },
	{ 0x24, 4, HF_KIND_KERNEL, "\x18\x28\x6f\x01" }, /* zImage */
	{ 0x38, 4, HF_KIND_KERNEL, "ARM\x64" },
	{ 0, 4, HF_KIND_KERNEL, "\x27\x05\x19\x56" }, /* uImage; the walker looks inside */
	{ 0, 4, HF_KIND_MCU, "\x3d\xb8\xf3\x96" },    /* MCUboot */
	{ 0, 4, HF_KIND_MCU, "WOLF" },
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Cortex-M vector table: stack in RAM, then reset, NMI and hard fault, each an odd address in code memory
 * close to the others. */
static bool is_cortex_m(hf_bytes head, uint64_t size)
{
	uint32_t sp, reset;

	if (head.len < 64 || size > (16u << 20))
		return false;
	sp = le32(head.ptr);
	reset = le32(head.ptr + 4);
	if (sp % 4 != 0 || !((sp >> 28) == 2 || (sp >> 24) == 0x10) || (sp & 0xffffff) == 0)
		return false;
	for (unsigned i = 1; i <= 3; i++) {
		uint32_t at = le32(head.ptr + 4 * (size_t)i);

		if ((at & 1) == 0 || at < 8 || (at >> 24) != (reset >> 24) || at >= 0xa0000000u)
			return false;
	}
	return true;
}

/* No control characters but those of text, in the first bytes. */
static bool is_text(hf_bytes head)
{
	for (size_t i = 0; i < head.len; i++) {
		uint8_t c = head.ptr[i];

		if ((c < 32 && c != '\n' && c != '\t' && c != '\r' && c != '\f' && c != 27) || c == 127)
			return false;
	}
	return true;
}

static bool names(hf_bytes head, const char *member)
{
	return hf_span_find(head, member) != SIZE_MAX;
}

/* Past blanks and a byte order mark. */
static hf_bytes first_sign(hf_bytes b)
{
	while (b.len > 0 && (b.ptr[0] >= 0xbb || b.ptr[0] == ' ' || b.ptr[0] == '\n' || b.ptr[0] == '\r' ||
			     b.ptr[0] == '\t'))
		b = hf_span_from(b, 1);
	return b;
}

static bool are_commands(hf_bytes b)
{
	return names(b, "\"directory\"") && names(b, "\"file\"") &&
	       (names(b, "\"command\"") || names(b, "\"arguments\""));
}

/* The members that name a format stand near the front in everything that writes it. */
static unsigned json_kind(hf_bytes head)
{
	hf_bytes b = first_sign(head);

	if (b.len > 0 && b.ptr[0] == '[')
		return are_commands(b) ? HF_KIND_COMMANDS : HF_KIND_TEXT;
	if (b.len == 0 || b.ptr[0] != '{')
		return HF_KIND_TEXT;
	if (names(b, "\"bomFormat\"") || names(b, "\"spdxVersion\""))
		return HF_KIND_SBOM;
	return names(b, "\"runs\"") && names(b, "\"version\"") ? HF_KIND_SARIF : HF_KIND_TEXT;
}

/* Lines that call a compiler with -c: what a build prints. Looked for in inputs only. */
static bool is_build_log(const struct hf_node *node, hf_bytes head)
{
	hf_bytes line;
	unsigned found = 0;

	if (node->depth > 0)
		return false;
	while (hf_span_line(&head, &line))
		found += hf_span_find(line, " -c ") != SIZE_MAX &&
			 (hf_span_find(line, "cc ") != SIZE_MAX || hf_span_find(line, "cc-") != SIZE_MAX ||
			  hf_span_find(line, "++") != SIZE_MAX || hf_span_find(line, "clang") != SIZE_MAX);
	return found > 0;
}

unsigned hf__scan_kind_of(const struct hf_node *node, hf_bytes head, uint64_t size)
{
	unsigned kind;

	if (size == 0)
		return HF_KIND_EMPTY;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (head.len >= (size_t)m->offset + m->len &&
		    memcmp(head.ptr + m->offset, m->bytes, m->len) == 0)
			return m->kind;
	}
	if (!is_text(hf_span_upto(head, 4096)))
		return is_cortex_m(head, size) ? HF_KIND_MCU : HF_KIND_OTHER;
	kind = json_kind(head);
	return kind == HF_KIND_TEXT && is_build_log(node, head) ? HF_KIND_BUILDLOG : kind;
}

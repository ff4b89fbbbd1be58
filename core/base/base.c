/* base.c -- bytes, wiping, constant time, error names.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/base.h>

/* Freestanding: compilers emit calls to these four, so a port supplies them and core may use them. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);

hf_err hf_out_put(struct hf_out *out, hf_bytes b)
{
	if (b.len > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	if (b.len > 0)
		memcpy(out->ptr + out->len, b.ptr, b.len);
	out->len += b.len;
	return HF_OK;
}

void hf_wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* The barrier makes the stores visible to code the compiler cannot see, so -O2 keeps them. */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

bool hf_ct_equal(hf_bytes a, hf_bytes b)
{
	volatile uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff = (uint8_t)(diff | (a.ptr[i] ^ b.ptr[i]));
	return diff == 0;
}

bool hf_bytes_equal(hf_bytes a, hf_bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.ptr[i] != b.ptr[i])
			return false;
	return true;
}

struct err_row {
	hf_err err;
	const char *text;
};

static const struct err_row err_rows[] = {
#define ROW(name, a, b, number, class, text) { name, text },
	HF_ERROR_TABLE(ROW)
#undef ROW
};

static const struct err_row *find_row(hf_err err)
{
	for (size_t i = 0; i < sizeof(err_rows) / sizeof(err_rows[0]); i++)
		if (err_rows[i].err == err)
			return &err_rows[i];
	return NULL;
}

void hf_err_name(hf_err err, char name[static 8])
{
	unsigned v = (unsigned)err;
	unsigned number = (v >> 8) & 0xff;
	size_t n = 2;

	memset(name, 0, 8);
	if (err == HF_OK) {
		memcpy(name, "OK", 2);
		return;
	}
	if (find_row(err) == NULL) {
		memcpy(name, "??0", 3);
		return;
	}
	name[0] = (char)(v >> 24);
	name[1] = (char)((v >> 16) & 0xff);
	if (number >= 100)
		name[n++] = (char)('0' + number / 100);
	if (number >= 10)
		name[n++] = (char)('0' + number / 10 % 10);
	name[n] = (char)('0' + number % 10);
}

const char *hf_err_text(hf_err err)
{
	const struct err_row *row = find_row(err);

	if (err == HF_OK)
		return "success";
	return row == NULL ? "unknown error code" : row->text;
}

unsigned hf_err_class(hf_err err)
{
	return (unsigned)err & 0xff;
}

uint16_t hf_get_be16(const uint8_t p[static 2])
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t hf_get_be32(const uint8_t p[static 4])
{
	return (uint32_t)hf_get_be16(p) << 16 | hf_get_be16(p + 2);
}

uint64_t hf_get_be64(const uint8_t p[static 8])
{
	return (uint64_t)hf_get_be32(p) << 32 | hf_get_be32(p + 4);
}

void hf_put_be16(uint8_t p[static 2], uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void hf_put_be32(uint8_t p[static 4], uint32_t v)
{
	hf_put_be16(p, (uint16_t)(v >> 16));
	hf_put_be16(p + 2, (uint16_t)v);
}

void hf_put_be64(uint8_t p[static 8], uint64_t v)
{
	hf_put_be32(p, (uint32_t)(v >> 32));
	hf_put_be32(p + 4, (uint32_t)v);
}

uint32_t hf_crc32c(hf_bytes data)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < data.len; i++) {
		crc ^= data.ptr[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
	}
	return ~crc;
}

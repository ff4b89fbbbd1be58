/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>

enum { FIRST_CAP = 256 };

static void release(struct hf_buf *b)
{
	if (b->secret && b->ptr != NULL)
		hf_wipe(b->ptr, b->cap);
	free(b->ptr);
	b->ptr = NULL;
	b->cap = 0;
}

void hf_buf_free(struct hf_buf *b)
{
	release(b);
	b->len = 0;
}

void hf_buf_reset(struct hf_buf *b)
{
	if (b->secret && b->ptr != NULL)
		hf_wipe(b->ptr, b->cap);
	if (b->ptr != NULL)
		b->ptr[0] = 0;
	b->len = 0;
}

/* Not realloc: it would leave a copy of a secret behind. `want` counts the final NUL. */
static hf_err grow(struct hf_buf *b, size_t want)
{
	size_t cap = b->cap == 0 ? FIRST_CAP : b->cap;
	uint8_t *p;

	while (cap < want)
		cap *= 2;
	p = malloc(cap);
	if (p == NULL)
		return HF_ERR_HOST_MEMORY;
	if (b->len > 0)
		memcpy(p, b->ptr, b->len);
	p[b->len] = 0;
	release(b);
	b->ptr = p;
	b->cap = cap;
	return HF_OK;
}

hf_err hf_buf_reserve(struct hf_buf *b, size_t n, uint8_t **where)
{
	*where = NULL;
	if (b->len > b->ceiling || n > b->ceiling - b->len)
		return HF_ERR_BASE_NO_ROOM;
	if (b->len + n + 1 > b->cap)
		HF_TRY(grow(b, b->len + n + 1));
	*where = b->ptr + b->len;
	return HF_OK;
}

void hf_buf_commit(struct hf_buf *b, size_t n)
{
	b->len += n;
	b->ptr[b->len] = 0;
}

hf_err hf_buf_put(struct hf_buf *b, hf_bytes data)
{
	uint8_t *p;

	HF_TRY(hf_buf_reserve(b, data.len, &p));
	if (data.len > 0)
		memcpy(p, data.ptr, data.len);
	hf_buf_commit(b, data.len);
	return HF_OK;
}

hf_err hf_buf_puts(struct hf_buf *b, const char *text)
{
	return hf_buf_put(b, (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

hf_err hf_buf_vprintf(struct hf_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	uint8_t *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_buf_reserve(b, (size_t)n, &p));
	(void)vsnprintf((char *)p, (size_t)n + 1, fmt, ap);
	hf_buf_commit(b, (size_t)n);
	return HF_OK;
}

hf_err hf_buf_printf(struct hf_buf *b, const char *fmt, ...)
{
	va_list ap;
	hf_err err;

	va_start(ap, fmt);
	err = hf_buf_vprintf(b, fmt, ap);
	va_end(ap);
	return err;
}

void hf_buf_consume(struct hf_buf *b, size_t n)
{
	size_t left;

	if (b->ptr == NULL)
		return;
	left = n < b->len ? b->len - n : 0;
	memmove(b->ptr, b->ptr + (b->len - left), left);
	if (b->secret)
		hf_wipe(b->ptr + left, b->len - left);
	b->len = left;
	b->ptr[left] = 0;
}

uint8_t *hf_buf_take(struct hf_buf *b, size_t *len)
{
	uint8_t *p = b->ptr;

	*len = b->len;
	b->ptr = NULL;
	b->len = 0;
	b->cap = 0;
	return p;
}

hf_bytes hf_buf_bytes(const struct hf_buf *b)
{
	return (hf_bytes){ b->ptr, b->len };
}

const char *hf_buf_text(const struct hf_buf *b)
{
	return b->ptr != NULL ? (const char *)b->ptr : "";
}

void hf_auto_free(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}

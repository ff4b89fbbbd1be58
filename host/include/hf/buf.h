/* buf.h -- a growing byte buffer born with a ceiling.
 * Promise: never holds more than `ceiling` bytes; a NUL always follows the content, so text can be
 * printed; secret buffers are wiped when they grow, shrink and die.
 * Thread rule: one thread per buffer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUF_H
#define HF_BUF_H
#include <stdarg.h>
#include <holdfast/base.h>

struct hf_buf {
	uint8_t *ptr; /* NULL while nothing was ever put */
	size_t len;
	size_t cap;     /* private */
	size_t ceiling; /* most bytes of content */
	bool secret;    /* wipe on growth and free */
};

/* Initialise where declared: struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(HF_FILE_CONF_CEILING); */
#define HF_BUF(max) ((struct hf_buf){ .ceiling = (max) })
#define HF_BUF_SECRET(max) ((struct hf_buf){ .ceiling = (max), .secret = true })

/* Free the memory; the buffer stays usable and empty. */
void hf_buf_free(struct hf_buf *b);
/* Empty it, keep the memory. */
void hf_buf_reset(struct hf_buf *b);
/* Append. Errors: HF_ERR_BASE_NO_ROOM above the ceiling, HF_ERR_HOST_MEMORY; then nothing was appended. */
HF_MUST_CHECK hf_err hf_buf_put(struct hf_buf *b, hf_bytes data);
HF_MUST_CHECK hf_err hf_buf_puts(struct hf_buf *b, const char *text);
HF_MUST_CHECK hf_err hf_buf_printf(struct hf_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
HF_MUST_CHECK hf_err hf_buf_vprintf(struct hf_buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Make room for `n` more bytes and give where they go; hf_buf_commit then counts those written. */
HF_MUST_CHECK hf_err hf_buf_reserve(struct hf_buf *b, size_t n, uint8_t **where);
void hf_buf_commit(struct hf_buf *b, size_t n);
/* Drop `n` bytes (at most all) from the front. */
void hf_buf_consume(struct hf_buf *b, size_t n);
/* Hand the memory over (free() it); the buffer is empty afterwards. NULL when nothing was put. */
uint8_t *hf_buf_take(struct hf_buf *b, size_t *len);
/* The content; text ends in NUL at text[len]. hf_buf_text is "" for an empty buffer. */
hf_bytes hf_buf_bytes(const struct hf_buf *b);
const char *hf_buf_text(const struct hf_buf *b);
/* free() for HF_AUTO on a char * or uint8_t * declared with = NULL. */
void hf_auto_free(void *pointer_to_pointer);
#endif

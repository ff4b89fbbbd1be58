/* span.h -- small steps over borrowed bytes that are mostly text; nothing is copied.
 * Thread rule: pure functions; what they give points into what they got.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SPAN_H
#define HF_SPAN_H
#include <holdfast/base.h>

bool hf_span_is(hf_bytes b, const char *text);
bool hf_span_is_nocase(hf_bytes b, const char *text);
bool hf_span_begins(hf_bytes b, const char *text);
bool hf_span_ends(hf_bytes b, const char *text);
/* Offset of `needle` in `b`, or SIZE_MAX; whether it is there. */
size_t hf_span_find(hf_bytes b, const char *needle);
bool hf_span_has(hf_bytes b, const char *needle);
bool hf_span_in(hf_bytes b, const char *const *names); /* equal to one of a NULL-terminated list */
/* Bytewise order, a prefix first: below, at or above 0. */
int hf_span_order(hf_bytes a, hf_bytes b);

bool hf_span_blank(uint8_t c);               /* space, tab, carriage return */
hf_bytes hf_span_from(hf_bytes b, size_t n); /* without its first n bytes */
hf_bytes hf_span_upto(hf_bytes b, size_t n); /* at most its first n bytes */
hf_bytes hf_span_trim(hf_bytes b);           /* without blanks around it */
hf_bytes hf_span_base(hf_bytes path);        /* behind the last '/' */

/* The next part up to `sep`; false when nothing is left. An empty last part is not given. */
bool hf_span_part(hf_bytes *rest, uint8_t sep, hf_bytes *part);
/* The next line without its end, LF or CRLF; false when nothing is left. */
bool hf_span_line(hf_bytes *rest, hf_bytes *line);
#endif

/*   LINE --CRLF--> FIELD --tchar--> NAME --:--> VALUE --CR--> VALUE_LF --LF--> FIELD
 *    ^  (LINE_LF)    |
 *    |               +--CR--> HEAD_LF --LF--> BODY --all read--> LINE
 *    +----------------------- no body -------+
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "http_wire.h"

enum { LINE = 0, LINE_LF, FIELD, NAME, VALUE, VALUE_LF, HEAD_LF, BODY, BAD };
enum { OTHER = 0, LENGTH, HOST, ENCODING };

void hf__http_wire_init(struct hf__http_wire *w, size_t body_max)
{
	*w = (struct hf__http_wire){ .body_max = body_max };
}

bool hf__http_wire_idle(const struct hf__http_wire *w)
{
	return w->state == LINE && w->head_len == 0;
}

static int refuse(struct hf__http_wire *w, int status)
{
	w->status = status;
	return BAD;
}

static bool is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void put_word(struct hf__http_wire *w, uint8_t c)
{
	if (w->word_len < sizeof(w->word) - 1)
		w->word[w->word_len] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	w->word_len++;
}

static bool word_is(const struct hf__http_wire *w, const char *text)
{
	return w->word_len == strlen(text) && memcmp(w->word, text, w->word_len) == 0;
}

static int line_byte(struct hf__http_wire *w, uint8_t c)
{
	if (c == '\r')
		return LINE_LF;
	if (c < 0x20 || c >= 0x7f)
		return refuse(w, 400);
	if (c == ' ') {
		w->n_spaces++;
	} else if (w->n_spaces == 0) {
		if (!is_tchar(c))
			return refuse(w, 400);
		put_word(w, c);
	} else if (w->n_spaces == 1 && w->tail[7] == ' ') {
		w->starts_slash = c == '/';
	}
	memmove(w->tail, w->tail + 1, 7);
	w->tail[7] = c;
	return LINE;
}

static int line_end(struct hf__http_wire *w, uint8_t c)
{
	if (c != '\n' || w->n_spaces != 2 || !w->starts_slash || w->word_len == 0)
		return refuse(w, 400);
	if (memcmp(w->tail, "HTTP/1.", 7) != 0 || (w->tail[7] != '0' && w->tail[7] != '1'))
		return refuse(w, 400);
	w->minor = w->tail[7] - '0';
	/* The library below takes a body with these only; on others it would read it as a new request. */
	w->may_have_body = word_is(w, "post") || word_is(w, "put");
	return FIELD;
}

static int field_begin(struct hf__http_wire *w, uint8_t c)
{
	if (c == '\r')
		return HEAD_LF;
	/* A leading blank would fold this line into the one before. */
	if (!is_tchar(c))
		return refuse(w, 400);
	if (++w->n_headers > HF_HTTP_HEADERS_MAX)
		return refuse(w, 431);
	w->word_len = 0;
	put_word(w, c);
	return NAME;
}

static int name_end(struct hf__http_wire *w)
{
	w->header = OTHER;
	if (word_is(w, "content-length")) {
		w->header = LENGTH;
		if (w->seen_length)
			return refuse(w, 400);
		w->seen_length = true;
	} else if (word_is(w, "host")) {
		w->header = HOST;
		if (w->seen_host)
			return refuse(w, 400);
		w->seen_host = true;
	} else if (word_is(w, "transfer-encoding")) {
		w->header = ENCODING;
		return refuse(w, w->seen_length ? 400 : 411);
	}
	return VALUE;
}

static int name_byte(struct hf__http_wire *w, uint8_t c)
{
	if (c == ':')
		return name_end(w);
	if (!is_tchar(c))
		return refuse(w, 400);
	put_word(w, c);
	return NAME;
}

static int length_byte(struct hf__http_wire *w, uint8_t c)
{
	if (c == ' ' || c == '\t') {
		w->length_ended = w->length_has_digit;
		return VALUE;
	}
	if (c < '0' || c > '9' || w->length_ended)
		return refuse(w, 400);
	w->length_has_digit = true;
	w->body_left = w->body_left * 10 + (uint64_t)(c - '0');
	return w->body_left > w->body_max ? refuse(w, 413) : VALUE;
}

static int value_byte(struct hf__http_wire *w, uint8_t c)
{
	if (c == '\r')
		return VALUE_LF;
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return refuse(w, 400);
	return w->header == LENGTH ? length_byte(w, c) : VALUE;
}

static void next_request(struct hf__http_wire *w)
{
	uint64_t n = w->n_requests;

	hf__http_wire_init(w, w->body_max);
	w->n_requests = n;
}

static int head_end(struct hf__http_wire *w, uint8_t c)
{
	if (c != '\n' || (w->seen_length && !w->length_has_digit) || (w->minor == 1 && !w->seen_host))
		return refuse(w, 400);
	if (w->may_have_body && !w->seen_length)
		return refuse(w, 411);
	if (!w->may_have_body && w->body_left > 0)
		return refuse(w, 400);
	w->n_requests++;
	if (w->body_left > 0)
		return BODY;
	next_request(w);
	return LINE;
}

static int step(struct hf__http_wire *w, uint8_t c)
{
	if (++w->head_len > HF_HTTP_HEAD_MAX)
		return refuse(w, 431);
	switch (w->state) {
	case LINE:
		return line_byte(w, c);
	case LINE_LF:
		return line_end(w, c);
	case FIELD:
		return field_begin(w, c);
	case NAME:
		return name_byte(w, c);
	case VALUE:
		return value_byte(w, c);
	case VALUE_LF:
		return c == '\n' ? FIELD : refuse(w, 400);
	case HEAD_LF:
		return head_end(w, c);
	default:
		return BAD;
	}
}

bool hf__http_wire_feed(struct hf__http_wire *w, hf_bytes data)
{
	while (data.len > 0 && w->state != BAD) {
		size_t n = 1;

		if (w->state == BODY) {
			n = data.len < w->body_left ? data.len : (size_t)w->body_left;
			w->body_left -= n;
			if (w->body_left == 0)
				next_request(w);
		} else {
			w->state = step(w, data.ptr[0]);
		}
		data.ptr += n;
		data.len -= n;
	}
	return w->state != BAD;
}

/* http_wire.h -- strict framing of HTTP/1 requests, byte by byte, before any library acts on them.
 * It understands just enough to know where each request and each header ends. What it finds wrong stays
 * wrong for the rest of the connection.
 * Thread rule: one thread per struct.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HTTP_WIRE_H
#define HF_HTTP_WIRE_H
#include <hf/http.h>

enum { HF_HTTP_HEAD_MAX = 16384, HF_HTTP_NAME_CAP = 20 };

struct hf__http_wire {
	int state;
	int status;          /* 0, or what the connection is to be told: 400, 411, 413, 431 */
	uint64_t n_requests; /* whole heads seen */
	size_t body_max;
	size_t head_len;
	unsigned n_headers;
	unsigned n_spaces;           /* in the request line */
	bool starts_slash;           /* the target is a path */
	uint8_t tail[8];             /* last bytes of the request line */
	char word[HF_HTTP_NAME_CAP]; /* method, then each header's name in lower case */
	size_t word_len;
	int header; /* which of those we look into */
	bool may_have_body, seen_length, seen_host, length_has_digit, length_ended;
	int minor;
	uint64_t body_left;
};

void hf__http_wire_init(struct hf__http_wire *w, size_t body_max);
/* Look at the next bytes. Returns true while nothing is wrong. */
bool hf__http_wire_feed(struct hf__http_wire *w, hf_bytes data);
/* Between two requests: nothing of the next one was seen. */
bool hf__http_wire_idle(const struct hf__http_wire *w);

/* Percent-decode the path of a request target into `out` and check it: no empty, "." or ".." segment, no
 * encoded slash, no control character, valid escapes. Errors: HF_ERR_HTTP_FRAME. */
HF_MUST_CHECK hf_err hf__http_path(const char *target, char *out, size_t cap);
/* Does `path` fit the pattern? Captures go to `param` as copies inside `room`. */
bool hf__http_match(const char *pattern, const char *path, char *room, size_t cap,
		    const char *param[static HF_HTTP_PARAMS_MAX]);
/* One value of a raw query; errors as hf_http_query. */
HF_MUST_CHECK hf_err hf__http_query(const char *query, const char *name, char *out, size_t cap);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <hf/loop.h>
#include "httpc_priv.h"

enum { HEAD_MAX = 16384, READ_STEP = 8192, REQUEST_CEILING = 32768, CHUNK_LINE_MAX = 256 };

void hf_httpc_res_free(struct hf_httpc_res *res)
{
	hf_buf_free(&res->head);
	hf_buf_free(&res->body);
}

const char *hf_httpc_header(const struct hf_httpc_res *res, const char *name)
{
	for (size_t i = 0; i < res->n_headers; i++)
		if (strcasecmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	return NULL;
}

static bool is_clean(const char *text)
{
	for (const char *p = text; *p != 0; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static hf_err put_header(struct hf_buf *b, const char *name, const char *value)
{
	if (!is_clean(name) || !is_clean(value))
		return HF_ERR_BASE_MISUSE;
	return hf_buf_printf(b, "%s: %s\r\n", name, value);
}

static hf_err write_head(const struct hf_httpc *c, const struct hf_httpc_req *req, struct hf_buf *b)
{
	bool has_body =
		req->body.len > 0 || strcmp(req->method, "POST") == 0 || strcmp(req->method, "PUT") == 0;

	if (!is_clean(req->path) || strchr(req->path, ' ') != NULL || !is_clean(req->method))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_buf_printf(b, "%s %s HTTP/1.1\r\n", req->method, req->path));
	HF_TRY(put_header(b, "Host", c->name));
	HF_TRY(put_header(b, "User-Agent", c->agent));
	if (req->type != NULL)
		HF_TRY(put_header(b, "Content-Type", req->type));
	if (has_body)
		HF_TRY(hf_buf_printf(b, "Content-Length: %zu\r\n", req->body.len));
	for (size_t i = 0; i < req->n_headers; i++)
		HF_TRY(put_header(b, req->headers[i].name, req->headers[i].value));
	return hf_buf_puts(b, "\r\n");
}

/* Everything up to the empty line into res->head; what follows stays in c->in. */
static hf_err read_head(struct hf_httpc *c, struct hf_httpc_res *res, uint64_t deadline, struct hf_why *why)
{
	for (;;) {
		char *end = c->in.len > 0 ? strstr((char *)c->in.ptr, "\r\n\r\n") : NULL;
		uint8_t *to;
		size_t n;

		if (end != NULL) {
			size_t len = (size_t)(end - (char *)c->in.ptr) + 4;

			HF_TRY(hf_buf_put(&res->head, (hf_bytes){ c->in.ptr, len }));
			hf_buf_consume(&c->in, len);
			return HF_OK;
		}
		if (c->in.len >= HEAD_MAX)
			return hf_why_set(why, HF_ERR_HTTPC_TOO_LARGE, "headers");
		HF_TRY(hf_buf_reserve(&c->in, READ_STEP, &to));
		HF_TRY(hf__httpc_read(c, to, READ_STEP, &n, deadline, why));
		hf_buf_commit(&c->in, n);
	}
}

static char *next_line(char **at)
{
	char *line = *at, *end = strstr(line, "\r\n");

	if (end == NULL)
		return NULL;
	*end = 0;
	*at = end + 2;
	return line;
}

static hf_err read_status(const char *line, struct hf__httpc_head *out)
{
	if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ')
		return HF_ERR_HTTPC_ANSWER;
	for (int i = 9; i < 12; i++)
		if (!isdigit((unsigned char)line[i]))
			return HF_ERR_HTTPC_ANSWER;
	if (line[12] != ' ' && line[12] != 0)
		return HF_ERR_HTTPC_ANSWER;
	out->minor = line[7] - '0';
	out->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	out->close = out->minor == 0;
	return out->status >= 100 ? HF_OK : HF_ERR_HTTPC_ANSWER;
}

static hf_err read_length(const char *value, struct hf__httpc_head *out)
{
	uint64_t v = 0;

	if (out->has_length || *value == 0 || strlen(value) > 15)
		return HF_ERR_HTTPC_ANSWER;
	for (const char *p = value; *p != 0; p++) {
		if (!isdigit((unsigned char)*p))
			return HF_ERR_HTTPC_ANSWER;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	out->has_length = true;
	out->length = v;
	return HF_OK;
}

static hf_err look_at(const char *name, const char *value, struct hf__httpc_head *out)
{
	if (strcasecmp(name, "Content-Length") == 0)
		return read_length(value, out);
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (out->chunked || strcasecmp(value, "chunked") != 0)
			return HF_ERR_HTTPC_ANSWER;
		out->chunked = true;
	}
	if (strcasecmp(name, "Connection") == 0) {
		if (strcasecmp(value, "close") == 0)
			out->close = true;
		if (strcasecmp(value, "keep-alive") == 0)
			out->close = false;
	}
	return HF_OK;
}

static hf_err read_field(char *line, struct hf_httpc_res *res, struct hf__httpc_head *out)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (colon == NULL || colon == line || isspace((unsigned char)line[0]) || colon[-1] == ' ' ||
	    res->n_headers == HF_HTTP_HEADERS_MAX)
		return HF_ERR_HTTPC_ANSWER;
	*colon = 0;
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	res->headers[res->n_headers++] = (struct hf_http_header){ line, value };
	return look_at(line, value, out);
}

hf_err hf__httpc_head_read(char *head, struct hf_httpc_res *res, struct hf__httpc_head *out)
{
	char *line = next_line(&head);

	*out = (struct hf__httpc_head){ 0 };
	res->n_headers = 0;
	if (line == NULL)
		return HF_ERR_HTTPC_ANSWER;
	HF_TRY(read_status(line, out));
	while ((line = next_line(&head)) != NULL && line[0] != 0)
		HF_TRY(read_field(line, res, out));
	if (line == NULL || (out->chunked && out->has_length))
		return HF_ERR_HTTPC_ANSWER;
	return HF_OK;
}

/* `n` bytes of body, first from what was read ahead. */
static hf_err read_exact(struct hf_httpc *c, struct hf_buf *to, uint64_t n, uint64_t deadline,
			 struct hf_why *why)
{
	size_t ahead = c->in.len < n ? c->in.len : (size_t)n;

	if (n > to->ceiling - to->len)
		return hf_why_set(why, HF_ERR_HTTPC_TOO_LARGE, "answer of more than %zu bytes", to->ceiling);
	HF_TRY(hf_buf_put(to, (hf_bytes){ c->in.ptr, ahead }));
	hf_buf_consume(&c->in, ahead);
	n -= ahead;
	while (n > 0) {
		uint8_t *p;
		size_t got;

		HF_TRY(hf_buf_reserve(to, (size_t)n, &p));
		HF_TRY(hf__httpc_read(c, p, (size_t)n, &got, deadline, why));
		hf_buf_commit(to, got);
		n -= got;
	}
	return HF_OK;
}

static hf_err read_line(struct hf_httpc *c, char line[static CHUNK_LINE_MAX], uint64_t deadline,
			struct hf_why *why)
{
	for (;;) {
		char *end = c->in.len > 0 ? strstr((char *)c->in.ptr, "\r\n") : NULL;
		uint8_t *to;
		size_t n;

		if (end != NULL) {
			size_t len = (size_t)(end - (char *)c->in.ptr);

			if (len >= CHUNK_LINE_MAX)
				return HF_ERR_HTTPC_ANSWER;
			memcpy(line, c->in.ptr, len);
			line[len] = 0;
			hf_buf_consume(&c->in, len + 2);
			return HF_OK;
		}
		if (c->in.len >= CHUNK_LINE_MAX)
			return HF_ERR_HTTPC_ANSWER;
		HF_TRY(hf_buf_reserve(&c->in, CHUNK_LINE_MAX, &to));
		HF_TRY(hf__httpc_read(c, to, CHUNK_LINE_MAX, &n, deadline, why));
		hf_buf_commit(&c->in, n);
	}
}

/* Other servers may answer in chunks (RFC 9112 s7.1); extensions are skipped, trailers dropped. */
static hf_err read_chunks(struct hf_httpc *c, struct hf_buf *to, uint64_t deadline, struct hf_why *why)
{
	char line[CHUNK_LINE_MAX];

	for (;;) {
		char *end = NULL;
		unsigned long long n;

		HF_TRY(read_line(c, line, deadline, why));
		if (!isxdigit((unsigned char)line[0]))
			return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "chunk");
		errno = 0;
		n = strtoull(line, &end, 16);
		if (errno != 0 || (*end != 0 && *end != ';' && *end != ' '))
			return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "chunk");
		if (n == 0)
			break;
		HF_TRY(read_exact(c, to, n, deadline, why));
		HF_TRY(read_line(c, line, deadline, why));
		if (line[0] != 0)
			return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "chunk");
	}
	do {
		HF_TRY(read_line(c, line, deadline, why));
	} while (line[0] != 0);
	return HF_OK;
}

static hf_err read_to_end(struct hf_httpc *c, struct hf_buf *to, uint64_t deadline, struct hf_why *why)
{
	HF_TRY(hf_buf_put(to, hf_buf_bytes(&c->in)));
	hf_buf_reset(&c->in);
	for (;;) {
		uint8_t step[1024];
		size_t n;
		hf_err err = hf__httpc_read(c, step, sizeof(step), &n, deadline, why);

		if (err == HF_ERR_HTTPC_CLOSED)
			return HF_OK;
		HF_TRY(err);
		if (hf_buf_put(to, (hf_bytes){ step, n }) != HF_OK)
			return hf_why_set(why, HF_ERR_HTTPC_TOO_LARGE, "answer of more than %zu bytes",
					  to->ceiling);
	}
}

static hf_err read_body(struct hf_httpc *c, const struct hf__httpc_head *head, struct hf_httpc_res *res,
			uint64_t deadline, struct hf_why *why)
{
	if (head->status == 204 || head->status == 304)
		return HF_OK;
	if (head->chunked)
		return read_chunks(c, &res->body, deadline, why);
	if (head->has_length)
		return read_exact(c, &res->body, head->length, deadline, why);
	res->closed = true;
	return read_to_end(c, &res->body, deadline, why);
}

static hf_err read_answer(struct hf_httpc *c, struct hf_httpc_res *res, uint64_t deadline, struct hf_why *why)
{
	struct hf__httpc_head head;
	hf_err err;

	do { /* 100 Continue and the like come before the answer */
		hf_buf_reset(&res->head);
		HF_TRY(read_head(c, res, deadline, why));
		err = hf__httpc_head_read((char *)res->head.ptr, res, &head);
		if (err != HF_OK)
			return hf_why_set(why, err, "");
	} while (head.status < 200);
	res->status = head.status;
	res->closed = head.close;
	return read_body(c, &head, res, deadline, why);
}

hf_err hf_httpc_call(struct hf_httpc *c, const struct hf_httpc_req *req, struct hf_httpc_res *res,
		     struct hf_why *why)
{
	struct hf_buf head HF_AUTO(hf_buf_free) = HF_BUF(REQUEST_CEILING);
	uint64_t deadline = hf_now_ms() + (req->timeout_ms != 0 ? req->timeout_ms : c->timeout_ms);
	hf_err err;

	hf_buf_reset(&res->body);
	res->head.ceiling = HEAD_MAX + READ_STEP;
	c->in.ceiling = HEAD_MAX + READ_STEP;
	hf_buf_reset(&res->head);
	res->status = 0;
	res->n_headers = 0;
	err = write_head(c, req, &head);
	if (err == HF_OK)
		err = hf__httpc_write(c, hf_buf_bytes(&head), deadline, why);
	if (err == HF_OK)
		err = hf__httpc_write(c, req->body, deadline, why);
	/* A server that refuses early closes its end while we write; its answer may still wait. */
	if (err == HF_OK || err == HF_ERR_HTTPC_CLOSED)
		err = read_answer(c, res, deadline, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s %s", req->method, req->path);
}

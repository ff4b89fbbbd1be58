/* Framing of requests, byte by byte; mostly refusals.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "http_wire.h"

/* Feed in pieces of `step` bytes; the verdict. */
static int verdict(const char *text, size_t len, size_t step, uint64_t *n_requests)
{
	struct hf__http_wire w;

	hf__http_wire_init(&w, 100);
	for (size_t i = 0; i < len; i += step) {
		size_t n = len - i < step ? len - i : step;

		if (!hf__http_wire_feed(&w, (hf_bytes){ (const uint8_t *)text + i, n }))
			break;
	}
	*n_requests = w.n_requests;
	return w.status;
}

#define H "Host: a\r\n"
static const struct {
	const char *text;
	int status;
	uint64_t n; /* whole heads before the verdict */
} rows[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", 0, 1 },
	{ "GET / HTTP/1.0\r\n\r\n", 0, 1 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" H "\r\n", 0, 2 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 2 },
	{ "PUT /x HTTP/1.1\r\n" H "content-LENGTH:\t 003 \r\n\r\nabc", 0, 1 },
	{ "DELETE /x HTTP/1.1\r\n" H "X-Y: \xc3\xa9 \t z\r\nEmpty:\r\n\r\n", 0, 1 },
	/* two lengths, two hosts, no host */
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3\r\ncontent-length: 4\r\n\r\nabc", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "host: b\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.0\r\n" H H "\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n\r\n", 400, 0 },
	/* lengths that are no numbers, or too large */
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 1 2\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 101\r\n\r\n", 413, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n", 413, 0 },
	{ "POST /x HTTP/1.1\r\n" H "\r\n", 411, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, 0 },
	{ "GET /x HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 411, 0 },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0 },
	{ "GET /x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 400, 0 },
	{ "DELETE /x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 400, 0 },
	/* folded and badly cut lines */
	{ "GET / HTTP/1.1\r\n" H " folded\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "\tfolded: 1\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n folded\r\n" H "\r\n", 400, 0 },
	{ "GET / HTTP/1.1\n" H "\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "\rX", 400, 0 },
	{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0 },
	/* names and values */
	{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n: a\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "X\x01: a\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\n" H "no colon\r\n\r\n", 400, 0 },
	/* request lines */
	{ "GET  / HTTP/1.1\r\n", 400, 0 },
	{ "GET / x HTTP/1.1\r\n", 400, 0 },
	{ "GET /\r\n", 400, 0 },
	{ "GET / HTTP/1.2\r\n", 400, 0 },
	{ "GET / HTTP/2.0\r\n", 400, 0 },
	{ "GET / http/1.1\r\n", 400, 0 },
	{ "GET http://a/ HTTP/1.1\r\n", 400, 0 },
	{ "OPTIONS * HTTP/1.1\r\n", 400, 0 },
	{ " / HTTP/1.1\r\n", 400, 0 },
	{ "G(T / HTTP/1.1\r\n", 400, 0 },
	{ "GET /\x7f HTTP/1.1\r\n", 400, 0 },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n", 400, 0 },
	/* the second of two */
	{ "GET / HTTP/1.1\r\n" H "\r\nGET / HTTP/1.1\r\n" H H "\r\n", 400, 1 },
	{ "\x16\x03\x01\x02", 400, 0 },
};

static void each_request_gets_its_verdict_however_it_is_cut(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t step = 1; step < 12; step++) {
			uint64_t n;
			int got = verdict(rows[i].text, strlen(rows[i].text), step, &n);

			if (got != rows[i].status || n != rows[i].n)
				print_error("row %zu step %zu: %d\n", i, step, got);
			assert_int_equal(got, rows[i].status);
			assert_int_equal(n, rows[i].n);
		}
	}
}

static void a_nul_byte_is_refused_wherever_it_is(void **unused)
{
	static const char good[] = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
	uint64_t n;

	(void)unused;
	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		char bad[sizeof(good)];

		memcpy(bad, good, sizeof(good));
		bad[i] = 0;
		assert_int_equal(verdict(bad, sizeof(good) - 1, 7, &n), 400);
	}
}

static void an_endless_head_and_too_many_headers_are_refused(void **unused)
{
	static char text[HF_HTTP_HEAD_MAX + 100];
	size_t len = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	uint64_t n;

	(void)unused;
	for (int i = 0; i < HF_HTTP_HEADERS_MAX; i++)
		len += (size_t)sprintf(text + len, "X: %d\r\n", i);
	assert_int_equal(verdict(text, len, 100, &n), 431);
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET /", 5);
	assert_int_equal(verdict(text, HF_HTTP_HEAD_MAX, 100, &n), 0);
	assert_int_equal(verdict(text, HF_HTTP_HEAD_MAX + 1, 100, &n), 431);
}

static const struct {
	const char *target, *path; /* path NULL: refused */
} paths[] = {
	{ "/", "/" },          { "/a/b?x=/../", "/a/b" },
	{ "/a%20b", "/a b" },  { "/%7Ea", "/~a" },
	{ "/a?", "/a" },       { "a", NULL },
	{ "", NULL },          { "//", NULL },
	{ "/a//b", NULL },     { "/a/", NULL },
	{ "/./a", NULL },      { "/a/..", NULL },
	{ "/%2e%2e/a", NULL }, { "/a%2fb", NULL },
	{ "/a%5Cb", NULL },    { "/a%00b", NULL },
	{ "/a%0ab", NULL },    { "/a%", NULL },
	{ "/a%2", NULL },      { "/a%zz", NULL },
};

static void paths_are_decoded_once_and_checked(void **unused)
{
	char out[64];

	(void)unused;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		hf_err err = hf__http_path(paths[i].target, out, sizeof(out));

		assert_int_equal(err, paths[i].path != NULL ? HF_OK : HF_ERR_HTTP_FRAME);
		if (paths[i].path != NULL)
			assert_string_equal(out, paths[i].path);
	}
	assert_int_equal(hf__http_path("/abcdefg", out, 8), HF_ERR_HTTP_FRAME);
	assert_int_equal(hf__http_path("/abcdef", out, 9), HF_OK);
}

static void patterns_capture_whole_segments(void **unused)
{
	const char *param[HF_HTTP_PARAMS_MAX];
	char room[64];

	(void)unused;
	assert_true(hf__http_match("/v1/devices/{dev}/revoke", "/v1/devices/abc/revoke", room, 64, param));
	assert_string_equal(param[0], "abc");
	assert_null(param[1]);
	assert_true(hf__http_match("/{a}/{b}", "/1/2", room, 64, param));
	assert_string_equal(param[0], "1");
	assert_string_equal(param[1], "2");
	assert_true(hf__http_match("/f/{*}", "/f/a/b/c", room, 64, param));
	assert_string_equal(param[0], "a/b/c");
	assert_false(hf__http_match("/v1/{dev}", "/v1/a/b", room, 64, param));
	assert_false(hf__http_match("/v1/{dev}", "/v1/", room, 64, param));
	assert_false(hf__http_match("/v1/a", "/v1/ab", room, 64, param));
	assert_false(hf__http_match("/v1/ab", "/v1/a", room, 64, param));
	assert_false(hf__http_match("/{a}", "/too-long-for-the-room", room, 8, param));
}

static void query_values_are_found_once_and_decoded(void **unused)
{
	char out[8];

	(void)unused;
	assert_int_equal(hf__http_query("a=1&limit=20&b", "limit", out, 8), HF_OK);
	assert_string_equal(out, "20");
	assert_int_equal(hf__http_query("q=a%2Bb+c", "q", out, 8), HF_OK);
	assert_string_equal(out, "a+b c");
	assert_int_equal(hf__http_query("q=", "q", out, 8), HF_OK);
	assert_string_equal(out, "");
	assert_int_equal(hf__http_query("", "q", out, 8), HF_ERR_HTTP_ABSENT);
	assert_int_equal(hf__http_query("xq=1&q", "q", out, 8), HF_ERR_HTTP_ABSENT);
	assert_int_equal(hf__http_query("q=1&q=2", "q", out, 8), HF_ERR_HTTP_QUERY);
	assert_int_equal(hf__http_query("q=%0", "q", out, 8), HF_ERR_HTTP_QUERY);
	assert_int_equal(hf__http_query("q=%00", "q", out, 8), HF_ERR_HTTP_QUERY);
	assert_int_equal(hf__http_query("q=12345678", "q", out, 8), HF_ERR_HTTP_QUERY);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_gets_its_verdict_however_it_is_cut),
		cmocka_unit_test(a_nul_byte_is_refused_wherever_it_is),
		cmocka_unit_test(an_endless_head_and_too_many_headers_are_refused),
		cmocka_unit_test(paths_are_decoded_once_and_checked),
		cmocka_unit_test(patterns_capture_whole_segments),
		cmocka_unit_test(query_values_are_found_once_and_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

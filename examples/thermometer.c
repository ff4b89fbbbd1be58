/* thermometer.c -- a program beside the agent: it gives one reading a second, sealed so that only the data
 * owners can read it, and takes the command relay.set {"on": true or false}.
 * build: cc thermometer.c $(pkg-config --cflags --libs holdfast) -o thermometer
 * run:   ./thermometer /var/lib/holdfast/app.sock
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/cbor.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void say(int fd, struct hf_cborw *w)
{
	if (hf_cbor_finish(w) != HF_OK || send(fd, w->out->ptr, w->out->len, 0) < 0)
		exit(1);
}

static void say_ops(int fd) /* ["ops", [["relay.set", 2]]]: class act, one operator signs */
{
	uint8_t mem[64];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_text(&w, HF_STR("ops"));
	hf_cbor_put_array(&w, 1);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_text(&w, HF_STR("relay.set"));
	hf_cbor_put_uint(&w, 2);
	say(fd, &w);
}

static void say_reading(int fd, double degrees) /* ["data", "climate", h'...'] */
{
	uint8_t mem[128], text[32];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;
	int n = snprintf((char *)text, sizeof(text), "%.1f", degrees);

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_text(&w, HF_STR("data"));
	hf_cbor_put_text(&w, HF_STR("climate"));
	hf_cbor_put_bytes(&w, (hf_bytes){ text, (size_t)n });
	say(fd, &w);
}

static void say_result(int fd, hf_bytes cti, bool failed) /* ["result", cti, failed, h''] */
{
	uint8_t mem[64];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("result"));
	hf_cbor_put_bytes(&w, cti);
	hf_cbor_put_bool(&w, failed);
	hf_cbor_put_bytes(&w, (hf_bytes){ NULL, 0 });
	say(fd, &w);
}

/* ["command", cti, op, args]; answers to our own messages are printed when they are errors. */
static void hear(int fd, hf_bytes packet)
{
	hf_bytes word, cti, args, why;
	bool on = false;
	struct hf_cborr r, a;
	size_t n;

	hf_cbor_reader(&r, packet);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_text(&r, &word);
	if (hf_bytes_equal(word, HF_STR("command"))) {
		hf_cbor_read_bytes(&r, &cti);
		hf_cbor_expect_text(&r, HF_STR("relay.set"));
		hf_cbor_read_bytes(&r, &args);
		hf_cbor_reader(&a, args);
		hf_cbor_expect_map(&a, 1);
		hf_cbor_expect_text(&a, HF_STR("on"));
		hf_cbor_read_bool(&a, &on);
		if (hf_cbor_done(&r) == HF_OK && hf_cbor_done(&a) == HF_OK)
			printf("relay %s\n", on ? "on" : "off");
		say_result(fd, cti, hf_cbor_error(&r) != HF_OK || hf_cbor_error(&a) != HF_OK);
	} else if (hf_bytes_equal(word, HF_STR("error"))) {
		hf_cbor_read_text(&r, &why); /* the code, then words */
		hf_cbor_read_text(&r, &why);
		fprintf(stderr, "refused: %.*s\n", (int)why.len, (const char *)why.ptr);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(sa.sun_path)) {
		fprintf(stderr, "usage: thermometer STATE/app.sock\n");
		return 2;
	}
	memcpy(sa.sun_path, argv[1], strlen(argv[1]));
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		perror(argv[1]);
		return 1;
	}
	say_ops(fd);
	for (unsigned second = 0;; second++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint8_t mem[65536];

		say_reading(fd, 20 + second % 50 * 0.1);
		while (poll(&p, 1, 1000) > 0) {
			ssize_t n = recv(fd, mem, sizeof(mem), 0);

			if (n <= 0)
				return 1;
			hear(fd, (hf_bytes){ mem, (size_t)n });
		}
	}
}

/* thermometer.c -- a program beside the agent: it gives one reading a second, sealed so that only the data
 * owners can read it, and takes the command relay.set {"on": true or false}.
 * build: cc thermometer.c $(pkg-config --cflags --libs holdfast) -o thermometer
 * run:   ./thermometer /var/lib/holdfast/app.sock
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/app.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

static uint8_t mem[HF_APP_MAX_LEN];

static bool hear(int fd, hf_bytes packet)
{
	struct hf_out out = HF_OUT(mem);
	struct hf_app_message m;
	bool on, bad;

	if (hf_app_read(packet, &m) != HF_OK)
		return false;
	if (m.kind == HF_APP_REFUSED)
		fprintf(stderr, "refused: %.*s\n", (int)m.text.len, (const char *)m.text.ptr);
	if (m.kind != HF_APP_COMMAND)
		return true;
	bad = hf_app_arg_bool(&m, "on", &on) != HF_OK; /* relay.set is the only operation we announced */
	if (!bad)
		printf("relay %s\n", on ? "on" : "off");
	fflush(stdout);
	return hf_app_result(m.cti, bad, HF_STR(""), &out) == HF_OK && send(fd, mem, out.len, 0) > 0;
}

int main(int argc, char **argv)
{
	static const struct hf_app_op ops[] = { { "relay.set", HF_APP_ACT } };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct pollfd p = { .fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), .events = POLLIN };
	struct hf_out out = HF_OUT(mem);
	bool alive = hf_app_ops(ops, 1, &out) == HF_OK;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", argc == 2 ? argv[1] : "app.sock");
	if (connect(p.fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || send(p.fd, mem, out.len, 0) < 0)
		return perror(sa.sun_path), 1;
	for (unsigned second = 0; alive; second++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "%.1f", 20 + second % 50 * 0.1);

		out.len = 0;
		alive = hf_app_data("climate", (hf_bytes){ (uint8_t *)text, (size_t)n }, &out) == HF_OK &&
			send(p.fd, mem, out.len, 0) > 0;
		while (alive && poll(&p, 1, 1000) > 0) { /* a second without anything to hear */
			ssize_t len = recv(p.fd, mem, sizeof(mem), 0);

			alive = len > 0 && hear(p.fd, (hf_bytes){ mem, (size_t)len });
		}
	}
	return 1;
}

/* appproc: the Unix socket for applications (doc/protocol/app-socket.md). It has no key and no network; it
 * checks the shape of what local programs say and hands it to keyproc.
 * SPDX-License-Identifier: Apache-2.0 */
#include "msg.h"
#include <errno.h>
#include <hf/log.h>
#include <hf/sandbox.h>
#include <holdfast/cbor.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, PACKET_CAP = 65536, WORD_CAP = 16 };

struct app;
struct client {
	struct app *app;
	struct hf_watch watch;
	int fd; /* -1 = free */
};
struct app {
	struct hf_loop *loop;
	struct hf_ipc *key;
	struct hf_watch listener;
	struct client clients[MAX_CLIENTS];
	uint8_t in[PACKET_CAP], body[PACKET_CAP + 64], reply[PACKET_CAP], out[PACKET_CAP + 64];
};

/* One word of the protocol: reads its arguments from `r`, asks key, leaves the answer's text in `reply`. */
struct word {
	const char *name;
	size_t n_args;
	hf_err (*handle)(struct app *a, struct hf_cborr *r, struct hf_out *reply);
};

static hf_err ask(struct app *a, uint16_t type, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_call(a->key, type, body, AGENT_CALL_MS, reply);
}

static hf_err on_status(struct app *a, struct hf_cborr *r, struct hf_out *reply)
{
	HF_TRY(hf_cbor_done(r));
	return ask(a, MSG_APP_STATUS, (hf_bytes){ NULL, 0 }, reply);
}

static hf_err on_poll(struct app *a, struct hf_cborr *r, struct hf_out *reply)
{
	HF_TRY(hf_cbor_done(r));
	return ask(a, MSG_APP_POLL, (hf_bytes){ NULL, 0 }, reply);
}

static hf_err on_tele(struct app *a, struct hf_cborr *r, struct hf_out *reply)
{
	struct hf_out body = HF_OUT(a->body);
	hf_bytes id = { NULL, 0 }, payload = { NULL, 0 };

	hf_cbor_read_text(r, &id);
	hf_cbor_read_bytes(r, &payload);
	HF_TRY(hf_cbor_done(r));
	HF_TRY(msg_pair_write(id, payload, &body));
	return ask(a, MSG_APP_TELE, hf_out_bytes(&body), reply);
}

static const struct word words[] = {
	{ "status", 0, on_status },
	{ "poll", 0, on_poll },
	{ "tele", 2, on_tele },
};

static hf_err handle(struct app *a, hf_bytes packet, struct hf_out *reply)
{
	hf_bytes name = { NULL, 0 };
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, packet);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_text_max(&r, WORD_CAP, &name);
	HF_TRY(hf_cbor_error(&r));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (hf_bytes_equal(name,
				   (hf_bytes){ (const uint8_t *)words[i].name, strlen(words[i].name) }) &&
		    n == 1 + words[i].n_args)
			return words[i].handle(a, &r, reply);
	return HF_ERR_AGENT_APP;
}

/* ["ok", text] or ["error", name, words] */
static hf_err write_answer(hf_err err, hf_bytes text, struct hf_out *out)
{
	const char *words_of_err = hf_err_text(err);
	struct hf_cborw w;
	char name[8];

	hf_err_name(err, name);
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, err == HF_OK ? 2 : 3);
	hf_cbor_put_text(&w, err == HF_OK ? HF_STR("ok") : HF_STR("error"));
	if (err != HF_OK)
		hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)name, strlen(name) });
	if (err != HF_OK)
		text = (hf_bytes){ (const uint8_t *)words_of_err, strlen(words_of_err) };
	hf_cbor_put_text(&w, text);
	return hf_cbor_finish(&w);
}

static void drop_client(struct client *c)
{
	hf_watch_close(&c->watch);
	(void)close(c->fd);
	c->fd = -1;
}

static void on_packet(void *ctx, int fd, unsigned what)
{
	struct client *c = ctx;
	struct app *a = c->app;
	struct hf_out reply = HF_OUT(a->reply), out = HF_OUT(a->out);
	ssize_t n = recv(fd, a->in, sizeof(a->in), MSG_TRUNC);
	hf_err err;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n > sizeof(a->in)) {
		drop_client(c);
		return;
	}
	err = handle(a, (hf_bytes){ a->in, (size_t)n }, &reply);
	if (err != HF_OK)
		hf_log_why(HF_LOG_INFO, "app", "refused", err, NULL);
	if (write_answer(err, hf_out_bytes(&reply), &out) != HF_OK ||
	    send(fd, out.ptr, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		drop_client(c); /* a client that does not read its answers */
}

static struct client *free_client(struct app *a)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (a->clients[i].fd < 0)
			return &a->clients[i];
	return NULL;
}

static void on_connect(void *ctx, int fd, unsigned what)
{
	struct app *a = ctx;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = free_client(a);

	(void)what;
	if (client < 0)
		return;
	if (c == NULL || hf_watch_open(&c->watch, a->loop, client, HF_WATCH_READ, on_packet, c) != HF_OK) {
		hf_log(HF_LOG_WARN, "app", "too many clients", "");
		(void)close(client);
		return;
	}
	c->fd = client;
	c->app = a;
}

static hf_err run(struct app *a, const struct agent *agent, struct hf_why *why)
{
	const struct hf_sandbox s = {
		.powers = HF_POWER_ACCEPT,
		.user = agent->conf.user[0] != '\0' ? agent->conf.user : NULL,
		.max_fds = 64,
	};

	for (size_t i = 0; i < MAX_CLIENTS; i++)
		a->clients[i].fd = -1;
	HF_TRY(hf_loop_new(&a->loop));
	HF_TRY(hf_ipc_new(APP_FD_KEY, &a->key));
	HF_TRY(hf_sandbox_enter(&s, why));
	HF_TRY(hf_watch_open(&a->listener, a->loop, APP_FD_LISTEN, HF_WATCH_READ, on_connect, a));
	return hf_loop_run(a->loop);
}

int agent_appproc(const struct agent *agent)
{
	static struct app a;
	struct hf_why why = { HF_OK, "" };
	hf_err err = run(&a, agent, &why);

	hf_log_why(HF_LOG_ERR, "app", "stopped", err, &why);
	return 1;
}

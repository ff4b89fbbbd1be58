/* appproc: the Unix socket for applications (doc/protocol/app-socket.md). It has no key and no network; it
 * checks the shape of what local programs say and hands it to keyproc.
 * SPDX-License-Identifier: Apache-2.0 */
#include "app.h"
#include <errno.h>
#include <hf/log.h>
#include <hf/sandbox.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

hf_err app_ask(struct app *a, uint16_t type, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_call(a->key, type, body, AGENT_CALL_MS, reply);
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

static void drop_client(struct app_client *c)
{
	if (c->fd < 0)
		return;
	hf_watch_close(&c->watch);
	(void)close(c->fd);
	c->fd = -1;
	app_forget(c);
}

void app_send(struct app_client *c, hf_bytes packet)
{
	if (c->fd >= 0 && send(c->fd, packet.ptr, packet.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		drop_client(c);
}

static void on_packet(void *ctx, int fd, unsigned what)
{
	struct app_client *c = ctx;
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
	err = app_word(c, (hf_bytes){ a->in, (size_t)n }, &reply);
	if (err != HF_OK)
		hf_log_why(HF_LOG_INFO, "app", "refused", err, NULL);
	if (write_answer(err, hf_out_bytes(&reply), &out) != HF_OK)
		drop_client(c);
	else
		app_send(c, hf_out_bytes(&out));
}

static struct app_client *free_client(struct app *a)
{
	for (size_t i = 0; i < APP_CLIENTS_MAX; i++)
		if (a->client[i].fd < 0)
			return &a->client[i];
	return NULL;
}

static void on_connect(void *ctx, int fd, unsigned what)
{
	struct app *a = ctx;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct app_client *c = free_client(a);

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

static void on_again(void *ctx)
{
	struct app *a = ctx;

	if (app_tell_ops(a) != HF_OK)
		hf_log(HF_LOG_DEBUG, "app", "key process does not answer", "");
	if (hf_timer_start(&a->again, APP_OPS_AGAIN_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "app", "timer", "");
}

static void on_closed(void *ctx)
{
	(void)ctx; /* the supervisor keeps the other end */
}

static hf_err run(struct app *a, const struct agent *agent, struct hf_why *why)
{
	static const struct hf_ipc_op ops[] = { { MSG_DELIVER, 1, HF_COMMAND_MAX_LEN, app_on_deliver } };
	const struct hf_ipc_table table = { ops, 1, a };
	const struct hf_sandbox s = {
		.powers = HF_POWER_ACCEPT,
		.user = agent->conf.user[0] != '\0' ? agent->conf.user : NULL,
		.max_fds = 64,
	};

	for (size_t i = 0; i < APP_CLIENTS_MAX; i++)
		a->client[i].fd = -1;
	HF_TRY(hf_loop_new(&a->loop));
	HF_TRY(hf_timer_init(&a->again, a->loop, on_again, a));
	HF_TRY(hf_ipc_new(APP_FD_KEY, &a->key));
	HF_TRY(hf_sandbox_enter(&s, why));
	HF_TRY(hf_ipc_serve_start(&a->from_key, a->loop, APP_FD_DELIVER, &table, on_closed));
	HF_TRY(hf_watch_open(&a->listener, a->loop, APP_FD_LISTEN, HF_WATCH_READ, on_connect, a));
	HF_TRY(hf_timer_start(&a->again, APP_OPS_AGAIN_MS));
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

/* api.c -- the process's frame: routes, a queue, threads that may wait for the disk.
 * Handlers of the web server never block; they queue the call and return.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "api_priv.h"

enum { THREADS_DEFAULT = 4, STOP_GRACE_MS = 2000 };

static const struct api_route *const tables[] = { api_device_routes,  api_claim_routes,  api_unit_routes,
						  api_channel_routes, api_people_routes, api_machine_routes,
						  api_factory_routes, api_release_routes };

void api_queue(struct api_call *c)
{
	struct hf_api *api = c->api;

	pthread_mutex_lock(&api->lock);
	c->next = NULL;
	if (api->last == NULL)
		api->first = c;
	else
		api->last->next = c;
	api->last = c;
	pthread_cond_signal(&api->wake);
	pthread_mutex_unlock(&api->lock);
}

static struct api_call *take(struct hf_api *api)
{
	struct api_call *c;

	pthread_mutex_lock(&api->lock);
	while (api->first == NULL && !api->stopping)
		pthread_cond_wait(&api->wake, &api->lock);
	c = api->first;
	if (c != NULL)
		api->first = c->next;
	if (api->first == NULL)
		api->last = NULL;
	pthread_mutex_unlock(&api->lock);
	return c;
}

bool api_may_wait(struct hf_api *api, bool begin)
{
	bool may = true;

	pthread_mutex_lock(&api->lock);
	if (!begin)
		api->n_waiting--;
	else if (api->n_waiting < api->n_threads / 2)
		api->n_waiting++;
	else
		may = false;
	pthread_mutex_unlock(&api->lock);
	return may;
}

static void *work(void *ctx)
{
	struct api_call *c;

	while ((c = take(ctx)) != NULL)
		api_execute(c);
	return NULL;
}

static size_t count_routes(void)
{
	size_t n = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct api_route *r = tables[t]; r->pattern != NULL; r++)
			n++;
	return n;
}

static void refuse_busy(struct hf_http_call *http)
{
	const struct hf_http_res res = { .status = 503, .retry_after_s = 1 };

	hf_http_answer(http, &res);
}

static void on_request(void *ctx, const struct hf_http_req *req, struct hf_http_call *http)
{
	struct hf_api *api = ctx;
	struct api_call *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		refuse_busy(http);
		return;
	}
	*c = (struct api_call){ .api = api,
				.route = api->routes[req->route],
				.req = req,
				.http = http,
				.body = HF_BUF(API_BODY_CEILING) };
	c->json.buf = &c->body;
	api_queue(c);
}

static void on_error(void *ctx, const char *path, struct hf_http_res *res, struct hf_buf *body)
{
	enum api_problem problem = API_BAD_REQUEST;

	(void)ctx;
	if (res->status == 404)
		problem = API_NOT_FOUND;
	else if (res->status == 405)
		problem = API_METHOD;
	else if (res->status == 413)
		problem = API_TOO_LARGE;
	else if (res->status >= 500)
		problem = API_BUSY;
	res->type = "application/problem+json";
	if (api_problem_print(problem, path, NULL, body) != HF_OK)
		hf_buf_reset(body);
}

static hf_err fill_routes(struct hf_api *api, size_t n)
{
	size_t at = 0;

	api->http_routes = calloc(n, sizeof(*api->http_routes));
	api->routes = calloc(n, sizeof(*api->routes));
	if (api->http_routes == NULL || api->routes == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct api_route *r = tables[t]; r->pattern != NULL; r++) {
			api->routes[at] = r;
			api->http_routes[at++] =
				(struct hf_http_route){ r->method, r->pattern, r->body_max, on_request };
		}
	return HF_OK;
}

hf_err hf_api_new(const struct hf_api_conf *conf, struct hf_api **out, struct hf_why *why)
{
	size_t n = count_routes();
	struct hf_api *api = calloc(1, sizeof(*api));
	struct hf_http_conf http = { .addr = conf->addr,
				     .port = conf->port,
				     .tls = conf->tls,
				     .workers = conf->workers,
				     .body_max = API_BODY_CEILING,
				     .n_routes = n,
				     .ctx = api,
				     .on_error = on_error };
	hf_err err;

	*out = NULL;
	if (api == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "api");
	api->conf = *conf;
	pthread_mutex_init(&api->lock, NULL);
	pthread_cond_init(&api->wake, NULL);
	err = hf_ca_mac_key(conf->ca, "cursor", &api->cursor_key);
	if (err == HF_OK)
		err = fill_routes(api, n);
	http.routes = api->http_routes;
	if (err == HF_OK)
		err = hf_http_new(&http, &api->http, why);
	if (err != HF_OK) {
		hf_api_free(api);
		return err;
	}
	*out = api;
	return HF_OK;
}

hf_err hf_api_start(struct hf_api *api, struct hf_why *why)
{
	size_t want = api->conf.threads == 0 ? THREADS_DEFAULT : api->conf.threads;

	if (want > API_THREADS_MAX)
		want = API_THREADS_MAX;
	while (api->n_threads < want) {
		if (pthread_create(&api->thread[api->n_threads], NULL, work, api) != 0)
			return hf_why_errno(why, HF_ERR_HOST_MEMORY, "api: thread");
		api->n_threads++;
	}
	return hf_http_start(api->http, why);
}

uint16_t hf_api_port(const struct hf_api *api)
{
	return hf_http_port(api->http);
}

void hf_api_free(struct hf_api *api)
{
	if (api == NULL)
		return;
	if (api->http != NULL)
		hf_http_stop(api->http, STOP_GRACE_MS);
	pthread_mutex_lock(&api->lock);
	api->stopping = true;
	pthread_cond_broadcast(&api->wake);
	pthread_mutex_unlock(&api->lock);
	for (size_t i = 0; i < api->n_threads; i++)
		pthread_join(api->thread[i], NULL);
	hf_http_free(api->http);
	pthread_cond_destroy(&api->wake);
	pthread_mutex_destroy(&api->lock);
	hf_key_wipe(&api->cursor_key);
	free(api->http_routes);
	free(api->routes);
	free(api);
}

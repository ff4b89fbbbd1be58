/* Operations that applications take, and the commands they carry out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "app.h"
#include <hf/log.h>
#include <string.h>

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

static const struct app_op *find_op(const struct app_client *c, hf_bytes name)
{
	for (size_t i = 0; i < c->n_ops; i++)
		if (hf_bytes_equal(text(c->op[i].name), name))
			return &c->op[i];
	return NULL;
}

/* Who takes this operation? One client at most: the first to say so. */
static struct app_client *taker(struct app *a, hf_bytes name)
{
	for (size_t i = 0; i < APP_CLIENTS_MAX; i++)
		if (a->client[i].fd >= 0 && find_op(&a->client[i], name) != NULL)
			return &a->client[i];
	return NULL;
}

hf_err app_tell_ops(struct app *a)
{
	struct hf_out body = HF_OUT(a->body), reply = HF_OUT(a->out);
	struct hf_cborw w;
	size_t n = 0;

	for (size_t i = 0; i < APP_CLIENTS_MAX; i++)
		n += a->client[i].fd >= 0 ? a->client[i].n_ops : 0;
	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, n);
	for (size_t i = 0; i < APP_CLIENTS_MAX; i++)
		for (size_t j = 0; a->client[i].fd >= 0 && j < a->client[i].n_ops; j++) {
			hf_cbor_put_array(&w, 2);
			hf_cbor_put_text(&w, text(a->client[i].op[j].name));
			hf_cbor_put_uint(&w, a->client[i].op[j].cls);
		}
	HF_TRY(hf_cbor_finish(&w));
	return app_ask(a, MSG_APP_OPS, hf_out_bytes(&body), &reply);
}

static hf_err read_op(struct app_client *c, struct hf_cborr *r, struct app_op *op)
{
	uint64_t cls = 0;
	hf_bytes name;

	memset(op, 0, sizeof(*op));
	hf_cbor_expect_array(r, 2);
	hf_cbor_read_text_max(r, HF_COMMAND_MAX_OP_LEN, &name);
	hf_cbor_read_uint_max(r, HF_COMMAND_DANGER, &cls);
	hf_cbor_end(r);
	HF_TRY(hf_cbor_error(r));
	if (name.len == 0 || cls == 0 || memchr(name.ptr, 0, name.len) != NULL || taker(c->app, name) != NULL)
		return HF_ERR_AGENT_APP;
	memcpy(op->name, name.ptr, name.len);
	op->cls = (uint8_t)cls;
	return HF_OK;
}

static hf_err read_ops(struct app_client *c, struct hf_cborr *r)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	if (n > APP_CLIENT_OPS_MAX)
		return HF_ERR_AGENT_FULL;
	for (size_t i = 0; i < n; i++) {
		HF_TRY(read_op(c, r, &c->op[i]));
		c->n_ops++; /* so that a name said twice is found */
	}
	return hf_cbor_done(r);
}

hf_err app_on_ops(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	hf_err err;

	reply->len = 0;
	c->n_ops = 0;
	err = read_ops(c, r);
	if (err == HF_OK)
		err = app_tell_ops(c->app);
	if (err == HF_OK)
		return HF_OK;
	c->n_ops = 0;
	if (app_tell_ops(c->app) != HF_OK)
		hf_log(HF_LOG_WARN, "app", "operations not told", "");
	return err;
}

static hf_err tell_result(struct app *a, const uint8_t cti[static HF_COMMAND_CTI_LEN], unsigned status,
			  hf_bytes result)
{
	struct hf_out body = HF_OUT(a->body), reply = HF_OUT(a->out);
	struct hf_cborw w;

	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_bytes(&w, (hf_bytes){ cti, HF_COMMAND_CTI_LEN });
	hf_cbor_put_uint(&w, status);
	hf_cbor_put_bytes(&w, result);
	HF_TRY(hf_cbor_finish(&w));
	return app_ask(a, MSG_APP_RESULT, hf_out_bytes(&body), &reply);
}

static struct app_job *find_job(struct app_client *c, const uint8_t cti[static HF_COMMAND_CTI_LEN])
{
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++)
		if (c->job[i].busy && memcmp(c->job[i].cti, cti, HF_COMMAND_CTI_LEN) == 0)
			return &c->job[i];
	return NULL;
}

hf_err app_on_result(struct app_client *c, struct hf_cborr *r, struct hf_out *reply)
{
	uint8_t cti[HF_COMMAND_CTI_LEN];
	struct app_job *job;
	bool failed = false;
	hf_bytes result;

	reply->len = 0;
	hf_cbor_read_fixed(r, cti, sizeof(cti));
	hf_cbor_read_bool(r, &failed);
	hf_cbor_read_bytes_max(r, HF_RECEIPT_MAX_RESULT_LEN, &result);
	HF_TRY(hf_cbor_done(r));
	job = find_job(c, cti);
	if (job == NULL)
		return HF_ERR_OBEY_NO_JOB;
	HF_TRY(tell_result(c->app, cti, failed ? HF_STATUS_FAILED : HF_STATUS_DONE, result));
	job->busy = false;
	return HF_OK;
}

static hf_err push(struct app_client *c, struct app_job *job, hf_bytes op, hf_bytes args)
{
	struct hf_out out = HF_OUT(c->app->out);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("command"));
	hf_cbor_put_bytes(&w, HF_ARR(job->cti));
	hf_cbor_put_text(&w, op);
	hf_cbor_put_bytes(&w, args);
	HF_TRY(hf_cbor_finish(&w));
	job->busy = true;
	app_send(c, hf_out_bytes(&out));
	return HF_OK;
}

static struct app_job *free_job(struct app_client *c)
{
	for (size_t i = 0; c != NULL && i < HF_OBEY_MAX_JOBS; i++)
		if (!c->job[i].busy)
			return &c->job[i];
	return NULL;
}

hf_err app_on_deliver(void *ctx, hf_bytes body, struct hf_out *reply)
{
	uint8_t cti[HF_COMMAND_CTI_LEN];
	struct app_client *c;
	struct app *a = ctx;
	struct app_job *job;
	hf_bytes op, args;
	struct hf_cborr r;

	reply->len = 0;
	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 3);
	hf_cbor_read_fixed(&r, cti, sizeof(cti));
	hf_cbor_read_text(&r, &op);
	hf_cbor_read_bytes(&r, &args);
	HF_TRY(hf_cbor_done(&r));
	c = taker(a, op);
	job = free_job(c);
	if (job == NULL) /* it went away meanwhile */
		return tell_result(a, cti, HF_STATUS_FAILED, (hf_bytes){ NULL, 0 });
	memcpy(job->cti, cti, sizeof(cti));
	return push(c, job, op, args);
}

void app_forget(struct app_client *c)
{
	bool had_ops = c->n_ops > 0;

	c->n_ops = 0;
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++) {
		if (!c->job[i].busy)
			continue;
		c->job[i].busy = false;
		if (tell_result(c->app, c->job[i].cti, HF_STATUS_UNKNOWN, (hf_bytes){ NULL, 0 }) != HF_OK)
			hf_log(HF_LOG_WARN, "app", "result not told", "");
	}
	if (had_ops && app_tell_ops(c->app) != HF_OK)
		hf_log(HF_LOG_WARN, "app", "operations not told", "");
}

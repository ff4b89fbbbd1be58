/* SPDX-License-Identifier: Apache-2.0 */
#include "msg.h"
#include <holdfast/cbor.h>
#include <string.h>

enum { NONE = 255 }; /* "no key", "no session" as an unsigned number */

static uint64_t or_none(int v)
{
	return v < 0 ? NONE : (uint64_t)v;
}

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

hf_err msg_want_write(const struct agent_want *w, struct hf_out *out)
{
	struct hf_cborw c;

	out->len = 0;
	hf_cbor_writer(&c, out);
	hf_cbor_put_array(&c, 12);
	hf_cbor_put_uint(&c, w->now_s);
	hf_cbor_put_uint(&c, w->boot_count);
	hf_cbor_put_bool(&c, w->request);
	hf_cbor_put_bool(&c, w->renew);
	hf_cbor_put_uint(&c, or_none(w->request_key));
	hf_cbor_put_bytes(&c, w->request_cert);
	hf_cbor_put_bool(&c, w->in_session);
	hf_cbor_put_uint(&c, or_none(w->session));
	hf_cbor_put_text(&c, text(w->dev));
	hf_cbor_put_bytes(&c, w->session_cert);
	hf_cbor_put_uint(&c, w->keepalive_s);
	hf_cbor_put_uint(&c, w->heartbeat_s);
	return hf_cbor_finish(&c);
}

hf_err msg_want_read(hf_bytes body, struct agent_want *w)
{
	uint64_t key = NONE, session = NONE;
	hf_bytes dev = { NULL, 0 };
	struct hf_cborr c;

	memset(w, 0, sizeof(*w));
	hf_cbor_reader(&c, body);
	hf_cbor_expect_array(&c, 12);
	hf_cbor_read_uint(&c, &w->now_s);
	hf_cbor_read_uint(&c, &w->boot_count);
	hf_cbor_read_bool(&c, &w->request);
	hf_cbor_read_bool(&c, &w->renew);
	hf_cbor_read_uint_max(&c, NONE, &key);
	hf_cbor_read_bytes_max(&c, HF_RENEW_CERT_CAP, &w->request_cert);
	hf_cbor_read_bool(&c, &w->in_session);
	hf_cbor_read_uint_max(&c, NONE, &session);
	hf_cbor_read_text_max(&c, HF_DEV_LEN, &dev);
	hf_cbor_read_bytes_max(&c, HF_RENEW_CERT_CAP, &w->session_cert);
	hf_cbor_read_uint_max(&c, 3600, &w->keepalive_s);
	hf_cbor_read_uint_max(&c, 86400, &w->heartbeat_s);
	HF_TRY(hf_cbor_done(&c));
	w->request_key = key == NONE ? -1 : (int)key;
	w->session = session == NONE ? -1 : (int)session;
	if (dev.len > 0)
		memcpy(w->dev, dev.ptr, dev.len);
	return HF_OK;
}

hf_err msg_up_write(const struct agent_up *u, struct hf_out *out)
{
	struct hf_cborw c;

	out->len = 0;
	hf_cbor_writer(&c, out);
	hf_cbor_put_array(&c, 5);
	hf_cbor_put_uint(&c, u->token);
	hf_cbor_put_text(&c, text(u->topic));
	hf_cbor_put_uint(&c, (uint64_t)u->qos);
	hf_cbor_put_uint(&c, u->expiry_s);
	hf_cbor_put_bytes(&c, u->payload);
	return hf_cbor_finish(&c);
}

hf_err msg_up_read(hf_bytes body, struct agent_up *u)
{
	uint64_t qos = 0, expiry = 0;
	hf_bytes topic = { NULL, 0 };
	struct hf_cborr c;

	memset(u, 0, sizeof(*u));
	if (body.len == 0)
		return HF_ERR_PORT_ABSENT;
	hf_cbor_reader(&c, body);
	hf_cbor_expect_array(&c, 5);
	hf_cbor_read_uint(&c, &u->token);
	hf_cbor_read_text_max(&c, AGENT_TOPIC_CAP - 1, &topic);
	hf_cbor_read_uint_max(&c, 1, &qos);
	hf_cbor_read_uint_max(&c, UINT32_MAX, &expiry);
	hf_cbor_read_bytes_max(&c, AGENT_PAYLOAD_CAP, &u->payload);
	HF_TRY(hf_cbor_done(&c));
	if (topic.len > 0)
		memcpy(u->topic, topic.ptr, topic.len);
	u->qos = (int)qos;
	u->expiry_s = (uint32_t)expiry;
	return HF_OK;
}

hf_err msg_pair_write(hf_bytes a, hf_bytes b, struct hf_out *out)
{
	struct hf_cborw c;

	out->len = 0;
	hf_cbor_writer(&c, out);
	hf_cbor_put_array(&c, 2);
	hf_cbor_put_bytes(&c, a);
	hf_cbor_put_bytes(&c, b);
	return hf_cbor_finish(&c);
}

hf_err msg_pair_read(hf_bytes body, hf_bytes *a, hf_bytes *b)
{
	struct hf_cborr c;

	hf_cbor_reader(&c, body);
	hf_cbor_expect_array(&c, 2);
	hf_cbor_read_bytes(&c, a);
	hf_cbor_read_bytes(&c, b);
	return hf_cbor_done(&c);
}

hf_err msg_look_read(hf_bytes payload, struct agent_look *look)
{
	uint64_t port = 0;
	struct hf_cborr r;

	*look = (struct agent_look){ .port = 0 };
	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 3);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_fixed(&r, look->names, HF_SHA256_LEN);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_fixed(&r, look->names + HF_SHA256_LEN, HF_SHA256_LEN);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_uint_max(&r, UINT16_MAX, &port);
	if (port == 0)
		hf_cbor_reader_fail(&r, HF_ERR_CBOR_RANGE);
	look->port = (uint16_t)port;
	return hf_cbor_done(&r);
}

hf_err msg_numbers_write(const uint64_t *v, size_t n, struct hf_out *out)
{
	struct hf_cborw c;

	out->len = 0;
	hf_cbor_writer(&c, out);
	hf_cbor_put_array(&c, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_uint(&c, v[i]);
	return hf_cbor_finish(&c);
}

hf_err msg_numbers_read(hf_bytes body, uint64_t *v, size_t n)
{
	struct hf_cborr c;

	hf_cbor_reader(&c, body);
	hf_cbor_expect_array(&c, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_read_uint(&c, &v[i]);
	return hf_cbor_done(&c);
}

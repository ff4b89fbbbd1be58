/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/app.h>

static hf_bytes text_of(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return (hf_bytes){ (const uint8_t *)s, n };
}

hf_err hf_app_data(const char *stream, hf_bytes data, struct hf_out *out)
{
	hf_bytes name = text_of(stream);
	struct hf_cborw w;

	if (name.len == 0 || name.len > HF_APP_MAX_STREAM_LEN || data.len > HF_APP_MAX_DATA_LEN)
		return HF_ERR_APP_LIMIT;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_text(&w, HF_STR("data"));
	hf_cbor_put_text(&w, name);
	hf_cbor_put_bytes(&w, data);
	return hf_cbor_finish(&w);
}

hf_err hf_app_ops(const struct hf_app_op *ops, size_t n, struct hf_out *out)
{
	struct hf_cborw w;

	if (n > HF_APP_MAX_OPS)
		return HF_ERR_APP_LIMIT;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_text(&w, HF_STR("ops"));
	hf_cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++) {
		if (ops[i].cls < HF_APP_READ || ops[i].cls > HF_APP_DANGER)
			hf_cbor_writer_fail(&w, HF_ERR_APP_LIMIT);
		hf_cbor_put_array(&w, 2);
		hf_cbor_put_text(&w, text_of(ops[i].name));
		hf_cbor_put_uint(&w, ops[i].cls);
	}
	return hf_cbor_finish(&w);
}

hf_err hf_app_result(const uint8_t cti[static HF_APP_CTI_LEN], bool failed, hf_bytes result,
		     struct hf_out *out)
{
	struct hf_cborw w;

	if (result.len > HF_APP_MAX_RESULT_LEN)
		return HF_ERR_APP_LIMIT;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("result"));
	hf_cbor_put_bytes(&w, (hf_bytes){ cti, HF_APP_CTI_LEN });
	hf_cbor_put_bool(&w, failed);
	hf_cbor_put_bytes(&w, result);
	return hf_cbor_finish(&w);
}

static void read_body(struct hf_cborr *r, struct hf_app_message *m)
{
	if (m->kind == HF_APP_COMMAND) {
		hf_cbor_read_fixed(r, m->cti, sizeof(m->cti));
		hf_cbor_read_text(r, &m->op);
		hf_cbor_read_bytes(r, &m->args);
		return;
	}
	if (m->kind == HF_APP_REFUSED)
		hf_cbor_read_text(r, &m->code);
	hf_cbor_read_text(r, &m->text);
}

hf_err hf_app_read(hf_bytes packet, struct hf_app_message *m)
{
	hf_bytes word = { NULL, 0 };
	struct hf_cborr r;
	size_t n = 0;

	*m = (struct hf_app_message){ .text = { NULL, 0 } };
	hf_cbor_reader(&r, packet);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_text(&r, &word);
	if (hf_bytes_equal(word, HF_STR("ok")))
		m->kind = HF_APP_OK;
	else if (hf_bytes_equal(word, HF_STR("error")))
		m->kind = HF_APP_REFUSED;
	else if (hf_bytes_equal(word, HF_STR("command")))
		m->kind = HF_APP_COMMAND;
	else
		hf_cbor_reader_fail(&r, HF_ERR_APP_SHAPE);
	read_body(&r, m);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	*m = (struct hf_app_message){ .text = { NULL, 0 } };
	return HF_ERR_APP_SHAPE;
}

static void open_arg(struct hf_cborr *r, const struct hf_app_message *m, const char *name)
{
	hf_cbor_reader(r, m->args);
	hf_cbor_expect_map(r, 1);
	hf_cbor_expect_text(r, text_of(name));
}

hf_err hf_app_arg_bool(const struct hf_app_message *m, const char *name, bool *value)
{
	struct hf_cborr r;

	open_arg(&r, m, name);
	hf_cbor_read_bool(&r, value);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	*value = false;
	return HF_ERR_APP_ARGS;
}

hf_err hf_app_arg_uint(const struct hf_app_message *m, const char *name, uint64_t *value)
{
	struct hf_cborr r;

	open_arg(&r, m, name);
	hf_cbor_read_uint(&r, value);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	*value = 0;
	return HF_ERR_APP_ARGS;
}

/* provision.c -- the public file that tells a device of a product line whom to trust and where to go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/cbor.h>
#include <hf/deploy.h>

enum { TEXT_MAX = 253, CERT_MAX = 2048, POLICY_MAX = 4096, ENROL_MAX = 3 };

hf_err hf_provision_write(const struct hf_provision *p, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, 11);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR("holdfast/provision/1"));
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_text(&w, p->line);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_text(&w, p->enrol_host);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_uint(&w, p->enrol_port);
	hf_cbor_put_key(&w, 4);
	hf_cbor_put_text(&w, p->broker_host);
	hf_cbor_put_key(&w, 5);
	hf_cbor_put_uint(&w, p->broker_port);
	hf_cbor_put_key(&w, 6);
	hf_cbor_put_bytes(&w, p->server_ca);
	hf_cbor_put_key(&w, 7);
	hf_cbor_put_bytes(&w, p->policy);
	hf_cbor_put_key(&w, 8);
	hf_cbor_put_uint(&w, p->enrol);
	hf_cbor_put_key(&w, 9);
	hf_cbor_put_text(&w, p->domain);
	hf_cbor_put_key(&w, 10);
	hf_cbor_put_array(&w, p->n_op_ca);
	for (size_t i = 0; i < p->n_op_ca; i++)
		hf_cbor_put_bytes(&w, p->op_ca[i]);
	return hf_cbor_finish(&w);
}

static void read_port(struct hf_cborr *r, uint16_t *port)
{
	uint64_t v;

	hf_cbor_read_uint_max(r, 65535, &v);
	if (v == 0)
		hf_cbor_reader_fail(r, HF_ERR_DEPLOY_PROVISION);
	*port = (uint16_t)v;
}

static void read_fields(struct hf_cborr *r, struct hf_provision *p)
{
	hf_cbor_expect_key(r, 1);
	hf_cbor_read_text_max(r, HF_DEPLOY_NAME_MAX, &p->line);
	hf_cbor_expect_key(r, 2);
	hf_cbor_read_text_max(r, TEXT_MAX, &p->enrol_host);
	hf_cbor_expect_key(r, 3);
	read_port(r, &p->enrol_port);
	hf_cbor_expect_key(r, 4);
	hf_cbor_read_text_max(r, TEXT_MAX, &p->broker_host);
	hf_cbor_expect_key(r, 5);
	read_port(r, &p->broker_port);
	hf_cbor_expect_key(r, 6);
	hf_cbor_read_bytes_max(r, CERT_MAX, &p->server_ca);
	hf_cbor_expect_key(r, 7);
	hf_cbor_read_bytes_max(r, POLICY_MAX, &p->policy);
	hf_cbor_expect_key(r, 8);
	hf_cbor_read_uint_max(r, ENROL_MAX, &p->enrol);
	hf_cbor_expect_key(r, 9);
	hf_cbor_read_text_max(r, TEXT_MAX, &p->domain);
	hf_cbor_expect_key(r, 10);
	hf_cbor_read_array(r, &p->n_op_ca);
	if (p->n_op_ca == 0 || p->n_op_ca > HF_PROVISION_CAS_MAX) {
		hf_cbor_reader_fail(r, HF_ERR_DEPLOY_PROVISION);
		p->n_op_ca = 0;
	}
	for (size_t i = 0; i < p->n_op_ca; i++)
		hf_cbor_read_bytes_max(r, CERT_MAX, &p->op_ca[i]);
}

hf_err hf_provision_read(hf_bytes in, struct hf_provision *p)
{
	struct hf_cborr r;

	*p = (struct hf_provision){ 0 };
	hf_cbor_reader(&r, in);
	hf_cbor_expect_map(&r, 11);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR("holdfast/provision/1"));
	read_fields(&r, p);
	if (p->line.len == 0 || p->enrol_host.len == 0 || p->broker_host.len == 0 || p->domain.len == 0 ||
	    p->enrol == 0 || p->server_ca.len == 0 || p->policy.len == 0)
		hf_cbor_reader_fail(&r, HF_ERR_DEPLOY_PROVISION);
	hf_err err = hf_cbor_done(&r);
	if (err != HF_OK)
		*p = (struct hf_provision){ 0 };
	return err;
}

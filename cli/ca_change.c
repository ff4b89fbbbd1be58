/* ca_change.c -- see ca_change.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <hf/file.h>
#include "ca_change.h"

static void keep(struct maker *m, hf_err err, const char *act)
{
	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "%s", act);
}

static void read_policy(struct maker *m, struct ca_change *c)
{
	struct hf_out scratch = HF_OUT(c->scratch);
	char path[HF_DEPLOY_PATH_MAX];

	if (m->err == HF_OK)
		m->err = hf_deploy_path(path, m->dir, "trust/policy-1.cose", &m->why);
	if (m->err == HF_OK)
		m->err = hf_file_read(path, &c->policy_file, &m->why);
	if (m->err == HF_OK)
		keep(m, hf_policy_open_first(hf_buf_bytes(&c->policy_file), &scratch, &c->policy), path);
}

static void read_spki(struct maker *m, unsigned generation, struct hf_pki_cert *cert)
{
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	char name[HF_DEPLOY_OP_NAME_CAP];

	hf_deploy_op_name(name, generation, ".crt");
	maker_read_cert(m, name, &der);
	if (m->err == HF_OK)
		keep(m, hf_pki_cert_read(hf_out_bytes(&der), cert), name);
}

void ca_change_read(struct maker *m, unsigned generation, struct ca_change *c)
{
	struct hf_pki_cert now = { 0 }, before = { 0 };
	struct hf_deploy_op_change change = { generation, HF_ARR(now.spki_sha256),
					      HF_ARR(before.spki_sha256), { NULL, 0 } };

	*c = (struct ca_change){ .generation = generation, .policy_file = HF_BUF(CA_CHANGE_MAX) };
	c->payload = HF_OUT(c->payload_mem);
	read_policy(m, c);
	read_spki(m, generation, &now);
	read_spki(m, generation - 1, &before);
	change.policy_ref = HF_ARR(c->policy.ref);
	if (m->err == HF_OK)
		keep(m, hf_deploy_op_payload(&change, &c->payload), "payload");
}

void ca_change_end(struct ca_change *c)
{
	hf_buf_free(&c->policy_file);
}

void ca_change_finish(struct maker *m, const struct ca_change *c, hf_bytes statement)
{
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	char name[HF_DEPLOY_OP_NAME_CAP];
	hf_bytes payload = { NULL, 0 };

	if (m->err == HF_OK)
		keep(m,
		     hf_statement_check(statement, HF_STR(HF_DEPLOY_CA_KEY_TYPE), &c->policy, c->policy.root,
					0, &scratch, &payload),
		     "signatures");
	if (m->err == HF_OK && !hf_bytes_equal(payload, hf_out_bytes(&c->payload)))
		m->err = hf_why_set(&m->why, HF_ERR_STATEMENT_FORMAT,
				    "what was signed is another key than that of the certificate made here");
	if (m->err == HF_OK)
		maker_sync(m, "ca");
	hf_deploy_op_statement(name, c->generation);
	maker_file(m, name, statement, 0644);
}

hf_err ca_change_sign(hf_bytes in, const struct hf_cose_signer *signer, struct hf_out *out)
{
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_statement st;

	if (hf_statement_read(in, &st) == HF_OK)
		return hf_statement_add(in, signer, &scratch, out);
	return hf_statement_write(in, signer, 1, &scratch, out);
}

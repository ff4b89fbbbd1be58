/* opca.c -- generations of the Operational CA: where the parts of each lie, and what the root keys sign.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/cbor.h>
#include <holdfast/crypto.h>
#include <hf/deploy.h>
#include <hf/file.h>

void hf_deploy_op_name(char out[static HF_DEPLOY_OP_NAME_CAP], unsigned generation, const char *suffix)
{
	if (generation == 1)
		(void)snprintf(out, HF_DEPLOY_OP_NAME_CAP, "ca/op%s", suffix);
	else
		(void)snprintf(out, HF_DEPLOY_OP_NAME_CAP, "ca/op-%u%s", generation, suffix);
}

void hf_deploy_op_statement(char out[static HF_DEPLOY_OP_NAME_CAP], unsigned generation)
{
	(void)snprintf(out, HF_DEPLOY_OP_NAME_CAP, "trust/ca-key-op-%u.cose", generation);
}

unsigned hf_deploy_op_generation(const char *dir)
{
	char name[HF_DEPLOY_OP_NAME_CAP], path[HF_DEPLOY_PATH_MAX];
	unsigned n = 1;

	for (; n < HF_DEPLOY_OP_MAX; n++) {
		hf_deploy_op_statement(name, n + 1);
		if (hf_deploy_path(path, dir, name, NULL) != HF_OK || !hf_file_exists(path))
			break;
	}
	return n;
}

hf_err hf_deploy_op_key(const char *dir, unsigned generation, struct hf_deploy *d, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_DEPLOY_URI_MAX);
	char name[HF_DEPLOY_OP_NAME_CAP], path[HF_DEPLOY_PATH_MAX];

	if (generation == 1)
		return HF_OK;
	hf_deploy_op_name(name, generation, ".uri");
	HF_TRY(hf_deploy_path(path, dir, name, why));
	HF_TRY(hf_file_read(path, &text, why));
	hf_bytes line = hf_buf_bytes(&text);
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len == 0 || line.len >= sizeof(d->op_ca_key) || memchr(line.ptr, 0, line.len) != NULL)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s: not the URI of a key", path);
	memcpy(d->op_ca_key, line.ptr, line.len);
	d->op_ca_key[line.len] = '\0';
	return HF_OK;
}

hf_err hf_deploy_op_payload(const struct hf_deploy_op_change *c, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, 6);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR(HF_DEPLOY_CA_KEY_TYPE));
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_text(&w, HF_STR("op"));
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_uint(&w, c->generation);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, c->spki_sha256);
	hf_cbor_put_key(&w, 4);
	hf_cbor_put_bytes(&w, c->before_spki_sha256);
	hf_cbor_put_key(&w, 5);
	hf_cbor_put_bytes(&w, c->policy_ref);
	return hf_cbor_finish(&w);
}

hf_err hf_deploy_op_read(hf_bytes payload, struct hf_deploy_op_change *c)
{
	uint64_t generation = 0;
	struct hf_cborr r;

	*c = (struct hf_deploy_op_change){ 0 };
	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 6);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR(HF_DEPLOY_CA_KEY_TYPE));
	hf_cbor_expect_key(&r, 1);
	hf_cbor_expect_text(&r, HF_STR("op"));
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_uint_max(&r, HF_DEPLOY_OP_MAX, &generation);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_bytes_max(&r, HF_SHA256_LEN, &c->spki_sha256);
	hf_cbor_expect_key(&r, 4);
	hf_cbor_read_bytes_max(&r, HF_SHA256_LEN, &c->before_spki_sha256);
	hf_cbor_expect_key(&r, 5);
	hf_cbor_read_bytes_max(&r, HF_KID_LEN, &c->policy_ref);
	c->generation = (unsigned)generation;
	if (hf_cbor_done(&r) == HF_OK && generation > 1 && c->spki_sha256.len == HF_SHA256_LEN &&
	    c->before_spki_sha256.len == HF_SHA256_LEN && c->policy_ref.len == HF_KID_LEN)
		return HF_OK;
	*c = (struct hf_deploy_op_change){ 0 };
	return HF_ERR_DEPLOY_VALUE;
}

/* init_people.c -- the people of a deployment and the policy that says what they may do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/statement.h>
#include "init.h"
#include "init_policy.h"

enum {
	N_ROOTS = 3,
	ROOT_QUORUM = 2,
	OPERATOR_LIFE_S = 12 * 3600,
	MAX_KEYS = N_ROOTS + HF_DEPLOY_OPERATORS_MAX
};

struct people {
	struct maker_key key[MAX_KEYS]; /* roots first */
	uint8_t pub[N_ROOTS][HF_ED25519_PUB_LEN];
	struct hf_key seed[N_ROOTS];
	struct hf_policy_key row[MAX_KEYS];
	size_t n;
};

static void end_people(struct people *p)
{
	for (size_t i = 0; i < MAX_KEYS; i++)
		maker_key_end(&p->key[i]);
	hf_wipe(p->seed, sizeof(p->seed));
}

static void keep(struct maker *m, hf_err err, const char *act)
{
	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "%s", act);
}

static void make_root_keys(struct maker *m, struct people *p)
{
	for (size_t i = 0; i < N_ROOTS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "root/policy-root-%zu.key", i + 1);
		maker_new_key(m, name, HF_PKI_KIND_ED25519, false, &p->key[i]);
		if (m->err == HF_OK)
			keep(m, hf_pki_key_secret(p->key[i].key, &p->seed[i]), name);
		if (m->err == HF_OK)
			keep(m, hf_crypto_ed25519_public(&p->seed[i], p->pub[i]), name);
		p->row[i] = (struct hf_policy_key){ .role = HF_ROLE_ROOT,
						    .alg = HF_COSE_ED25519,
						    .pub = HF_ARR(p->pub[i]),
						    .holder = HF_STR("root") };
	}
	p->n = N_ROOTS;
}

static void make_operator(struct maker *m, const char *who, const struct maker_key *station_ca,
			  struct people *p)
{
	struct maker_key *key = &p->key[p->n];
	const struct hf_pki_spec spec = { .profile = HF_PKI_OPERATOR,
					  .cn = who,
					  .not_after = m->now + OPERATOR_LIFE_S };
	char name[HF_DEPLOY_NAME_MAX + 32];

	snprintf(name, sizeof(name), "operators/%s", who);
	maker_dir(m, name, 0700);
	snprintf(name, sizeof(name), "operators/%s/operator.key", who);
	maker_new_key(m, name, HF_PKI_KIND_P256, false, key);
	snprintf(name, sizeof(name), "operators/%s/operator.crt", who);
	maker_issue(m, name, &spec, key, station_ca);
	p->row[p->n++] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						 .alg = HF_COSE_ES256,
						 .pub = { key->hw.pub, HF_P256_POINT_LEN },
						 .holder = { (const uint8_t *)who, strlen(who) } };
}

static void write_policy(struct maker *m, const struct hf_deploy *d, const struct people *p,
			 hf_bytes release, struct hf_out *out)
{
	uint8_t vendor[HF_PKI_UUID_LEN];
	const struct init_policy in = { .vendor = HF_ARR(vendor),
					.key = p->row,
					.n_keys = p->n,
					.n_roots = N_ROOTS,
					.root_quorum = ROOT_QUORUM,
					.release = release };
	hf_err err = hf_pki_uuid5(hf_pki_uuid_dns,
				  (hf_bytes){ (const uint8_t *)d->domain, strlen(d->domain) }, vendor);

	if (err == HF_OK)
		err = init_policy_payload(&in, out, &m->why);
	keep(m, err, "make the trust policy");
}

static hf_err sign_policy(const struct people *p, hf_bytes payload, struct hf_out *out)
{
	uint8_t scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(scratch_mem);
	struct hf_cose_signer signers[N_ROOTS];
	struct hf_policy back;
	uint8_t kid[N_ROOTS][HF_KID_LEN];

	for (size_t i = 0; i < N_ROOTS; i++) {
		HF_TRY(hf_crypto_kid(HF_ARR(p->pub[i]), kid[i]));
		signers[i] = (struct hf_cose_signer){ .alg = HF_COSE_ED25519,
						      .kid = HF_ARR(kid[i]),
						      .seed = &p->seed[i] };
	}
	HF_TRY(hf_statement_write(payload, signers, N_ROOTS, &scratch, out));
	return hf_policy_open_first(hf_out_bytes(out), &scratch, &back);
}

static void make_folder(struct maker *m, const struct hf_deploy *d, const char *who, hf_bytes policy,
			const struct maker_key *server_ca)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	struct hf_deploy_operator conf = { .key = "file:operator.key",
					   .certificate = "operator.crt",
					   .server_ca = "server-ca.crt",
					   .policy = "policy.cose" };
	char name[HF_DEPLOY_NAME_MAX + 32], host[HF_DEPLOY_HOST_MAX];
	uint8_t mem[MAKER_CERT_PEM_MAX];
	struct hf_out pem = HF_OUT(mem);
	uint16_t port = 0;

	if (m->err != HF_OK || !hf_deploy_split_listen(d->api_listen, host, &port))
		return;
	snprintf(conf.name, sizeof(conf.name), "%s", who);
	snprintf(conf.api, sizeof(conf.api), "https://%.250s:%u", d->host, port);
	keep(m, hf_conf_print(hf_deploy_operator_keys, hf_n_deploy_operator_keys, &conf, &text),
	     "operator.conf");
	if (m->err == HF_OK)
		keep(m, hf_pki_pem_write("CERTIFICATE", hf_out_bytes(&server_ca->cert), &pem),
		     "server-ca.crt");
	snprintf(name, sizeof(name), "operators/%s/operator.conf", who);
	maker_file(m, name, hf_buf_bytes(&text), 0644);
	snprintf(name, sizeof(name), "operators/%s/server-ca.crt", who);
	maker_file(m, name, hf_out_bytes(&pem), 0644);
	snprintf(name, sizeof(name), "operators/%s/policy.cose", who);
	maker_file(m, name, policy, 0644);
}

void init_people(struct maker *m, const struct hf_deploy *d, const struct init_people *people,
		 const struct maker_key *station_ca, const struct maker_key *server_ca)
{
	struct people p HF_AUTO(end_people) = { 0 };
	uint8_t payload_mem[HF_STATEMENT_MAX_LEN], policy_mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out payload = HF_OUT(payload_mem), policy = HF_OUT(policy_mem);

	make_root_keys(m, &p);
	for (size_t i = 0; i < people->n; i++)
		make_operator(m, people->name[i], station_ca, &p);
	if (m->err == HF_OK)
		write_policy(m, d, &p, people->release, &payload);
	if (m->err == HF_OK)
		keep(m, sign_policy(&p, hf_out_bytes(&payload), &policy), "sign the trust policy");
	maker_file(m, "trust/policy-1.cose", hf_out_bytes(&policy), 0644);
	for (size_t i = 0; i < people->n; i++)
		make_folder(m, d, people->name[i], hf_out_bytes(&policy), server_ca);
}

/* cmd_ca.c -- `holdfast ca replace`: the next Operational CA, under the same name, with cross certificates
 * both ways and the word of the root keys. The word is written last: before it the old CA is still the CA.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include "ca_change.h"
#include "cli.h"
#include "verbs.h"

enum { YEAR_S = 365 * 86400, OP_YEARS = 3, N_ROOTS = 3 };

static const struct cli_opt replace_opts[] = {
	{ "key", "URI", "make or take the new key there (default: file:ca/op-N.key)" },
	{ "unsigned", "FILE", "root keys are elsewhere: write there what their holders sign by 'ca sign'" },
	{ "passphrase-file", "FILE", "of the keys; mode 0600 (default: ask)" },
	{ 0 },
};

static int cmd_replace(const struct cli_args *args);

const struct cli_verb cli_ca_verbs[] = {
	{ .name = "replace",
	  .run = cmd_replace,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = replace_opts,
	  .summary = "replace the Operational CA, which certifies devices",
	  .text = "Needs DIR/root: the root certifies the new key, and the root keys of the trust policy\n"
		  "sign the change. Devices of the old CA stay welcome and renew onto the new one; do it\n"
		  "once a year, so that a CA outlives what it certified. Restart holdfastd afterwards." },
	{ .name = "sign",
	  .run = cli_cmd_ca_sign,
	  .args = "FILE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_ca_sign_opts,
	  .summary = "sign a change of the Operational CA with one root key, away from the deployment",
	  .text = "FILE is what 'ca replace --unsigned' wrote; it goes from one holder to the next." },
	{ .name = "install",
	  .run = cli_cmd_ca_install,
	  .args = "DIR FILE",
	  .min_args = 2,
	  .max_args = 2,
	  .summary = "put a change in force that enough root keys have signed" },
	{ 0 },
};

struct change {
	struct hf_deploy d;
	unsigned generation; /* of the new one */
	struct maker_key root, before, next;
};

static void end_change(struct change *c)
{
	maker_key_end(&c->root);
	maker_key_end(&c->before);
	maker_key_end(&c->next);
}

static void keep(struct maker *m, hf_err err, const char *act)
{
	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "%s", act);
}

/* What an interrupted run left; its key is taken over instead. */
static void clear(const struct maker *m, unsigned generation)
{
	static const char *const parts[] = { ".uri", ".crt", ".old-with-new.crt", ".new-with-old.crt" };
	char name[HF_DEPLOY_OP_NAME_CAP], path[HF_DEPLOY_PATH_MAX];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hf_deploy_op_name(name, generation, parts[i]);
		if (hf_deploy_path(path, m->dir, name, NULL) == HF_OK)
			(void)unlink(path);
	}
}

/* `key` certified by `issuer`; its own certificate stays as it is. */
static void cross(struct maker *m, unsigned generation, const char *part, const struct hf_pki_spec *spec,
		  const struct maker_key *key, const struct maker_key *issuer)
{
	struct maker_key subject = { .hw = key->hw }; /* borrows: not ended */
	char name[HF_DEPLOY_OP_NAME_CAP];

	subject.cert = HF_OUT(subject.cert_mem);
	hf_deploy_op_name(name, generation, part);
	maker_issue(m, name, spec, &subject, issuer);
}

static void make_certs(struct maker *m, struct change *c, const char *uri)
{
	struct hf_pki_cert old = { 0 };
	struct hf_pki_spec spec = { .profile = HF_PKI_SUB_CA,
				    .cn = old.cn,
				    .not_after = m->now + OP_YEARS * (int64_t)YEAR_S };
	char name[HF_DEPLOY_OP_NAME_CAP], line[HF_DEPLOY_URI_MAX + 1];

	maker_key_at(m, uri, HF_PKI_KIND_P256, &c->next);
	if (m->err == HF_OK)
		keep(m, hf_pki_cert_read(hf_out_bytes(&c->before.cert), &old), "read the old CA");
	hf_deploy_op_name(name, c->generation, ".uri");
	(void)snprintf(line, sizeof(line), "%s\n", uri);
	maker_file(m, name, (hf_bytes){ (const uint8_t *)line, strlen(line) }, 0644);
	hf_deploy_op_name(name, c->generation, ".crt");
	maker_issue(m, name, &spec, &c->next, &c->root);
	spec.not_after = old.not_after; /* RFC 4210 s4.4: as long as the old key may be met */
	cross(m, c->generation, ".old-with-new.crt", &spec, &c->before, &c->next);
	cross(m, c->generation, ".new-with-old.crt", &spec, &c->next, &c->before);
}

static void read_file(struct maker *m, const char *name, bool secret, struct hf_buf *out)
{
	char path[HF_DEPLOY_PATH_MAX];

	keep(m, hf_deploy_path(path, m->dir, name, &m->why), name);
	if (m->err == HF_OK)
		m->err = secret ? hf_file_read_secret(path, out, &m->why) : hf_file_read(path, out, &m->why);
}

struct roots {
	struct hf_key seed[N_ROOTS];
	uint8_t kid[N_ROOTS][HF_KID_LEN];
	struct hf_cose_signer signer[N_ROOTS];
};

static void end_roots(struct roots *r)
{
	hf_wipe(r, sizeof(*r));
}

static void open_root(struct maker *m, struct roots *r, size_t i)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF_SECRET(MAKER_KEY_PEM_MAX);
	struct hf_pki_key *key HF_AUTO(hf_pki_key_drop) = NULL;
	uint8_t pub[HF_ED25519_PUB_LEN];
	char name[64];

	(void)snprintf(name, sizeof(name), "root/policy-root-%zu.key", i + 1);
	read_file(m, name, true, &pem);
	if (m->err == HF_OK)
		keep(m, hf_pki_key_read(hf_buf_bytes(&pem), m->passphrase, &key), name);
	if (m->err == HF_OK)
		keep(m, hf_pki_key_secret(key, &r->seed[i]), name);
	if (m->err == HF_OK)
		keep(m, hf_crypto_ed25519_public(&r->seed[i], pub), name);
	if (m->err == HF_OK)
		keep(m, hf_crypto_kid(HF_ARR(pub), r->kid[i]), name);
	r->signer[i] = (struct hf_cose_signer){ .alg = HF_COSE_ED25519,
						.kid = HF_ARR(r->kid[i]),
						.seed = &r->seed[i] };
}

/* All three root keys at once, from DIR/root. */
static void sign_here(struct maker *m, const struct ca_change *what, struct hf_out *object)
{
	struct roots r HF_AUTO(end_roots) = { 0 };
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);

	for (size_t i = 0; i < N_ROOTS; i++)
		open_root(m, &r, i);
	if (m->err == HF_OK)
		keep(m, hf_statement_write(hf_out_bytes(&what->payload), r.signer, N_ROOTS, &scratch, object),
		     "sign the change");
}

/* Either the statement, which ends the ceremony, or what is to be signed elsewhere. */
static void finish(struct maker *m, const struct change *c, const char *unsigned_file)
{
	struct ca_change what HF_AUTO(ca_change_end) = { 0 };
	uint8_t mem[CA_CHANGE_MAX];
	struct hf_out object = HF_OUT(mem);

	ca_change_read(m, c->generation, &what);
	if (m->err == HF_OK && unsigned_file != NULL) {
		m->err = hf_file_create(unsigned_file, hf_out_bytes(&what.payload), 0644, &m->why);
		return;
	}
	sign_here(m, &what, &object);
	ca_change_finish(m, &what, hf_out_bytes(&object));
}

/* Where the new key is, and which generation it will be; prints what is wrong. */
static int choose(const struct cli_args *args, struct maker *m, struct change *c,
		  char uri[static HF_DEPLOY_URI_MAX])
{
	const char *key = cli_option(args, "key");
	unsigned last;

	if (strlen(args->args[0]) >= sizeof(m->dir) - 128)
		return cli_usage("ca replace: the path is too long");
	(void)snprintf(m->dir, sizeof(m->dir), "%s", args->args[0]);
	if (hf_deploy_read(m->dir, &c->d, &m->why) != HF_OK)
		return cli_fail("ca replace: %s", hf_why_text(&m->why));
	last = hf_deploy_op_generation(m->dir);
	if (last == HF_DEPLOY_OP_MAX)
		return cli_fail("ca replace: there were %u Operational CAs already", last);
	c->generation = last + 1;
	(void)snprintf(uri, HF_DEPLOY_URI_MAX, "file:ca/op-%u.key", c->generation);
	if (key != NULL && (strlen(key) >= HF_DEPLOY_URI_MAX || strchr(key, '\n') != NULL))
		return cli_usage("ca replace: --key: not the URI of a key");
	if (key != NULL)
		(void)snprintf(uri, HF_DEPLOY_URI_MAX, "%s", key);
	return CLI_DONE;
}

static void open_keys(struct maker *m, struct change *c)
{
	char name[HF_DEPLOY_OP_NAME_CAP];

	maker_open_at(m, c->d.root_key, "root/root.crt", &c->root);
	if (m->err == HF_OK)
		m->err = hf_deploy_op_key(m->dir, c->generation - 1, &c->d, &m->why);
	hf_deploy_op_name(name, c->generation - 1, ".crt");
	maker_open_at(m, c->d.op_ca_key, name, &c->before);
}

static int report(const struct change *c, const char *unsigned_file)
{
	if (unsigned_file != NULL)
		fprintf(stderr,
			"Nothing is in force yet. Each holder of a root key: holdfast ca sign %s --key "
			"SIGNER\n"
			"Then: holdfast ca install DIR %s\n",
			unsigned_file, unsigned_file);
	else
		fprintf(stderr, "Operational CA %u follows %u. Restart holdfastd; devices renew onto it.\n",
			c->generation, c->generation - 1);
	return CLI_DONE;
}

static int cmd_replace(const struct cli_args *args)
{
	const char *unsigned_file = cli_option(args, "unsigned");
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct change c HF_AUTO(end_change) = { 0 };
	struct maker m = { .now = (int64_t)time(NULL) };
	char uri[HF_DEPLOY_URI_MAX];
	int status = choose(args, &m, &c, uri);

	if (status != CLI_DONE)
		return status;
	if (unsigned_file != NULL && hf_file_exists(unsigned_file))
		return cli_fail("%s exists already; nothing was changed", unsigned_file);
	if (!cli_passphrase(args, "Passphrase of the keys", false, &passphrase))
		return CLI_FAILED;
	m.passphrase = hf_buf_bytes(&passphrase);
	open_keys(&m, &c);
	if (m.err == HF_OK)
		clear(&m, c.generation);
	make_certs(&m, &c, uri);
	finish(&m, &c, unsigned_file);
	if (m.err != HF_OK)
		return cli_fail("ca replace: %s; the old CA stays", hf_why_text(&m.why));
	return report(&c, unsigned_file);
}

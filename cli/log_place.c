/* log_place.c -- what a log is on disk.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/conf.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/lognote.h>
#include <holdfast/statement.h>
#include "log.h"
#include "log_ask.h"
#include "signer.h"

struct log_conf {
	char listen[80], key[CLI_PATH_MAX], sign_dir[CLI_PATH_MAX], policy[CLI_PATH_MAX];
	char tls_cert[CLI_PATH_MAX], tls_key[CLI_PATH_MAX], tls_chain[CLI_PATH_MAX];
};
static const struct hf_conf_key keys[] = {
	{ .name = "listen",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, listen),
	  .cap = sizeof(((struct log_conf *)0)->listen),
	  .standard = "127.0.0.1:7380",
	  .help = "loopback address and port of the log's HTTP interface" },
	{ .name = "key",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, key),
	  .cap = CLI_PATH_MAX,
	  .standard = "key/log.key",
	  .help = "signing key, Ed25519 as OpenSSH writes it, mode 0600" },
	{ .name = "sign-dir",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, sign_dir),
	  .cap = CLI_PATH_MAX,
	  .standard = "sign",
	  .help = "folder of sign-state; put it on another volume than data, and never restore it" },
	{ .name = "policy",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, policy),
	  .cap = CLI_PATH_MAX,
	  .standard = "policy.cose",
	  .help = "trust policy in force: publishers, witnesses and their quorum" },
	{ .name = "tls-certificate",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, tls_cert),
	  .cap = CLI_PATH_MAX,
	  .standard = "",
	  .help = "PEM file; then HTTPS, also beyond loopback" },
	{ .name = "tls-key",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, tls_key),
	  .cap = CLI_PATH_MAX,
	  .standard = "",
	  .help = "its private key, PEM on P-256, mode 0600" },
	{ .name = "tls-chain",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct log_conf, tls_chain),
	  .cap = CLI_PATH_MAX,
	  .standard = "",
	  .help = "PEM file of the CA between the certificate and the root, where there is one" },
};

bool log_key_read(const char *text, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	struct hf_why why = { 0 };

	return signer_public(text, pub, &why) == HF_OK || cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

static bool join(char out[static CLI_PATH_MAX], const char *dir, const char *name)
{
	hf_err err = HF_ERR_FILE_PATH;

	if (name[0] != '/')
		err = hf_path_join(out, CLI_PATH_MAX, dir, name);
	else if (snprintf(out, CLI_PATH_MAX, "%s", name) < CLI_PATH_MAX)
		err = HF_OK;
	return err == HF_OK || cli_fail("%s/%s: path is too long", dir, name) == CLI_DONE;
}

/* Names that may be left out. */
static bool join_tls(struct log_place *p, const struct log_conf *c)
{
	if ((c->tls_cert[0] == '\0') != (c->tls_key[0] == '\0'))
		return cli_fail("%s/log.conf: tls-certificate and tls-key belong together", p->dir) ==
		       CLI_DONE;
	return (c->tls_cert[0] == '\0' || join(p->tls_cert, p->dir, c->tls_cert)) &&
	       (c->tls_key[0] == '\0' || join(p->tls_key, p->dir, c->tls_key)) &&
	       (c->tls_chain[0] == '\0' || join(p->tls_chain, p->dir, c->tls_chain));
}

static bool read_conf(struct log_place *p)
{
	struct log_conf c = { .listen = "" };
	char path[CLI_PATH_MAX], sign_dir[CLI_PATH_MAX];
	struct hf_why why = { 0 };

	if (!join(path, p->dir, "log.conf"))
		return false;
	if (hf_conf_read(path, keys, sizeof(keys) / sizeof(keys[0]), &c, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (!hf_deploy_split_listen(c.listen, p->host, &p->port))
		return cli_fail("%s: listen = %s: not ADDRESS:PORT", path, c.listen) == CLI_DONE;
	return join(p->key, p->dir, c.key) && join(sign_dir, p->dir, c.sign_dir) &&
	       join(p->sign_state, sign_dir, "sign-state") && join(p->data, p->dir, "data") &&
	       join_tls(p, &c) && join(path, p->dir, c.policy) &&
	       (!hf_file_exists(path) || hf_file_read(path, &p->policy_file, &why) == HF_OK ||
		cli_fail("%s", hf_why_text(&why)) == CLI_DONE);
}

/* The operator put it there; it must still be signed as it says itself. */
static bool read_policy(struct log_place *p)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_statement s;
	hf_bytes payload, in = hf_buf_bytes(&p->policy_file);
	hf_err err = hf_statement_read(in, &s);

	if (err == HF_OK)
		err = hf_policy_read(s.sign.payload, &p->policy);
	if (err == HF_OK)
		err = hf_statement_check(in, HF_STR("hf/policy/1"), &p->policy, p->policy.root, 0, &scratch,
					 &payload);
	if (err != HF_OK)
		return cli_fail("policy of the log: %s", hf_err_text(err)) == CLI_DONE;
	p->has_policy = true;
	return true;
}

static int witness_key(const struct hf_policy *policy, const uint8_t *pub)
{
	for (size_t i = 0; i < policy->n_keys; i++)
		if (policy->key[i].role == HF_ROLE_WITNESS &&
		    memcmp(policy->key[i].pub.ptr, pub, HF_ED25519_PUB_LEN) == 0)
			return (int)i;
	return -1;
}

/* "KEY URL": a witness of the policy and where it listens. */
static bool read_witness(struct log_place *p, const char *line)
{
	struct hf_log_witness *w = &p->witness[p->n_witnesses];
	struct log_client url;
	char key[65], where[300];

	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (p->n_witnesses == HF_LOGSEQ_COSIGS || sscanf(line, "%64s %299s", key, where) != 2 ||
	    !hf_kv_hex((hf_bytes){ (const uint8_t *)key, strlen(key) }, w->pub, sizeof(w->pub)) ||
	    log_client_open(where, NULL, NULL, &url) != HF_OK || strlen(url.prefix) >= sizeof(w->prefix))
		return cli_fail("witnesses: '%s': not a key in hexadecimal and an http:// address", line) ==
		       CLI_DONE;
	w->key = witness_key(&p->policy, w->pub);
	if (w->key < 0)
		return cli_fail("witnesses: %s is no witness of the policy", key) == CLI_DONE;
	(void)snprintf(w->host, sizeof(w->host), "%s", url.host);
	(void)snprintf(w->prefix, sizeof(w->prefix), "%.127s", url.prefix);
	w->port = url.port;
	p->n_witnesses++;
	return true;
}

static bool read_witnesses(struct log_place *p)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	char path[CLI_PATH_MAX], *line, *rest = NULL;
	struct hf_why why = { 0 };

	if (!join(path, p->dir, "witnesses"))
		return false;
	if (hf_file_read(path, &text, &why) != HF_OK || hf_buf_puts(&text, "\n") != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	for (line = strtok_r((char *)text.ptr, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (!read_witness(p, line))
			return false;
	return true;
}

bool log_place_open(struct log_place *p, const char *dir, bool need_policy)
{
	char path[CLI_PATH_MAX];

	*p = (struct log_place){ .policy_file = HF_BUF(HF_STATEMENT_MAX_LEN) };
	if (snprintf(p->dir, sizeof(p->dir), "%s", dir) >= CLI_PATH_MAX)
		return cli_fail("%s: path is too long", dir) == CLI_DONE;
	if (!read_conf(p) || !join(path, p->dir, "log.pub") || !log_key_read(path, p->pub))
		return false;
	if (p->policy_file.len == 0)
		return !need_policy ||
		       cli_fail("%s: no trust policy yet: put policy.cose there", dir) == CLI_DONE;
	return read_policy(p) && read_witnesses(p);
}

void log_place_close(struct log_place *p)
{
	hf_buf_free(&p->policy_file);
}

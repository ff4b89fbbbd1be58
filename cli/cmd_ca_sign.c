/* cmd_ca_sign.c -- `holdfast ca sign | install`: the holders of the root keys sign one after the other, each
 * at home.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include <holdfast/command.h>
#include "ca_change.h"
#include "cli.h"
#include "signer.h"
#include "verbs.h"

const struct cli_opt cli_ca_sign_opts[] = {
	{ "key", "SIGNER", "file:PATH, agent:SHA256:FINGERPRINT or exec:PROGRAM (required)" },
	{ "public", "HEX", "the root key that an exec: program stands for" },
	{ "code", "CODE", "the 8 characters that show you have read it (default: ask)" },
	{ "passphrase-file", "FILE", "of a key in a PKCS#8 file, when it has one; mode 0600" },
	{ 0 },
};

static hf_bytes payload_of(hf_bytes in, size_t *signatures)
{
	struct hf_statement st;

	*signatures = 0;
	if (hf_statement_read(in, &st) != HF_OK)
		return in;
	*signatures = st.sign.n;
	return st.sign.payload;
}

static void show_hash(const char *name, hf_bytes hash)
{
	fprintf(stderr, "%s", name);
	for (size_t i = 0; i < hash.len; i++)
		fprintf(stderr, "%02x", hash.ptr[i]);
	fputc('\n', stderr);
}

/* A person must have seen what is signed. */
static bool was_read(const struct cli_args *args, const struct hf_deploy_op_change *c, hf_bytes payload)
{
	char code[9];

	if (hf_command_code(payload, code) != HF_OK)
		return false;
	fprintf(stderr, "Operational CA %u follows %u, SHA-256 of the keys:\n", c->generation,
		c->generation - 1);
	show_hash("new     ", c->spki_sha256);
	show_hash("before  ", c->before_spki_sha256);
	show_hash("policy  ", c->policy_ref);
	return cli_typed(args, code, "change");
}

static bool open_key(const struct cli_args *args, struct signer *key)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	const char *text = cli_option(args, "public");
	uint8_t pub[HF_ED25519_PUB_LEN];
	struct hf_out out = HF_OUT(pub);

	if (text != NULL &&
	    (hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &out) != HF_OK ||
	     out.len != sizeof(pub)))
		return cli_fail("--public: %d hexadecimal digits are needed", 2 * HF_ED25519_PUB_LEN) ==
		       CLI_DONE;
	if (cli_option(args, "passphrase-file") != NULL &&
	    !cli_passphrase(args, "Passphrase of the root key", false, &passphrase))
		return false;
	return signer_open(cli_option(args, "key"), text != NULL ? pub : NULL, hf_buf_bytes(&passphrase),
			   key) == HF_OK ||
	       cli_fail("--key: %s", hf_why_text(&key->why)) == CLI_DONE;
}

static bool has_signed(hf_bytes in, const struct signer *key)
{
	struct hf_statement st;

	if (hf_statement_read(in, &st) != HF_OK)
		return false;
	for (size_t i = 0; i < st.sign.n; i++)
		if (hf_bytes_equal(st.sign.signature[i].kid, HF_ARR(key->kid)))
			return true;
	return false;
}

static bool sign(const struct cli_args *args, hf_bytes in, const char *path)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	uint8_t mem[CA_CHANGE_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_why why = { 0 };
	hf_err err;

	if (!open_key(args, &key))
		return false;
	if (has_signed(in, &key))
		return cli_fail("this key has signed it already; another holder must") == CLI_DONE;
	const struct hf_cose_signer me = { .alg = HF_COSE_ED25519, .kid = HF_ARR(key.kid), .hw = &key.key };
	err = ca_change_sign(in, &me, &out);
	if (err != HF_OK)
		return cli_fail("ca sign: %s", key.why.err == err ? hf_why_text(&key.why)
								  : hf_err_text(err)) == CLI_DONE;
	return hf_file_replace(path, hf_out_bytes(&out), 0644, &why) == HF_OK ||
	       cli_fail("ca sign: %s", hf_why_text(&why)) == CLI_DONE;
}

int cli_cmd_ca_sign(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(CA_CHANGE_MAX);
	struct hf_deploy_op_change change;
	struct hf_why why = { 0 };
	size_t signatures;
	hf_bytes payload;

	if (cli_option(args, "key") == NULL)
		return cli_usage("ca sign: --key SIGNER is needed");
	if (hf_file_read(args->args[0], &file, &why) != HF_OK)
		return cli_fail("ca sign: %s", hf_why_text(&why));
	payload = payload_of(hf_buf_bytes(&file), &signatures);
	if (hf_deploy_op_read(payload, &change) != HF_OK)
		return cli_fail("%s: no change of a CA ('ca replace --unsigned')", args->args[0]);
	if (!was_read(args, &change, payload) || !sign(args, hf_buf_bytes(&file), args->args[0]))
		return CLI_FAILED;
	cli_say(args, "Signed by you; it has %zu signature%s now.", signatures + 1,
		signatures == 0 ? "" : "s");
	return CLI_DONE;
}

int cli_cmd_ca_install(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(CA_CHANGE_MAX);
	struct ca_change c HF_AUTO(ca_change_end) = { 0 };
	struct maker m = { 0 };
	struct hf_deploy d;
	unsigned last;

	if (strlen(args->args[0]) >= sizeof(m.dir) - 128)
		return cli_usage("ca install: the path is too long");
	(void)snprintf(m.dir, sizeof(m.dir), "%s", args->args[0]);
	m.err = hf_deploy_read(m.dir, &d, &m.why);
	if (m.err == HF_OK)
		m.err = hf_file_read(args->args[1], &file, &m.why);
	last = hf_deploy_op_generation(m.dir);
	ca_change_read(&m, last + 1, &c);
	ca_change_finish(&m, &c, hf_buf_bytes(&file));
	if (m.err != HF_OK)
		return cli_fail("ca install: %s; the old CA stays", hf_why_text(&m.why));
	cli_say(args, "Operational CA %u follows %u. Restart holdfastd; devices renew onto it.", last + 1,
		last);
	return CLI_DONE;
}

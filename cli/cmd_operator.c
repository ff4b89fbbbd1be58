/* cmd_operator.c -- the people and their 12-hour certificates.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/pki.h>
#include "maker.h"
#include "print.h"
#include "session.h"
#include "verbs.h"

enum { LIFE_S = 12 * 3600 };

static const struct cli_opt plain_opts[] = { WHO, { 0 } };
static const struct cli_opt add_opts[] = {
	{ "public", "HEX", "the new operator's public key: 'holdfast operator public' shows it (required)" },
	{ "account", "NAME", "whose devices (default: main)" },
	{ "admin", NULL, "may change operators, stations and orders" },
	WHO,
	{ 0 }
};
static const struct cli_opt renew_opts[] = {
	{ "dir", "DIR", "the deployment: renew with its Station CA, when your certificate ended already" },
	{ "passphrase-file", "FILE", "of your key, with --dir of the CA key; mode 0600" },
	{ 0 }
};

static int cmd_list(const struct cli_args *args);
static int cmd_add(const struct cli_args *args);
static int cmd_remove(const struct cli_args *args);
static int cmd_renew(const struct cli_args *args);
static int cmd_public(const struct cli_args *args);

const struct cli_verb cli_operator_verbs[] = {
	{ .name = "list", .run = cmd_list, .args = "", .opts = plain_opts, .summary = "list the operators" },
	{ .name = "add",
	  .run = cmd_add,
	  .args = "NAME",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = add_opts,
	  .summary = "let somebody in; what they may order is decided by the trust policy" },
	{ .name = "remove",
	  .run = cmd_remove,
	  .args = "NAME",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = plain_opts,
	  .summary = "lock somebody out, at once" },
	{ .name = "renew",
	  .run = cmd_renew,
	  .args = "[NAME]",
	  .max_args = 1,
	  .opts = renew_opts,
	  .summary = "get a new certificate for twelve hours",
	  .text = "Without --dir: for yourself, while yours still holds. With --dir: for NAME, on the "
		  "server." },
	{ .name = "public",
	  .run = cmd_public,
	  .args = "",
	  .opts = plain_opts,
	  .summary = "print your public key" },
	{ 0 },
};

static void print_row(const struct hf_json *o)
{
	printf("%-16s %-16s %-8s %s\n", hf_json_text(hf_json_get(o, "name"), "?"),
	       hf_json_text(hf_json_get(o, "account"), "?"), hf_json_text(hf_json_get(o, "state"), "?"),
	       hf_json_bool(hf_json_get(o, "admin"), false) ? "admin" : "");
}

static int cmd_list(const struct cli_args *args)
{
	struct session s;
	int rc;

	if (!session_open(args, &s))
		return session_refused(args);
	rc = print_list(&s, "/v1/operators", print_row);
	session_close(&s);
	return rc;
}

static bool post_operator(struct session *s, const char *name, const char *account, hf_bytes pub)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "name", name);
	hf_json_put_text(&j, "account", account);
	hf_json_put_bytes(&j, "public_key", pub);
	if (cli_flag(s->args, "admin"))
		hf_json_put_bool(&j, "admin", true);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK ||
	    !session_post(s, "/v1/operators", "application/json", hf_buf_bytes(&body), &answer))
		return false;
	if (s->args->json)
		print_json(answer);
	else
		cli_say(s->args, "%s is an operator of %s now.", name, account);
	return true;
}

static int cmd_add(const struct cli_args *args)
{
	const char *hex = cli_option(args, "public"), *account = cli_option(args, "account");
	uint8_t pub[HF_P256_POINT_LEN];
	struct hf_out out = HF_OUT(pub);
	struct session s;
	bool ok;

	account = account != NULL ? account : "main";
	if (!hf_deploy_is_name(args->args[0]) || !hf_deploy_is_name(account))
		return cli_usage("operator add: names are a-z, 0-9 and '-', and begin with a letter");
	if (hex == NULL || hf_hex_decode(session_text(hex), &out) != HF_OK || out.len != sizeof(pub) ||
	    hf_crypto_p256_check(pub) != HF_OK)
		return cli_usage("operator add: --public HEX: a P-256 public key of 65 bytes is needed");
	if (!session_open(args, &s))
		return session_refused(args);
	ok = post_operator(&s, args->args[0], account, HF_ARR(pub));
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

static bool remove_operator(struct session *s, const char *name)
{
	char path[80], etag[64];
	const char *found;

	snprintf(path, sizeof(path), "/v1/operators/%s", name);
	if (!session_get(s, path, NULL))
		return false;
	found = hf_httpc_header(&s->res, "ETag");
	snprintf(etag, sizeof(etag), "%s", found != NULL ? found : "");
	if (!session_delete(s, path, etag, NULL))
		return false;
	cli_say(s->args,
		"%s is locked out (journal row %llu). The trust policy still names the key: see 'holdfast "
		"init'.",
		name, (unsigned long long)s->audit);
	return true;
}

static int cmd_remove(const struct cli_args *args)
{
	struct session s;
	bool ok;

	if (!hf_deploy_is_name(args->args[0]))
		return cli_usage("operator remove: '%s' is no name", args->args[0]);
	if (!session_open(args, &s))
		return session_refused(args);
	ok = remove_operator(&s, args->args[0]);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- renew --------------------------------------------------------------------------------------- */

static bool renew_online(struct session *s)
{
	const struct hf_pki_csr_spec spec = { .cn = s->conf.name };
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out csr = HF_OUT(mem);
	char path[SESSION_PATH_MAX], when[32];
	struct hf_why why = { 0 };
	const char *pem;
	hf_err err;

	if (!session_open_key(s))
		return false;
	err = hf_pki_csr_write(&spec, &s->key.key, &csr);
	if (err != HF_OK)
		return cli_fail("certificate request: %s", hf_err_text(err)) == CLI_DONE;
	snprintf(path, sizeof(path), "/v1/operators/%s/certificate", s->conf.name);
	if (!session_post(s, path, "application/pkcs10", hf_out_bytes(&csr), &answer) ||
	    !session_path(s, s->conf.certificate, path))
		return false;
	pem = hf_json_text(hf_json_get(answer, "certificate"), "");
	if (hf_file_replace(path, session_text(pem), 0644, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	cli_say(s->args, "Your certificate holds until %s UTC.",
		session_time(hf_json_int(hf_json_get(answer, "not_after"), 0), when));
	if (s->args->json)
		print_json(answer);
	return true;
}

/* On the server: the key is the one of the certificate that ended; nobody becomes an operator this way. */
static bool renew_offline(const struct cli_args *args, const char *dir, const char *name)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct maker_key ca HF_AUTO(maker_key_end) = { 0 }, subject HF_AUTO(maker_key_end) = { 0 };
	struct maker m = { .now = (int64_t)time(NULL) };
	struct hf_pki_spec spec = { .profile = HF_PKI_OPERATOR, .cn = name, .not_after = m.now + LIFE_S };
	struct hf_pki_cert old = { 0 };
	char file[HF_DEPLOY_NAME_MAX + 40], fresh[HF_DEPLOY_NAME_MAX + 48];
	char path[HF_DEPLOY_PATH_MAX], beside[HF_DEPLOY_PATH_MAX];
	struct hf_deploy d;

	if (strlen(dir) >= sizeof(m.dir) - 128 || hf_deploy_read(dir, &d, &m.why) != HF_OK)
		return cli_fail("operator renew: %s", hf_why_text(&m.why)) == CLI_DONE;
	snprintf(m.dir, sizeof(m.dir), "%s", dir);
	if (!cli_passphrase(args, "Passphrase of the Station CA key", false, &passphrase))
		return false;
	m.passphrase = hf_buf_bytes(&passphrase);
	snprintf(file, sizeof(file), "operators/%s/operator.crt", name);
	maker_open_at(&m, d.station_ca_key, "ca/station.crt", &ca);
	subject.cert = HF_OUT(subject.cert_mem);
	maker_read_cert(&m, file, &subject.cert);
	if (m.err == HF_OK && hf_pki_cert_read(hf_out_bytes(&subject.cert), &old) != HF_OK)
		return cli_fail("operator renew: %s: no certificate", file) == CLI_DONE;
	subject.hw.curve = old.curve;
	memcpy(subject.hw.pub, old.pub, sizeof(subject.hw.pub));
	snprintf(fresh, sizeof(fresh), "operators/%s/operator.crt.renewed", name);
	if (m.err == HF_OK)
		m.err = hf_deploy_path(path, m.dir, file, &m.why);
	if (m.err == HF_OK)
		m.err = hf_deploy_path(beside, m.dir, fresh, &m.why);
	if (m.err == HF_OK)
		(void)unlink(beside);
	maker_issue(&m, fresh, &spec, &subject, &ca);
	if (m.err == HF_OK && rename(beside, path) != 0)
		m.err = hf_why_errno(&m.why, HF_ERR_FILE_IO, "%s", path);
	if (m.err != HF_OK)
		return cli_fail("operator renew: %s", hf_why_text(&m.why)) == CLI_DONE;
	cli_say(args, "%s holds for twelve hours; give it to %s.", path, name);
	return true;
}

static int cmd_renew(const struct cli_args *args)
{
	const char *dir = cli_option(args, "dir");
	struct session s;
	bool ok;

	if (dir != NULL) {
		if (args->n_args != 1 || !hf_deploy_is_name(args->args[0]))
			return cli_usage("operator renew --dir DIR: whose certificate? Give NAME");
		return renew_offline(args, dir, args->args[0]) ? CLI_DONE : CLI_FAILED;
	}
	if (args->n_args != 0)
		return cli_usage("operator renew: NAME goes with --dir DIR only; you renew your own");
	if (!session_open(args, &s))
		return session_refused(args);
	ok = renew_online(&s);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

static int cmd_public(const struct cli_args *args)
{
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return session_refused(args);
	ok = session_open_key(&s);
	for (size_t i = 0; ok && i < HF_P256_POINT_LEN; i++)
		printf("%02x", s.key.key.pub[i]);
	if (ok)
		putchar('\n');
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

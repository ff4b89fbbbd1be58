/* cmd_product.c -- product lines: a Device-ID CA, the rules of enrolment, the provisioning file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/json.h>
#include "cli.h"
#include "maker.h"

enum { YEAR_S = 365 * 86400, DEVICE_CA_YEARS = 15, POLICY_MAX = 4096 };

static const struct cli_opt add_opts[] = {
	{ "dir", "DIR", "the deployment (required)" },
	{ "enrol", "HOW", "idevid+claim, claim or idevid (default: claim)" },
	{ "life", "TIME", "life of a device certificate, 7d to 398d (default: 90d)" },
	{ "offline", "TIME", "longest time a device is without contact (default: 30d)" },
	{ "oid", "OID", "object identifier of the line, for factory certificates" },
	{ "third-party", NULL,
	  "also for other EST clients: no channel binding, one-time codes by HTTP Basic" },
	{ "ca-key", "URI", "make or take the line's CA key there (default: file:ca/deviceid-LINE.key)" },
	{ "passphrase-file", "FILE", "of the root key; mode 0600 (default: ask)" },
	{ 0 },
};
static const struct cli_opt dir_opts[] = { { "dir", "DIR", "the deployment (required)" }, { 0 } };

static int cmd_add(const struct cli_args *args);
static int cmd_list(const struct cli_args *args);
static int cmd_show(const struct cli_args *args);

const struct cli_verb cli_product_verbs[] = {
	{ .name = "add",
	  .run = cmd_add,
	  .args = "LINE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = add_opts,
	  .summary = "make a product line and its provisioning file",
	  .text = "Needs the root key, so run it where DIR/root is. Writes ca/deviceid-LINE.*, "
		  "products/LINE.conf\n"
		  "and products/LINE.hfp; the last one goes into the firmware of every device of the line." },
	{ .name = "list",
	  .run = cmd_list,
	  .args = "",
	  .max_args = 0,
	  .opts = dir_opts,
	  .summary = "list product lines" },
	{ .name = "show",
	  .run = cmd_show,
	  .args = "LINE",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = dir_opts,
	  .summary = "show the rules of a product line" },
	{ 0 },
};

/* The options as the text of a configuration file: one table judges both. */
static bool choose(const struct cli_args *args, struct hf_deploy_line *line, struct hf_why *why)
{
	static const char *const plain[] = { "enrol", "life", "offline", "oid", "ca-key" };
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	hf_err err = hf_buf_printf(&text, "line = %s\n", args->args[0]);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && err == HF_OK; i++)
		if (cli_option(args, plain[i]) != NULL)
			err = hf_buf_printf(&text, "%s = %s\n", plain[i], cli_option(args, plain[i]));
	if (err == HF_OK && cli_flag(args, "third-party"))
		err = hf_buf_puts(&text, "pop-required = no\nbasic = yes\n");
	if (err == HF_OK)
		err = hf_conf_parse("options", hf_buf_bytes(&text), hf_deploy_line_keys,
				    hf_n_deploy_line_keys, line, why);
	return err == HF_OK && hf_deploy_line_check(line, why) == HF_OK;
}

static bool open_dir(const struct cli_args *args, struct hf_deploy *d, struct maker *m)
{
	const char *dir = cli_option(args, "dir");
	struct hf_why why = { 0 };

	if (dir == NULL || strlen(dir) >= sizeof(m->dir) - 128) {
		cli_usage("product: --dir DIR is needed");
		return false;
	}
	snprintf(m->dir, sizeof(m->dir), "%s", dir);
	if (hf_deploy_read(dir, d, &why) == HF_OK)
		return true;
	cli_fail("product: %s", hf_why_text(&why));
	return false;
}

static void make_ca(struct maker *m, const struct hf_deploy *d, const struct hf_deploy_line *line)
{
	struct maker_key root HF_AUTO(maker_key_end) = { 0 };
	struct maker_key ca HF_AUTO(maker_key_end) = { 0 };
	char key[HF_DEPLOY_URI_MAX], cert_name[96], cn[HF_PKI_NAME_MAX + 1];
	const struct hf_pki_spec spec = { .profile = HF_PKI_SUB_CA,
					  .cn = cn,
					  .not_after = m->now + DEVICE_CA_YEARS * (int64_t)YEAR_S };

	if (line->ca_key[0] != '\0')
		snprintf(key, sizeof(key), "%s", line->ca_key);
	else
		snprintf(key, sizeof(key), "file:ca/deviceid-%s.key", line->line);
	snprintf(cert_name, sizeof(cert_name), "ca/deviceid-%s.crt", line->line);
	snprintf(cn, sizeof(cn), "%s Device-ID CA", line->line);
	maker_open_at(m, d->root_key, "root/root.crt", &root);
	maker_key_at(m, key, HF_PKI_KIND_P256, &ca);
	maker_issue(m, cert_name, &spec, &ca, &root);
}

static void make_conf(struct maker *m, const struct hf_deploy_line *line)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	char name[96];
	hf_err err = hf_conf_print(hf_deploy_line_keys, hf_n_deploy_line_keys, line, &text);

	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "product");
	snprintf(name, sizeof(name), "products/%s.conf", line->line);
	maker_file(m, name, hf_buf_bytes(&text), 0644);
}

static hf_bytes text_bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static void make_provision(struct maker *m, const struct hf_deploy *d, const struct hf_deploy_line *line)
{
	struct hf_buf policy HF_AUTO(hf_buf_free) = HF_BUF(POLICY_MAX);
	uint8_t server_mem[HF_PKI_CERT_MAX], op_mem[HF_PKI_CERT_MAX], mem[HF_PROVISION_CEILING];
	struct hf_out server = HF_OUT(server_mem), op = HF_OUT(op_mem), out = HF_OUT(mem);
	char path[HF_DEPLOY_PATH_MAX], host[HF_DEPLOY_HOST_MAX], name[96], op_name[HF_DEPLOY_OP_NAME_CAP];
	struct hf_provision p = { .line = text_bytes(line->line),
				  .enrol_host = text_bytes(d->host),
				  .broker_host = text_bytes(d->host),
				  .domain = text_bytes(d->domain),
				  .enrol = line->enrol + 1,
				  .n_op_ca = 1 };

	maker_read_cert(m, "ca/server.crt", &server);
	hf_deploy_op_name(op_name, hf_deploy_op_generation(m->dir), ".crt");
	maker_read_cert(m, op_name, &op);
	if (m->err == HF_OK)
		m->err = hf_deploy_path(path, m->dir, "trust/policy-1.cose", &m->why);
	if (m->err == HF_OK)
		m->err = hf_file_read(path, &policy, &m->why);
	if (m->err != HF_OK || !hf_deploy_split_listen(d->est_listen, host, &p.enrol_port) ||
	    !hf_deploy_split_listen(d->mqtt_listen, host, &p.broker_port))
		return;
	p.server_ca = hf_out_bytes(&server);
	p.op_ca[0] = hf_out_bytes(&op);
	p.policy = hf_buf_bytes(&policy);
	m->err = hf_provision_write(&p, &out);
	snprintf(name, sizeof(name), "products/%s.hfp", line->line);
	maker_file(m, name, hf_out_bytes(&out), 0644);
}

static void remove_made(const struct maker *m, const char *line)
{
	static const struct {
		const char *folder, *before, *after;
	} made[] = { { "ca", "deviceid-", ".key" },
		     { "ca", "deviceid-", ".crt" },
		     { "products", "", ".conf" },
		     { "products", "", ".hfp" } };

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		char name[96], path[HF_DEPLOY_PATH_MAX];

		snprintf(name, sizeof(name), "%s/%s%s%s", made[i].folder, made[i].before, line,
			 made[i].after);
		if (hf_deploy_path(path, m->dir, name, NULL) == HF_OK)
			unlink(path);
	}
}

/* A running control plane reads its lines again; when none runs it reads them at its start. */
static bool tell_daemon(const struct maker *m)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(32);
	char path[HF_DEPLOY_PATH_MAX];
	long pid;

	if (hf_deploy_path(path, m->dir, "run/holdfastd.pid", NULL) != HF_OK ||
	    hf_file_read(path, &text, NULL) != HF_OK)
		return false;
	pid = strtol(hf_buf_text(&text), NULL, 10);
	return pid > 1 && kill((pid_t)pid, SIGHUP) == 0;
}

static bool line_exists(const struct maker *m, const char *line)
{
	char name[96], path[HF_DEPLOY_PATH_MAX];

	snprintf(name, sizeof(name), "products/%s.conf", line);
	return hf_deploy_path(path, m->dir, name, NULL) != HF_OK || hf_file_exists(path);
}

static int cmd_add(const struct cli_args *args)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct maker m = { .now = (int64_t)time(NULL) };
	struct hf_deploy_line line = { 0 };
	struct hf_why why = { 0 };
	struct hf_deploy d = { 0 };

	if (cli_option(args, "dir") == NULL)
		return cli_usage("product add: --dir DIR is needed");
	if (!choose(args, &line, &why))
		return cli_usage("product add: %s", hf_why_text(&why));
	if (!open_dir(args, &d, &m))
		return CLI_FAILED;
	if (line_exists(&m, line.line))
		return cli_fail("product add: %s exists already", line.line);
	if (!cli_passphrase(args, "Passphrase of the root key", false, &passphrase))
		return CLI_FAILED;
	m.passphrase = hf_buf_bytes(&passphrase);
	make_ca(&m, &d, &line);
	make_provision(&m, &d, &line);
	make_conf(&m, &line); /* last: what the control plane looks for */
	if (m.err != HF_OK) {
		remove_made(&m, line.line);
		return cli_fail("product add: %s; nothing was kept", hf_why_text(&m.why));
	}
	cli_say(args, "Made product line %s; give %s/products/%s.hfp to its devices.%s", line.line, m.dir,
		line.line, tell_daemon(&m) ? " The running control plane knows it." : "");
	if (args->json)
		printf("{\"line\":\"%s\",\"provision\":\"products/%s.hfp\"}\n", line.line, line.line);
	return CLI_DONE;
}

static void print_line(const struct hf_deploy_line *line, struct hf_json_out *j)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "line", line->line);
	hf_json_put_text(j, "enrol", hf_deploy_enrol_text(line->enrol));
	hf_json_put_uint(j, "life_s", line->life_s);
	hf_json_put_uint(j, "grace_s", line->grace_s);
	hf_json_put_uint(j, "offline_s", line->offline_s);
	hf_json_put_bool(j, "pop_required", line->pop_required);
	hf_json_put_bool(j, "basic", line->basic);
	hf_json_close(j);
}

static bool read_line(const struct maker *m, const char *name, struct hf_deploy_line *line)
{
	char relative[300], path[HF_DEPLOY_PATH_MAX];
	struct hf_why why = { 0 };

	snprintf(relative, sizeof(relative), "products/%.255s", name);
	if (hf_deploy_path(path, m->dir, relative, &why) == HF_OK &&
	    hf_deploy_line_read(path, line, &why) == HF_OK)
		return true;
	cli_fail("product: %s", hf_why_text(&why));
	return false;
}

static int is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".conf") == 0;
}

static void list_line(const struct cli_args *args, const struct hf_deploy_line *line, struct hf_json_out *j)
{
	if (args->json)
		print_line(line, j);
	else
		printf("%-16s %-13s life %llu d, offline %llu d%s\n", line->line,
		       hf_deploy_enrol_text(line->enrol), (unsigned long long)line->life_s / 86400,
		       (unsigned long long)line->offline_s / 86400,
		       line->basic ? ", third-party clients" : "");
}

static int cmd_list(const struct cli_args *args)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(65536);
	struct hf_json_out j = { .buf = &text };
	char path[HF_DEPLOY_PATH_MAX];
	struct dirent **entries = NULL;
	struct maker m = { 0 };
	struct hf_deploy d;
	bool ok = true;
	int n;

	if (!open_dir(args, &d, &m))
		return cli_option(args, "dir") == NULL ? CLI_USAGE : CLI_FAILED;
	if (hf_deploy_path(path, m.dir, "products", NULL) != HF_OK)
		return CLI_FAILED;
	n = scandir(path, &entries, is_conf, alphasort);
	hf_json_open(&j, NULL, '[');
	for (int i = 0; i < n; i++) {
		struct hf_deploy_line line;

		ok = ok && read_line(&m, entries[i]->d_name, &line);
		if (ok)
			list_line(args, &line, &j);
		free(entries[i]);
	}
	free(entries);
	hf_json_close(&j);
	if (args->json && ok && hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
	return ok ? CLI_DONE : CLI_FAILED;
}

static int cmd_show(const struct cli_args *args)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(8192);
	struct hf_json_out j = { .buf = &text };
	struct hf_deploy_line line;
	struct maker m = { 0 };
	struct hf_deploy d;
	char name[HF_DEPLOY_NAME_MAX + 8];

	if (!hf_deploy_is_name(args->args[0]))
		return cli_usage("product show: '%s' is no name of a product line", args->args[0]);
	if (!open_dir(args, &d, &m))
		return cli_option(args, "dir") == NULL ? CLI_USAGE : CLI_FAILED;
	snprintf(name, sizeof(name), "%s.conf", args->args[0]);
	if (!read_line(&m, name, &line))
		return CLI_FAILED;
	if (!args->json) {
		list_line(args, &line, &j);
		return CLI_DONE;
	}
	print_line(&line, &j);
	if (hf_json_end(&j) != HF_OK)
		return cli_fail("product show: out of memory");
	puts(hf_buf_text(&text));
	return CLI_DONE;
}

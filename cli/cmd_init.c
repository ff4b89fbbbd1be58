/* cmd_init.c -- `holdfast init`: a deployment in one ceremony. It is made beside its place and renamed
 * there at the end, so an interrupted ceremony leaves nothing that looks whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/json.h>
#include "cli.h"
#include "init.h"
#include "init_policy.h"

enum { YEAR_S = 365 * 86400, ROOT_YEARS = 20, CA_YEARS = 10, OP_YEARS = 3, SERVER_DAYS = 397, DAY_S = 86400 };

const struct cli_opt cli_init_opts[] = {
	{ "domain", "NAME", "DNS domain of the fleet (default: localhost, for a trial)" },
	{ "host", "NAME", "name of this machine inside the domain (default: the domain)" },
	{ "operator", "NAME", "a person who may sign commands; repeat for more (default: admin)" },
	{ "est", "ADDR:PORT", "enrolment listens here (default: 0.0.0.0:8443)" },
	{ "api", "ADDR:PORT", "operators' API listens here (default: 127.0.0.1:8444)" },
	{ "device", "ADDR:PORT", "devices fetch bundles here (default: 0.0.0.0:8445)" },
	{ "mqtt", "ADDR:PORT", "broker listens here (default: 0.0.0.0:8883)" },
	{ "root-key", "URI", "make or take the root's key there (default: file:root/root.key)" },
	{ "server-ca-key", "URI", "the Server CA's (default: file:ca/server.key)" },
	{ "op-ca-key", "URI", "the Operational CA's, for example pkcs11:... (default: file:ca/op.key)" },
	{ "station-ca-key", "URI", "the Station CA's (default: file:ca/station.key)" },
	{ "token-dir", "DIR", "folder that the PKCS#11 module opens while it signs, as SoftHSM does" },
	{ "release-policy", "FILE",
	  "who signs, logs and witnesses releases; without it devices can never be updated" },
	{ "passphrase-file", "FILE", "encrypts every key; mode 0600 (default: ask)" },
	{ 0 },
};
const char cli_init_text[] =
	"Makes DIR with an offline root, the Server, Operational and Station CA, a trust policy signed by\n"
	"two of three root keys, one folder for each operator, and a commented holdfast.conf. All keys are\n"
	"encrypted with one passphrase, save the broker's TLS key, which Mosquitto must read by itself.\n"
	"With two operators or more, dangerous commands, erase and production orders need two of them;\n"
	"with one they are impossible. Afterwards move DIR/root to a place that is not connected.\n"
	"Devices get policy 1 at manufacture. Only a policy that names a log and witnesses can be followed\n"
	"by another, so whoever wants to update devices gives --release-policy: doc/release.md.";

static void make_dirs(struct maker *m)
{
	static const struct {
		const char *name;
		unsigned mode;
	} dirs[] = { { "root", 0700 },      { "ca", 0700 },       { "tls", 0700 },   { "trust", 0755 },
		     { "operators", 0700 }, { "products", 0755 }, { "store", 0700 }, { "run", 0750 },
		     { "broker", 0750 },    { "log", 0750 } };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		maker_dir(m, dirs[i].name, dirs[i].mode);
}

struct ca_choice {
	const char *name, *title, *uri;
	int years;
};

static void make_ca(struct maker *m, const struct hf_deploy *d, const struct ca_choice *c,
		    const struct maker_key *root, struct maker_key *ca)
{
	char cert_name[64], cn[HF_PKI_NAME_MAX + 1];
	const struct hf_pki_spec spec = { .profile = strcmp(c->name, "server") == 0 ? HF_PKI_SERVER_CA
										    : HF_PKI_SUB_CA,
					  .not_after = m->now + (int64_t)c->years * YEAR_S,
					  .cn = cn,
					  .domain = d->domain };

	snprintf(cert_name, sizeof(cert_name), "ca/%s.crt", c->name);
	snprintf(cn, sizeof(cn), "%.20s %s", d->domain, c->title);
	maker_key_at(m, c->uri, HF_PKI_KIND_P256, ca);
	maker_issue(m, cert_name, &spec, ca, root);
}

static void make_server(struct maker *m, const struct hf_deploy *d, const char *name,
			const struct maker_key *ca)
{
	char key_name[64], cert_name[64], cn[HF_PKI_NAME_MAX + 1];
	const struct hf_pki_spec spec = { .profile = HF_PKI_SERVER,
					  .not_after = m->now + SERVER_DAYS * (int64_t)DAY_S,
					  .cn = cn,
					  .host = d->host };
	struct maker_key server HF_AUTO(maker_key_end) = { 0 };

	snprintf(key_name, sizeof(key_name), "tls/%s.key", name);
	snprintf(cert_name, sizeof(cert_name), "tls/%s.crt", name);
	snprintf(cn, sizeof(cn), "%s", name);
	maker_new_key(m, key_name, HF_PKI_KIND_P256, strcmp(name, "broker") == 0, &server);
	maker_issue(m, cert_name, &spec, &server, ca);
}

static void make_root(struct maker *m, const struct hf_deploy *d, struct maker_key *root)
{
	char cn[HF_PKI_NAME_MAX + 1];
	const struct hf_pki_spec spec = { .profile = HF_PKI_ROOT,
					  .cn = cn,
					  .not_after = m->now + ROOT_YEARS * (int64_t)YEAR_S };

	snprintf(cn, sizeof(cn), "%.20s Root", d->domain);
	maker_key_at(m, d->root_key, HF_PKI_KIND_P384, root);
	maker_issue(m, "root/root.crt", &spec, root, NULL);
}

static void make_conf(struct maker *m, const struct hf_deploy *d)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	hf_err err = hf_buf_puts(
		&text, "# A Holdfast deployment; 'man holdfastd' explains. Lines with '#' show what\n"
		       "# applies when nothing is said.\n\n");

	if (err == HF_OK)
		err = hf_conf_print(hf_deploy_keys, hf_n_deploy_keys, d, &text);
	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "write holdfast.conf");
	maker_file(m, "holdfast.conf", hf_buf_bytes(&text), 0644);
}

static void make_all(struct maker *m, const struct hf_deploy *d, const struct init_people *people)
{
	struct maker_key root HF_AUTO(maker_key_end) = { 0 };
	struct maker_key server HF_AUTO(maker_key_end) = { 0 };
	struct maker_key op HF_AUTO(maker_key_end) = { 0 };
	struct maker_key station HF_AUTO(maker_key_end) = { 0 };
	struct maker_key intake HF_AUTO(maker_key_end) = { 0 }; /* factories seal claim secrets to it */

	make_dirs(m);
	make_root(m, d, &root);
	make_ca(m, d, &(struct ca_choice){ "server", "Server CA", d->server_ca_key, CA_YEARS }, &root,
		&server);
	make_ca(m, d, &(struct ca_choice){ "op", "Operational CA", d->op_ca_key, OP_YEARS }, &root, &op);
	make_ca(m, d, &(struct ca_choice){ "station", "Station CA", d->station_ca_key, CA_YEARS }, &root,
		&station);
	make_server(m, d, "enrol", &server);
	make_server(m, d, "api", &server);
	make_server(m, d, "broker", &server);
	maker_new_key(m, "ca/intake.key", HF_PKI_KIND_P256, false, &intake);
	init_people(m, d, people, &station, &server);
	make_conf(m, d);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

bool cli_is_free(const char *dir)
{
	if (access(dir, F_OK) != 0)
		return true;
	return rmdir(dir) == 0; /* an empty folder was made ready for us */
}

static bool init_store(const char *dir)
{
	char program[CLI_PATH_MAX];
	char copy[CLI_PATH_MAX];
	char *const argv[] = { program, (char[]){ "--dir" }, copy, (char[]){ "--init-store" }, NULL };

	snprintf(copy, sizeof(copy), "%s", dir);
	return cli_find_program("holdfastd", program) && cli_run(argv) == 0;
}

static int finish(struct maker *m, const char *dir)
{
	bool made = m->err == HF_OK && init_store(m->dir);

	if (m->err != HF_OK)
		cli_fail("init: %s; nothing was made", hf_why_text(&m->why));
	else if (!made)
		cli_fail("init: the registry could not be made; nothing was kept");
	else if (rename(m->dir, dir) != 0)
		made = cli_fail("init: %s: %s", dir, strerror(errno)) == CLI_DONE;
	if (!made)
		nftw(m->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return made ? CLI_DONE : CLI_FAILED;
}

static int report(const struct cli_args *args, const char *dir, const struct hf_deploy *d,
		  const struct init_people *people)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(8192);
	struct hf_json_out j = { .buf = &text };

	if (!args->json) {
		fprintf(stderr, "Made %s for %s.\n", dir, d->domain);
		for (size_t i = 0; i < people->n; i++)
			fprintf(stderr, "  operator %-16s %s/operators/%s\n", people->name[i], dir,
				people->name[i]);
		fprintf(stderr,
			"Next: holdfast up %s; holdfast product add LINE --dir %s\n"
			"Then move %s/root to a place that is not connected: it is needed for ceremonies "
			"only.\n",
			dir, dir, dir);
		if (people->release.len == 0)
			fputs("Note: without --release-policy nobody may release firmware, and devices made "
			      "under\nthis policy can never be updated: doc/release.md.\n",
			      stderr);
		return CLI_DONE;
	}
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "dir", dir);
	hf_json_put_text(&j, "domain", d->domain);
	hf_json_open(&j, "operators", '[');
	for (size_t i = 0; i < people->n; i++)
		hf_json_put_text(&j, NULL, people->name[i]);
	hf_json_close(&j);
	hf_json_put_bool(&j, "releases", people->release.len > 0);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_fail("init: out of memory");
	puts(hf_buf_text(&text));
	return CLI_DONE;
}

static bool choose(const struct cli_args *args, struct hf_deploy *d, struct init_people *people,
		   struct hf_buf *release)
{
	const char *file = cli_option(args, "release-policy");
	struct hf_why why = { 0 };
	hf_err err = HF_OK;

	if (!init_choices(args, d, people, &why))
		return cli_usage("init: %s", hf_why_text(&why)) == CLI_DONE;
	if (file == NULL)
		return true;
	err = hf_file_read(file, release, &why);
	if (err == HF_OK)
		err = init_policy_check(hf_buf_bytes(release), &why);
	people->release = hf_buf_bytes(release);
	return err == HF_OK || cli_usage("init: --release-policy: %s", hf_why_text(&why)) == CLI_DONE;
}

int cli_cmd_init(const struct cli_args *args)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct hf_buf release HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct init_people people = { 0 };
	struct hf_deploy d = { 0 };
	struct maker m = { .now = (int64_t)time(NULL) };
	const char *dir = args->args[0];
	int n;

	if (!choose(args, &d, &people, &release))
		return CLI_USAGE;
	if (!cli_is_free(dir))
		return cli_fail("init: %s exists and is not empty; choose another folder", dir);
	n = snprintf(m.dir, sizeof(m.dir), "%s.new", dir);
	if (n < 0 || (size_t)n >= sizeof(m.dir) - 64)
		return cli_usage("init: the path is too long");
	if (!cli_passphrase(args, "New passphrase for all keys", true, &passphrase))
		return CLI_FAILED;
	m.passphrase = hf_buf_bytes(&passphrase);
	if (mkdir(m.dir, 0755) != 0)
		return cli_fail("init: %s: %s%s", m.dir, strerror(errno),
				errno == EEXIST ? " (left by an interrupted init? remove it)" : "");
	make_all(&m, &d, &people);
	if (finish(&m, dir) != CLI_DONE)
		return CLI_FAILED;
	return report(args, dir, &d, &people);
}

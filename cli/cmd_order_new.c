/* cmd_order_new.c -- what comes before an order is in force: the stations' certificates, the order itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <hf/file.h>
#include <hf/pki.h>
#include <holdfast/order.h>
#include "maker.h"
#include "print.h"
#include "session.h"
#include "verbs.h"

enum {
	ORDER_MAX = HF_STATEMENT_MAX_LEN,
	DAYS_MAX = 3650,
	DAYS = 30,
	DAY_S = 86400,
	COMMIT_MAX_S = 30 * DAY_S
};

const struct cli_opt cli_order_new_opts[] = {
	{ "dir", "DIR", "the deployment: its Device-ID CA and intake key (required)" },
	{ "station", "CERT", "certificate file of a factory station; repeat for more (required)" },
	{ "out", "FILE", "write it there (required)" },
	{ "allowance", "N", "attempts beyond the quantity (default: 3 %)" },
	{ "days", "N", "how long it holds (default 30)" },
	{ "commit", "SECONDS", "time a station has to commit a device (default 86400)" },
	{ "manifest", NULL, "stations without network: one signed list at the end" },
	{ "passphrase-file", "FILE", "of your key and of the intake key; mode 0600" },
	{ 0 },
};
const struct cli_opt cli_order_station_opts[] = {
	{ "csr", "FILE", "certificate request (PEM) of the key that the station made (required)" },
	{ "out", "FILE", "write the certificate there (required)" },
	WHO,
	{ 0 }
};

struct draft {
	struct hf_order o;
	struct maker m;
	uint8_t ca[HF_SHA256_LEN], intake[HF_P256_POINT_LEN], station[HF_ORDER_MAX_STATIONS][HF_SHA256_LEN];
};

static bool read_stations(const struct cli_args *args, struct draft *d)
{
	for (int i = 0; cli_option_nth(args, "station", i) != NULL; i++) {
		const char *file = cli_option_nth(args, "station", i);
		struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(MAKER_CERT_PEM_MAX);
		uint8_t mem[HF_PKI_CERT_MAX];
		struct hf_out der = HF_OUT(mem);
		struct hf_pki_cert cert;
		struct hf_why why = { 0 };

		if (i == HF_ORDER_MAX_STATIONS)
			return cli_fail("order new: at most %d stations", HF_ORDER_MAX_STATIONS) == CLI_DONE;
		if (hf_file_read(file, &pem, &why) != HF_OK)
			return cli_fail("order new: %s", hf_why_text(&why)) == CLI_DONE;
		if (hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), &der) != HF_OK ||
		    hf_pki_cert_read(hf_out_bytes(&der), &cert) != HF_OK || strcmp(cert.ou, "station") != 0)
			return cli_fail("order new: %s: no certificate of a station", file) == CLI_DONE;
		memcpy(d->station[i], cert.spki_sha256, HF_SHA256_LEN);
		d->o.station[i] = HF_ARR(d->station[i]);
		d->o.n_stations = (size_t)i + 1;
	}
	return d->o.n_stations > 0;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, HF_SHA256_LEN);
}

static bool read_deployment(const struct cli_args *args, struct draft *d)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct maker_key intake HF_AUTO(maker_key_end) = { 0 };
	struct hf_pki_cert cert = { 0 };
	const char *dir = cli_option(args, "dir");
	struct hf_deploy deploy;
	char name[96];

	if (strlen(dir) >= sizeof(d->m.dir) - 128 || hf_deploy_read(dir, &deploy, &d->m.why) != HF_OK)
		return cli_fail("order new: %s", hf_why_text(&d->m.why)) == CLI_DONE;
	snprintf(d->m.dir, sizeof(d->m.dir), "%s", dir);
	if (!cli_passphrase(args, "Passphrase of the intake key", false, &passphrase))
		return false;
	d->m.passphrase = hf_buf_bytes(&passphrase);
	snprintf(name, sizeof(name), "ca/deviceid-%s.crt", args->args[0]);
	/* The certificate that comes with it is the Device-ID CA's: both are needed. */
	maker_open_at(&d->m, "file:ca/intake.key", name, &intake);
	if (d->m.err == HF_OK)
		d->m.err = hf_pki_cert_read(hf_out_bytes(&intake.cert), &cert);
	if (d->m.err != HF_OK)
		return cli_fail("order new: %s", hf_why_text(&d->m.why)) == CLI_DONE;
	memcpy(d->ca, cert.spki_sha256, sizeof(d->ca));
	memcpy(d->intake, intake.hw.pub, sizeof(d->intake));
	return true;
}

static bool read_numbers(const struct cli_args *args, struct draft *d)
{
	long quantity, allowance, days, commit;
	char *end = NULL;

	quantity = strtol(args->args[1], &end, 10);
	if (end == args->args[1] || *end != '\0' || quantity < 1 || quantity > HF_ORDER_MAX_QUANTITY) {
		(void)cli_usage("order new: '%s' is no quantity: 1 to %d", args->args[1],
				HF_ORDER_MAX_QUANTITY);
		return false;
	}
	if (!cli_number(args, "allowance", 0, HF_ORDER_MAX_QUANTITY,
			(long)hf_order_default_allowance((uint64_t)quantity), &allowance) ||
	    !cli_number(args, "days", 1, DAYS_MAX, DAYS, &days) ||
	    !cli_number(args, "commit", 60, COMMIT_MAX_S, HF_ORDER_COMMIT_S, &commit))
		return false;
	d->o.quantity = (uint64_t)quantity;
	d->o.allowance = (uint64_t)allowance;
	d->o.not_before = (uint64_t)time(NULL);
	d->o.not_after = d->o.not_before + (uint64_t)days * DAY_S;
	d->o.commit_timeout_s = (uint64_t)commit;
	d->o.mode = cli_flag(args, "manifest") ? HF_ORDER_MANIFEST : HF_ORDER_ONLINE;
	return true;
}

static bool sign_new(struct session *s, struct draft *d, const char *file)
{
	static uint8_t payload_mem[ORDER_MAX], scratch_mem[HF_STATEMENT_SCRATCH], out_mem[ORDER_MAX];
	struct hf_out payload = HF_OUT(payload_mem), scratch = HF_OUT(scratch_mem), out = HF_OUT(out_mem);
	const struct hf_cose_signer me = { .alg = HF_COSE_ES256, .kid = HF_ARR(s->kid), .hw = &s->key.key };
	struct hf_why why = { 0 };
	hf_err err;

	if (!session_open_key(s))
		return false;
	d->o.policy_ref = HF_ARR(s->policy.ref);
	d->o.line = session_text(s->args->args[0]);
	d->o.ca = HF_ARR(d->ca);
	d->o.intake = HF_ARR(d->intake);
	qsort(d->station, d->o.n_stations, HF_SHA256_LEN, by_hash);
	if (getrandom(d->o.id, sizeof(d->o.id), 0) != (ssize_t)sizeof(d->o.id))
		return cli_fail("no randomness") == CLI_DONE;
	err = hf_order_write(&d->o, &payload);
	if (err == HF_OK)
		err = hf_statement_write(hf_out_bytes(&payload), &me, 1, &scratch, &out);
	if (err == HF_OK)
		err = hf_file_create(file, hf_out_bytes(&out), 0644, &why);
	return err == HF_OK || cli_fail("order new: %s", why.text[0] != '\0' ? hf_why_text(&why)
									     : hf_err_text(err)) == CLI_DONE;
}

int cli_cmd_order_new(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	static struct draft d;
	struct session s;
	bool ok;

	if (!hf_deploy_is_name(args->args[0]))
		return cli_usage("order new: '%s' is no name of a product line", args->args[0]);
	if (!read_numbers(args, &d))
		return CLI_USAGE;
	if (out == NULL || cli_option(args, "dir") == NULL || cli_option(args, "station") == NULL)
		return cli_usage("order new: --dir DIR, --station CERT and --out FILE are needed");
	if (hf_file_exists(out))
		return cli_fail("%s exists already; nothing was changed", out);
	if (!session_open(args, &s))
		return session_refused(args);
	ok = read_stations(args, &d) && read_deployment(args, &d) && sign_new(&s, &d, out);
	if (ok)
		cli_say(args,
			"Signed by you. Next: holdfast order sign %s (by another operator), then order send.",
			out);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- stations ------------------------------------------------------------------------------------ */

static bool certify(struct session *s, hf_bytes csr, const char *out)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(16384);
	struct hf_json *answer HF_AUTO(session_json_drop) = NULL;
	struct hf_json_out j = { .buf = &body };
	struct hf_why why = { 0 };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "name", s->args->args[0]);
	hf_json_put_bytes(&j, "csr", csr);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK ||
	    !session_post(s, "/v1/stations", "application/json", hf_buf_bytes(&body), &answer))
		return false;
	if (hf_file_replace(out, session_text(hf_json_text(hf_json_get(answer, "certificate"), "")), 0644,
			    &why) != HF_OK)
		return cli_fail("order station: %s", hf_why_text(&why)) == CLI_DONE;
	if (s->args->json)
		print_json(answer);
	return true;
}

int cli_cmd_order_station(const struct cli_args *args)
{
	const char *file = cli_option(args, "csr"), *out = cli_option(args, "out");
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(16384);
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out der = HF_OUT(mem);
	struct hf_why why = { 0 };
	struct session s;
	bool ok;

	if (!hf_deploy_is_name(args->args[0]) || file == NULL || out == NULL)
		return cli_usage(
			"order station: NAME of a-z, 0-9 and '-', --csr FILE and --out FILE are needed");
	if (hf_file_read(file, &pem, &why) != HF_OK)
		return cli_fail("order station: %s", hf_why_text(&why));
	if (hf_pki_pem_read("CERTIFICATE REQUEST", hf_buf_bytes(&pem), &der) != HF_OK)
		return cli_fail("order station: %s: no certificate request in PEM", file);
	if (!session_open(args, &s))
		return session_refused(args);
	ok = certify(&s, hf_out_bytes(&der), out);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* cmd_order.c -- production orders: how many devices a factory may make, signed by several people.
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

#define WHO \
	{ \
		"passphrase-file", "FILE", "of your key; mode 0600 (default: operator.conf's, else ask)" \
	}

static const struct cli_opt plain_opts[] = { WHO, { 0 } };
static const struct cli_opt new_opts[] = {
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
static const struct cli_opt handles_opts[] = { WHO, { 0 } };
static const struct cli_opt close_opts[] = { { "reason", "TEXT", "goes into the event journal" },
					     WHO,
					     { 0 } };

static const struct cli_opt station_opts[] = {
	{ "csr", "FILE", "certificate request (PEM) of the key that the station made (required)" },
	{ "out", "FILE", "write the certificate there (required)" },
	WHO,
	{ 0 }
};

static int cmd_station(const struct cli_args *args);
static int cmd_new(const struct cli_args *args);
static int cmd_sign(const struct cli_args *args);
static int cmd_send(const struct cli_args *args);
static int cmd_list(const struct cli_args *args);
static int cmd_report(const struct cli_args *args);
static int cmd_units(const struct cli_args *args);
static int cmd_manifest(const struct cli_args *args);
static int cmd_scrap(const struct cli_args *args);
static int cmd_ship(const struct cli_args *args);
static int cmd_close(const struct cli_args *args);

#define ONE_ORDER .args = "ORDER", .min_args = 1, .max_args = 1
#define ONE_FILE .args = "FILE", .min_args = 1, .max_args = 1
const struct cli_verb cli_order_verbs[] = {
	{ .name = "station",
	  .run = cmd_station,
	  .args = "NAME",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = station_opts,
	  .summary = "certify a factory station for twelve hours" },
	{ .name = "new",
	  .run = cmd_new,
	  .args = "LINE QUANTITY",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = new_opts,
	  .summary = "write and sign an order, into a file" },
	{ .name = "sign",
	  .run = cmd_sign,
	  ONE_FILE,
	  .opts = plain_opts,
	  .summary = "read an order, and sign it too" },
	{ .name = "send",
	  .run = cmd_send,
	  ONE_FILE,
	  .opts = plain_opts,
	  .summary = "put a signed order into force" },
	{ .name = "list", .run = cmd_list, .args = "", .opts = plain_opts, .summary = "list the orders" },
	{ .name = "report",
	  .run = cmd_report,
	  ONE_ORDER,
	  .opts = plain_opts,
	  .summary = "reconcile: issued, committed, void, scrapped, shipped; fails when it does not add up" },
	{ .name = "units",
	  .run = cmd_units,
	  ONE_ORDER,
	  .opts = plain_opts,
	  .summary = "list the devices of an order" },
	{ .name = "manifest",
	  .run = cmd_manifest,
	  .args = "ORDER FILE",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = plain_opts,
	  .summary = "hand in a station's signed list" },
	{ .name = "scrap",
	  .run = cmd_scrap,
	  .args = "ORDER HANDLE...",
	  .min_args = 2,
	  .max_args = 33,
	  .opts = handles_opts,
	  .summary = "these devices were destroyed: revoke them" },
	{ .name = "ship",
	  .run = cmd_ship,
	  .args = "ORDER HANDLE...",
	  .min_args = 2,
	  .max_args = 33,
	  .opts = handles_opts,
	  .summary = "these devices left the factory" },
	{ .name = "close",
	  .run = cmd_close,
	  ONE_ORDER,
	  .opts = close_opts,
	  .summary = "nothing more is made under it" },
	{ 0 },
};

static bool is_order(const char *text)
{
	if (strlen(text) == 2 * HF_ORDER_ID_LEN && strspn(text, "0123456789abcdef") == 2 * HF_ORDER_ID_LEN)
		return true;
	(void)cli_usage("'%s' is no order: 32 characters of 0-9 and a-f are needed", text);
	return false;
}

/* ---- making one ---------------------------------------------------------------------------------- */

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

static int cmd_new(const struct cli_args *args)
{
	const char *out = cli_option(args, "out");
	static struct draft d;
	struct session s;
	bool ok;

	if (!hf_deploy_is_name(args->args[0]) || !read_numbers(args, &d))
		return CLI_USAGE;
	if (out == NULL || cli_option(args, "dir") == NULL || cli_option(args, "station") == NULL)
		return cli_usage("order new: --dir DIR, --station CERT and --out FILE are needed");
	if (hf_file_exists(out))
		return cli_fail("%s exists already; nothing was changed", out);
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	ok = read_stations(args, &d) && read_deployment(args, &d) && sign_new(&s, &d, out);
	if (ok)
		cli_say(args,
			"Signed by you. Next: holdfast order sign %s (by another operator), then order send.",
			out);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- signing and sending ------------------------------------------------------------------------- */

static bool read_file(const char *path, struct hf_buf *file, struct hf_statement *st, struct hf_order *o)
{
	struct hf_why why = { 0 };

	if (hf_file_read(path, file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (hf_statement_read(hf_buf_bytes(file), st) == HF_OK && hf_bytes_equal(st->type, HF_ORDER_TYPE) &&
	    hf_order_read(st->sign.payload, o) == HF_OK)
		return true;
	return cli_fail("%s: no production order", path) == CLI_DONE;
}

static void show_order(const struct hf_order *o, size_t signatures)
{
	char from[32], until[32];

	fprintf(stderr, "order       ");
	for (size_t i = 0; i < HF_ORDER_ID_LEN; i++)
		fprintf(stderr, "%02x", o->id[i]);
	fprintf(stderr, "\nline        %.*s\nquantity    %llu and %llu attempts more\nstations    %zu, %s\n",
		(int)o->line.len, (const char *)o->line.ptr, (unsigned long long)o->quantity,
		(unsigned long long)o->allowance, o->n_stations,
		o->mode == HF_ORDER_MANIFEST ? "by manifest" : "online");
	fprintf(stderr, "holds       %s to %s UTC\nsignatures  %zu\n",
		session_time((int64_t)o->not_before, from), session_time((int64_t)o->not_after, until),
		signatures);
}

static int cmd_sign(const struct cli_args *args)
{
	static uint8_t scratch_mem[HF_STATEMENT_SCRATCH], out_mem[ORDER_MAX];
	struct hf_out scratch = HF_OUT(scratch_mem), out = HF_OUT(out_mem);
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(ORDER_MAX);
	struct hf_statement st;
	struct hf_why why = { 0 };
	struct hf_order o;
	struct session s;
	hf_err err = HF_ERR_BASE_MISUSE;

	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	if (read_file(args->args[0], &file, &st, &o) && session_open_key(&s)) {
		const struct hf_cose_signer me = { .alg = HF_COSE_ES256,
						   .kid = HF_ARR(s.kid),
						   .hw = &s.key.key };

		show_order(&o, st.sign.n);
		err = hf_statement_add(hf_buf_bytes(&file), &me, &scratch, &out);
		if (err == HF_OK)
			err = hf_file_replace(args->args[0], hf_out_bytes(&out), 0644, &why);
		if (err != HF_OK)
			(void)cli_fail("sign: %s",
				       why.text[0] != '\0' ? hf_why_text(&why) : hf_err_text(err));
		else
			cli_say(args, "Signed by you; it has %zu signatures now.", st.sign.n + 1);
	}
	session_close(&s);
	return err == HF_OK ? CLI_DONE : CLI_FAILED;
}

static bool print_answer(const struct session *s, struct hf_json *j)
{
	if (s->args->json)
		print_json(j);
	else
		printf("%s\n", hf_json_text(hf_json_get(j, "id"), "?"));
	hf_json_free(j);
	return true;
}

static int cmd_send(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(ORDER_MAX);
	struct hf_json *j = NULL;
	struct hf_statement st;
	struct hf_order o;
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	ok = read_file(args->args[0], &file, &st, &o) &&
	     session_post(&s, "/v1/orders", "application/cose; cose-type=\"cose-sign\"", hf_buf_bytes(&file),
			  &j) &&
	     print_answer(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- looking ------------------------------------------------------------------------------------- */

static void print_row(const struct hf_json *o)
{
	printf("%-32s %-16s %9lld %-8s %s\n", hf_json_text(hf_json_get(o, "id"), "?"),
	       hf_json_text(hf_json_get(o, "line"), "?"),
	       (long long)hf_json_int(hf_json_get(o, "quantity"), 0),
	       hf_json_text(hf_json_get(o, "mode"), "?"), hf_json_text(hf_json_get(o, "state"), "?"));
}

static void print_unit(const struct hf_json *u)
{
	char when[32];

	printf("%-26s %-10s %-8s %s\n", hf_json_text(hf_json_get(u, "handle"), "?"),
	       hf_json_text(hf_json_get(u, "state"), "?"),
	       hf_json_bool(hf_json_get(u, "shipped"), false) ? "shipped" : "-",
	       session_time(hf_json_int(hf_json_get(u, "issued_at"), 0), when));
}

static int list(const struct cli_args *args, const char *path, void (*row)(const struct hf_json *item))
{
	struct session s;
	int rc;

	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	rc = print_list(&s, path, row);
	session_close(&s);
	return rc;
}

static int cmd_list(const struct cli_args *args)
{
	return list(args, "/v1/orders", print_row);
}

static int cmd_units(const struct cli_args *args)
{
	char path[80];

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	snprintf(path, sizeof(path), "/v1/orders/%s/units", args->args[0]);
	return list(args, path, print_unit);
}

/* Whether the books are exact decides the exit status. */
static bool print_report(const struct session *s, struct hf_json *j)
{
	static const char *const names[] = { "id",        "quantity", "allowance", "issued",  "open",
					     "committed", "void",     "scrapped",  "shipped", "journal",
					     "exact",     "problems", NULL };
	bool exact = hf_json_bool(hf_json_get(j, "exact"), false);

	if (s->args->json)
		print_json(j);
	else
		print_object(j, names);
	hf_json_free(j);
	return exact || cli_fail("the order does not add up") == CLI_DONE;
}

static int cmd_report(const struct cli_args *args)
{
	struct hf_json *j = NULL;
	struct session s;
	char path[80];
	bool ok;

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	snprintf(path, sizeof(path), "/v1/orders/%s/report", args->args[0]);
	ok = session_get(&s, path, &j) && print_report(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- changing ------------------------------------------------------------------------------------ */

static int post(const struct cli_args *args, const char *act, const char *type, hf_bytes body)
{
	struct hf_json *j = NULL;
	struct session s;
	char path[80];
	bool ok;

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	snprintf(path, sizeof(path), "/v1/orders/%s/%s", args->args[0], act);
	ok = session_post(&s, path, type, body, &j) && print_answer(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

static int post_handles(const struct cli_args *args, const char *act)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_open(&j, "handles", '[');
	for (int i = 1; i < args->n_args; i++) {
		if (strlen(args->args[i]) != HF_UNIT_HANDLE_LEN)
			return cli_usage("'%s' is no handle: %d characters are needed", args->args[i],
					 HF_UNIT_HANDLE_LEN);
		hf_json_put_text(&j, NULL, args->args[i]);
	}
	hf_json_close(&j);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_usage("order %s: too many handles", act);
	return post(args, act, "application/json", hf_buf_bytes(&body));
}

static int cmd_scrap(const struct cli_args *args)
{
	return post_handles(args, "scrap");
}

static int cmd_ship(const struct cli_args *args)
{
	return post_handles(args, "ship");
}

static int cmd_manifest(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(1 << 20);
	struct hf_why why = { 0 };

	if (hf_file_read(args->args[1], &file, &why) != HF_OK)
		return cli_fail("order manifest: %s", hf_why_text(&why));
	return post(args, "units", "application/cose; cose-type=\"cose-sign1\"", hf_buf_bytes(&file));
}

static int cmd_close(const struct cli_args *args)
{
	const char *reason = cli_option(args, "reason");
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "reason", reason != NULL ? reason : "closed");
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_usage("order close: --reason is too long");
	return post(args, "close", "application/json", hf_buf_bytes(&body));
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

static int cmd_station(const struct cli_args *args)
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
		return args->operator== NULL ? CLI_USAGE : CLI_FAILED;
	ok = certify(&s, hf_out_bytes(&der), out);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

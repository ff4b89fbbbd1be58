/* cmd_station.c -- `holdfast station`: a factory station makes devices under an order, online.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/pki.h>
#include "maker.h"
#include "station.h"
#include "verbs.h"

enum { NONCE_LEN = 32, LINE_MAX = HF_PROVISION_CEILING };

#define PASSPHRASE \
	{ \
		"passphrase-file", "FILE", "of the station's key, when it has one; mode 0600" \
	}

static const struct cli_opt init_opts[] = {
	{ "line", "FILE", "provisioning file of the product line, LINE.hfp (required)" },
	{ "key", "URI", "make or take the key there: file:, pkcs11: or tpm2: (default: file:station.key)" },
	PASSPHRASE,
	{ 0 }
};
static const struct cli_opt enrol_opts[] = { { "out", "FILE", "write the certificate there (required)" },
					     PASSPHRASE,
					     { 0 } };
static const struct cli_opt commit_opts[] = {
	{ "signature", "HEX", "the device's answer to the number that the first call printed" },
	PASSPHRASE,
	{ 0 }
};

static int cmd_init(const struct cli_args *args);
static int cmd_enrol(const struct cli_args *args);
static int cmd_commit(const struct cli_args *args);

const struct cli_verb cli_station_verbs[] = {
	{ .name = "init",
	  .run = cmd_init,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = init_opts,
	  .summary = "make a station's folder: its key, and the request for its certificate",
	  .text = "An operator certifies DIR/station.csr for twelve hours ('holdfast order station'); the\n"
		  "certificate goes to DIR/station.crt, a later one over it." },
	{ .name = "enrol",
	  .run = cmd_enrol,
	  .args = "DIR ORDER UNIT",
	  .min_args = 3,
	  .max_args = 3,
	  .opts = enrol_opts,
	  .summary = "have one device certified under a signed order",
	  .text = "ORDER is the file of the signed order, UNIT what the device wrote by 'holdfast-agent\n"
		  "factory csr'. Prints the device's handle. Asking again for the same device gives the\n"
		  "same certificate and counts once." },
	{ .name = "commit",
	  .run = cmd_commit,
	  .args = "DIR ORDER HANDLE",
	  .min_args = 3,
	  .max_args = 3,
	  .opts = commit_opts,
	  .summary = "end of the line: prove that the device has its key",
	  .text = "The first call prints a number for 'holdfast-agent factory commit --nonce' on the\n"
		  "device; the second brings what the device printed as --signature. Then the device\n"
		  "counts as made." },
	{ 0 },
};

/* ---- init ---------------------------------------------------------------------------------------- */

static bool read_line(const char *path, struct hf_buf *file)
{
	struct hf_provision p;
	struct hf_why why = { 0 };

	if (hf_file_read(path, file, &why) != HF_OK)
		return cli_fail("station init: %s", hf_why_text(&why)) == CLI_DONE;
	return hf_provision_read(hf_buf_bytes(file), &p) == HF_OK ||
	       cli_fail("station init: %s: no provisioning file", path) == CLI_DONE;
}

static void write_request(struct maker *m, const struct maker_key *key)
{
	static const struct hf_pki_csr_spec spec = { .cn = NULL };
	uint8_t der_mem[HF_PKI_CSR_MAX], pem_mem[2 * HF_PKI_CSR_MAX];
	struct hf_out der = HF_OUT(der_mem), pem = HF_OUT(pem_mem);

	if (m->err == HF_OK)
		m->err = hf_pki_csr_write(&spec, &key->hw, &der);
	if (m->err == HF_OK)
		m->err = hf_pki_pem_write("CERTIFICATE REQUEST", hf_out_bytes(&der), &pem);
	maker_file(m, "station.csr", hf_out_bytes(&pem), 0644);
}

static bool make_folder(const char *dir, const char *uri, hf_bytes passphrase, hf_bytes line)
{
	struct maker m = { .now = (int64_t)time(NULL), .passphrase = passphrase };
	struct maker_key key HF_AUTO(maker_key_end) = { 0 };
	char text[HF_DEPLOY_URI_MAX + 1];

	(void)snprintf(m.dir, sizeof(m.dir), "%s", dir);
	(void)snprintf(text, sizeof(text), "%s\n", uri);
	m.err = hf_dir_create(dir, 0700, &m.why);
	maker_key_at(&m, uri, HF_PKI_KIND_P256, &key);
	if (key.by_uri == NULL)
		(void)rmdir(dir); /* as it was before */
	maker_file(&m, "line.hfp", line, 0644);
	maker_file(&m, "station.uri", session_text(text), 0644);
	write_request(&m, &key);
	return m.err == HF_OK || cli_fail("station init: %s", m.why.text[0] != '\0' ? hf_why_text(&m.why)
										    : hf_err_text(m.err)) ==
					 CLI_DONE;
}

static int cmd_init(const struct cli_args *args)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024), line HF_AUTO(hf_buf_free) =
										     HF_BUF(LINE_MAX);
	const char *dir = args->args[0], *key = cli_option(args, "key"), *file = cli_option(args, "line");

	if (file == NULL)
		return cli_usage("station init: --line FILE is needed");
	if (strlen(dir) >= HF_DEPLOY_PATH_MAX - 128 || (key != NULL && strlen(key) >= HF_DEPLOY_URI_MAX))
		return cli_usage("station init: DIR or --key is too long");
	if (!cli_is_free(dir))
		return cli_fail("station init: %s exists already; nothing was changed", dir);
	if (!read_line(file, &line))
		return CLI_FAILED;
	if (cli_option(args, "passphrase-file") != NULL &&
	    !cli_passphrase(args, "Passphrase of the station's key", true, &passphrase))
		return CLI_FAILED;
	if (!make_folder(dir, key != NULL ? key : "file:station.key", hf_buf_bytes(&passphrase),
			 hf_buf_bytes(&line)))
		return CLI_FAILED;
	cli_say(args, "Next, by an operator: holdfast order station NAME --csr %s/station.csr --out "
		      "%s/station.crt",
		dir, dir);
	return CLI_DONE;
}

/* ---- enrol --------------------------------------------------------------------------------------- */

static bool report_unit(const struct station *st, hf_bytes der)
{
	struct hf_pki_cert cert;

	if (hf_pki_cert_read(der, &cert) != HF_OK)
		return false;
	printf(st->s.args->json ? "{\"handle\":\"%s\"}\n" : "%s\n", cert.cn);
	return true;
}

static bool enrol(struct station *st, const char *path, const char *out)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(STATION_UNIT_MAX);
	struct station_unit unit;
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out cert = HF_OUT(mem);
	struct hf_why why = { 0 };

	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("station enrol: %s", hf_why_text(&why)) == CLI_DONE;
	if (station_unit_read(hf_buf_bytes(&file), &unit) != HF_OK)
		return cli_fail("%s: no device's request ('holdfast-agent factory csr')", path) == CLI_DONE;
	if (!station_enrol(st, &unit, &cert))
		return false;
	if (hf_file_replace(out, hf_out_bytes(&cert), 0644, &why) != HF_OK)
		return cli_fail("station enrol: %s", hf_why_text(&why)) == CLI_DONE;
	return report_unit(st, hf_out_bytes(&cert));
}

static int cmd_enrol(const struct cli_args *args)
{
	static struct station st;
	const char *out = cli_option(args, "out");
	bool ok;

	if (out == NULL)
		return cli_usage("station enrol: --out FILE is needed");
	ok = station_open(args, args->args[0], args->args[1], &st) && enrol(&st, args->args[2], out);
	station_close(&st);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- commit -------------------------------------------------------------------------------------- */

static bool write_body(const char *handle, hf_bytes signature, struct hf_buf *body)
{
	struct hf_json_out j = { .buf = body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "handle", handle);
	if (signature.len > 0)
		hf_json_put_bytes(&j, "signature", signature);
	hf_json_close(&j);
	return hf_json_end(&j) == HF_OK;
}

/* The number in hexadecimal, as the device reads it. */
static bool print_nonce(const struct station *st, const struct hf_json *j)
{
	uint8_t raw[NONCE_LEN], text[2 * NONCE_LEN];
	struct hf_out nonce = HF_OUT(raw), hex = HF_OUT(text);

	if (hf_base64url_decode(session_text(hf_json_text(hf_json_get(j, "nonce"), "")), &nonce) != HF_OK ||
	    nonce.len != NONCE_LEN || hf_hex_encode(hf_out_bytes(&nonce), &hex) != HF_OK)
		return cli_fail("station commit: the server gave no number") == CLI_DONE;
	printf(st->s.args->json ? "{\"nonce\":\"%.*s\"}\n" : "%.*s\n", (int)hex.len, (const char *)text);
	return true;
}

static bool report_commit(const struct station *st, hf_bytes body, bool proved)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;

	if (hf_json_parse(body, &j, NULL) != HF_OK)
		return cli_fail("station commit: the server's answer is no JSON") == CLI_DONE;
	if (!proved)
		return print_nonce(st, j);
	if (strcmp(hf_json_text(hf_json_get(j, "state"), ""), "committed") != 0)
		return cli_fail("station commit: the server did not say 'committed'") == CLI_DONE;
	puts(st->s.args->json ? "{\"state\":\"committed\"}" : "committed");
	return true;
}

static bool commit(struct station *st, const char *handle, hf_bytes signature)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	char path[96] = "/v1/order/";
	struct hf_out id = { (uint8_t *)path + strlen(path), 2 * HF_ORDER_ID_LEN, 0 };

	if (!write_body(handle, signature, &body) || hf_hex_encode(HF_ARR(st->order.id), &id) != HF_OK)
		return cli_fail("station commit: no memory") == CLI_DONE;
	(void)snprintf(path + strlen(path), 16, "/commit");
	return station_post(st, path, "application/json", hf_buf_bytes(&body), NULL) &&
	       report_commit(st, hf_buf_bytes(&st->s.res.body), signature.len > 0);
}

static int cmd_commit(const struct cli_args *args)
{
	static struct station st;
	const char *text = cli_option(args, "signature"), *handle = args->args[2];
	uint8_t raw[HF_P256_SIG_LEN];
	struct hf_out signature = HF_OUT(raw);
	bool ok;

	if (strlen(handle) != HF_UNIT_HANDLE_LEN)
		return cli_usage("'%s' is no handle: %d characters are needed", handle, HF_UNIT_HANDLE_LEN);
	if (text != NULL &&
	    (hf_hex_decode(session_text(text), &signature) != HF_OK || signature.len != HF_P256_SIG_LEN))
		return cli_usage("station commit: --signature: %d hexadecimal digits are needed",
				 2 * HF_P256_SIG_LEN);
	ok = station_open(args, args->args[0], args->args[1], &st) &&
	     commit(&st, handle, hf_out_bytes(&signature));
	station_close(&st);
	return ok ? CLI_DONE : CLI_FAILED;
}

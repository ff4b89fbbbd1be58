/* station.c -- see station.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <hf/base64.h>
#include <hf/file.h>
#include <hf/pki.h>
#include <holdfast/cbor.h>
#include "order_file.h"
#include "station.h"

enum { ANSWER_CEILING = 1 << 16, WORD_MAX = 1024 };

static bool read_line(struct station *st)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROVISION_CEILING);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(&st->s, "line.hfp", path))
		return false;
	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	memcpy(st->line_mem, file.ptr, file.len); /* what is read borrows its bytes */
	if (hf_provision_read((hf_bytes){ st->line_mem, file.len }, &st->line) == HF_OK)
		return true;
	return cli_fail("%s: no provisioning file", path) == CLI_DONE;
}

static bool read_key_uri(struct station *st)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_DEPLOY_URI_MAX);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };
	size_t n;

	if (!session_path(&st->s, "station.uri", path))
		return false;
	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s; 'holdfast station init' makes a station's folder", hf_why_text(&why)) ==
		       CLI_DONE;
	n = strcspn(hf_buf_text(&file), "\n");
	if (n >= sizeof(st->s.conf.key))
		return cli_fail("%s: not the URI of a key", path) == CLI_DONE;
	memcpy(st->s.conf.key, hf_buf_text(&file), n);
	return true;
}

static bool read_order(struct station *st, const char *path)
{
	struct hf_statement file;

	if (!order_file_read(path, &st->order_file, &file, &st->order))
		return false;
	if (st->order.mode != HF_ORDER_ONLINE)
		return cli_fail("%s: an order by manifest; see 'holdfast order pack'", path) == CLI_DONE;
	if (!hf_bytes_equal(st->order.line, st->line.line))
		return cli_fail("%s: an order for another product line than line.hfp", path) == CLI_DONE;
	if (hf_order_check_window(&st->order, (uint64_t)time(NULL)) != HF_OK)
		return cli_fail("%s: today is outside its dates", path) == CLI_DONE;
	return true;
}

bool station_open(const struct cli_args *args, const char *folder, const char *order, struct station *st)
{
	*st = (struct station){ .s = { .args = args, .res = HF_HTTPC_RES(ANSWER_CEILING) },
				.order_file = HF_BUF(HF_STATEMENT_MAX_LEN) };
	/* A station works unattended: without --passphrase-file its key has none, or lies on a token. */
	st->s.unattended = cli_option(args, "passphrase-file") == NULL;
	if (strlen(folder) >= sizeof(st->s.folder))
		return cli_fail("%s: path is too long", folder) == CLI_DONE;
	memcpy(st->s.folder, folder, strlen(folder) + 1);
	return read_key_uri(st) && read_line(st) && read_order(st, order);
}

void station_close(struct station *st)
{
	session_close(&st->s);
	hf_buf_free(&st->order_file);
}

static bool connect(struct station *st)
{
	struct hf_out cert = HF_OUT(st->s.cert);
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_tls_client_conf tls = { .anchor = st->line.server_ca, .host = host };
	struct hf_httpc_conf http = { .host = host, .port = st->line.enrol_port };
	struct hf_why why = { 0 };

	if (st->s.http != NULL)
		return true;
	(void)snprintf(host, sizeof(host), "%.*s", (int)st->line.enrol_host.len,
		       (const char *)st->line.enrol_host.ptr);
	if (!session_cert(&st->s, "station.crt", &cert))
		return false;
	st->s.cert_len = cert.len;
	if (session_expired(&st->s))
		return cli_fail("the station's certificate ended; an operator makes the next from "
				"station.csr: holdfast order station") == CLI_DONE;
	if (!session_open_key(&st->s))
		return false;
	tls.key = &st->s.key.key;
	tls.cert = hf_out_bytes(&cert);
	if (hf_tls_client_new(&tls, &st->s.tls, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	http.tls = st->s.tls;
	return hf_httpc_open(&http, &st->s.http, &why) == HF_OK ||
	       cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

bool station_post(struct station *st, const char *path, const char *type, hf_bytes body,
		  const struct hf_http_header *header)
{
	const struct hf_httpc_req req = { .method = "POST",
					  .path = path,
					  .type = type,
					  .body = body,
					  .headers = header,
					  .n_headers = header != NULL ? 1 : 0 };
	struct hf_why why = { 0 };

	if (!connect(st))
		return false;
	if (hf_httpc_call(st->s.http, &req, &st->s.res, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (st->s.res.status == 200)
		return true;
	if (st->s.res.status == 403)
		return cli_fail("the server refused: order, station, date, number, key or label; its log and "
				"'holdfast order report' say which") == CLI_DONE;
	return cli_fail("%s: the server answered %d%s", path, st->s.res.status,
			st->s.res.status == 429 || st->s.res.status == 503 ? "; try again" : "") == CLI_DONE;
}

hf_err station_unit_read(hf_bytes file, struct station_unit *unit)
{
	struct hf_pki_csr csr;
	struct hf_cborr r;

	*unit = (struct station_unit){ 0 };
	hf_cbor_reader(&r, file);
	hf_cbor_expect_array(&r, 3);
	hf_cbor_read_bytes_max(&r, HF_PKI_CSR_MAX, &unit->csr);
	hf_cbor_read_fixed(&r, unit->cid, sizeof(unit->cid));
	hf_cbor_read_bytes_max(&r, HF_UNIT_MAX_SEALED_LEN, &unit->sealed);
	HF_TRY(hf_cbor_done(&r));
	return hf_pki_csr_read(unit->csr, &csr);
}

/* The station's word for this request, as the header has it. */
static hf_err write_word(struct station *st, const struct station_unit *unit, char *text, size_t cap)
{
	uint8_t mem[WORD_MAX];
	struct hf_out word = HF_OUT(mem), out = { (uint8_t *)text, cap - 1, 0 };
	struct hf_unit u = { .kc_sealed = unit->sealed };

	memcpy(u.order, st->order.id, sizeof(u.order));
	memcpy(u.cid, unit->cid, sizeof(u.cid));
	HF_TRY(hf_crypto_sha256(&unit->csr, 1, u.csr_sha256));
	HF_TRY(hf_unit_write(&u, &st->s.key.key, &word));
	HF_TRY(hf_base64url_encode(hf_out_bytes(&word), &out));
	text[out.len] = '\0';
	return HF_OK;
}

/* Base64 in one line or many, certs-only, one certificate, for the key that was asked for. */
static hf_err read_answer(struct hf_buf *body, hf_bytes csr_der, struct hf_out *cert)
{
	uint8_t mem[ANSWER_CEILING];
	struct hf_out der = HF_OUT(mem);
	hf_bytes certs[HF_PKI_CERTS_MAX];
	struct hf_pki_cert found;
	struct hf_pki_csr csr;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < body->len; i++)
		if (body->ptr[i] != '\n' && body->ptr[i] != '\r')
			body->ptr[kept++] = body->ptr[i];
	HF_TRY(hf_base64_decode((hf_bytes){ body->ptr, kept }, &der));
	HF_TRY(hf_pki_certs_only_read(hf_out_bytes(&der), certs, &n));
	HF_TRY(hf_pki_cert_read(certs[0], &found));
	HF_TRY(hf_pki_csr_read(csr_der, &csr));
	if (n != 1 || memcmp(found.spki_sha256, csr.spki_sha256, HF_SHA256_LEN) != 0)
		return HF_ERR_CRYPTO_CERT;
	return hf_out_put(cert, certs[0]);
}

bool station_enrol(struct station *st, const struct station_unit *unit, struct hf_out *cert)
{
	uint8_t mem[HF_PKI_CSR_MAX * 4 / 3 + 8];
	struct hf_out body = HF_OUT(mem);
	char word[WORD_MAX * 4 / 3 + 8], path[96];
	const struct hf_http_header header = { "HF-Order", word };
	hf_err err;

	if (!connect(st))
		return false;
	err = write_word(st, unit, word, sizeof(word));
	if (err == HF_OK)
		err = hf_base64_encode(unit->csr, &body);
	if (err != HF_OK)
		return cli_fail("station enrol: %s", hf_err_text(err)) == CLI_DONE;
	(void)snprintf(path, sizeof(path), "/.well-known/est/%.*s/simpleenroll", (int)st->line.line.len,
		       (const char *)st->line.line.ptr);
	if (!station_post(st, path, "application/pkcs10", hf_out_bytes(&body), &header))
		return false;
	err = read_answer(&st->s.res.body, unit->csr, cert);
	return err == HF_OK ||
	       cli_fail("station enrol: the server's answer: %s", hf_err_text(err)) == CLI_DONE;
}

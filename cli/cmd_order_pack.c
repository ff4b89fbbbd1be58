/* cmd_order_pack.c -- a factory without network: a station signs one list of what it made. This process
 * opens no connection, so it holds the station's key itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include <hf/keyuri.h>
#include <hf/pki.h>
#include <holdfast/cbor.h>
#include <holdfast/identity.h>
#include <holdfast/order.h>
#include "order_file.h"
#include "session.h"
#include "verbs.h"

enum { UNIT_MAX = HF_PKI_CERT_MAX + HF_UNIT_MAX_SEALED_LEN + 64, LIST_MAX = 1 << 19, PATH_CAP = 512 };

const struct cli_opt cli_order_pack_opts[] = {
	{ "key", "URI", "key of the station: file:, pkcs11: or tpm2: (required)" },
	{ "out", "FILE", "write the list there (required)" },
	{ "passphrase-file", "FILE", "of a key in a file, when it has one; mode 0600" },
	{ 0 }
};

/* What one device wrote: `factory selfsign`. */
struct made {
	uint8_t spki[HF_SHA256_LEN], cid[HF_UNIT_CID_LEN], sealed[HF_UNIT_MAX_SEALED_LEN];
	size_t sealed_len;
	char handle[HF_UNIT_HANDLE_LEN + 1];
};
struct pack {
	struct hf_buf file;
	struct hf_order order;
	struct hf_keyuri *key;
	struct made made[HF_UNITS_MAX];
	size_t n;
};

static bool read_order(const char *path, struct pack *p)
{
	struct hf_statement st;

	if (!order_file_read(path, &p->file, &st, &p->order))
		return false;
	if (p->order.mode != HF_ORDER_MANIFEST)
		return cli_fail("%s: this order is made online", path) == CLI_DONE;
	if (hf_order_check_window(&p->order, (uint64_t)time(NULL)) != HF_OK)
		return cli_fail("%s: today is outside its dates", path) == CLI_DONE;
	return true;
}

/* Only a key that the order names may sign. */
static bool open_key(const struct cli_args *args, struct pack *p)
{
	struct hf_buf passphrase HF_AUTO(hf_buf_free) = HF_BUF_SECRET(1024);
	struct hf_keyuri_why words = { { 0 } };
	const struct hf_hwkey *key;
	uint8_t spki[HF_SHA256_LEN];
	hf_err err;

	if (cli_option(args, "passphrase-file") != NULL &&
	    !cli_passphrase(args, "Passphrase of the station key", false, &passphrase))
		return false;
	err = hf_keyuri_open(cli_option(args, "key"), hf_buf_bytes(&passphrase), &p->key, &words);
	if (err != HF_OK)
		return cli_fail("--key: %s%s%s", hf_err_text(err), words.text[0] != '\0' ? ": " : "",
				words.text) == CLI_DONE;
	key = hf_keyuri_hwkey(p->key);
	if (key->curve != HF_CURVE_P256 || hf_pki_spki_sha256(key->pub, spki) != HF_OK ||
	    hf_order_check_station(&p->order, HF_ARR(spki)) != HF_OK)
		return cli_fail("--key: the order does not name this station") == CLI_DONE;
	return true;
}

/* [bstr certificate, bstr cid, bstr sealed Kc] */
static hf_err read_unit(hf_bytes in, struct made *m)
{
	hf_bytes der = { NULL, 0 }, sealed = { NULL, 0 };
	struct hf_pki_cert cert;
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_array(&r, 3);
	hf_cbor_read_bytes_max(&r, HF_PKI_CERT_MAX, &der);
	hf_cbor_read_fixed(&r, m->cid, sizeof(m->cid));
	hf_cbor_read_bytes_max(&r, sizeof(m->sealed), &sealed);
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(hf_pki_cert_read(der, &cert));
	HF_TRY(hf_identity_check_handle(session_text(cert.cn)));
	if (!cert.self_issued || cert.curve != HF_CURVE_P256 || sealed.len == 0)
		return HF_ERR_CRYPTO_CERT;
	memcpy(m->spki, cert.spki_sha256, sizeof(m->spki));
	memcpy(m->handle, cert.cn, sizeof(m->handle));
	memcpy(m->sealed, sealed.ptr, sealed.len);
	m->sealed_len = sealed.len;
	return HF_OK;
}

static bool add_unit(const char *folder, const char *name, struct pack *p)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(UNIT_MAX);
	struct hf_why why = { 0 };
	char path[PATH_CAP];

	if (p->n == HF_UNITS_MAX)
		return cli_fail("%s: at most %d devices in one list", folder, HF_UNITS_MAX) == CLI_DONE;
	if (hf_path_join(path, sizeof(path), folder, name) != HF_OK ||
	    hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s/%s: cannot be read", folder, name) == CLI_DONE;
	if (read_unit(hf_buf_bytes(&file), &p->made[p->n]) != HF_OK)
		return cli_fail("%s: no device of a manifest ('holdfast-agent factory selfsign')", path) ==
		       CLI_DONE;
	p->n++;
	return true;
}

static bool read_units(const char *folder, struct pack *p)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	bool ok = true;

	if (dir == NULL)
		return cli_fail("%s: no such folder", folder) == CLI_DONE;
	while (ok && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			ok = add_unit(folder, e->d_name, p);
	(void)closedir(dir);
	if (!ok)
		return false;
	if (p->n == 0 || p->n > p->order.quantity)
		return cli_fail("%s: %zu devices, ordered are 1 to %llu", folder, p->n,
				(unsigned long long)p->order.quantity) == CLI_DONE;
	return true;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(((const struct made *)a)->spki, ((const struct made *)b)->spki, HF_SHA256_LEN);
}

/* Sign, then read the list as the server will: a device that stands twice shows here. */
static bool sign_list(struct pack *p, const char *path)
{
	static uint8_t payload_mem[LIST_MAX], out_mem[LIST_MAX];
	static struct hf_units_row row[HF_UNITS_MAX];
	struct hf_out payload = HF_OUT(payload_mem), out = HF_OUT(out_mem);
	const struct hf_hwkey *key = hf_keyuri_hwkey(p->key);
	struct hf_units check;
	struct hf_why why = { 0 };
	hf_err err;

	qsort(p->made, p->n, sizeof(p->made[0]), by_key);
	for (size_t i = 0; i < p->n; i++) {
		const struct made *m = &p->made[i];

		row[i].handle = session_text(m->handle);
		row[i].kc_sealed = (hf_bytes){ m->sealed, m->sealed_len };
		memcpy(row[i].spki_sha256, m->spki, sizeof(m->spki));
		memcpy(row[i].cid, m->cid, sizeof(m->cid));
	}
	err = hf_units_write(p->order.id, (uint64_t)time(NULL), row, p->n, key, &payload, &out);
	if (err == HF_OK)
		err = hf_units_open(hf_out_bytes(&out), key->pub, &p->order, &check);
	if (err == HF_OK)
		err = hf_file_create(path, hf_out_bytes(&out), 0644, &why);
	return err == HF_OK ||
	       cli_fail("order pack: %s", why.text[0] != '\0' ? hf_why_text(&why) : hf_err_text(err)) ==
		       CLI_DONE;
}

int cli_cmd_order_pack(const struct cli_args *args)
{
	static struct pack p;
	const char *out = cli_option(args, "out");
	bool ok;

	if (out == NULL || cli_option(args, "key") == NULL)
		return cli_usage("order pack: --key URI and --out FILE are needed");
	p.file = HF_BUF(HF_STATEMENT_MAX_LEN);
	ok = read_order(args->args[0], &p) && open_key(args, &p) && read_units(args->args[1], &p) &&
	     sign_list(&p, out);
	hf_keyuri_close(p.key);
	hf_buf_free(&p.file);
	if (ok)
		cli_say(args, "%zu devices. Next, by an operator: holdfast order manifest ORDER %s", p.n,
			out);
	return ok ? CLI_DONE : CLI_FAILED;
}

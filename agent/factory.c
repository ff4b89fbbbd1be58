/* `factory`: the device's side of a production order (doc/protocol/identity.md). The station talks to the
 * server;
 * the device only makes its key, proves it and keeps its certificate.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/file.h>
#include <holdfast/cbor.h>
#include <holdfast/order.h>
#include <stdio.h>
#include <string.h>

enum {
	UNIT_CAP = HF_PKI_CSR_MAX + HF_RENEW_CERT_CAP + HF_UNIT_MAX_SEALED_LEN + 64,
	NONCE_LEN = 32,
	HANDLE_RAW_LEN = 16,
};

struct options {
	const char *dir, *out, *intake, *cert, *nonce, *oid;
};

/* The device with its records open, as a command sees it; the agent must not run meanwhile. */
struct device {
	struct agent agent;
	struct keyproc key;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = { { "--dir", &o->dir },
		      { "--out", &o->out },
		      { "--intake", &o->intake },
		      { "--cert", &o->cert },
		      { "--nonce", &o->nonce },
		      { "--oid", &o->oid } };

	for (int i = 0; i + 1 < argc; i += 2) {
		bool found = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++) {
			if (strcmp(argv[i], known[j].name) != 0)
				continue;
			*known[j].value = argv[i + 1];
			found = true;
		}
		if (!found)
			return false;
	}
	return argc % 2 == 0 && o->dir != NULL;
}

static hf_err open_device(struct device *d, const char *dir, struct hf_why *why)
{
	char records[AGENT_PATH_CAP];
	hf_err err;

	HF_TRY(agent_open(&d->agent, dir, why));
	d->key.agent = &d->agent;
	d->key.port = HF_LINUX_PORT_NONE;
	HF_TRY(hf_path_join(records, sizeof(records), dir, "records"));
	err = hf_linux_open(&d->key.port, records);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s: %s", records, hf_err_text(err));
	HF_TRY(key_backend_open(&d->key, why));
	err = key_backend_idevid(&d->key);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "factory key: %s", hf_err_text(err));
}

/* ---- csr: key, request and the claim for the server's books ---------------------------------------- */

static hf_err make_key(struct device *d)
{
	uint8_t mem[HF_RENEW_BLOB_CAP] = { 0 }, pub[HF_P256_POINT_LEN];
	struct hf_out blob = HF_OUT(mem);
	struct hf_renew_keys keys = key_backend(&d->key);
	hf_err err = keys.make(keys.ctx, &blob, pub);

	if (err == HF_OK)
		err = hf_port_create_secret(&d->key.port, HF_REC_IDEVID_KEY, hf_out_bytes(&blob));
	hf_wipe(mem, sizeof(mem));
	HF_TRY(err);
	return key_backend_idevid(&d->key);
}

static hf_err read_point(const char *hex, uint8_t point[static HF_P256_POINT_LEN])
{
	struct hf_out out = { point, HF_P256_POINT_LEN, 0 };

	if (hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &out) != HF_OK ||
	    out.len != HF_P256_POINT_LEN)
		return HF_ERR_CRYPTO_POINT;
	return hf_crypto_p256_check(point);
}

static hf_err read_claim(struct device *d, struct hf_claim_keys *claim)
{
	struct hf_claim_secret s HF_AUTO(hf_claim_wipe) = { { 0 } };
	struct hf_out out = HF_OUT(s.b);

	HF_TRY(hf_port_read(&d->key.port, HF_REC_CLAIM, &out));
	return out.len == sizeof(s.b) ? hf_claim_derive(&s, claim) : HF_ERR_PORT_CORRUPT;
}

/* [bstr CSR or certificate, bstr cid, bstr Kc sealed to the order's intake key] */
static hf_err write_unit(struct device *d, const char *intake, hf_bytes key, struct hf_out *out)
{
	struct hf_claim_keys claim HF_AUTO(hf_claim_keys_wipe) = { .cid = { 0 } };
	uint8_t point[HF_P256_POINT_LEN], sealed_mem[HF_UNIT_MAX_SEALED_LEN];
	struct hf_out sealed = HF_OUT(sealed_mem);
	struct hf_cborw w;

	HF_TRY(read_point(intake, point));
	HF_TRY(read_claim(d, &claim));
	HF_TRY(hf_unit_seal_kc(&d->key.port, HF_ARR(point), claim.cid, &claim.kc, &sealed));
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_bytes(&w, key);
	hf_cbor_put_bytes(&w, HF_ARR(claim.cid));
	hf_cbor_put_bytes(&w, hf_out_bytes(&sealed));
	return hf_cbor_finish(&w);
}

static hf_err write_request(struct device *d, const char *intake, struct hf_out *out)
{
	const struct hf_pki_csr_spec spec = { .cn = NULL };
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out csr = HF_OUT(mem);

	HF_TRY(hf_pki_csr_write(&spec, hf_keyuri_hwkey(d->key.idevid_key.uri), &csr));
	return write_unit(d, intake, hf_out_bytes(&csr), out);
}

static hf_err do_csr(struct device *d, const struct options *o, struct hf_why *why)
{
	uint8_t mem[UNIT_CAP];
	struct hf_out out = HF_OUT(mem);
	hf_err err = HF_OK;

	if (d->key.idevid_cert_len > 0)
		return hf_why_set(why, HF_ERR_AGENT_PROVISIONED, "%s has a factory certificate", o->dir);
	if (!d->key.has_idevid)
		err = make_key(d);
	if (err == HF_OK)
		err = write_request(d, o->intake, &out);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s", hf_err_text(err));
	return hf_file_replace(o->out, hf_out_bytes(&out), 0644, why);
}

/* ---- selfsign: production by manifest, with neither network nor CA --------------------------------- */

/* A certificate of the factory's shape by the device's own key. Its name is random; only the key counts. */
static hf_err make_certificate(struct device *d, const char *oid, struct hf_out *der)
{
	const struct hf_hwkey *key = hf_keyuri_hwkey(d->key.idevid_key.uri);
	uint8_t raw[HANDLE_RAW_LEN], serial[HF_PKI_SERIAL_LEN];
	char handle[HF_UNIT_HANDLE_LEN + 1] = "";
	struct hf_out text = { (uint8_t *)handle, HF_UNIT_HANDLE_LEN, 0 };
	const struct hf_pki_spec spec = {
		.profile = HF_PKI_IDEVID,
		.curve = HF_CURVE_P256,
		.pub = key->pub,
		.serial = serial,
		.not_before = AGENT_BUILD_S,
		.not_after = HF_PKI_FOREVER,
		.cn = handle,
		.oid = oid,
	};

	HF_TRY(hf_port_random(&d->key.port, raw, sizeof(raw)));
	HF_TRY(hf_base32_encode(HF_ARR(raw), &text));
	HF_TRY(hf_port_random(&d->key.port, serial, sizeof(serial)));
	hf_pki_serial_fix(serial);
	HF_TRY(hf_pki_issue(&spec, (hf_bytes){ NULL, 0 }, key, der));
	HF_TRY(hf_port_replace(&d->key.port, HF_REC_IDEVID_CERT, hf_out_bytes(der)));
	return key_backend_idevid(&d->key);
}

/* A certificate that is there already is given again: its file may have been lost before it was listed. */
static hf_err do_selfsign(struct device *d, const struct options *o, struct hf_why *why)
{
	uint8_t mem[UNIT_CAP], der_mem[HF_RENEW_CERT_CAP];
	struct hf_out out = HF_OUT(mem), der = HF_OUT(der_mem);
	struct hf_pki_cert cert = { .self_issued = true };
	hf_err err = d->key.has_idevid ? HF_OK : make_key(d);

	if (err == HF_OK && d->key.idevid_cert_len == 0)
		err = make_certificate(d, o->oid, &der);
	if (err == HF_OK)
		err = hf_pki_cert_read((hf_bytes){ d->key.idevid_cert, d->key.idevid_cert_len }, &cert);
	if (!cert.self_issued)
		return hf_why_set(why, HF_ERR_AGENT_PROVISIONED, "%s has a factory certificate", o->dir);
	if (err == HF_OK)
		err = write_unit(d, o->intake, (hf_bytes){ d->key.idevid_cert, d->key.idevid_cert_len },
				 &out);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s", hf_err_text(err));
	return hf_file_replace(o->out, hf_out_bytes(&out), 0644, why);
}

/* ---- install and commit ----------------------------------------------------------------------------- */

static hf_err do_install(struct device *d, const struct options *o, struct hf_why *why)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_RENEW_CERT_CAP);
	struct hf_pki_cert cert;
	hf_err err;

	if (!d->key.has_idevid)
		return hf_why_set(why, HF_ERR_PORT_ABSENT, "%s has no factory key: run factory csr first",
				  o->dir);
	HF_TRY(hf_file_read(o->cert, &file, why));
	err = hf_pki_cert_read(hf_buf_bytes(&file), &cert);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s is not a DER certificate", o->cert);
	if (memcmp(cert.pub, hf_keyuri_hwkey(d->key.idevid_key.uri)->pub, HF_P256_POINT_LEN) != 0 ||
	    hf_identity_check_handle((hf_bytes){ (const uint8_t *)cert.cn, strlen(cert.cn) }) != HF_OK)
		return hf_why_set(why, HF_ERR_RENEW_KEY, "%s is not this device's", o->cert);
	err = hf_port_replace(&d->key.port, HF_REC_IDEVID_CERT, hf_buf_bytes(&file));
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s", hf_err_text(err));
}

/* Signature over "hf-commit" || nonce || SHA-256(certificate): the end of line test has a live device. */
static hf_err sign_commit(struct device *d, const char *nonce, uint8_t rs[static HF_P256_SIG_LEN])
{
	uint8_t raw[NONCE_LEN], cert_hash[HF_SHA256_LEN], digest[HF_SHA256_LEN];
	struct hf_out out = HF_OUT(raw);
	const hf_bytes cert = { d->key.idevid_cert, d->key.idevid_cert_len };
	const hf_bytes parts[] = { HF_STR("hf-commit"), HF_ARR(raw), HF_ARR(cert_hash) };
	const struct hf_hwkey *key;

	if (hf_hex_decode((hf_bytes){ (const uint8_t *)nonce, strlen(nonce) }, &out) != HF_OK ||
	    out.len != NONCE_LEN)
		return HF_ERR_BASE_TEXT;
	if (cert.len == 0)
		return HF_ERR_PORT_ABSENT;
	HF_TRY(hf_crypto_sha256(&cert, 1, cert_hash));
	HF_TRY(hf_crypto_sha256(parts, 3, digest));
	key = hf_keyuri_hwkey(d->key.idevid_key.uri);
	return key->sign(key->ctx, digest, sizeof(digest), rs);
}

static hf_err do_commit(struct device *d, const struct options *o, struct hf_why *why)
{
	uint8_t rs[HF_P256_SIG_LEN], text[2 * HF_P256_SIG_LEN];
	struct hf_out out = HF_OUT(text);
	hf_err err = sign_commit(d, o->nonce, rs);

	if (err != HF_OK)
		return hf_why_set(why, err, "%s", hf_err_text(err));
	HF_TRY(hf_hex_encode(HF_ARR(rs), &out));
	(void)printf("%.*s\n", (int)out.len, (const char *)text);
	return HF_OK;
}

static const struct factory_verb {
	const char *name;
	hf_err (*run)(struct device *d, const struct options *o, struct hf_why *why);
	size_t n_needs, needs[3]; /* options that must be there, by offset */
	const char *usage;
} verbs[] = {
	{ "csr",
	  do_csr,
	  2,
	  { offsetof(struct options, intake), offsetof(struct options, out) },
	  "csr --dir STATE --intake HEX --out FILE      make the factory key, write request and claim" },
	{ "selfsign",
	  do_selfsign,
	  3,
	  { offsetof(struct options, intake), offsetof(struct options, oid), offsetof(struct options, out) },
	  "selfsign --dir STATE --intake HEX --oid OID --out FILE  the same for production by manifest" },
	{ "install",
	  do_install,
	  1,
	  { offsetof(struct options, cert) },
	  "install --dir STATE --cert FILE.der          keep the factory certificate" },
	{ "commit",
	  do_commit,
	  1,
	  { offsetof(struct options, nonce) },
	  "commit --dir STATE --nonce HEX               prove at the end of the line that the key is here" },
};
enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int usage(void)
{
	(void)fprintf(stderr, "usage: holdfast-agent factory VERB ...\n");
	for (size_t i = 0; i < N_VERBS; i++)
		(void)fprintf(stderr, "  %s\n", verbs[i].usage);
	return 2;
}

static bool has(const struct options *o, size_t offset)
{
	return *(const char *const *)((const char *)o + offset) != NULL;
}

static int run(const struct factory_verb *v, const struct options *o)
{
	static struct device d;
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	for (size_t i = 0; i < v->n_needs; i++)
		if (!has(o, v->needs[i]))
			return usage();
	err = open_device(&d, o->dir, &why);
	if (err == HF_OK)
		err = v->run(&d, o, &why);
	hf_keyuri_close(d.key.idevid_key.uri);
	hf_keystore_close(d.key.tpm);
	hf_keystore_close(d.key.software);
	hf_linux_close(&d.key.port);
	if (err == HF_OK)
		return 0;
	(void)fprintf(stderr, "holdfast-agent: factory %s: %s\n", v->name, hf_why_text(&why));
	return 1;
}

int agent_cmd_factory(int argc, char **argv)
{
	struct options o = { .dir = NULL };

	if (argc < 1 || !read_options(argc - 1, argv + 1, &o))
		return usage();
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(argv[0], verbs[i].name) == 0)
			return run(&verbs[i], &o);
	return usage();
}

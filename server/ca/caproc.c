/* caproc.c -- opening every key of the ca process, and serving its sockets.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/file.h>
#include "ca_priv.h"

static hf_err read_cert(struct hf__issuer *ca, const char *dir, const char *name, struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(16384);
	char path[HF_DEPLOY_PATH_MAX];
	struct hf_out out = HF_OUT(ca->der);

	HF_TRY(hf_deploy_path(path, dir, name, why));
	HF_TRY(hf_file_read(path, &pem, why));
	hf_err err = hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), &out);
	ca->der_len = out.len;
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s", path);
}

static hf_err open_key(struct hf_keyuri **key, const char *dir, const char *uri, hf_bytes passphrase,
		       struct hf_why *why)
{
	struct hf_keyuri_why words = { "" };
	char full[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_uri(full, dir, uri, why));
	hf_err err = hf_keyuri_open(full, passphrase, key, &words);
	if (err == HF_OK)
		return HF_OK;
	return hf_why_set(why, err, "%s: %s%s%s", uri, hf_err_text(err), words.text[0] ? ": " : "",
			  words.text);
}

/* A key that does not belong to its certificate would sign what nobody accepts. */
static hf_err open_issuer(struct hf__issuer *ca, const char *dir, const char *cert, const char *uri,
			  hf_bytes passphrase, struct hf_why *why)
{
	struct hf_pki_cert c;

	HF_TRY(read_cert(ca, dir, cert, why));
	HF_TRY(open_key(&ca->key, dir, uri, passphrase, why));
	HF_TRY(hf_pki_cert_read((hf_bytes){ ca->der, ca->der_len }, &c));
	const struct hf_hwkey *hw = hf_keyuri_hwkey(ca->key);
	if (c.curve != hw->curve || memcmp(c.pub, hw->pub, HF_P256_POINT_LEN) != 0)
		return hf_why_set(why, HF_ERR_CA_KEY, "%s does not belong to %s", uri, cert);
	hf_err err = hf_pki_issuer_new((hf_bytes){ ca->der, ca->der_len }, hw, &ca->ready);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s", cert);
}

static void close_issuer(struct hf__issuer *ca)
{
	hf_pki_issuer_free(ca->ready);
	hf_keyuri_close(ca->key);
}

static hf_err derive(struct hf_caproc *p)
{
	hf_bytes none = { NULL, 0 };

	HF_TRY(hf_crypto_p256_public(&p->intake, p->intake_pub));
	p->seal.len = p->head.len = 32;
	HF_TRY(hf_crypto_hkdf(none, HF_ARR(p->intake.b), HF_STR("hf/seal/1"), p->seal.b, 32));
	HF_TRY(hf_crypto_hkdf(none, HF_ARR(p->intake.b), HF_STR("hf/journal/1"), p->head.b, 32));
	return hf_crypto_p256_public(&p->head, p->head_pub);
}

static hf_err open_intake(struct hf_caproc *p, hf_bytes passphrase, struct hf_why *why)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF_SECRET(16384);
	struct hf_pki_key *key HF_AUTO(hf_pki_key_drop) = NULL;
	char path[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_path(path, p->dir, "ca/intake.key", why));
	HF_TRY(hf_file_read_secret(path, &pem, why));
	hf_err err = hf_pki_key_read(hf_buf_bytes(&pem), passphrase, &key);
	if (err == HF_OK)
		err = hf_pki_key_secret(key, &p->intake);
	if (err == HF_OK)
		err = derive(p);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s", path);
}

hf_err hf_caproc_make_intake(const char *dir, hf_bytes passphrase, struct hf_why *why)
{
	uint8_t mem[4096];
	struct hf_out pem = HF_OUT(mem);
	struct hf_pki_key *key HF_AUTO(hf_pki_key_drop) = NULL;
	char path[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_path(path, dir, "ca/intake.key", why));
	if (hf_file_exists(path))
		return HF_OK;
	hf_err err = hf_pki_key_generate(HF_PKI_KIND_P256, &key);
	if (err == HF_OK)
		err = hf_pki_key_write(key, passphrase, &pem);
	if (err == HF_OK)
		err = hf_file_create(path, hf_out_bytes(&pem), 0600, why);
	hf_wipe(mem, sizeof(mem));
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

/* 128 bits as decimal text, by repeated division. */
static void put_decimal(uint8_t n[static HF_PKI_UUID_LEN], char *out, size_t cap)
{
	char digits[40];
	size_t used = 0;

	for (;;) {
		unsigned rest = 0, left = 0;

		for (size_t i = 0; i < HF_PKI_UUID_LEN; i++) {
			unsigned v = rest << 8 | n[i];
			n[i] = (uint8_t)(v / 10);
			rest = v % 10;
			left |= n[i];
		}
		digits[used++] = (char)('0' + rest);
		if (!left)
			break;
	}
	for (size_t i = 0; i < used && i + 1 < cap; i++) {
		out[i] = digits[used - 1 - i];
		out[i + 1] = 0;
	}
}

/* A line without an object identifier of its own gets one that nobody else has: 2.25.UUID (ITU-T X.667), from
 * its name in the domain of the fleet. */
static hf_err default_oid(const struct hf_caproc *p, struct hf__line *line)
{
	uint8_t domain[HF_PKI_UUID_LEN], uuid[HF_PKI_UUID_LEN];
	const char *texts[] = { p->deploy.domain, line->name };

	HF_TRY(hf_pki_uuid5(hf_pki_uuid_dns, (hf_bytes){ (const uint8_t *)texts[0], strlen(texts[0]) },
			    domain));
	HF_TRY(hf_pki_uuid5(domain, (hf_bytes){ (const uint8_t *)texts[1], strlen(texts[1]) }, uuid));
	memcpy(line->oid, "2.25.", 6);
	put_decimal(uuid, line->oid + 5, sizeof(line->oid) - 5);
	return HF_OK;
}

static hf_err open_line(struct hf_caproc *p, const char *path, hf_bytes passphrase, struct hf_why *why)
{
	struct hf_deploy_line conf;
	struct hf__line *line = &p->line[p->n_lines];
	char cert[HF_DEPLOY_PATH_MAX], uri[HF_DEPLOY_PATH_MAX];

	HF_TRY(hf_deploy_line_read(path, &conf, why));
	(void)snprintf(line->name, sizeof(line->name), "%s", conf.line);
	(void)snprintf(line->oid, sizeof(line->oid), "%s", conf.oid);
	(void)snprintf(cert, sizeof(cert), "ca/deviceid-%s.crt", conf.line);
	(void)snprintf(uri, sizeof(uri), "file:ca/deviceid-%s.key", conf.line);
	p->n_lines++;
	char full[HF_DEPLOY_PATH_MAX];
	HF_TRY(hf_deploy_path(full, p->dir, cert, why));
	if (!hf_file_exists(full))
		return HF_OK; /* self-made devices need none */
	line->has_ca = true;
	if (!line->oid[0])
		HF_TRY(default_oid(p, line));
	(void)snprintf(line->uri, sizeof(line->uri), "%s", conf.ca_key[0] ? conf.ca_key : uri);
	return open_issuer(&line->ca, p->dir, cert, line->uri, passphrase, why);
}

static hf_err open_lines(struct hf_caproc *p, hf_bytes passphrase, struct hf_why *why)
{
	char folder[HF_DEPLOY_PATH_MAX], path[2 * HF_DEPLOY_PATH_MAX];
	struct dirent *e = NULL;
	hf_err err = HF_OK;

	HF_TRY(hf_deploy_path(folder, p->dir, "products", why));
	DIR *d = opendir(folder);
	if (!d)
		return HF_OK;
	while (err == HF_OK && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n < 6 || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		if (p->n_lines == HF_DEPLOY_LINES_MAX) {
			err = hf_why_set(why, HF_ERR_DEPLOY_VALUE, "%s: more than %d lines", folder,
					 (int)HF_DEPLOY_LINES_MAX);
			break;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		err = open_line(p, path, passphrase, why);
	}
	(void)closedir(d);
	return err;
}

/* The newest generation signs. */
static hf_err open_op(struct hf_caproc *p, const struct hf_caproc_conf *c, struct hf_why *why)
{
	unsigned generation = hf_deploy_op_generation(c->dir);
	char name[HF_DEPLOY_OP_NAME_CAP];

	HF_TRY(hf_ca_op_check(c->dir, why));
	HF_TRY(hf_deploy_op_key(c->dir, generation, &p->deploy, why));
	hf_deploy_op_name(name, generation, ".crt");
	return open_issuer(&p->op, c->dir, name, p->deploy.op_ca_key, c->passphrase, why);
}

static hf_err open_all(struct hf_caproc *p, const struct hf_caproc_conf *c, struct hf_why *why)
{
	HF_TRY(hf_deploy_read(c->dir, &p->deploy, why));
	HF_TRY(open_op(p, c, why));
	HF_TRY(open_issuer(&p->station, c->dir, "ca/station.crt", p->deploy.station_ca_key, c->passphrase,
			   why));
	HF_TRY(open_key(&p->tls[HF_CA_TLS_ENROL], c->dir, "file:tls/enrol.key", c->passphrase, why));
	HF_TRY(open_key(&p->tls[HF_CA_TLS_API], c->dir, "file:tls/api.key", c->passphrase, why));
	HF_TRY(open_intake(p, c->passphrase, why));
	return open_lines(p, c->passphrase, why);
}

hf_err hf_caproc_new(const struct hf_caproc_conf *conf, struct hf_caproc **out, struct hf_why *why)
{
	struct hf_caproc *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (!p)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	p->enrol_fd = conf->enrol_fd;
	p->api_fd = conf->api_fd;
	p->device_fd = conf->device_fd;
	(void)snprintf(p->dir, sizeof(p->dir), "%s", conf->dir);
	hf_err err = open_all(p, conf, why);
	if (err != HF_OK) {
		hf_caproc_free(p);
		return hf_why_add(why, err, "ca");
	}
	*out = p;
	return HF_OK;
}

static hf_err prove(const struct hf__issuer *ca, const char *uri, struct hf_why *why)
{
	static const uint8_t digest[HF_SHA256_LEN] = { 'h', 'o', 'l', 'd', 'f', 'a', 's', 't' };
	const struct hf_hwkey *hw = hf_keyuri_hwkey(ca->key);
	uint8_t rs[HF_P256_SIG_LEN];

	if (hw->sign(hw->ctx, digest, sizeof(digest), rs) == HF_OK &&
	    hf_crypto_p256_verify(hw->pub, digest, rs) == HF_OK)
		return HF_OK;
	return hf_why_set(why, HF_ERR_CA_KEY, "%.80s opens, but does not sign inside the sandbox%s", uri,
			  strncmp(uri, "pkcs11:", 7) == 0 ? "; see token-dir in holdfast.conf" : "");
}

hf_err hf_caproc_prove(struct hf_caproc *p, struct hf_why *why)
{
	HF_TRY(prove(&p->op, p->deploy.op_ca_key, why));
	HF_TRY(prove(&p->station, p->deploy.station_ca_key, why));
	for (size_t i = 0; i < p->n_lines; i++)
		if (p->line[i].has_ca)
			HF_TRY(prove(&p->line[i].ca, p->line[i].uri, why));
	return HF_OK;
}

static void asker_gone(void *ctx)
{
	(void)ctx; /* the supervisor keeps the other end open: the asker's successor goes on with it */
}

hf_err hf_caproc_start(struct hf_caproc *p, struct hf_loop *loop)
{
	static struct hf_ipc_table enrol, api, device; /* one ca per process; borrowed by the loop */

	enrol = (struct hf_ipc_table){ hf__enrol_ops, hf__n_enrol_ops, p };
	api = (struct hf_ipc_table){ hf__api_ops, hf__n_api_ops, p };
	device = (struct hf_ipc_table){ hf__device_ops, hf__n_device_ops, p };
	if (p->enrol_fd >= 0)
		HF_TRY(hf_ipc_serve_start(&p->enrol, loop, p->enrol_fd, &enrol, asker_gone));
	p->serving_enrol = p->enrol_fd >= 0;
	if (p->api_fd >= 0)
		HF_TRY(hf_ipc_serve_start(&p->api, loop, p->api_fd, &api, asker_gone));
	p->serving_api = p->api_fd >= 0;
	if (p->device_fd >= 0)
		HF_TRY(hf_ipc_serve_start(&p->device, loop, p->device_fd, &device, asker_gone));
	p->serving_device = p->device_fd >= 0;
	return HF_OK;
}

void hf_caproc_free(struct hf_caproc *p)
{
	if (!p)
		return;
	if (p->serving_enrol)
		hf_ipc_serve_stop(&p->enrol);
	if (p->serving_api)
		hf_ipc_serve_stop(&p->api);
	if (p->serving_device)
		hf_ipc_serve_stop(&p->device);
	close_issuer(&p->op);
	close_issuer(&p->station);
	for (size_t i = 0; i < 3; i++)
		hf_keyuri_close(p->tls[i]);
	for (size_t i = 0; i < p->n_lines; i++)
		close_issuer(&p->line[i].ca);
	hf_key_wipe(&p->intake);
	hf_key_wipe(&p->seal);
	hf_key_wipe(&p->head);
	free(p);
}

/* maker.c -- see maker.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/linux.h>
#include "maker.h"

void maker_key_end(struct maker_key *k)
{
	hf_pki_key_free(k->key);
	k->key = NULL;
	hf_keyuri_close(k->by_uri);
	k->by_uri = NULL;
}

static void keep(struct maker *m, hf_err err, const char *act, const char *name)
{
	if (err != HF_OK && m->err == HF_OK)
		m->err = hf_why_add(&m->why, err, "%s %s", act, name);
}

static bool path_of(struct maker *m, const char *name, char path[static HF_DEPLOY_PATH_MAX])
{
	if (m->err == HF_OK)
		keep(m, hf_deploy_path(path, m->dir, name, &m->why), "path", name);
	return m->err == HF_OK;
}

void maker_dir(struct maker *m, const char *name, unsigned mode)
{
	char path[HF_DEPLOY_PATH_MAX];

	if (path_of(m, name, path))
		keep(m, hf_dir_create(path, mode, &m->why), "make", name);
}

void maker_file(struct maker *m, const char *name, hf_bytes data, unsigned mode)
{
	char path[HF_DEPLOY_PATH_MAX];

	if (path_of(m, name, path))
		keep(m, hf_file_create(path, data, mode, &m->why), "write", name);
}

static void begin_key(struct maker_key *k)
{
	*k = (struct maker_key){ 0 };
	k->cert = HF_OUT(k->cert_mem);
}

void maker_new_key(struct maker *m, const char *name, int kind, bool plain, struct maker_key *k)
{
	uint8_t mem[MAKER_KEY_PEM_MAX];
	struct hf_out pem = HF_OUT(mem);
	hf_bytes none = { 0 };

	begin_key(k);
	if (m->err != HF_OK)
		return;
	keep(m, hf_pki_key_generate(kind, &k->key), "make key", name);
	if (m->err == HF_OK && kind != HF_PKI_KIND_ED25519)
		keep(m, hf_pki_key_hwkey(k->key, &k->hw), "make key", name);
	if (m->err == HF_OK)
		keep(m, hf_pki_key_write(k->key, plain ? none : m->passphrase, &pem), "encrypt", name);
	maker_file(m, name, hf_out_bytes(&pem), 0600);
	hf_wipe(mem, sizeof(mem));
}

/* The result of opening or making the key that `uri` names. */
static void keep_key(struct maker *m, hf_err err, const struct hf_keyuri_why *words, const char *uri,
		     struct maker_key *k)
{
	if (err == HF_OK)
		k->hw = *hf_keyuri_hwkey(k->by_uri);
	else
		m->err = hf_why_set(&m->why, err, "%s: %s%s%s", uri, hf_err_text(err),
				    words->text[0] != '\0' ? ": " : "", words->text);
}

static bool full_uri(struct maker *m, const char *uri, char full[static HF_DEPLOY_PATH_MAX])
{
	if (m->err == HF_OK)
		keep(m, hf_deploy_uri(full, m->dir, uri, &m->why), "key", uri);
	return m->err == HF_OK;
}

void maker_key_at(struct maker *m, const char *uri, int kind, struct maker_key *k)
{
	int curve = kind == HF_PKI_KIND_P384 ? HF_CURVE_P384 : HF_CURVE_P256;
	struct hf_keyuri_why words = { "" };
	char full[HF_DEPLOY_PATH_MAX];
	hf_err err;

	begin_key(k);
	if (!full_uri(m, uri, full))
		return;
	err = hf_keyuri_generate(full, curve, m->passphrase, &k->by_uri, &words);
	if (err == HF_ERR_KEYURI_EXISTS)
		err = hf_keyuri_open(full, m->passphrase, &k->by_uri, &words);
	keep_key(m, err, &words, uri, k);
	if (m->err == HF_OK && k->hw.curve != curve)
		m->err = hf_why_set(&m->why, HF_ERR_KEYURI_CURVE, "%s: a key on %s is needed here", uri,
				    curve == HF_CURVE_P384 ? "P-384" : "P-256");
}

void maker_open_at(struct maker *m, const char *uri, const char *cert_name, struct maker_key *k)
{
	struct hf_keyuri_why words = { "" };
	char full[HF_DEPLOY_PATH_MAX];

	begin_key(k);
	if (!full_uri(m, uri, full))
		return;
	keep_key(m, hf_keyuri_open(full, m->passphrase, &k->by_uri, &words), &words, uri, k);
	if (m->err == HF_OK)
		maker_read_cert(m, cert_name, &k->cert);
}

void maker_read_cert(struct maker *m, const char *name, struct hf_out *der)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(MAKER_CERT_PEM_MAX);
	char path[HF_DEPLOY_PATH_MAX];

	if (!path_of(m, name, path))
		return;
	keep(m, hf_file_read(path, &pem, &m->why), "read", name);
	if (m->err == HF_OK)
		keep(m, hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), der), "read", name);
}

void maker_issue(struct maker *m, const char *name, const struct hf_pki_spec *spec, struct maker_key *subject,
		 const struct maker_key *issuer)
{
	struct hf_port machine = HF_LINUX_PORT_NONE;
	struct hf_pki_spec full = *spec;
	uint8_t serial[HF_PKI_SERIAL_LEN], mem[MAKER_CERT_PEM_MAX];
	struct hf_out pem = HF_OUT(mem);
	const hf_bytes none = { 0 };

	if (m->err != HF_OK)
		return;
	keep(m, hf_port_random(&machine, serial, sizeof(serial)), "certify", name);
	hf_pki_serial_fix(serial);
	full.serial = serial;
	full.pub = subject->hw.pub;
	full.curve = subject->hw.curve;
	full.not_before = m->now - 300;
	subject->cert.len = 0;
	if (m->err == HF_OK)
		keep(m,
		     hf_pki_issue(&full, issuer == NULL ? none : hf_out_bytes(&issuer->cert),
				  issuer == NULL ? &subject->hw : &issuer->hw, &subject->cert),
		     "certify", name);
	if (m->err == HF_OK)
		keep(m, hf_pki_pem_write("CERTIFICATE", hf_out_bytes(&subject->cert), &pem), "certify", name);
	maker_file(m, name, hf_out_bytes(&pem), 0644);
}

void maker_sync(struct maker *m, const char *name)
{
	char path[HF_DEPLOY_PATH_MAX];
	int fd HF_AUTO(hf_fd_close) = -1;

	if (!path_of(m, name, path))
		return;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		m->err = hf_why_errno(&m->why, HF_ERR_FILE_IO, "flush %s", path);
}

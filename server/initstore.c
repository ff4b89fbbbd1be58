/* initstore.c -- the registry of a new deployment, its copy, and the check of both.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/log.h>
#include <hf/pki.h>
#include "server.h"

struct import {
	const struct server *s;
	struct hf_why *why;
	unsigned people;
};

static hf_err import_ca(struct hf_db *db, struct import *im, const char *name, int kind, const char *line)
{
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	struct hf_ca_row row = { .kind = kind };
	struct hf_pki_cert cert;

	HF_TRY(server_cert(im->s, name, &der, im->why));
	HF_TRY(hf_pki_cert_read(hf_out_bytes(&der), &cert));
	snprintf(row.line, sizeof(row.line), "%s", line);
	memcpy(row.spki_sha256, cert.spki_sha256, sizeof(row.spki_sha256));
	row.not_after = cert.not_after;
	row.der = hf_out_bytes(&der);
	return hf_ca_add(db, &row);
}

/* The people of `holdfast init` are the administrators of the first account. */
static hf_err import_person(struct hf_db *db, struct import *im, const char *name)
{
	struct hf_person p = {
		.kind = HF_PERSON_OPERATOR, .admin = true, .state = HF_PERSON_ACTIVE, .account = "main"
	};
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	struct hf_pki_cert cert;
	char path[HF_DEPLOY_NAME_MAX + 40];

	snprintf(path, sizeof(path), "operators/%.32s/operator.crt", name);
	HF_TRY(server_cert(im->s, path, &der, im->why));
	HF_TRY(hf_pki_cert_read(hf_out_bytes(&der), &cert));
	if (cert.curve != HF_CURVE_P256 || strcmp(cert.cn, name) != 0)
		return hf_why_set(im->why, HF_ERR_CRYPTO_CERT, "%s is not the certificate of %s", path, name);
	snprintf(p.name, sizeof(p.name), "%.32s", name);
	memcpy(p.pub, cert.pub, sizeof(p.pub));
	memcpy(p.spki_sha256, cert.spki_sha256, sizeof(p.spki_sha256));
	im->people++;
	return hf_person_add(db, &p);
}

static int is_name(const struct dirent *entry)
{
	return hf_deploy_is_name(entry->d_name);
}

static hf_err import_people(struct hf_db *db, struct import *im)
{
	struct dirent **entries = NULL;
	char path[HF_DEPLOY_PATH_MAX];
	hf_err err = hf_deploy_path(path, im->s->dir, "operators", im->why);
	int n = err == HF_OK ? scandir(path, &entries, is_name, alphasort) : 0;

	for (int i = 0; i < n; i++) {
		if (err == HF_OK)
			err = import_person(db, im, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static hf_err import_all(struct hf_db *db, void *ctx)
{
	struct import *im = ctx;

	HF_TRY(import_ca(db, im, "root/root.crt", HF_CA_ROOT, ""));
	HF_TRY(import_ca(db, im, "ca/server.crt", HF_CA_SERVER, ""));
	HF_TRY(import_ca(db, im, "ca/op.crt", HF_CA_OPERATIONAL, ""));
	HF_TRY(import_ca(db, im, "ca/station.crt", HF_CA_STATION, ""));
	return import_people(db, im);
}

int server_init_store(const struct server *s)
{
	struct hf_store *store = NULL;
	struct hf_why why = { 0 };
	struct import im = { .s = s, .why = &why };
	hf_err err = hf_store_create(s->store, &why);

	if (err == HF_OK)
		err = server_store(s, NULL, &store, &why);
	if (err == HF_OK)
		err = hf_store_write(store, import_all, &im);
	hf_store_close(store);
	if (err != HF_OK) {
		fprintf(stderr, "holdfastd: %s: %s\n", s->store,
			why.text[0] != '\0' ? why.text : hf_err_text(err));
		return 1;
	}
	return 0;
}

int server_backup(const struct server *s, const char *to)
{
	struct hf_why why = { 0 };

	if (hf_store_backup(s->store, to, &why) == HF_OK)
		return 0;
	fprintf(stderr, "holdfastd: backup: %s\n", hf_why_text(&why));
	return 1;
}

static hf_err count_line(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	(void)line;
	(void)why;
	(*(unsigned *)ctx)++;
	return HF_OK;
}

int server_check(const struct server *s)
{
	static const char *const certs[] = { "ca/server.crt", "ca/station.crt", "tls/enrol.crt",
					     "tls/api.crt", "tls/broker.crt" };
	struct server_op_cas op = { .n = 0 };
	struct hf_store *store = NULL;
	struct hf_why why = { 0 };
	unsigned lines = 0;
	hf_err err = server_lines(s, count_line, &lines, &why);

	if (err == HF_OK)
		err = server_read_op_cas(s, &op, &why);
	for (size_t i = 0; err == HF_OK && i < sizeof(certs) / sizeof(certs[0]); i++) {
		uint8_t mem[HF_PKI_CERT_MAX];
		struct hf_out der = HF_OUT(mem);

		err = server_cert(s, certs[i], &der, &why);
	}
	if (err == HF_OK)
		err = server_store(s, NULL, &store, &why);
	if (err == HF_OK)
		err = hf_store_check(store, &why);
	hf_store_close(store);
	if (err != HF_OK) {
		fprintf(stderr, "holdfastd: %s\n", hf_why_text(&why));
		return 1;
	}
	printf("%s: in order, %u product lines\n", s->dir, lines);
	return 0;
}

struct sync {
	const struct server *s;
	struct hf_store *store;
};

static hf_err put_line(struct hf_db *db, void *ctx)
{
	return hf_product_put(db, ctx);
}

static hf_err sync_line(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	struct sync *sync = ctx;
	struct hf_product_row row = { .enrol = (int)line->enrol,
				      .life_s = (int64_t)line->life_s,
				      .grace_s = (int64_t)line->grace_s,
				      .offline_s = (int64_t)line->offline_s,
				      .pop_required = line->pop_required,
				      .basic = line->basic,
				      .wrap = line->wrap,
				      .has_ca = server_has_ca(sync->s, line->line) };
	hf_err err;

	snprintf(row.line, sizeof(row.line), "%s", line->line);
	snprintf(row.oid, sizeof(row.oid), "%s", line->oid);
	snprintf(row.owner, sizeof(row.owner), "%s", line->owner);
	err = hf_store_write(sync->store, put_line, &row);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "product line %s", line->line);
}

hf_err server_sync_lines(const struct server *s, struct hf_store *store, struct hf_why *why)
{
	struct sync sync = { s, store };

	return server_lines(s, sync_line, &sync, why);
}

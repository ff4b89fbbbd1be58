/* maker.h -- keys, certificates and files of a deployment, made step by step; the first error is kept and
 * later steps do nothing, so that a ceremony reads as a list and is checked once.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_H
#define MAKER_H
#include <hf/buf.h>
#include <hf/deploy.h>
#include <hf/keyuri.h>
#include <hf/pki.h>

enum { MAKER_CERT_PEM_MAX = 4096, MAKER_KEY_PEM_MAX = 2048 };

struct maker {
	char dir[HF_DEPLOY_PATH_MAX];
	hf_bytes passphrase;
	int64_t now;
	hf_err err;
	struct hf_why why;
};
/* A key in a file of ours, or wherever a URI says; cert is its certificate once there is one. */
struct maker_key {
	struct hf_pki_key *key;
	struct hf_keyuri *by_uri;
	struct hf_hwkey hw;
	uint8_t cert_mem[HF_PKI_CERT_MAX];
	struct hf_out cert;
};
void maker_key_end(struct maker_key *k);

void maker_dir(struct maker *m, const char *name, unsigned mode);
void maker_file(struct maker *m, const char *name, hf_bytes data, unsigned mode);
/* New key into a file, encrypted with the passphrase unless `plain`. */
void maker_new_key(struct maker *m, const char *name, int kind, bool plain, struct maker_key *k);
/* A CA's key where `uri` says, relative to the deployment. One that is there already is taken: it may have
 * been made by other means, or by a ceremony that was interrupted. */
void maker_key_at(struct maker *m, const char *uri, int kind, struct maker_key *k);
/* The key that is there, and its certificate from a file. */
void maker_open_at(struct maker *m, const char *uri, const char *cert_name, struct maker_key *k);
/* Issue `spec` for subject by issuer (NULL: itself) with a random serial; PEM into a file. */
void maker_issue(struct maker *m, const char *name, const struct hf_pki_spec *spec, struct maker_key *subject,
		 const struct maker_key *issuer);
/* Certificate (DER) from a PEM file. */
void maker_read_cert(struct maker *m, const char *name, struct hf_out *der);
/* Flush a directory's entries to the disk. */
void maker_sync(struct maker *m, const char *name);
#endif

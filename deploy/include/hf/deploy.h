/* deploy.h -- what a deployment is on disk: the layout of DIR, the keys of its three kinds of
 * configuration file and the provisioning file. The command line makes it, the control plane runs it;
 * they share these tables and nothing else.
 * Promise: a file written by one is read by the other, or refused with file and line.
 * Thread rule: pure functions over the caller's objects.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_DEPLOY_H
#define HF_DEPLOY_H
#include <hf/conf.h>
#include <hf/why.h>

enum {
	HF_DEPLOY_PATH_MAX = 1024,
	HF_DEPLOY_NAME_MAX = 32, /* line, operator: [a-z0-9-], begins with a letter */
	HF_DEPLOY_HOST_MAX = 254,
	HF_DEPLOY_URI_MAX = 512,
	HF_DEPLOY_OPERATORS_MAX = 16,
	HF_DEPLOY_LINES_MAX = 64,
};

/* DIR/holdfast.conf */
struct hf_deploy {
	char domain[HF_DEPLOY_HOST_MAX];
	char host[HF_DEPLOY_HOST_MAX];
	char est_listen[HF_DEPLOY_HOST_MAX + 8]; /* ADDRESS:PORT; [ADDRESS]:PORT for IPv6 */
	char api_listen[HF_DEPLOY_HOST_MAX + 8];
	char device_listen[HF_DEPLOY_HOST_MAX + 8];
	char mqtt_listen[HF_DEPLOY_HOST_MAX + 8];
	char default_line[HF_DEPLOY_NAME_MAX + 1];
	char compat_listen[HF_DEPLOY_HOST_MAX + 8]; /* empty: off */
	char compat_line[HF_DEPLOY_NAME_MAX + 1];
	uint64_t compat_tls; /* index: 0 = 1.3, 1 = 1.2 */
	char user[64];       /* empty: stay who we are */
	uint64_t workers;
	uint64_t log_level; /* index: err warn info debug */
	char root_key[HF_DEPLOY_URI_MAX];
	char server_ca_key[HF_DEPLOY_URI_MAX];
	char op_ca_key[HF_DEPLOY_URI_MAX];
	char station_ca_key[HF_DEPLOY_URI_MAX];
	char token_dir[HF_DEPLOY_PATH_MAX]; /* empty: none; see doc/keys.md */
	char mosquitto[HF_DEPLOY_PATH_MAX]; /* empty: found in the usual places */
	char plugin[HF_DEPLOY_PATH_MAX];    /* empty: beside holdfastd, then the library folder */
};
extern const struct hf_conf_key hf_deploy_keys[];
extern const size_t hf_n_deploy_keys;

/* DIR/products/LINE.conf */
enum { HF_ENROL_IDEVID_CLAIM = 0, HF_ENROL_CLAIM = 1, HF_ENROL_IDEVID = 2 }; /* index of `enrol` */
struct hf_deploy_line {
	char line[HF_DEPLOY_NAME_MAX + 1];
	char oid[64];
	uint64_t enrol;     /* enum above */
	uint64_t life_s;    /* of an LDevID: 7 to 398 days */
	uint64_t grace_s;   /* an expired LDevID may still renew: up to 30 days */
	uint64_t offline_s; /* longest time without contact; life must be at least three times that */
	bool pop_required;  /* challengePassword must bind the CSR to the TLS channel */
	bool basic;         /* one-time codes, for third-party EST clients */
	bool wrap;          /* always wrap base64 replies at 64 */
	char owner[HF_DEPLOY_NAME_MAX + 1]; /* enrol = idevid: account that owns new devices */
	char ca_key[HF_DEPLOY_URI_MAX];     /* Device-ID CA */
};
extern const struct hf_conf_key hf_deploy_line_keys[];
extern const size_t hf_n_deploy_line_keys;

/* "idevid+claim", ...; "" for a number that is none of them. */
const char *hf_deploy_enrol_text(uint64_t enrol);

/* FOLDER/operator.conf: all a person needs on a workstation; paths are relative to the folder. */
struct hf_deploy_operator {
	char name[HF_DEPLOY_NAME_MAX + 1];
	char api[HF_DEPLOY_HOST_MAX + 16]; /* https://HOST:PORT */
	char key[HF_DEPLOY_URI_MAX];
	char certificate[HF_DEPLOY_PATH_MAX];
	char server_ca[HF_DEPLOY_PATH_MAX];
	char policy[HF_DEPLOY_PATH_MAX];
	char passphrase_file[HF_DEPLOY_PATH_MAX]; /* empty: ask on the terminal */
};
extern const struct hf_conf_key hf_deploy_operator_keys[];
extern const size_t hf_n_deploy_operator_keys;

/* Read and judge what one line alone cannot: names, addresses, that `life` fits `offline`.
 * Errors: conf.h's and file.h's, HF_ERR_DEPLOY_NOT_ONE (DIR has no holdfast.conf), HF_ERR_DEPLOY_VALUE. */
HF_MUST_CHECK hf_err hf_deploy_read(const char *dir, struct hf_deploy *out, struct hf_why *why);
HF_MUST_CHECK hf_err hf_deploy_line_read(const char *path, struct hf_deploy_line *out, struct hf_why *why);
/* What hf_deploy_line_read judges beyond single keys, for a line that is yet to be written. */
HF_MUST_CHECK hf_err hf_deploy_line_check(const struct hf_deploy_line *line, struct hf_why *why);
HF_MUST_CHECK hf_err hf_deploy_operator_read(const char *folder, struct hf_deploy_operator *out,
					     struct hf_why *why);
/* DIR/a/b. Errors: HF_ERR_DEPLOY_VALUE when it does not fit. */
HF_MUST_CHECK hf_err hf_deploy_path(char out[static HF_DEPLOY_PATH_MAX], const char *dir, const char *name,
				    struct hf_why *why);
/* "name" or "file:relative" against the folder it was written in; other URIs stay as they are. */
HF_MUST_CHECK hf_err hf_deploy_uri(char out[static HF_DEPLOY_PATH_MAX], const char *folder, const char *uri,
				   struct hf_why *why);

/* A line or operator name; a DNS name (letters, digits, '-', '.'); ADDRESS:PORT. */
bool hf_deploy_is_name(const char *text);
bool hf_deploy_is_host(const char *text);
bool hf_deploy_split_listen(const char *text, char host[static HF_DEPLOY_HOST_MAX], uint16_t *port);

/* Provisioning file, doc/protocol/provision.md: deterministic CBOR, public. */
enum { HF_PROVISION_CEILING = 16384, HF_PROVISION_CAS_MAX = 4 };
struct hf_provision {
	hf_bytes line, enrol_host, broker_host, domain, server_ca, policy;
	uint16_t enrol_port, broker_port;
	uint64_t enrol; /* HF_ENROL_… + 1 */
	hf_bytes op_ca[HF_PROVISION_CAS_MAX];
	size_t n_op_ca;
};
HF_MUST_CHECK hf_err hf_provision_write(const struct hf_provision *p, struct hf_out *out);
/* Borrows from `in`. Errors: HF_ERR_DEPLOY_PROVISION, CBOR's. */
HF_MUST_CHECK hf_err hf_provision_read(hf_bytes in, struct hf_provision *p);

/* ---- generations of the Operational CA: 1 lies in ca/op.*, N in ca/op-N.*, all under one name ---- */

#define HF_DEPLOY_CA_KEY_TYPE "holdfast/ca-key/v1"
enum {
	HF_DEPLOY_OP_MAX = 32,
	HF_DEPLOY_OP_LIVE = 8, /* the newest ones whose devices are still listened to */
	HF_DEPLOY_OP_NAME_CAP = 64
};
/* "ca/op-N" and a suffix: .crt, .uri, .old-with-new.crt, .new-with-old.crt */
void hf_deploy_op_name(char out[static HF_DEPLOY_OP_NAME_CAP], unsigned generation, const char *suffix);
/* The statement that made generation N (2 and above) the CA. */
void hf_deploy_op_statement(char out[static HF_DEPLOY_OP_NAME_CAP], unsigned generation);
/* The newest one that has its statement; whether the statement is true is not judged here. */
unsigned hf_deploy_op_generation(const char *dir);
/* Put the key's URI of that generation into d->op_ca_key. Errors: the file's, HF_ERR_DEPLOY_VALUE. */
HF_MUST_CHECK hf_err hf_deploy_op_key(const char *dir, unsigned generation, struct hf_deploy *d,
				      struct hf_why *why);
/* Payload of the statement, doc/protocol/statement.md. */
struct hf_deploy_op_change {
	unsigned generation;
	hf_bytes spki_sha256, before_spki_sha256, policy_ref;
};
HF_MUST_CHECK hf_err hf_deploy_op_payload(const struct hf_deploy_op_change *c, struct hf_out *out);
/* For people to see what they sign; borrows from `payload`. Errors: HF_ERR_DEPLOY_VALUE. */
HF_MUST_CHECK hf_err hf_deploy_op_read(hf_bytes payload, struct hf_deploy_op_change *c);
#endif

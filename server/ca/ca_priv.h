/* ca_priv.h -- inside the ca process: the open keys, and what may be asked of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_CA_PRIV_H
#define HF_CA_PRIV_H
#include <hf/ca.h>
#include <hf/deploy.h>
#include <hf/keyuri.h>
#include <hf/pki.h>

struct hf__issuer {
	struct hf_keyuri *key;
	uint8_t der[HF_PKI_CERT_MAX];
	size_t der_len;
	struct hf_pki_issuer *ready;
};
struct hf__line {
	char name[HF_DEPLOY_NAME_MAX + 1];
	char oid[64];
	bool has_ca;
	char uri[HF_DEPLOY_PATH_MAX]; /* of the CA's key */
	struct hf__issuer ca;
};
struct hf_caproc {
	struct hf_deploy deploy;
	char dir[HF_DEPLOY_PATH_MAX];
	struct hf__issuer op, station;
	struct hf__line line[HF_DEPLOY_LINES_MAX];
	size_t n_lines;
	struct hf_keyuri *tls[3]; /* by HF_CA_TLS_... */
	struct hf_key intake;     /* P-256 scalar */
	struct hf_key seal, head; /* derived from it */
	uint8_t intake_pub[HF_P256_POINT_LEN], head_pub[HF_P256_POINT_LEN];
	int enrol_fd, api_fd, device_fd;
	struct hf_ipc_serve enrol, api, device;
	bool serving_enrol, serving_api, serving_device;
};
/* Tables of the sockets; `device` may have TLS handshakes signed and nothing else. */
extern const struct hf_ipc_op hf__enrol_ops[], hf__api_ops[], hf__device_ops[];
extern const size_t hf__n_enrol_ops, hf__n_api_ops, hf__n_device_ops;
HF_MUST_CHECK hf_err hf__seal(struct hf_caproc *p, hf_bytes cid, hf_bytes plain, struct hf_out *out);
HF_MUST_CHECK hf_err hf__unseal(struct hf_caproc *p, hf_bytes cid, hf_bytes sealed, struct hf_key *kc);
/* Whatever was wrong in a request is HF_ERR_CA_REQUEST. */
hf_err hf__bad(hf_err err);
/* Handlers of HF_CA_ISSUE on the two sockets. */
hf_err hf__issue_device(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err hf__issue_person(void *ctx, hf_bytes body, struct hf_out *reply);
#endif

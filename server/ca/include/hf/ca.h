/* ca.h -- the `ca` process: it alone holds CA keys, TLS keys of the servers and the sealing key.
 * It has no network and parses no foreign certificate request: it is told a profile, a public key and a
 * name, and composes the certificate itself. Each asking process has its own socket and its own table of
 * what it may ask.
 * Wire: requests are deterministic CBOR arrays over hf/ipc.h; doc/protocol/ca.md.
 * Thread rule: struct hf_ca may be used from any thread; calls take turns.
 * Errors: hf_ipc_call's; HF_ERR_CA_REQUEST, HF_ERR_CA_PROFILE, HF_ERR_CA_KEY; crypto's, the key's.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_CA_H
#define HF_CA_H
#include <hf/buf.h>
#include <hf/ipc.h>

enum {                         /* message types, extend only */
	HF_CA_ISSUE = 1,        /* [profile, public key, name, line, life s] -> [serial, from, until, DER] */
	HF_CA_CLAIM_CHECK = 2,  /* [sealed Kc or h'', cid, X, CSR hash, MAC] -> empty, or HF_ERR_CLAIM_MAC */
	HF_CA_CLAIM_ANSWER = 3, /* [sealed Kc, cid, X, certificate hash] -> MAC */
	HF_CA_SEAL_KC = 4,      /* [cid, Kc] -> sealed */
	HF_CA_SAME_KC = 5,      /* [sealed Kc, cid, Kc] -> empty, or HF_ERR_CLAIM_MAC */
	HF_CA_INTAKE_KC = 6,    /* [Kc sealed to the intake key, cid] -> sealed */
	HF_CA_CRL = 7,          /* [number, now, next, bstr of (serial 16 | time 8)...] -> DER */
	HF_CA_MAC_KEY = 8,      /* [purpose] -> 32 bytes for MACs of this process (cursors) */
	HF_CA_SIGN_HEAD = 9,    /* [tree, size, root, time] -> [COSE_Sign1, public key] */
	HF_CA_INTAKE_PUB = 10,  /* [] -> 65 bytes */
};
/* Key numbers for hf_ipc_key_open. `device` shows the certificate of enrol: same host, same devices, and a
 * deployment made before it needs no new key. */
enum { HF_CA_TLS_ENROL = 1, HF_CA_TLS_API = 2 };
enum {
	HF_CA_PROFILE_OPERATOR = 5,
	HF_CA_PROFILE_STATION = 6,
	HF_CA_PROFILE_IDEVID = 7,
	HF_CA_PROFILE_LDEVID = 8
}; /* numbers of enum hf_pki_profile */
enum { HF_CA_SEALED_LEN = 60, HF_CA_PERSON_LIFE_S = 12 * 3600, HF_CA_REVOKED_MAX = 5000 };

struct hf_ca {
	struct hf_ipc *ipc;
	uint32_t timeout_ms; /* 0 = 10 s */
};

struct hf_ca_order { /* what to issue */
	int profile;
	const uint8_t *pub; /* 65 bytes */
	const char *name;   /* dev, handle, operator or station name */
	const char *line;   /* IDEVID, LDEVID */
	int64_t life_s;     /* LDEVID: 7 to 398 days; others: fixed by the profile */
};
struct hf_ca_issued { /* what the certificate says beside what was ordered */
	uint8_t serial[16];
	int64_t not_before, not_after;
};
HF_MUST_CHECK hf_err hf_ca_issue(struct hf_ca *ca, const struct hf_ca_order *o, struct hf_ca_issued *issued,
				 struct hf_out *der);
HF_MUST_CHECK hf_err hf_ca_claim_check(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes x,
				       hf_bytes hash, hf_bytes mac);
HF_MUST_CHECK hf_err hf_ca_claim_answer(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes x,
					hf_bytes hash, uint8_t mac[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_ca_seal_kc(struct hf_ca *ca, hf_bytes cid, hf_bytes kc, struct hf_out *sealed);
HF_MUST_CHECK hf_err hf_ca_same_kc(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes kc);
HF_MUST_CHECK hf_err hf_ca_intake_kc(struct hf_ca *ca, hf_bytes object, hf_bytes cid, struct hf_out *sealed);
/* `revoked` = concatenation of serial (16) and time (8, big-endian). */
HF_MUST_CHECK hf_err hf_ca_crl(struct hf_ca *ca, uint64_t number, int64_t now, int64_t next, hf_bytes revoked,
			       struct hf_out *der);
HF_MUST_CHECK hf_err hf_ca_mac_key(struct hf_ca *ca, const char *purpose, struct hf_key *key);
HF_MUST_CHECK hf_err hf_ca_sign_head(struct hf_ca *ca, hf_bytes tree, uint64_t size, hf_bytes root,
				     int64_t now, struct hf_out *object,
				     uint8_t pub[static HF_P256_POINT_LEN]);
HF_MUST_CHECK hf_err hf_ca_intake_pub(struct hf_ca *ca, uint8_t pub[static HF_P256_POINT_LEN]);

struct hf_store;
/* The revocation list for third parties, at most ten minutes old, appended to `der`. */
HF_MUST_CHECK hf_err hf_ca_make_crl(struct hf_ca *ca, struct hf_store *store, struct hf_buf *der);

/* ---- the process itself ---- */

struct hf_caproc;
struct hf_caproc_conf {
	const char *dir;      /* the deployment */
	hf_bytes passphrase;  /* of file: keys; may be empty */
	int enrol_fd, api_fd, device_fd; /* SOCK_SEQPACKET, one for each asking process; -1 = none */
};
/* Open every key; nothing is served yet, so the sandbox can follow. */
HF_MUST_CHECK hf_err hf_caproc_new(const struct hf_caproc_conf *conf, struct hf_caproc **out,
				   struct hf_why *why);
/* Did the root keys of the trust policy sign each change of the Operational CA's key? Who uses a
 * certificate or key of one asks first. Errors: HF_ERR_CA_KEY, statement's and policy's. */
HF_MUST_CHECK hf_err hf_ca_op_check(const char *dir, struct hf_why *why);
/* Let every CA key sign once. Call inside the sandbox: a PKCS#11 module may need what the sandbox keeps from
 * it, and that should be seen at start, not by the first device. Errors: HF_ERR_CA_KEY. */
HF_MUST_CHECK hf_err hf_caproc_prove(struct hf_caproc *p, struct hf_why *why);
/* Serve on `loop`. */
HF_MUST_CHECK hf_err hf_caproc_start(struct hf_caproc *p, struct hf_loop *loop);
void hf_caproc_free(struct hf_caproc *p);
/* Make DIR/ca/intake.key when there is none: the key that factories seal claim secrets to, and the root of
 * the sealing keys. Encrypted when the passphrase is not empty. */
HF_MUST_CHECK hf_err hf_caproc_make_intake(const char *dir, hf_bytes passphrase, struct hf_why *why);
#endif

/* key.h -- inside keyproc: the one state, and what its files do with it.
 *	keyproc.c   start, sandbox, loop, message table
 *	keyid.c     identity: wants, requests, certificates, sessions
 *	keybackend.c  where signing keys live
 *	keyup.c     what waits to go up, in RAM and in records
 *	keydown.c   what came down: answers, acknowledgements; hands commands to keycmd.c
 *	keyapp.c    data and status for applications
 *	keycmd.c    sealed commands: judge, act once, answer (core/command)
 *	keyops.c    the operations that every agent knows
 *	keyappop.c  the operations that applications take
 *	keyrelease.c  the end of an ownership: erase, then lock the printed code
 *	keyconf.c   settings changed by commands, data-owner keys
 *	keyseal.c   streams of application data, sealed to the data owners (core/seal)
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_KEY_H
#define HF_AGENT_KEY_H
#include "msg.h"
#include <hf/buf.h>
#include <hf/deploy.h>
#include <hf/keyuri.h>
#include <hf/linux.h>
#include <hf/pki.h>
#include <holdfast/claim.h>
#include <holdfast/obey.h>
#include <holdfast/seal.h>
#include <holdfast/statement.h>

enum {
	KEY_UP_MAX = 256,              /* messages that wait */
	KEY_UP_BYTES_MAX = 512 * 1024, /* their payloads together */
	KEY_OUTBOX_RECORDS = 96,       /* of those, kept across restarts (HF_REC_OUTBOX_BASE + i) */
	KEY_RESET_MS = 3600000,        /* the code of a released device counts so long after a reset */
	KEY_SETTLE_MS = 10000,         /* after a session began: commands have come by then */
};

/* One message that waits to go up. */
struct key_up {
	uint64_t token; /* 0 = free entry; rises, so it is also the order */
	char topic[AGENT_TOPIC_CAP];
	uint8_t rank; /* 0 first: id, state, receipts, alarms, keys, frames, telemetry */
	uint8_t qos;
	bool app_ack;   /* stays until an ack with the right hash came down */
	bool in_flight; /* given to net in this session */
	bool sent;      /* PUBACK 0 came; waits for the application's ack */
	int record;     /* index of its outbox record, -1 = RAM only */
	uint32_t expiry_s;
	uint64_t not_before_ms;
	uint8_t *data;
	size_t len;
};

enum {
	KEY_OPS_MAX = 40,     /* ours and those of applications */
	KEY_OWN_OPS_MAX = 12,
	KEY_STREAMS_MAX = 8,
	KEY_SETTINGS_MAX = 32,
	KEY_SETTING_NAME_MAX = 32,
	KEY_SETTING_VALUE_MAX = 256,
};

/* Commands. `open` once obey has booted with an identity. */
struct key_cmd {
	bool open;
	struct hf_policy policy;
	char dev[HF_DEV_LEN + 1];
	struct hf_hwkey sign;
	struct hf_key secret[2]; /* decryption: current, previous */
	struct hf_ecdhkey ecdh[2];
	struct hf_op op[KEY_OPS_MAX];
	char op_name[KEY_OPS_MAX][HF_COMMAND_MAX_OP_LEN + 1]; /* of applications' rows */
	size_t n_ops, n_own_ops;
	uint8_t msg[HF_COMMAND_MAX_LEN];
	uint8_t scratch_mem[HF_OBEY_SCRATCH_LEN], last_mem[HF_RECEIPT_MAX_LEN];
	struct hf_out scratch, last;
	struct hf_obey obey;
	struct hf_timer reboot; /* a little after the receipt, so that it can leave */
	uint8_t reboot_body[HF_COMMAND_MAX_LEN];
	size_t reboot_len;
};

/* Settings: names and values as text, in the order of their record. */
struct key_setting {
	char name[KEY_SETTING_NAME_MAX + 1];
	char value[KEY_SETTING_VALUE_MAX + 1];
};
struct key_settings {
	struct key_setting row[KEY_SETTINGS_MAX];
	size_t n;
	uint8_t owner[HF_SEAL_MAX_OWNERS][HF_P256_POINT_LEN]; /* who may read sealed data */
	size_t n_owners;
};

/* A signing key opened from its blob; it stays open until another blob is asked for. */
struct key_open {
	uint8_t blob[HF_RENEW_BLOB_CAP];
	size_t blob_len;
	struct hf_keyuri *uri;
};

struct keyproc {
	const struct agent *agent;
	struct hf_loop *loop;
	struct hf_port port;
	struct hf_timer timer;
	struct hf_ipc_serve from_net, from_app;
	struct hf_ipc *look, *deliver, *todo;

	struct hf_buf provision_file;
	struct hf_provision provision;

	struct hf_keystore *software, *tpm; /* tpm: NULL unless agent.conf names one */
	struct hf_renew_keys keys;
	struct hf_renew renew;
	struct hf_renew_want want;
	struct key_open slot_key[2], idevid_key;
	bool has_claim, has_idevid;
	bool claim_locked; /* released: the printed code counts only after a reset by hand */
	uint64_t reset_boot, reset_ms;
	bool leaving; /* the release is ordered: keyproc starts anew to erase */
	struct hf_timer leave;
	struct hf_claim_keys claim;
	uint8_t idevid_cert[HF_RENEW_CERT_CAP];
	size_t idevid_cert_len;

	/* the request under way */
	bool asked, proof_sent;
	uint8_t x[HF_CLAIM_BINDING_LEN];

	/* the session under way */
	bool session_up;
	unsigned session_slot;
	uint64_t session_since_ms;
	int64_t session_cap_s; /* notAfter of the broker's certificate: caps the time floor */
	bool hello_promoted;
	uint8_t hello[HF_HELLO_MAX_LEN];
	size_t hello_len;

	struct key_up up[KEY_UP_MAX];
	uint64_t next_token;
	size_t up_bytes;
	uint64_t dropped; /* telemetry that found no room */

	struct key_cmd cmd;
	struct key_settings settings;
	struct hf_seal stream[KEY_STREAMS_MAX];
	size_t n_streams;
};

/* ---- keyid.c ---- */
HF_MUST_CHECK hf_err key_identity_open(struct keyproc *k, struct hf_why *why);
/* A tick now; then arm the timer and tell net when something changed. */
void key_identity_tick(struct keyproc *k);
hf_err key_on_want(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_csr(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_cert(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_est_end(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_session(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_session_end(void *ctx, hf_bytes body, struct hf_out *reply);
/* The answer to a hello came down. */
void key_hello_answered(struct keyproc *k, hf_bytes payload);
/* Name of this device while it has a certificate, else "". */
const char *key_dev(const struct keyproc *k);
/* Signing key of the certificate that leads. Errors: HF_ERR_PORT_ABSENT without one. */
HF_MUST_CHECK hf_err key_signer(struct keyproc *k, struct hf_hwkey *key);

/* ---- keybackend.c ---- */
/* Open the stores: before the sandbox, since a TPM's library and socket are opened here. */
HF_MUST_CHECK hf_err key_backend_open(struct keyproc *k, struct hf_why *why);
struct hf_renew_keys key_backend(struct keyproc *k);
HF_MUST_CHECK hf_err key_backend_idevid(struct keyproc *k);
const struct hf_hwkey *key_find(void *ctx, uint8_t number);

/* ---- keyup.c ---- */
/* Read the outbox records of an earlier run. */
HF_MUST_CHECK hf_err key_up_open(struct keyproc *k);
enum { KEY_UP_ACK = 1, KEY_UP_STORE = 2, KEY_UP_QOS0 = 4 };
/* Queue `payload` for "class/id". With KEY_UP_STORE it is durable before HF_OK.
 * Errors: HF_ERR_AGENT_FULL (telemetry and frames only: others push the oldest telemetry out), port's. */
HF_MUST_CHECK hf_err key_up_put(struct keyproc *k, const char *topic, hf_bytes payload, unsigned flags);
void key_up_forget(struct keyproc *k, const char *class_prefix);
void key_up_session(struct keyproc *k, bool up);
/* "ack/{id}" came down. */
void key_up_acked(struct keyproc *k, hf_bytes id, hf_bytes payload);
hf_err key_on_pull(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_sent(void *ctx, hf_bytes body, struct hf_out *reply);
void key_up_close(struct keyproc *k);
/* Queue a signed alarm. */
HF_MUST_CHECK hf_err key_alarm(struct keyproc *k, const char *kind, hf_bytes detail);

/* ---- keydown.c ---- */
hf_err key_on_down(void *ctx, hf_bytes body, struct hf_out *reply);

/* ---- keyapp.c ---- */
hf_err key_on_app_tele(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_app_status(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_app_poll(void *ctx, hf_bytes body, struct hf_out *reply);

/* ---- keycmd.c ---- */
/* Open the policy; the rest waits for an identity. */
HF_MUST_CHECK hf_err key_cmd_open(struct keyproc *k, struct hf_why *why);
/* A session began: take in the keys of the identity that leads, publish the replay state and what was not
 * acknowledged. */
void key_cmd_session(struct keyproc *k);
/* A sealed command came down. */
void key_cmd_received(struct keyproc *k, hf_bytes payload);
/* The command `cti` has ended (or was accepted). Errors: obey's. */
HF_MUST_CHECK hf_err key_cmd_finish(struct keyproc *k, const uint8_t cti[static HF_COMMAND_CTI_LEN],
				    unsigned status, hf_bytes result);
/* Publish stored receipt `n` once more. Errors: obey's, HF_ERR_AGENT_FULL. */
HF_MUST_CHECK hf_err key_cmd_publish(struct keyproc *k, uint64_t n);
/* The server has filed this receipt. */
void key_cmd_acked(struct keyproc *k, hf_bytes receipt);

/* ---- keyops.c ---- */
/* Our own operations, as the first rows of cmd.op. */
void key_ops_fill(struct keyproc *k);
/* Run one of them. HF_STATUS_DONE, _FAILED or _ACCEPTED; `result` is deterministic CBOR or empty. */
unsigned key_op_run(struct keyproc *k, const struct hf_task *task, struct hf_out *result);
void key_on_reboot_timer(void *ctx);
unsigned key_op_recover(void *ctx, const struct hf_obey_job *job);

/* ---- keyrelease.c ---- */
/* The signed command: durable when HF_OK. keyproc ends when its receipt was acknowledged, or after half a
 * minute; its next start erases. */
HF_MUST_CHECK hf_err key_release_order(struct keyproc *k);
void key_release_acked(struct keyproc *k, uint64_t n);
void key_on_leave(void *ctx);
/* At start, before any other record is read: finish an ordered release. */
HF_MUST_CHECK hf_err key_release_open(struct keyproc *k);
/* Does the label's secret count now? Not on a released device, but for the hour after a reset by hand. */
bool key_claim_counts(struct keyproc *k);
/* `reset` by hand, while the agent does not run: the printed code counts for an hour, or a fresh one always.
 * Errors: HF_ERR_AGENT_RELEASED (it was not released, or is not erased yet), HF_ERR_PORT_ABSENT, port's. */
HF_MUST_CHECK hf_err key_release_reset(struct hf_port *port);
HF_MUST_CHECK hf_err key_release_fresh(struct hf_port *port, struct hf_claim_secret *s);

/* ---- keyappop.c ---- */
hf_err key_on_app_ops(void *ctx, hf_bytes body, struct hf_out *reply);
hf_err key_on_app_result(void *ctx, hf_bytes body, struct hf_out *reply);
/* Hand a command to the application that takes it. Errors: HF_ERR_IPC_BUSY. */
HF_MUST_CHECK hf_err key_app_deliver(struct keyproc *k, const struct hf_claims *c);

/* ---- keyconf.c ---- */
HF_MUST_CHECK hf_err key_settings_open(struct keyproc *k);
/* Value of a setting, or NULL. */
const char *key_setting(const struct keyproc *k, const char *name);
/* The same as a number, `otherwise` when it is not set. */
uint64_t key_setting_number(const struct keyproc *k, const char *name, uint64_t otherwise);
/* May a command set this? Names of the agent's own have bounds, others belong to applications. */
bool key_setting_is_valid(hf_bytes name, hf_bytes value);
/* Store it; an empty value removes it. Errors: HF_ERR_AGENT_FULL, port's. */
HF_MUST_CHECK hf_err key_setting_put(struct keyproc *k, hf_bytes name, hf_bytes value);
/* Replace the data-owner keys. Errors: HF_ERR_COSE_POINT, port's. */
HF_MUST_CHECK hf_err key_owners_put(struct keyproc *k, const hf_bytes *points, size_t n);
hf_err key_on_app_config(void *ctx, hf_bytes body, struct hf_out *reply);

/* ---- keyseal.c ---- */
hf_err key_on_app_data(void *ctx, hf_bytes body, struct hf_out *reply);
/* Owners or identity changed: every stream begins again with a fresh key. */
void key_streams_forget(struct keyproc *k);

/* Tell net to ask again. */
void key_look(struct keyproc *k);
#endif

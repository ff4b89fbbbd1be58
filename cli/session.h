/* session.h -- one operator talking to one control plane.
 * The private key stays in a child process of its own that opened it before any byte came from the
 * network; this side only gets signatures. Every function prints its own error and returns false.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SESSION_H
#define SESSION_H
#include <hf/deploy.h>
#include <hf/httpc.h>
#include <hf/ipc.h>
#include <hf/json.h>
#include <holdfast/command.h>
#include <sys/types.h>
#include "cli.h"

enum { SESSION_PATH_MAX = HF_DEPLOY_PATH_MAX, SESSION_POLICY_MAX = 8192 };

/* The row of the option that opens the operator's key. */
#define WHO \
	{ \
		"passphrase-file", "FILE", "of your key; mode 0600 (default: operator.conf's, else ask)" \
	}

struct session {
	const struct cli_args *args;
	char folder[SESSION_PATH_MAX];
	struct hf_deploy_operator conf;
	bool unattended; /* a key in a file has no passphrase, and nobody is asked for one */
	pid_t holder;    /* the child with the key; 0 = none */
	struct hf_ipc *ipc;
	struct hf_ipc_key key; /* key.key signs through the child */
	uint8_t kid[HF_KID_LEN];
	uint8_t cert[HF_TLS_CERT_MAX];
	size_t cert_len;
	uint8_t policy_mem[SESSION_POLICY_MAX];
	uint8_t scratch_mem[SESSION_POLICY_MAX];
	struct hf_policy policy;
	struct hf_tls *tls;
	struct hf_httpc *http;
	struct hf_httpc_res res;
	uint64_t audit; /* row of the event journal the last change made, 0 = none */
};

/* Folder, configuration and policy; key and network follow with the two calls below. */
bool session_open(const struct cli_args *args, struct session *s);
/* The exit status after session_open said no. */
int session_refused(const struct cli_args *args);
bool session_open_key(struct session *s);
/* Connects with the key; opens it when that was not done. */
bool session_connect(struct session *s);
void session_close(struct session *s);

/* One request; 2xx is true. `out` (may be NULL) gets the JSON answer: hf_json_free it. */
bool session_get(struct session *s, const char *path, struct hf_json **out);
/* As session_get, but 404 is true with *out NULL. */
bool session_find(struct session *s, const char *path, struct hf_json **out);
/* As session_get, but a request that is refused is true with *out NULL, and nothing is printed. */
bool session_try(struct session *s, const char *path, struct hf_json **out);
/* POST with a fresh Idempotency-Key. */
bool session_post(struct session *s, const char *path, const char *type, hf_bytes body, struct hf_json **out);
/* The same for a JSON object with one text in it. */
bool session_post_text(struct session *s, const char *path, const char *name, const char *text,
		       struct hf_json **out);
bool session_put(struct session *s, const char *path, const char *type, hf_bytes body, struct hf_json **out);
/* PUT of JSON over the version `etag`. */
bool session_put_match(struct session *s, const char *path, const char *etag, hf_bytes body,
		       struct hf_json **out);
/* DELETE; `etag` may be NULL. */
bool session_delete(struct session *s, const char *path, const char *etag, struct hf_json **out);

/* FOLDER/name, checked. */
bool session_path(const struct session *s, const char *name, char out[static SESSION_PATH_MAX]);
/* DER of the certificate in FOLDER/name. */
bool session_cert(const struct session *s, const char *name, struct hf_out *der);
/* Has the certificate in s->cert ended? Prints nothing. */
bool session_expired(const struct session *s);

/* ---- the child: keyholder.c ---- */
bool keyholder_start(struct session *s);
void keyholder_stop(struct session *s);

/* ---- small helpers ---- */
/* 16 characters of the device alphabet. Prints the usage error. */
bool session_is_dev(const char *text);
static inline hf_bytes session_text(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, __builtin_strlen(text) };
}
/* "2026-11-23 21:04:05" (UTC) for a time, "-" for 0 or less. */
const char *session_time(int64_t t, char out[static 32]);
void session_json_drop(struct hf_json **j);
#endif

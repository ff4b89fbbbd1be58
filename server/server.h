/* server.h -- holdfastd: one binary, a process for each power.
 *
 *           fork+exec of one binary from one table (supervise.c)
 *   main ──┬─ ca     every private key; no network
 *          ├─ enrol  EST for devices          ──asks──> ca
 *          ├─ api    operators                ──asks──> ca
 *          ├─ device bundles for devices      ──asks──> ca (TLS handshakes only)
 *          ├─ bus    the way to the broker; no secret
 *          └─ broker Mosquitto with our plugin (--with-broker)
 *   enrol, api, device ──nudge──> bus   "the store changed": a datagram without content
 *
 * Each opens the store itself; descriptors are inherited at fixed numbers; each enters its sandbox before it
 * reads what comes from outside.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_H
#define SERVER_H
#include <hf/broker.h>
#include <hf/deploy.h>
#include <hf/loop.h>
#include <hf/pki.h>
#include <hf/store.h>

#define SERVER_VERSION HF_VERSION

enum { CA_FD_PASSPHRASE = 3, CA_FD_ENROL = 4, CA_FD_API = 5, CA_FD_DEVICE = 6 };
enum { NET_FD_CA = 3, NET_FD_NUDGE = 4 };
enum { BUS_FD_NUDGE = 3 };

struct server {
	char dir[HF_DEPLOY_PATH_MAX]; /* absolute */
	struct hf_deploy deploy;
	char store[HF_DEPLOY_PATH_MAX];
	char mqtt_socket[HF_DEPLOY_PATH_MAX];
	char plugin_socket[HF_DEPLOY_PATH_MAX];
	bool with_broker;
	const char *passphrase_file; /* NULL: systemd credential, terminal */
};
/* Read the configuration; no key is touched. */
HF_MUST_CHECK hf_err server_open(struct server *s, const char *dir, struct hf_why *why);
/* Is what the configuration names there: key URIs, product lines, programs, user? server_open asks it.
 * Errors: HF_ERR_DEPLOY_VALUE. */
HF_MUST_CHECK hf_err server_judge(const struct server *s, struct hf_why *why);

/* Modes; each returns an exit status. */
int server_supervise(const struct server *s);
int server_init_store(const struct server *s);
int server_backup(const struct server *s, const char *to);
int server_check(const struct server *s);
int server_role(const struct server *s, const char *role);

/* Roles. */
int role_ca(const struct server *s);
int role_enrol(const struct server *s);
int role_api(const struct server *s);
int role_device(const struct server *s);
int role_bus(const struct server *s);

/* ---- shared by roles ---- */

/* DER of DIR/name. */
HF_MUST_CHECK hf_err server_cert(const struct server *s, const char *name, struct hf_out *der,
				 struct hf_why *why);
/* The Operational CAs whose devices are listened to, newest first; the root keys vouch for each. */
struct server_op_cas {
	uint8_t mem[HF_DEPLOY_OP_LIVE][HF_PKI_CERT_MAX];
	hf_bytes list[HF_DEPLOY_OP_LIVE];
	size_t n;
};
HF_MUST_CHECK hf_err server_read_op_cas(const struct server *s, struct server_op_cas *out,
					struct hf_why *why);
/* Call `each` for every product line of DIR/products. */
typedef hf_err (*server_line_fn)(void *ctx, const struct hf_deploy_line *line, struct hf_why *why);
HF_MUST_CHECK hf_err server_lines(const struct server *s, server_line_fn each, void *ctx, struct hf_why *why);
/* Has this line a Device-ID CA? */
bool server_has_ca(const struct server *s, const char *line);
/* From --passphrase-file, the systemd credential "passphrase", or the terminal. */
HF_MUST_CHECK hf_err server_passphrase(const struct server *s, struct hf_buf *out, struct hf_why *why);
/* Write the broker's files; `self` is the path of this program, beside which the plugin is looked for. */
HF_MUST_CHECK hf_err server_write_broker(const struct server *s, const char *self,
					 struct hf_broker_start *start, struct hf_why *why);
/* Copy the product lines into the store. */
HF_MUST_CHECK hf_err server_sync_lines(const struct server *s, struct hf_store *store, struct hf_why *why);
/* Open the store; commits nudge `nudge_fd` (-1: nobody). */
HF_MUST_CHECK hf_err server_store(const struct server *s, int *nudge_fd, struct hf_store **store,
				  struct hf_why *why);
/* Enter a sandbox that may write the store and read the deployment. */
HF_MUST_CHECK hf_err server_sandbox(const struct server *s, unsigned powers, bool writes_run,
				    struct hf_why *why);
/* Run until SIGTERM or SIGINT. */
HF_MUST_CHECK hf_err server_loop(struct hf_loop *loop);
/* "holdfastd[role]" as the name in the log. Log the failure; exit status 1. */
int server_fail(const char *act, hf_err err, const struct hf_why *why);
#endif

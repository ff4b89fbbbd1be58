/* log.h -- shared by the verbs of `holdfast log`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOG_H
#define LOG_H
#include <hf/deploy.h>
#include <hf/logseq.h>
#include <hf/pki.h>
#include <hf/tls.h>
#include "cli.h"

/* A log's folder: log.conf, policy, witnesses, data; key and sign-state stand where log.conf says. */
struct log_place {
	char dir[CLI_PATH_MAX], data[CLI_PATH_MAX], key[CLI_PATH_MAX], sign_state[CLI_PATH_MAX];
	char tls_cert[CLI_PATH_MAX], tls_key[CLI_PATH_MAX], tls_chain[CLI_PATH_MAX]; /* "": none */
	char host[HF_DEPLOY_HOST_MAX];
	uint16_t port;
	uint8_t pub[HF_ED25519_PUB_LEN]; /* from log.pub */
	struct hf_buf policy_file;
	bool has_policy;
	struct hf_policy policy;
	struct hf_log_witness witness[HF_LOGSEQ_COSIGS];
	size_t n_witnesses;
};
/* Read it all; `need_policy`: an absent policy is an error. Prints its own error. */
bool log_place_open(struct log_place *p, const char *dir, bool need_policy);
void log_place_close(struct log_place *p);

/* log_policy.c: a log goes from one policy to the next as devices do, and remembers in data/policy.cose under
 * which it runs. False after an error was printed: this policy does not follow, or does not name this log. */
bool log_policy_follow(const struct log_place *p);
/* log_tls.c: what the log shows to its clients; *tls is NULL for plain HTTP. `key` lives as long as it. */
HF_MUST_CHECK hf_err log_tls_open(const struct log_place *p, struct hf_pki_key **key, struct hf_tls **tls,
				  struct hf_why *why);
/* Public key from hexadecimal or from a file with an OpenSSH line. Prints its own error. */
bool log_key_read(const char *text, uint8_t pub[static HF_ED25519_PUB_LEN]);

/* log_run.c: two processes, one with the key and one with the network. A row's role is run when `--role`
 * names it. */
struct log_role {
	const char *name;
	int (*run)(const char *place, int fd);
};
enum { LOG_AGAIN = -1 };
/* `reload`: asked at SIGHUP; when it agrees, both processes end and LOG_AGAIN is returned. NULL: never. */
int log_run(const struct cli_args *args, const char *const verb[], const char *place,
	    const struct log_role roles[2], bool (*reload)(const char *place));
/* Until SIGTERM or SIGINT, or until log_stop. */
int log_wait(void);
void log_stop(void);

extern const struct cli_opt cli_log_init_opts[], cli_log_serve_opts[], cli_log_witness_opts[],
	cli_log_submit_opts[], cli_log_proof_opts[], cli_log_head_opts[];
int cli_log_init(const struct cli_args *args);
int cli_log_serve(const struct cli_args *args);
int cli_log_witness(const struct cli_args *args);
int cli_log_submit(const struct cli_args *args);
int cli_log_proof(const struct cli_args *args);
int cli_log_head(const struct cli_args *args);
int cli_log_fsck(const struct cli_args *args);
int cli_log_freeze(const struct cli_args *args);
#endif

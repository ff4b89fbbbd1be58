/* log_serve.c -- the two processes of `holdfast log serve`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/logfront.h>
#include <hf/sandbox.h>
#include <hf/openssh.h>
#include "log.h"

enum { WORKERS = 4, STOP_MS = 2000 };

const struct cli_opt cli_log_serve_opts[] = {
	{ "role", "ROLE", "which of the two processes this is; given by the program to itself" },
	{ 0 },
};

static int refuse(const char *act, hf_err err, const struct hf_why *why)
{
	hf_log_why(HF_LOG_ERR, "log", act, err, why);
	return CLI_FAILED;
}

/* ---- the key ---- */

static int run_sign(const char *dir, int fd)
{
	static struct log_place p;
	struct hf_logsign s = { .last = { 0 } };
	struct hf_why why = { 0 };
	char sign_dir[CLI_PATH_MAX];
	struct hf_sandbox_path path = { sign_dir, true };
	const struct hf_sandbox box = { .powers = HF_SANDBOX_LOG_SIGN, .paths = &path, .n_paths = 1 };
	hf_err err;

	if (!log_place_open(&p, dir, true))
		return CLI_FAILED;
	(void)snprintf(s.path, sizeof(s.path), "%s", p.sign_state);
	(void)snprintf(sign_dir, sizeof(sign_dir), "%.*s", (int)(strrchr(s.path, '/') - s.path), s.path);
	err = hf_openssh_load(p.key, &s.seed, s.pub, &why);
	if (err == HF_OK && memcmp(s.pub, p.pub, sizeof(s.pub)) != 0)
		err = hf_why_set(&why, HF_ERR_LOG_KEY, "the key does not belong to log.pub");
	if (err == HF_OK)
		err = hf_logsign_open(&s, &why);
	if (err == HF_OK)
		err = hf_sandbox_enter(&box, &why);
	log_place_close(&p);
	if (err == HF_OK)
		err = hf_logsign_serve(&s, fd);
	hf_key_wipe(&s.seed);
	return err == HF_ERR_IPC_CLOSED ? CLI_DONE : refuse("no signing", err, &why);
}

/* ---- the front ---- */

struct front {
	struct log_place place;
	struct hf_logstore *store;
	struct hf_ipc *ipc;
	struct hf_pki_key *tls_key;
	struct hf_tls *tls;
	struct hf_http *http;
	struct hf_logfront front;
	struct hf_logseq_conf seq;
	bool fatal;
};

static void on_fatal(void *ctx, const char *why)
{
	struct front *f = ctx;

	hf_log(HF_LOG_ERR, "log", "STOPPED", "why=\"%s\"", why);
	f->fatal = true;
	log_stop();
}

/* The sign state is what this log said to the world: a tree that is behind it was rolled back. */
static hf_err compare(struct front *f, struct hf_why *why)
{
	struct hf_tree_head tree;
	struct hf_merkle_hash root;
	const struct hf_tree_head *last = &f->seq.last;

	HF_TRY(hf_logsign_ask_state(f->ipc, f->seq.pub, &f->seq.last));
	hf_logstore_head(f->store, &tree);
	if (last->size > tree.size)
		return hf_why_set(why, HF_ERR_LOG_ROLLBACK,
				  "size %llu was signed, data holds %llu: restored from a backup? Never sign "
				  "with this key again: freeze, make a new log, name it in the next policy",
				  (unsigned long long)last->size, (unsigned long long)tree.size);
	HF_TRY(hf_logstore_root(f->store, last->size, &root));
	if (memcmp(root.b, last->root.b, HF_MERKLE_LEN) != 0)
		return hf_why_set(why, HF_ERR_LOG_FORK,
				  "data gives another root for size %llu than the one that was signed",
				  (unsigned long long)last->size);
	return HF_OK;
}

static hf_err listen_on(struct front *f, struct hf_why *why)
{
	const struct hf_http_conf conf = { .addr = f->place.host,
					   .port = f->place.port,
					   .tls = f->tls,
					   .plain = f->tls == NULL,
					   .workers = WORKERS,
					   .body_max = HF_LOGFRONT_BODY_MAX,
					   .routes = hf_logfront_routes,
					   .n_routes = hf_logfront_n_routes,
					   .ctx = &f->front };

	f->front.store = f->store;
	f->front.policy = &f->place.policy;
	memcpy(f->front.pub, f->seq.pub, HF_ED25519_PUB_LEN);
	return hf_http_new(&conf, &f->http, why);
}

static hf_err open_front(struct front *f, const char *dir, int fd, struct hf_why *why)
{
	struct hf_sandbox_path paths[] = { { f->place.data, true }, { "/etc", false } };
	const struct hf_sandbox box = { .powers = HF_SANDBOX_LOG_FRONT, .paths = paths, .n_paths = 2 };

	if (!log_place_open(&f->place, dir, true))
		return HF_ERR_LOG_STATE;
	HF_TRY(hf_ipc_new(fd, &f->ipc));
	HF_TRY(hf_logstore_open(f->place.data, false, &f->store, why));
	HF_TRY(compare(f, why));
	HF_TRY(hf_logstore_tidy(f->store, why));
	HF_TRY(log_tls_open(&f->place, &f->tls_key, &f->tls, why));
	HF_TRY(listen_on(f, why));
	HF_TRY(hf_sandbox_enter(&box, why));
	f->seq.store = f->store;
	f->seq.signer = f->ipc;
	f->seq.policy = &f->place.policy;
	f->seq.witness = f->place.witness;
	f->seq.n_witnesses = f->place.n_witnesses;
	f->seq.ctx = f;
	f->seq.on_fatal = on_fatal;
	HF_TRY(hf_logseq_new(&f->seq, &f->front.seq, why));
	HF_TRY(hf_logseq_start(f->front.seq, why));
	return hf_http_start(f->http, why);
}

static int run_front(const char *dir, int fd)
{
	static struct front f;
	struct hf_why why = { 0 };
	hf_err err = open_front(&f, dir, fd, &why);
	int rc = CLI_FAILED;

	if (err == HF_OK) {
		hf_log(HF_LOG_INFO, "log", "up", "listen=%s:%u tls=%s policy=%llu witnesses=%zu",
		       f.place.host, hf_http_port(f.http), f.tls != NULL ? "yes" : "no",
		       (unsigned long long)f.place.policy.number, f.place.n_witnesses);
		rc = f.fatal ? CLI_FAILED : log_wait();
	} else {
		(void)refuse("not started", err, &why);
	}
	hf_logseq_free(f.front.seq); /* answers who waits */
	if (f.http != NULL)
		hf_http_stop(f.http, STOP_MS);
	hf_http_free(f.http);
	hf_tls_free(f.tls);
	hf_pki_key_free(f.tls_key);
	hf_logstore_close(f.store);
	hf_ipc_free(f.ipc);
	log_place_close(&f.place);
	return f.fatal ? CLI_FAILED : rc;
}

/* A mistake is said once, before there are processes; at SIGHUP the log then goes on as it was. */
static bool may_run(const char *dir)
{
	static struct log_place place;
	bool fits = log_place_open(&place, dir, true) && log_policy_follow(&place);

	log_place_close(&place);
	return fits;
}

int cli_log_serve(const struct cli_args *args)
{
	static const char *const verb[] = { "log", "serve", NULL };
	static const struct log_role roles[2] = { { "sign", run_sign }, { "front", run_front } };
	int rc;

	if (cli_option(args, "role") == NULL && !may_run(args->args[0]))
		return CLI_FAILED;
	do
		rc = log_run(args, verb, args->args[0], roles, may_run);
	while (rc == LOG_AGAIN);
	return rc;
}

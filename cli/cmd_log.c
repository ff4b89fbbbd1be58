/* cmd_log.c -- `holdfast log`: the table, and the verbs that need no running log.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <hf/file.h>
#include <hf/logfsck.h>
#include <hf/openssh.h>
#include "log.h"
#include "verbs.h"

const struct cli_opt cli_log_init_opts[] = {
	{ "key", "FILE", "use this Ed25519 key instead of a new one" },
	{ "listen", "ADDR:PORT", "loopback address and port (default 127.0.0.1:7380)" },
	{ "sign-dir", "DIR", "folder of sign-state on another volume (default DIR/sign)" },
	{ 0 },
};

struct init {
	char key[CLI_PATH_MAX], sign[CLI_PATH_MAX];
	uint8_t pub[HF_ED25519_PUB_LEN];
};

static hf_err put_file(const char *dir, const char *name, hf_bytes data, unsigned mode, struct hf_why *why)
{
	char path[CLI_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), dir, name));
	return hf_file_create(path, data, mode, why);
}

static hf_err make_key(const char *dir, struct init *i, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	struct hf_key seed HF_AUTO(hf_key_wipe) = { .len = 0 };
	char folder[CLI_PATH_MAX];

	if (i->key[0] != '\0')
		return hf_openssh_load(i->key, &seed, i->pub, why);
	HF_TRY(hf_path_join(folder, sizeof(folder), dir, "key"));
	HF_TRY(hf_dir_create(folder, 0700, why));
	HF_TRY(hf_crypto_ed25519_generate(&seed, i->pub));
	HF_TRY(hf_openssh_write_private(&seed, &text));
	return put_file(folder, "log.key", hf_buf_bytes(&text), 0600, why);
}

static hf_err make_conf(const char *dir, const struct init *i, const char *listen_at, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(8192);

	HF_TRY(hf_buf_printf(
		&text,
		"# A transparency log of Holdfast; doc/log.md explains it.\n"
		"listen = %s\nkey = %s\n"
		"# On another volume than data/, and never restored from a backup.\nsign-dir = %s\n",
		listen_at, i->key[0] != '\0' ? i->key : "key/log.key", i->sign));
	HF_TRY(put_file(dir, "log.conf", hf_buf_bytes(&text), 0644, why));
	hf_buf_reset(&text);
	HF_TRY(hf_openssh_write_public(i->pub, "log", &text));
	HF_TRY(put_file(dir, "log.pub", hf_buf_bytes(&text), 0644, why));
	return put_file(dir, "witnesses",
			HF_STR("# One witness of the policy per line: public key in hexadecimal, address.\n"
			       "# <64 hex digits> http://127.0.0.1:7391\n"),
			0644, why);
}

static hf_err make(const char *dir, struct init *i, const char *listen_at, struct hf_why *why)
{
	struct hf_tree_head empty = { 0 };
	char data[CLI_PATH_MAX], state[CLI_PATH_MAX], sign_dir[CLI_PATH_MAX];

	if (i->sign[0] == '/') { /* first: where it cannot be made, nothing is */
		(void)snprintf(sign_dir, sizeof(sign_dir), "%s", i->sign);
		HF_TRY(hf_dir_create(sign_dir, 0700, why));
	} else {
		HF_TRY(hf_path_join(sign_dir, sizeof(sign_dir), dir, i->sign));
	}
	HF_TRY(hf_dir_create(dir, 0755, why));
	HF_TRY(hf_dir_create(sign_dir, 0700, why));
	HF_TRY(hf_path_join(data, sizeof(data), dir, "data"));
	HF_TRY(hf_path_join(state, sizeof(state), sign_dir, "sign-state"));
	/* A state that exists says that a log signed here: it is never started anew. */
	if (hf_file_exists(state))
		return hf_why_set(why, HF_ERR_FILE_EXISTS, "%s", state);
	HF_TRY(make_key(dir, i, why));
	HF_TRY(hf_logstore_create(data, why));
	HF_TRY(make_conf(dir, i, listen_at, why));
	HF_TRY(hf_merkle_empty(&empty.root));
	return hf_log_state_write(state, &empty, why);
}

/* Everything that can be judged before the first file is made. */
static bool init_fits(const struct cli_args *args, const struct init *i, const char *listen_at)
{
	struct hf_key seed HF_AUTO(hf_key_wipe) = { .len = 0 };
	char host[HF_DEPLOY_HOST_MAX];
	uint8_t pub[HF_ED25519_PUB_LEN];
	struct hf_why why = { 0 };
	uint16_t port;

	if (listen_at != NULL && !hf_deploy_split_listen(listen_at, host, &port))
		return cli_usage("log init: --listen %s: not ADDRESS:PORT", listen_at) == CLI_DONE;
	if (cli_option(args, "sign-dir") != NULL && i->sign[0] != '/')
		return cli_usage("log init: --sign-dir %s: must begin with /", i->sign) == CLI_DONE;
	if (i->key[0] != '\0' && hf_openssh_load(i->key, &seed, pub, &why) != HF_OK)
		return cli_fail("log init: %s", hf_why_text(&why)) == CLI_DONE;
	return cli_is_free(args->args[0]) ||
	       cli_usage("log init: %s: exists and is not empty; choose another folder", args->args[0]) ==
		       CLI_DONE;
}

int cli_log_init(const struct cli_args *args)
{
	const char *key = cli_option(args, "key"), *sign = cli_option(args, "sign-dir"),
		   *at = cli_option(args, "listen");
	struct init i = { .key = "" };
	struct hf_why why = { 0 };

	if (snprintf(i.key, sizeof(i.key), "%s", key != NULL ? key : "") >= CLI_PATH_MAX ||
	    snprintf(i.sign, sizeof(i.sign), "%s", sign != NULL ? sign : "sign") >= CLI_PATH_MAX)
		return cli_usage("log init: a path is too long");
	if (!init_fits(args, &i, at))
		return CLI_USAGE;
	if (make(args->args[0], &i, at != NULL ? at : "127.0.0.1:7380", &why) != HF_OK)
		return cli_fail("log init: %s", hf_why_text(&why));
	for (size_t k = 0; k < sizeof(i.pub); k++)
		printf("%02x", i.pub[k]);
	putchar('\n');
	cli_say(args,
		"holdfast: log made in %s. Name this key in a trust policy, put it there as policy.cose,\n"
		"list the witnesses in %s/witnesses, then: holdfast log serve %s",
		args->args[0], args->args[0], args->args[0]);
	return CLI_DONE;
}

int cli_log_fsck(const struct cli_args *args)
{
	static struct log_place p;
	struct hf_logfsck found = { 0 };
	struct hf_tree_head last = { 0 }, tree = { 0 };
	struct hf_why why = { 0 };
	char state[CLI_PATH_MAX];
	hf_err err;

	if (!log_place_open(&p, args->args[0], false))
		return CLI_FAILED;
	err = hf_logfsck(p.data, p.pub, p.has_policy ? &p.policy : NULL, &found, &why);
	if (err == HF_OK)
		err = hf_log_state_read(p.sign_state, &last, &why);
	if (err == HF_OK)
		err = hf_path_join(state, sizeof(state), p.data, "tree-state");
	if (err == HF_OK)
		err = hf_log_state_read(state, &tree, &why);
	if (err == HF_OK && last.size > tree.size)
		err = hf_why_set(&why, HF_ERR_LOG_ROLLBACK, "size %llu was signed, data holds %llu",
				 (unsigned long long)last.size, (unsigned long long)tree.size);
	log_place_close(&p);
	if (err != HF_OK)
		return cli_fail("log fsck: %s", hf_why_text(&why));
	printf("leaves=%llu tiles=%llu heads=%llu cosignatures=%llu signed=%llu\n",
	       (unsigned long long)found.leaves, (unsigned long long)found.tiles,
	       (unsigned long long)found.heads, (unsigned long long)found.cosignatures,
	       (unsigned long long)last.size);
	return CLI_DONE;
}

int cli_log_freeze(const struct cli_args *args)
{
	static struct log_place p;
	struct hf_why why = { 0 };
	hf_err err;

	if (!log_place_open(&p, args->args[0], false))
		return CLI_FAILED;
	err = put_file(p.data, "frozen", HF_STR("frozen\n"), 0644, &why);
	log_place_close(&p);
	if (err != HF_OK && err != HF_ERR_FILE_EXISTS)
		return cli_fail("log freeze: %s", hf_why_text(&why));
	cli_say(args, "holdfast: no leaf is accepted any more; the log goes on being served and cosigned");
	return CLI_DONE;
}

const struct cli_verb cli_log_verbs[] = {
	{ .name = "init",
	  .run = cli_log_init,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_log_init_opts,
	  .summary = "make a log: key, configuration, empty tree",
	  .text = "Prints the log's public key. Do it once: a log is never made anew in the same place." },
	{ .name = "serve",
	  .run = cli_log_serve,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_log_serve_opts,
	  .summary = "run a log in the foreground: store, sign, ask witnesses, publish",
	  .text = "The key is held by a process of its own that has no network. When data or a witness "
		  "shows\n"
		  "that this log was rolled back, it stops and never signs again." },
	{ .name = "submit",
	  .run = cli_log_submit,
	  .args = "URL FILE",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_log_submit_opts,
	  .summary = "log the hash of a file, wait until it is in a cosigned head" },
	{ .name = "proof",
	  .run = cli_log_proof,
	  .args = "URL FILE",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_log_proof_opts,
	  .summary = "fetch the Sigsum proof that a file was logged" },
	{ .name = "head",
	  .run = cli_log_head,
	  .args = "URL",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_log_head_opts,
	  .summary = "show the published head of a log" },
	{ .name = "fsck",
	  .run = cli_log_fsck,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .summary = "derive a log again from its entries and check every signature; it must not run" },
	{ .name = "freeze",
	  .run = cli_log_freeze,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .summary = "accept no leaf any more, for good" },
	{ .name = "witness",
	  .run = cli_log_witness,
	  .args = "DIR",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_log_witness_opts,
	  .summary = "run a small witness in the foreground: cosign heads that extend the last one",
	  .text = "For private networks. With --log-key it is made first, and not yet run." },
	{ 0 },
};

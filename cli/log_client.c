/* log_client.c -- verbs that ask a running log: submit, proof, head.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/lognote.h>
#include <hf/openssh.h>
#include "log.h"
#include "log_ask.h"

enum { FILE_MAX = 1 << 28, TRY_S = 60, NO_HEAD = 404 };

const struct cli_opt cli_log_submit_opts[] = {
	{ "key", "FILE", "publisher's private key, Ed25519 as OpenSSH writes it, mode 0600" },
	OPT_LOG_CA,
	{ 0 },
};
const struct cli_opt cli_log_head_opts[] = { OPT_LOG_CA, { 0 } };
const struct cli_opt cli_log_proof_opts[] = {
	{ "key", "FILE", "publisher's private key: signatures are deterministic, so the leaf is made again" },
	{ "log-key", "KEY", "public key of the log, a file or hexadecimal" },
	{ "out", "FILE", "write the proof there (default: standard output)" },
	OPT_LOG_CA,
	{ 0 },
};

struct leaf {
	uint8_t message[HF_SHA256_LEN], checksum[HF_SHA256_LEN], sig[HF_ED25519_SIG_LEN];
	uint8_t pub[HF_ED25519_PUB_LEN], bytes[HF_LEAF_LEN];
	struct hf_merkle_hash hash;
};

/* The log of args[0]. */
struct asked {
	struct log_client log;
	struct hf_why why;
	struct hf_buf answer;
	int status;
};

static void asked_end(struct asked *a)
{
	hf_buf_free(&a->answer);
}

static bool begin(const struct cli_args *args, struct asked *a)
{
	*a = (struct asked){ .answer = HF_BUF(LOG_ANSWER_MAX) };
	return log_client_open(args->args[0], cli_option(args, "log-ca"), &a->why, &a->log) == HF_OK ||
	       cli_fail("log: %s", hf_why_text(&a->why)) == CLI_DONE;
}

/* One request; false after an error was printed. Any status is an answer. */
static bool ask(struct asked *a, const char *what, hf_bytes body)
{
	return log_client_ask(&a->log, what, body, &a->status, &a->answer) == HF_OK ||
	       cli_fail("log: %s", hf_why_text(&a->why)) == CLI_DONE;
}

static hf_err make_leaf(const struct hf_key *seed, hf_bytes file, struct leaf *l)
{
	uint8_t message[HF_LEAF_MESSAGE_LEN];

	HF_TRY(hf_crypto_sha256(&file, 1, l->message));
	HF_TRY(hf_leaf_checksum(l->message, l->checksum));
	hf_leaf_message(l->checksum, message);
	HF_TRY(hf_crypto_ed25519_sign(seed, HF_ARR(message), l->sig));
	HF_TRY(hf_leaf_write(l->checksum, l->sig, l->pub, l->bytes));
	return hf_merkle_leaf(HF_ARR(l->bytes), &l->hash);
}

static bool leaf_of(const struct cli_args *args, struct leaf *l)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(FILE_MAX);
	struct hf_key seed HF_AUTO(hf_key_wipe) = { .len = 0 };
	const char *key = cli_option(args, "key");
	struct hf_why why = { 0 };
	hf_err err = HF_OK;

	if (key == NULL)
		return cli_usage("log: --key FILE is needed") == CLI_DONE;
	err = hf_openssh_load(key, &seed, l->pub, &why);
	if (err == HF_OK)
		err = hf_file_read(args->args[1], &file, &why);
	if (err == HF_OK)
		err = make_leaf(&seed, hf_buf_bytes(&file), l);
	return err == HF_OK || cli_fail("log: %s", hf_why_text(&why)) == CLI_DONE;
}

static hf_err put_pair(struct hf_buf *b, const char *key, const uint8_t *data, size_t n)
{
	HF_TRY(hf_buf_printf(b, "%s=", key));
	HF_TRY(hf_kv_put_hex(b, data, n));
	return hf_buf_puts(b, "\n");
}

static hf_err put_submission(const struct leaf *l, struct hf_buf *body)
{
	HF_TRY(put_pair(body, "message", l->message, 32));
	HF_TRY(put_pair(body, "signature", l->sig, 64));
	return put_pair(body, "public_key", l->pub, 32);
}

int cli_log_submit(const struct cli_args *args)
{
	struct asked a HF_AUTO(asked_end) = { .status = 0 };
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct leaf l = { .pub = { 0 } };

	if (!begin(args, &a) || !leaf_of(args, &l))
		return CLI_FAILED;
	if (put_submission(&l, &body) != HF_OK)
		return cli_fail("no memory");
	for (int i = 0; i < TRY_S; i += 5) { /* the log holds each request up to 5 s */
		if (!ask(&a, "add-leaf", hf_buf_bytes(&body)))
			return CLI_IO;
		if (a.status == 200)
			return CLI_DONE;
		if (a.status != 202)
			return cli_fail("log: status %d: %s", a.status, hf_buf_text(&a.answer));
	}
	(void)cli_fail("log: accepted, and not yet cosigned by a quorum of witnesses; submit again later");
	return CLI_QUORUM;
}

/* Sigsum proof, version 2: three parts, the last one absent in a tree of one leaf. */
static hf_err write_proof(const struct leaf *l, const uint8_t *log, const char *head, const char *path,
			  struct hf_buf *out)
{
	uint8_t hash[HF_SHA256_LEN];
	const hf_bytes key = { log, HF_ED25519_PUB_LEN };

	HF_TRY(hf_crypto_sha256(&key, 1, hash));
	HF_TRY(hf_buf_puts(out, "version=2\n"));
	HF_TRY(put_pair(out, "log", hash, sizeof(hash)));
	HF_TRY(hf_buf_puts(out, "leaf="));
	HF_TRY(hf_kv_put_hex(out, l->bytes + 96, 32));
	HF_TRY(hf_buf_puts(out, " "));
	HF_TRY(hf_kv_put_hex(out, l->sig, sizeof(l->sig)));
	HF_TRY(hf_buf_printf(out, "\n\n%s", head));
	return path[0] == '\0' ? HF_OK : hf_buf_printf(out, "\n%s", path);
}

static bool ask_path(struct asked *a, const struct leaf *l, uint64_t size)
{
	char what[160];
	int n = snprintf(what, sizeof(what), "get-inclusion-proof/%llu/", (unsigned long long)size);

	for (size_t i = 0; i < HF_MERKLE_LEN; i++)
		n += snprintf(what + n, 3, "%02x", l->hash.b[i]);
	if (!ask(a, what, (hf_bytes){ NULL, 0 }))
		return false;
	return a->status == 200 || cli_fail("log: this file is not in the published tree") == CLI_DONE;
}

static bool put_proof(struct asked *a, const struct leaf *l, const uint8_t *log, struct hf_buf *out)
{
	struct hf_buf head HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	hf_bytes rest, value;
	uint64_t size = 0;

	if (!ask(a, "get-tree-head", (hf_bytes){ NULL, 0 }))
		return false;
	if (a->status != 200 || hf_buf_put(&head, hf_buf_bytes(&a->answer)) != HF_OK)
		return cli_fail("log: no head is published") == CLI_DONE;
	rest = hf_buf_bytes(&head);
	if (!hf_kv_take(&rest, "size", &value) || !hf_kv_number(value, &size))
		return cli_fail("log: its head does not parse") == CLI_DONE;
	hf_buf_reset(&a->answer);
	if (size > 1 && !ask_path(a, l, size))
		return false;
	return write_proof(l, log, hf_buf_text(&head), hf_buf_text(&a->answer), out) == HF_OK ||
	       cli_fail("no memory") == CLI_DONE;
}

int cli_log_proof(const struct cli_args *args)
{
	struct asked a HF_AUTO(asked_end) = { .status = 0 };
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	const char *to = cli_option(args, "out"), *log_key = cli_option(args, "log-key");
	uint8_t log[HF_ED25519_PUB_LEN];
	struct hf_why why = { 0 };
	struct leaf l = { .pub = { 0 } };

	if (log_key == NULL)
		return cli_usage("log proof: --log-key KEY is needed");
	if (!begin(args, &a) || !leaf_of(args, &l) || !log_key_read(log_key, log) ||
	    !put_proof(&a, &l, log, &out))
		return CLI_FAILED;
	if (to == NULL)
		return fwrite(out.ptr, 1, out.len, stdout) == out.len ? CLI_DONE : CLI_FAILED;
	if (hf_file_replace(to, hf_buf_bytes(&out), 0644, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why));
	return CLI_DONE;
}

int cli_log_head(const struct cli_args *args)
{
	struct asked a HF_AUTO(asked_end) = { .status = 0 };

	if (!begin(args, &a))
		return CLI_FAILED;
	if (!ask(&a, "get-tree-head", (hf_bytes){ NULL, 0 }))
		return CLI_IO;
	if (a.status != 200)
		(void)cli_fail("log: status %d: %s", a.status, hf_buf_text(&a.answer));
	if (a.status != 200)
		return a.status == NO_HEAD ? CLI_QUORUM : CLI_FAILED;
	fputs(hf_buf_text(&a.answer), stdout);
	return CLI_DONE;
}

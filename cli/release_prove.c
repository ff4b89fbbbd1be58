/* release_prove.c -- from a signed object to its proof: submit the leaf, wait for the witnesses, and judge
 * the answer as a device would before it is kept.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <hf/loop.h>
#include "log_ask.h"
#include "log_text.h"
#include "release.h"

enum { STEP_MS = 500, WAIT_S = 60, WAIT_MAX_S = 86400, REFUSED_TEXT = 100 };

struct job {
	struct shelf *s;
	const struct hf_policy *p;
	const uint8_t *d;
	struct log_client client;
	struct log_proof proof;
	uint8_t leaf[HF_LEAF_LEN];
	struct hf_merkle_hash leaf_hash;
	uint8_t pub[HF_ED25519_PUB_LEN];
	uint64_t deadline;
};

static bool may_wait(const struct job *j)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	if (hf_now_ms() >= j->deadline)
		return false;
	(void)nanosleep(&step, NULL);
	return true;
}

static hf_err refused(struct job *j, const char *path, int status, const struct hf_buf *answer)
{
	char line[REFUSED_TEXT];

	(void)snprintf(line, sizeof(line), "%s", hf_buf_text(answer));
	for (size_t i = 0; line[i] != '\0'; i++)
		if (line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	return hf_why_set(&j->s->why, HF_ERR_LOG_REFUSED, "%s: the log answered %d %s", path, status, line);
}

hf_err release_publisher(struct shelf *s, const struct hf_policy *p, struct signer *key)
{
	int at;

	HF_TRY(release_signer(s, key));
	at = hf_policy_find(p, HF_ARR(key->kid));
	if (at >= 0 && (p->publishers >> at & 1) != 0)
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_SIGNER_ABSENT, "policy %llu knows this key as no publisher",
			  (unsigned long long)p->number);
}

static hf_err make_leaf(struct job *j)
{
	struct signer key HF_AUTO(signer_close) = { 0 };
	uint8_t checksum[HF_SHA256_LEN], message[HF_LEAF_MESSAGE_LEN];

	HF_TRY(release_publisher(j->s, j->p, &key));
	HF_TRY(hf_leaf_checksum(j->d, checksum));
	hf_leaf_message(checksum, message);
	hf_err err = signer_sign(&key, HF_ARR(message), j->proof.leaf_sig);
	if (err != HF_OK) {
		j->s->why = key.why;
		return err;
	}
	memcpy(j->pub, key.pub, sizeof(j->pub));
	HF_TRY(hf_leaf_write(checksum, j->proof.leaf_sig, key.pub, j->leaf));
	const hf_bytes pub = HF_ARR(key.pub);
	HF_TRY(hf_crypto_sha256(&pub, 1, j->proof.publisher));
	return hf_merkle_leaf(HF_ARR(j->leaf), &j->leaf_hash);
}

/* Send until the log says that the leaf is published (200), or time is up. */
static hf_err submit(struct job *j)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024),
			   answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	char message[SHELF_HEX], signature[2 * HF_ED25519_SIG_LEN + 1], key[SHELF_HEX];
	int status = 0;

	shelf_hex((hf_bytes){ j->d, HF_SHA256_LEN }, message);
	shelf_hex(HF_ARR(j->proof.leaf_sig), signature);
	shelf_hex(HF_ARR(j->pub), key);
	HF_TRY(hf_buf_printf(&body, "message=%s\nsignature=%s\npublic_key=%s\n", message, signature, key));
	do {
		HF_TRY(log_client_ask(&j->client, "add-leaf", hf_buf_bytes(&body), &status, &answer));
		if (status == 200)
			return HF_OK;
		if (status != 202 && status != 429 && status < 500)
			return refused(j, "add-leaf", status, &answer);
	} while (may_wait(j));
	return hf_why_set(&j->s->why, HF_ERR_LOG_WAIT,
			  "the log has taken the leaf, but not published it in time");
}

/* One look at head and path: *known false when the head is older than the leaf. */
static hf_err look(struct job *j, bool *known)
{
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	char path[128], hash[SHELF_HEX];
	int status = 0;

	*known = false;
	HF_TRY(log_client_ask(&j->client, "get-tree-head", (hf_bytes){ 0 }, &status, &answer));
	if (status != 200)
		return refused(j, "get-tree-head", status, &answer);
	HF_TRY(log_text_head(hf_buf_bytes(&answer), &j->proof.head));
	j->proof.path = (struct log_path){ 0 };
	*known = j->proof.head.head.size == 1;
	if (j->proof.head.head.size < 2)
		return HF_OK;
	shelf_hex(HF_ARR(j->leaf_hash.b), hash);
	(void)snprintf(path, sizeof(path), "get-inclusion-proof/%llu/%s",
		       (unsigned long long)j->proof.head.head.size, hash);
	HF_TRY(log_client_ask(&j->client, path, (hf_bytes){ 0 }, &status, &answer));
	*known = status == 200;
	if (status == 404)
		return HF_OK;
	return *known ? log_text_path(hf_buf_bytes(&answer), &j->proof.path)
		      : refused(j, path, status, &answer);
}

/* Whose head it is, is seen by its signature. */
static hf_err find_log(struct job *j)
{
	for (size_t i = 0; i < j->p->n_keys; i++)
		if ((j->p->logs >> i & 1) != 0 &&
		    hf_checkpoint_verify(j->p->key[i].pub.ptr, &j->proof.head.head, j->proof.head.sig) ==
			    HF_OK)
			return hf_crypto_sha256(&j->p->key[i].pub, 1, j->proof.log);
	return hf_why_set(&j->s->why, HF_ERR_PROOF_LOG, "no log of policy %llu signed the head",
			  (unsigned long long)j->p->number);
}

static hf_err judge(struct job *j, struct hf_out *out)
{
	struct hf_proof_result result;
	struct hf_proof proof;
	size_t used = 0;

	out->len = 0;
	HF_TRY(find_log(j));
	HF_TRY(log_text_convert(&j->proof, j->p, out));
	HF_TRY(hf_proof_read(hf_out_bytes(out), &proof, &used));
	return hf_proof_verify(&proof, j->p, j->d, (uint64_t)time(NULL), &result);
}

static hf_err wait_for_proof(struct job *j, struct hf_out *out)
{
	bool known = false;
	hf_err err;

	do {
		HF_TRY(look(j, &known));
		err = known ? judge(j, out) : HF_ERR_LOG_WAIT;
		if (err == HF_OK || (err != HF_ERR_LOG_WAIT && err != HF_ERR_PROOF_WITNESS))
			break;
	} while (may_wait(j));
	if (err != HF_OK)
		out->len = 0;
	return err == HF_OK ? HF_OK : hf_why_set(&j->s->why, err, "%s", "");
}

hf_err release_prove(struct shelf *s, const struct hf_policy *p, const uint8_t *d, struct hf_out *proof)
{
	struct job j = { .s = s, .p = p, .d = d };
	long wait_s = WAIT_S;

	if (!cli_number(s->args, "wait", 1, WAIT_MAX_S, WAIT_S, &wait_s))
		return hf_why_set(&s->why, HF_ERR_BASE_MISUSE, "--wait");
	j.deadline = hf_now_ms() + (uint64_t)wait_s * 1000;
	HF_TRY(log_client_open(cli_option(s->args, "log"), cli_option(s->args, "log-ca"), &s->why,
			       &j.client));
	HF_TRY(make_leaf(&j));
	HF_TRY(submit(&j));
	return wait_for_proof(&j, proof);
}

/* Leave out one cosignature record. */
static void without(hf_bytes cosigs, size_t i, struct hf_out *out)
{
	size_t at = i * HF_COSIG_LEN;

	memcpy(out->ptr, cosigs.ptr, at);
	memcpy(out->ptr + at, cosigs.ptr + at + HF_COSIG_LEN, cosigs.len - at - HF_COSIG_LEN);
	out->len = cosigs.len - HF_COSIG_LEN;
}

hf_err release_minimal(struct shelf *s, const struct hf_policy *p, const uint8_t *d, hf_bytes bytes,
		       struct hf_out *out)
{
	uint8_t mem[2][HF_PROOF_MAX_COSIGS * HF_COSIG_LEN];
	struct hf_proof_result result;
	struct hf_proof proof, less;
	size_t used = 0;
	int turn = 0;
	hf_err err = hf_proof_read(bytes, &proof, &used);

	if (err == HF_OK)
		err = hf_proof_verify(&proof, p, d, 0, &result);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "stored proof under policy %llu",
				  (unsigned long long)p->number);
	for (size_t i = proof.cosigs.len / HF_COSIG_LEN; i-- > 0;) {
		struct hf_out cosigs = { mem[turn], sizeof(mem[0]), 0 };

		without(proof.cosigs, i, &cosigs);
		less = proof;
		less.cosigs = hf_out_bytes(&cosigs);
		if (hf_proof_verify(&less, p, d, 0, &result) != HF_OK)
			continue;
		proof.cosigs = less.cosigs;
		turn = 1 - turn;
	}
	return hf_proof_write(&proof, out);
}

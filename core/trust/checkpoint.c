/* checkpoint.c -- leaves and heads as they are signed, rebuilt from numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/checkpoint.h>
#include "trust_priv.h"

hf_err hf_leaf_checksum(const uint8_t d[static HF_SHA256_LEN], uint8_t checksum[static HF_SHA256_LEN])
{
	const hf_bytes part = { d, HF_SHA256_LEN };

	return hf_crypto_sha256(&part, 1, checksum);
}

void hf_leaf_message(const uint8_t checksum[static HF_SHA256_LEN], uint8_t out[static HF_LEAF_MESSAGE_LEN])
{
	static const char name[] = "sigsum.org/v1/tree-leaf"; /* with its NUL */

	memcpy(out, name, sizeof(name));
	memcpy(out + sizeof(name), checksum, HF_SHA256_LEN);
}

static hf_err verdict(hf_err err, hf_err refusal)
{
	return err == HF_ERR_CRYPTO_SIGNATURE ? refusal : err;
}

hf_err hf_leaf_verify(const uint8_t checksum[static HF_SHA256_LEN],
		      const uint8_t publisher[static HF_ED25519_PUB_LEN],
		      const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t message[HF_LEAF_MESSAGE_LEN];

	hf_leaf_message(checksum, message);
	return verdict(hf_crypto_ed25519_verify(publisher, HF_ARR(message), sig), HF_ERR_PROOF_LEAF);
}

hf_err hf_leaf_write(const uint8_t checksum[static HF_SHA256_LEN],
		     const uint8_t sig[static HF_ED25519_SIG_LEN],
		     const uint8_t publisher[static HF_ED25519_PUB_LEN], uint8_t out[static HF_LEAF_LEN])
{
	const hf_bytes key = { publisher, HF_ED25519_PUB_LEN };

	memcpy(out, checksum, HF_SHA256_LEN);
	memcpy(out + HF_SHA256_LEN, sig, HF_ED25519_SIG_LEN);
	return hf_crypto_sha256(&key, 1, out + HF_SHA256_LEN + HF_ED25519_SIG_LEN);
}

hf_err hf_checkpoint_origin(const uint8_t log[static HF_ED25519_PUB_LEN], struct hf_out *out)
{
	const hf_bytes key = { log, HF_ED25519_PUB_LEN };
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&key, 1, hash));
	HF_TRY(hf_out_put(out, HF_STR("sigsum.org/v1/tree/")));
	return hf_hex_encode(HF_ARR(hash), out);
}

/* A number on a line of its own. */
static hf_err put_number(uint64_t v, struct hf_out *out)
{
	uint8_t digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\n';
	do {
		digits[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return hf_out_put(out, (hf_bytes){ digits + at, sizeof(digits) - at });
}

/* Padded base64 of a hash: 32 bytes are 43 characters of the URL code, two of which differ, and one '='. */
static hf_err put_base64(const struct hf_merkle_hash *hash, struct hf_out *out)
{
	size_t start = out->len;

	HF_TRY(hf_base64url_encode(HF_ARR(hash->b), out));
	for (size_t i = start; i < out->len; i++)
		if (out->ptr[i] == '-')
			out->ptr[i] = '+';
		else if (out->ptr[i] == '_')
			out->ptr[i] = '/';
	return hf_out_put(out, HF_STR("=\n"));
}

hf_err hf_checkpoint_body(const uint8_t log[static HF_ED25519_PUB_LEN], const struct hf_tree_head *head,
			  struct hf_out *out)
{
	if (head->size > HF_CHECKPOINT_MAX_NUMBER)
		return HF_ERR_PROOF_LOG;
	HF_TRY(hf_checkpoint_origin(log, out));
	HF_TRY(hf_out_put(out, HF_STR("\n")));
	HF_TRY(put_number(head->size, out));
	return put_base64(&head->root, out);
}

hf_err hf_cosignature_message(const uint8_t log[static HF_ED25519_PUB_LEN], const struct hf_tree_head *head,
			      uint64_t time, struct hf_out *out)
{
	if (time > HF_CHECKPOINT_MAX_NUMBER)
		return HF_ERR_PROOF_WITNESS;
	HF_TRY(hf_out_put(out, HF_STR("cosignature/v1\ntime ")));
	HF_TRY(put_number(time, out));
	return hf_checkpoint_body(log, head, out);
}

hf_err hf_checkpoint_verify(const uint8_t log[static HF_ED25519_PUB_LEN], const struct hf_tree_head *head,
			    const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out body = HF_OUT(mem);

	HF_TRY(hf_checkpoint_body(log, head, &body));
	return verdict(hf_crypto_ed25519_verify(log, hf_out_bytes(&body), sig), HF_ERR_PROOF_LOG);
}

hf_err hf_cosignature_verify(const uint8_t log[static HF_ED25519_PUB_LEN], const struct hf_tree_head *head,
			     uint64_t time, const uint8_t witness[static HF_ED25519_PUB_LEN],
			     const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out message = HF_OUT(mem);

	HF_TRY(hf_cosignature_message(log, head, time, &message));
	return verdict(hf_crypto_ed25519_verify(witness, hf_out_bytes(&message), sig), HF_ERR_PROOF_WITNESS);
}

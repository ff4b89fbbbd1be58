/* loghead.c -- a cosigned head as a note, and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/lognote.h>
#include <hf/logseq.h>

hf_err hf_loghead_write(const struct hf_loghead *h, const uint8_t log[static HF_ED25519_PUB_LEN],
			const struct hf_policy *policy, struct hf_buf *out)
{
	HF_TRY(hf_note_put_body(out, log, &h->head));
	HF_TRY(hf_note_put_log_line(out, log, h->sig));
	for (size_t i = 0; i < h->n; i++)
		HF_TRY(hf_note_put_cosignature(out, policy->key[h->cosig[i].key].pub.ptr, h->cosig[i].time,
					       h->cosig[i].sig));
	return HF_OK;
}

static hf_err read_cosigs(const struct hf_note *note, const uint8_t log[static HF_ED25519_PUB_LEN],
			  const struct hf_policy *policy, struct hf_loghead *h, hf_key_set *set)
{
	for (size_t i = 0; i < policy->n_keys; i++) {
		const struct hf_policy_key *key = &policy->key[i];
		const struct hf_note_line *line;
		struct hf_log_cosig *c = &h->cosig[h->n];

		line = key->role == HF_ROLE_WITNESS ? hf_note_find(note, HF_NOTE_COSIGNATURE, key->pub.ptr)
						    : NULL;
		if (line == NULL || h->n == HF_LOGSEQ_COSIGS)
			continue;
		c->key = (int)i;
		c->time = hf_get_be64(line->payload);
		memcpy(c->sig, line->payload + 8, HF_ED25519_SIG_LEN);
		HF_TRY(hf_cosignature_verify(log, &h->head, c->time, key->pub.ptr, c->sig));
		h->n++;
		*set |= (hf_key_set)1 << i;
	}
	return HF_OK;
}

hf_err hf_loghead_read(hf_bytes text, const uint8_t log[static HF_ED25519_PUB_LEN],
		       const struct hf_policy *policy, struct hf_loghead *h)
{
	struct hf_note note;
	const struct hf_note_line *line;
	hf_key_set set = 0;

	*h = (struct hf_loghead){ 0 };
	HF_TRY(hf_note_read(text, &note));
	line = hf_note_find(&note, HF_NOTE_LOG, log);
	if (line == NULL)
		return HF_ERR_PROOF_LOG;
	h->head = note.head;
	memcpy(h->sig, line->payload, HF_ED25519_SIG_LEN);
	HF_TRY(hf_checkpoint_verify(log, &h->head, h->sig));
	HF_TRY(read_cosigs(&note, log, policy, h, &set));
	return hf_verdict_is_yes(hf_quorum_met(policy, policy->witness, set)) ? HF_OK : HF_ERR_PROOF_WITNESS;
}

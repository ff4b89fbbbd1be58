/* Signatures of sources: FILE.cose beside FILE is a detached COSE_Sign1 by Ed25519 over the file's SHA-256,
 * whose kid is the public key itself. The first key seen for a source is remembered; afterwards only it
 * counts, so whoever can swap the file on its way cannot also swap the signer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/cose.h>
#include <hf/file.h>
#include "feed_priv.h"

enum { SIGNATURE_MAX = 4096, KEY_LEN = 32, SCRATCH = 256 };

static hf_err verify(hf_bytes object, const uint8_t sha256[static 32], char signer[static HF_FEED_TEXT_CAP])
{
	uint8_t room[SCRATCH], hex[2 * KEY_LEN];
	struct hf_out scratch = HF_OUT(room), text = HF_OUT(hex);
	struct hf_cose_sign1 s;

	HF_TRY(hf_cose_sign1_read(object, &s));
	if (!s.detached || s.alg != HF_COSE_ED25519 || s.kid.len != KEY_LEN)
		return HF_ERR_FEED_SIGNATURE;
	s.payload = (hf_bytes){ sha256, 32 };
	struct hf_cose_pub key = { s.alg, s.kid };
	HF_TRY(hf_cose_sign1_verify(&s, &key, HF_STR("hf/feed/1"), &scratch));
	HF_TRY(hf_hex_encode(s.kid, &text));
	(void)snprintf(signer, HF_FEED_TEXT_CAP, "%.*s", (int)text.len, (const char *)hex);
	return HF_OK;
}

hf_err hf__signer_of(const char *path, const uint8_t sha256[static 32], const char *pinned,
		     char signer[static HF_FEED_TEXT_CAP], struct hf_why *why)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(SIGNATURE_MAX);
	char name[4096];
	hf_err err;

	if (snprintf(name, sizeof(name), "%s.cose", path) >= (int)sizeof(name) || !hf_file_exists(name))
		return HF_OK;
	HF_TRY(hf_file_read(name, &object, why));
	err = verify(hf_buf_bytes(&object), sha256, signer);
	if (err != HF_OK)
		return hf_why_set(why, HF_ERR_FEED_SIGNATURE, "%s: signature does not verify", name);
	if (pinned[0] && strcmp(pinned, signer) != 0)
		return hf_why_set(why, HF_ERR_FEED_SIGNATURE, "%s: signed by another key than before", name);
	return HF_OK;
}

/* key_ssh.c -- the keys of SSH: OpenSSH's and dropbear's private files, and who may log in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/openssh.h>
#include "key_priv.h"

enum { DROPBEAR_MAX = 8192, AUTHORIZED_MAX = 1024 };

static bool take(hf_bytes *rest, hf_bytes *string)
{
	return hf_openssh_take(rest, string) == HF_OK;
}

hf_err hf__scan_key_put_openssh(const struct hf__scan_job *job, hf_bytes blob, uint64_t offset,
				uint64_t length)
{
	static const uint8_t magic[] = "openssh-key-v1";
	hf_bytes rest = blob, cipher, kdf, options, public;
	struct hf_keyfacts facts;
	struct hf_fact fact;

	if (blob.len < sizeof(magic) || memcmp(blob.ptr, magic, sizeof(magic)) != 0)
		return HF_OK;
	rest = hf_span_from(rest, sizeof(magic));
	if (!take(&rest, &cipher) || !take(&rest, &kdf) ||
	    !take(&rest, &options) || rest.len < 4)
		return HF_OK;
	rest = hf_span_from(rest, 4);
	if (!take(&rest, &public) || hf_keyfacts_ssh(public, &facts) != HF_OK || rest.len < 32)
		return HF_OK;
	fact = hf__scan_key_fact(job, hf_span_is(cipher, "none") ? HF_KEYC_PRIVATE : HF_KEYC_ENCRYPTED,
				 offset, length);
	hf__scan_key_measure(&fact, &facts);
	return hf__scan_key_put(job, &fact, blob);
}

/* dropbear writes the public strings and then the secret ones; for Ed25519 both halves are one string. */
static bool dropbear_public(hf_bytes all, struct hf_out *blob)
{
	hf_bytes rest = all, kind, second, third;
	uint8_t len[4];

	if (!take(&rest, &kind) || !take(&rest, &second))
		return false;
	if (hf_span_is(kind, "ssh-ed25519")) {
		if (second.len != 64 || rest.len != 0)
			return false;
		hf_put_be32(len, 32);
		return hf_out_put(blob, (hf_bytes){ all.ptr, 4 + kind.len }) == HF_OK &&
		       hf_out_put(blob, HF_ARR(len)) == HF_OK &&
		       hf_out_put(blob, hf_span_from(second, 32)) == HF_OK;
	}
	if (!hf_span_is(kind, "ssh-rsa") && !hf_span_begins(kind, "ecdsa-sha2-nistp"))
		return false;
	/* Something secret must follow, or it is only a public key. */
	return take(&rest, &third) && rest.len >= 32 &&
	       hf_out_put(blob, hf_span_upto(all, all.len - rest.len)) == HF_OK;
}

static hf_err put_dropbear(struct hf__scan_job *job)
{
	hf_bytes all = hf__scan_view_upto(job->view, 0, DROPBEAR_MAX);
	uint8_t room[2048];
	struct hf_out blob = HF_OUT(room);
	struct hf_keyfacts facts;
	struct hf_fact fact;

	if (job->src->size > DROPBEAR_MAX || all.len < 64 || all.ptr[0] != 0 || all.ptr[1] != 0 ||
	    !dropbear_public(all, &blob) || hf_keyfacts_ssh(hf_out_bytes(&blob), &facts) != HF_OK)
		return HF_OK;
	fact = hf__scan_key_fact(job, HF_KEYC_PRIVATE, 0, all.len);
	fact.num[HF_KEY_FLAGS] |= HF_KEYF_HOST;
	hf__scan_key_measure(&fact, &facts);
	return hf__scan_key_put(job, &fact, all);
}

/* [options] kind base64 [comment]; options may hold quoted blanks, so the kind is searched by its base64. */
static hf_err put_authorized(struct hf__scan_job *job, hf_bytes line, uint64_t offset)
{
	struct hf_fact fact = hf__scan_key_fact(job, HF_KEYC_AUTHORIZED, offset, line.len);
	uint8_t room[4096];
	hf_bytes rest = line, word;

	while (hf__scan_word(&rest, &word)) {
		struct hf_out blob = HF_OUT(room);
		struct hf_keyfacts facts;

		if (!hf_span_begins(word, "AAAA") || !hf__scan_base64(word, &blob) ||
		    hf_keyfacts_ssh(hf_out_bytes(&blob), &facts) != HF_OK)
			continue;
		hf__scan_key_measure(&fact, &facts);
		fact.num[HF_KEY_FLAGS] = 0;
		fact.text[HF_KEY_NAME] = hf_span_trim(rest);
		return hf__scan_key_put(job, &fact, hf_out_bytes(&blob));
	}
	return HF_OK;
}

static hf_err put_authorized_file(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;
	unsigned n = 0;

	while (n < AUTHORIZED_MAX && hf_span_line(&rest, &line)) {
		uint64_t offset = (uint64_t)(line.ptr - job->text.ptr);

		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		HF_TRY(put_authorized(job, line, offset));
		n++;
	}
	return HF_OK;
}

hf_err hf__scan_key_ssh_files(struct hf__scan_job *job)
{
	if (job->kind == HF_KIND_OTHER)
		return put_dropbear(job);
	if (job->text.len > 0 &&
	    (hf_span_is(job->base, "authorized_keys") || hf_span_is(job->base, "authorized_keys2") ||
	     hf_span_find(job->name, "/authorized_keys.d/") != SIZE_MAX))
		return put_authorized_file(job);
	return HF_OK;
}

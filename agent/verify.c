/* `verify`: a bundle from a file, judged as the device judges one from the channel, in the same sandbox.
 * SPDX-License-Identifier: Apache-2.0 */
#include "upd.h"
#include <hf/file.h>
#include <hf/json.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *dir, *file;
	bool json;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			o->dir = argv[++i];
		else if (argv[i][0] != '-' && o->file == NULL)
			o->file = argv[i];
		else
			return false;
	}
	return o->dir != NULL && o->file != NULL;
}

static hf_err judge(const struct options *o, struct upd_report *r, struct hf_why *why)
{
	static struct agent a;
	static struct upd_device device;
	struct hf_buf bundle HF_AUTO(hf_buf_free) = HF_BUF(HF_BUNDLE_MAX_LEN);
	hf_err err;

	HF_TRY(agent_open(&a, o->dir, why));
	HF_TRY(upd_open(&device, &a, why));
	err = hf_file_read(o->file, &bundle, why);
	if (err == HF_ERR_FILE_TOO_LARGE) { /* longer than any bundle */
		*r = (struct upd_report){ .has_release = true, .verdict = HF_ERR_BUNDLE_FORMAT };
		return HF_OK;
	}
	HF_TRY(err);
	HF_TRY(upd_seal(&a, 0, why));
	return upd_verify(&device, hf_buf_bytes(&bundle), r, why);
}

static int print(const struct options *o, const struct upd_report *r)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &text };

	hf_json_open(&j, NULL, '{');
	hf_json_put_bool(&j, "install", r->verdict == HF_OK && r->has_release);
	hf_json_put_text(&j, "reason", upd_reason(r->verdict));
	hf_json_put_hex(&j, "d", HF_ARR(r->d));
	hf_json_put_uint(&j, "sequence", r->sequence);
	hf_json_put_uint(&j, "signers", r->n_signers);
	hf_json_put_uint(&j, "witnesses", r->n_witnesses);
	hf_json_put_uint(&j, "links", r->n_links);
	hf_json_put_uint(&j, "policy", r->policy_number);
	hf_json_put_uint(&j, "quorum_time", r->quorum_time);
	hf_json_put_bool(&j, "stale", r->stale);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return 1;
	if (o->json)
		puts(hf_buf_text(&text));
	else if (r->verdict != HF_OK)
		(void)fprintf(stderr, "holdfast-agent: %s: refused: %s\n", o->file, upd_reason(r->verdict));
	else if (!r->has_release)
		(void)fprintf(stderr, "holdfast-agent: %s: good, policy %llu\n", o->file,
			      (unsigned long long)r->policy_number);
	else
		(void)fprintf(stderr, "holdfast-agent: %s: good, sequence %llu, %u signers, %u witnesses\n",
			      o->file, (unsigned long long)r->sequence, r->n_signers, r->n_witnesses);
	return r->verdict == HF_OK ? 0 : 1;
}

int agent_cmd_verify(int argc, char **argv)
{
	struct options o = { NULL, NULL, false };
	struct upd_report r = { .verdict = HF_OK };
	struct hf_why why = { HF_OK, "" };

	if (!read_options(argc, argv, &o)) {
		(void)fprintf(stderr, "usage: holdfast-agent verify FILE --dir STATE [--json]\n");
		return 2;
	}
	if (judge(&o, &r, &why) != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: verify: %s\n", hf_why_text(&why));
		return 3;
	}
	return print(&o, &r);
}

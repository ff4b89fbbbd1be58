/* cmd_vouch.c -- one operator accepted a device by its claim code; the others take over that result.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include <holdfast/vouch.h>
#include "print.h"
#include "trust.h"
#include "verbs.h"

const struct cli_opt cli_vouch_opts[] = {
	{ "out", "FILE", "write it there (required)" },
	WHO,
	{ 0 }
};

static void print_result(const struct cli_args *args, const struct hf_vouch *v, const char *by)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &text };
	uint8_t kid[HF_KID_LEN] = { 0 };

	(void)!hf_crypto_kid(HF_ARR(v->e.signing), kid);
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "dev", v->e.dev);
	hf_json_put_uint(&j, "generation", v->e.gen);
	hf_json_put_hex(&j, "signing_key", HF_ARR(kid));
	hf_json_put_text(&j, "by", by);
	hf_json_close(&j);
	if (args->json && hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

/* ---- vouch --------------------------------------------------------------------------------------- */

static bool fill(struct session *s, const char *dev, struct hf_vouch *v)
{
	static uint8_t points[TRUST_SIGNERS_MAX][HF_P256_POINT_LEN];
	struct trust t;
	size_t n;

	if (!trust_refresh(s, dev, &t))
		return false;
	*v = (struct hf_vouch){ .e = t.e, .time = (uint64_t)time(NULL) };
	n = trust_signers(s, dev, points);
	for (size_t i = 0; i < n && v->n_earlier < HF_VOUCH_MAX_EARLIER; i++)
		if (memcmp(points[i], t.e.signing, HF_P256_POINT_LEN) != 0)
			memcpy(v->earlier[v->n_earlier++], points[i], HF_P256_POINT_LEN);
	return true;
}

static bool write_vouch(struct session *s, const char *dev, const char *path, struct hf_vouch *v)
{
	uint8_t mem[HF_VOUCH_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	struct hf_why why = { 0 };
	hf_err err;

	if (!session_open_key(s) || !fill(s, dev, v))
		return false;
	if (hf_policy_find(&s->policy, HF_ARR(s->kid)) < 0)
		return cli_fail("your key is not in the trust policy; nobody would believe you") == CLI_DONE;
	err = hf_vouch_write(v, &s->key.key, &out);
	if (err != HF_OK)
		return cli_fail("sign: %s", hf_err_text(err)) == CLI_DONE;
	return hf_file_replace(path, hf_out_bytes(&out), 0644, &why) == HF_OK ||
	       cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

int cli_cmd_vouch(const struct cli_args *args)
{
	const char *dev = args->args[0], *path = cli_option(args, "out");
	static struct hf_vouch v;
	struct session s;
	bool ok;

	if (!session_is_dev(dev))
		return CLI_USAGE;
	if (path == NULL)
		return cli_usage("device vouch: --out FILE is needed");
	if (hf_file_exists(path))
		return cli_fail("%s exists already; nothing was changed", path);
	if (!session_open(args, &s))
		return session_refused(args);
	ok = write_vouch(&s, dev, path, &v);
	if (ok) {
		cli_say(args, "Signed by you. Next: holdfast device trust %s (by another operator).", path);
		print_result(args, &v, NULL);
	}
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- trust --------------------------------------------------------------------------------------- */

static bool read_vouch(const struct session *s, const char *path, struct hf_vouch *v)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_VOUCH_MAX_LEN);
	struct hf_why why = { 0 };
	hf_err err;

	if (hf_file_read(path, &file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	err = hf_vouch_open(hf_buf_bytes(&file), &s->policy, (uint64_t)time(NULL), v);
	return err == HF_OK || cli_fail("%s: %s", path, hf_err_text(err)) == CLI_DONE;
}

/* What is known already goes on by the device's own chain only: no operator can turn it back or aside. */
static bool is_acceptable(const struct trust *t, const struct hf_vouch *v, bool *same)
{
	*same = t->known && t->e.gen == v->e.gen &&
		memcmp(t->e.signing, v->e.signing, sizeof(v->e.signing)) == 0 &&
		memcmp(t->e.encryption, v->e.encryption, sizeof(v->e.encryption)) == 0;
	if (*same || !t->known)
		return true;
	if (v->e.gen == t->e.gen)
		return cli_fail("%s: it names other keys of generation %u than you have accepted; one of you "
				"was deceived",
				t->dev, t->e.gen) == CLI_DONE;
	if (v->e.gen < t->e.gen)
		return cli_fail("%s: it is of generation %u, and you have accepted generation %u", t->dev,
				v->e.gen, t->e.gen) == CLI_DONE;
	return cli_fail("%s: you have accepted generation %u; the later ones come from the device itself",
			t->dev, t->e.gen) == CLI_DONE;
}

static bool accept_keys(const struct session *s, const struct hf_vouch *v, struct trust *t)
{
	for (size_t i = 0; i < v->n_earlier; i++) {
		memcpy(t->e.signing, v->earlier[i], sizeof(t->e.signing));
		if (!trust_keep_signer(s, t))
			return false;
	}
	t->e = v->e;
	t->known = true;
	return trust_keep_signer(s, t) && trust_save(s, t);
}

static bool take(const struct session *s, const char *path, struct hf_vouch *v)
{
	char holder[64] = "";
	struct trust t;
	hf_bytes name;
	bool same;

	if (!read_vouch(s, path, v) || !trust_load(s, v->e.dev, &t) || !is_acceptable(&t, v, &same))
		return false;
	if (!same && !accept_keys(s, v, &t))
		return false;
	name = s->policy.key[v->signer].holder;
	snprintf(holder, sizeof(holder), "%.*s", (int)name.len, (const char *)name.ptr);
	cli_say(s->args, same ? "%s: known already, as %s says." : "%s: its keys are accepted, as %s says.",
		v->e.dev, holder);
	print_result(s->args, v, holder);
	return true;
}

int cli_cmd_trust(const struct cli_args *args)
{
	static struct hf_vouch v;
	struct session s;
	bool ok;

	if (!session_open(args, &s))
		return session_refused(args);
	ok = take(&s, args->args[0], &v);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

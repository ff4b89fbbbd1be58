/* cmd_verify.c -- `holdfast verify`: the device's own verifier on a customer's desk. It opens files, and no
 * socket: what it knows, it knows from the bundle and the policy.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/json.h>
#include <hf/linux.h>
#include <hf/pki.h>
#include "log_text.h"
#include "print.h"
#include "release.h"
#include "verbs.h"

enum { BOARD_MAX = 0x7fffffff };

const struct cli_opt cli_verify_opts[] = {
	{ "policy", "FILE", "policy statement to begin with, that you trust (required)" },
	{ "image", "FILE",
	  "is this the image that was released? With --sigsum-proof: the file that was logged" },
	{ "state", "DIR", "remember policy and time there, as a device does; they never go back" },
	{ "class", "MODEL", "of the device: model, or 32 hex digits (default: the release's)" },
	{ "floor", "NUMBER", "lowest sequence accepted (default 0)" },
	{ "board", "NUMBER", "board revision of the device (default: one that the release allows)" },
	{ "installed", "NUMBER", "sequence that the device has confirmed (default: enough)" },
	{ "agent-level", "NUMBER", "level of the device's agent (default: enough)" },
	{ "data-level", "NUMBER", "format of the device's data (default: old enough)" },
	{ "sigsum-proof", NULL, "BUNDLE is a proof as Sigsum's tools write it, version 1 or 2" },
	{ 0 },
};
const char cli_verify_text[] = "Needs no network and makes no call. Prints file, D and signers; a refusal "
			       "names its reason (E_QUORUM, ...) and "
			       "exits with 1. doc/release.md lists the reasons.";

struct verifier {
	struct shelf s; /* words, exit status */
	struct shelf_policy policy;
	struct hf_buf bundle, image;
	struct hf_port port;
	struct hf_trust trust;
	struct hf_release release;
	struct hf_device_facts facts;
	uint8_t class_id[HF_PKI_UUID_LEN], vendor[HF_PKI_UUID_LEN];
	uint8_t scratch[HF_STATEMENT_SCRATCH];
};

static void verifier_free(struct verifier **v)
{
	hf_linux_close(&(*v)->port);
	hf_buf_free(&(*v)->bundle);
	hf_buf_free(&(*v)->image);
	shelf_policy_end(&(*v)->policy);
}

static hf_err read_class(struct verifier *v, const char *text)
{
	struct hf_out hex = HF_OUT(v->class_id);

	if (strlen(text) == 2 * (size_t)HF_PKI_UUID_LEN && hf_hex_decode(release_text(text), &hex) == HF_OK)
		return HF_OK;
	return hf_pki_uuid5(v->vendor, release_text(text), v->class_id);
}

/* A customer has no device at hand: what was not said about it is taken as the release wants it. Nothing of
 * this decides who signed. */
static void suppose(struct verifier *v, bool class_given)
{
	struct hf_envelope e;
	struct hf_manifest m;
	struct hf_bundle b;
	uint64_t board = 0;
	struct hf_cborr r;
	size_t n = 0;

	if (hf_bundle_read(hf_buf_bytes(&v->bundle), &b) != HF_OK ||
	    hf_envelope_read(b.object, &e) != HF_OK || hf_manifest_read(e.manifest, &m) != HF_OK)
		return;
	if (!class_given)
		memcpy(v->class_id, m.class_id.ptr, sizeof(v->class_id));
	if (cli_option(v->s.args, "data-level") == NULL)
		v->facts.data_level = (m.conditions & HF_MANIFEST_HAS_DATA) != 0 ? m.data_level : 0;
	if (cli_option(v->s.args, "board") != NULL || (m.conditions & HF_MANIFEST_HAS_BOARDS) == 0)
		return;
	hf_cbor_reader(&r, m.boards);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_uint(&r, &board);
	v->facts.board = board;
}

static hf_err read_facts(struct verifier *v)
{
	const struct cli_args *args = v->s.args;
	const char *class_name = cli_option(args, "class");
	long floor = 0, board = 0, installed = 0, agent = 0, data = 0;

	if (!cli_number(args, "floor", 0, INT64_MAX, 0, &floor) ||
	    !cli_number(args, "board", 0, BOARD_MAX, 0, &board) ||
	    !cli_number(args, "installed", 0, INT64_MAX, INT64_MAX, &installed) ||
	    !cli_number(args, "agent-level", 0, INT64_MAX, INT64_MAX, &agent) ||
	    !cli_number(args, "data-level", 0, INT64_MAX, 0, &data))
		return HF_ERR_BASE_MISUSE;
	memcpy(v->vendor, v->policy.p.vendor.ptr, sizeof(v->vendor));
	v->facts = (struct hf_device_facts){ .vendor = HF_ARR(v->vendor),
					     .class_id = HF_ARR(v->class_id),
					     .component = HF_COMPONENT_MAIN,
					     .floor = (uint64_t)floor,
					     .installed = (uint64_t)installed,
					     .board = (uint64_t)board,
					     .agent_level = agent,
					     .data_level = data,
					     .now = (uint64_t)time(NULL) };
	if (class_name != NULL)
		HF_TRY(read_class(v, class_name));
	suppose(v, class_name != NULL);
	return HF_OK;
}

static hf_err start_trust(struct verifier *v)
{
	const char *state = cli_option(v->s.args, "state");
	struct hf_out scratch = HF_OUT(v->scratch);
	hf_err err;

	if (state != NULL) {
		HF_TRY(hf_dir_create(state, 0700, &v->s.why));
		err = hf_linux_open(&v->port, state);
		if (err != HF_OK)
			return shelf_fail(&v->s, err, "--state %s", state);
	}
	err = hf_trust_start(&v->trust, state != NULL ? &v->port : NULL, hf_buf_bytes(&v->policy.file),
			     &scratch);
	return err == HF_OK ? HF_OK : shelf_fail(&v->s, err, "--policy");
}

static hf_err check_image(struct verifier *v)
{
	const struct hf_manifest *m = &v->release.manifest;
	const char *file = cli_option(v->s.args, "image");
	uint8_t hash[HF_SHA256_LEN], root[HF_SHA256_LEN];
	hf_bytes image;

	if (file == NULL)
		return HF_OK;
	HF_TRY(hf_file_read(file, &v->image, &v->s.why));
	image = hf_buf_bytes(&v->image);
	HF_TRY(hf_crypto_sha256(&image, 1, hash));
	HF_TRY(release_chunk_root(image, m->chunk_bits, root));
	if (image.len == m->image_size && hf_bytes_equal(HF_ARR(hash), m->image_digest) &&
	    hf_bytes_equal(HF_ARR(root), m->chunk_root))
		return HF_OK;
	return hf_why_set(&v->s.why, HF_ERR_VERIFY_IMAGE, "%s is not the image that was released", file);
}

static hf_err print_good(const struct verifier *v)
{
	struct hf_buf signers HF_AUTO(hf_buf_free) = HF_BUF(4096),
			      rebuilders HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct hf_json_out j = { .buf = &text };
	const struct hf_release *r = &v->release;
	char d[SHELF_HEX], version[HF_MANIFEST_MAX_VERSION_LEN + 1];

	shelf_hex(HF_ARR(r->envelope.d), d);
	(void)snprintf(version, sizeof(version), "%.*s", (int)r->manifest.version.len,
		       (const char *)r->manifest.version.ptr);
	HF_TRY(release_names(&v->trust.policy, r->signers, &signers));
	HF_TRY(release_names(&v->trust.policy, r->rebuilders, &rebuilders));
	if (!v->s.args->json) {
		printf("%s: good\nD           %s\nversion     %s, sequence %llu\nsigned by   %s\nrebuilt by  "
		       "%s\n",
		       v->s.args->args[0], d, version, (unsigned long long)r->manifest.sequence,
		       hf_buf_text(&signers), hf_buf_text(&rebuilders));
		printf("policy      %llu\nlogged      leaf in a tree of %llu, cosigned by a quorum at %llu\n",
		       (unsigned long long)v->trust.policy.number, (unsigned long long)r->proof.head.size,
		       (unsigned long long)r->proof.quorum_time);
		return HF_OK;
	}
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "file", v->s.args->args[0]);
	hf_json_put_text(&j, "d", d);
	hf_json_put_text(&j, "version", version);
	hf_json_put_uint(&j, "sequence", r->manifest.sequence);
	hf_json_put_text(&j, "signers", hf_buf_text(&signers));
	hf_json_put_text(&j, "rebuilders", hf_buf_text(&rebuilders));
	hf_json_put_uint(&j, "policy", v->trust.policy.number);
	hf_json_put_uint(&j, "tree_size", r->proof.head.size);
	hf_json_put_uint(&j, "quorum_time", r->proof.quorum_time);
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	printf("%s\n", hf_buf_text(&text));
	return HF_OK;
}

static hf_err verify_bundle(struct verifier *v)
{
	struct hf_out scratch = HF_OUT(v->scratch);
	char number[24];
	hf_err err;

	HF_TRY(read_facts(v));
	HF_TRY(start_trust(v));
	err = hf_bundle_verify(hf_buf_bytes(&v->bundle), &v->trust, &v->facts, &scratch, &v->release);
	if (err == HF_ERR_BUNDLE_CHAIN && hf_release_reason(v->release.cause) != NULL)
		return hf_why_set(&v->s.why, err, "%s (%s)", hf_err_text(err),
				  hf_release_reason(v->release.cause));
	if (err != HF_OK)
		return hf_why_set(&v->s.why, err, "%s", "");
	if (hf_verdict_is_yes(v->release.install)) {
		HF_TRY(check_image(v));
		return print_good(v);
	}
	if (cli_option(v->s.args, "image") != NULL)
		return hf_why_set(&v->s.why, HF_ERR_VERIFY_IMAGE, "this bundle carries policies only");
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)v->trust.policy.number);
	if (v->s.args->json)
		print_pairs(true, "file", v->s.args->args[0], "policy", number, NULL);
	else
		printf("%s: good\npolicy      %s\n", v->s.args->args[0], number);
	return HF_OK;
}

static void print_proof(const struct verifier *v, const char *file, const char *d,
			const struct hf_proof_result *result)
{
	char size[24], time[24];

	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)result->head.size);
	(void)snprintf(time, sizeof(time), "%llu", (unsigned long long)result->quorum_time);
	if (v->s.args->json)
		print_pairs(true, "file", file, "d", d, "tree_size", size, "quorum_time", time, NULL);
	else
		printf("%s: good\nD           %s\n"
		       "logged      leaf in a tree of %s, cosigned by a quorum at %s\n",
		       file, d, size, time);
}

static hf_err verify_proof(struct verifier *v)
{
	const char *file = cli_option(v->s.args, "image");
	uint8_t d[HF_SHA256_LEN], checksum[HF_SHA256_LEN], mem[HF_PROOF_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	struct hf_proof_result result;
	static struct log_proof memory; /* a program verifies one thing */
	struct log_proof *p = &memory;
	struct hf_proof proof;
	char hex[SHELF_HEX];
	size_t used = 0;
	hf_bytes content;
	hf_err err;

	HF_TRY(hf_file_read(file, &v->image, &v->s.why));
	content = hf_buf_bytes(&v->image);
	HF_TRY(hf_crypto_sha256(&content, 1, d));
	HF_TRY(hf_leaf_checksum(d, checksum));
	err = log_text_proof(hf_buf_bytes(&v->bundle), p);
	if (err == HF_OK && p->has_checksum_start && memcmp(p->checksum_start, checksum, 2) != 0)
		err = HF_ERR_PROOF_LEAF;
	if (err == HF_OK)
		err = log_text_convert(p, &v->policy.p, &out);
	if (err == HF_OK)
		err = hf_proof_read(hf_out_bytes(&out), &proof, &used);
	if (err == HF_OK)
		err = hf_proof_verify(&proof, &v->policy.p, d, (uint64_t)time(NULL), &result);
	if (err != HF_OK)
		return hf_why_set(&v->s.why, err, "%s", "");
	shelf_hex(HF_ARR(d), hex);
	print_proof(v, file, hex, &result);
	return HF_OK;
}

int cli_cmd_verify(const struct cli_args *args)
{
	static struct verifier memory;
	struct verifier *v HF_AUTO(verifier_free) = &memory;
	bool sigsum = cli_flag(args, "sigsum-proof");
	const char *policy = cli_option(args, "policy");
	hf_err err;

	v->port = HF_LINUX_PORT_NONE;
	if (policy == NULL)
		return cli_usage("verify: --policy FILE is needed");
	if (sigsum && cli_option(args, "image") == NULL)
		return cli_usage("verify: --sigsum-proof needs --image FILE, the file that was logged");
	v->s.args = args;
	v->bundle = HF_BUF(sigsum ? LOG_TEXT_MAX : HF_BUNDLE_MAX_LEN);
	v->image = HF_BUF(SHELF_IMAGE_MAX);
	err = shelf_policy_file(&v->s, policy, &v->policy);
	if (err == HF_OK)
		err = hf_file_read(args->args[0], &v->bundle, &v->s.why);
	if (err == HF_ERR_FILE_TOO_LARGE)
		err = hf_why_set(&v->s.why, HF_ERR_BUNDLE_FORMAT, "%s: longer than any bundle",
				 args->args[0]);
	if (err == HF_OK)
		err = sigsum ? verify_proof(v) : verify_bundle(v);
	return err == HF_ERR_BASE_MISUSE ? CLI_USAGE : shelf_end(&v->s, err);
}

/* cmd_data.c -- what devices sealed for their owner, opened here and nowhere else.
 * The owner's key is FOLDER/data.key: 32 bytes, mode 0600, made by --public. Devices learn its public
 * half by the command owners.set.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <holdfast/seal.h>
#include "print.h"
#include "trust.h"
#include "verbs.h"

enum { FRAMES_PAGE = 200 };

const struct cli_opt cli_data_opts[] = {
	{ "public", NULL, "print the public key that owners.set gives to devices, in hexadecimal" },
	WHO,
	{ 0 },
};

/* The private half; where it is absent, --public makes it. Nothing can be sealed to a key that nobody saw. */
static bool data_key(const struct session *s, struct hf_key *key, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_KEY_CAP);
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(s, "data.key", path))
		return false;
	if (!hf_file_exists(path) && !cli_flag(s->args, "public"))
		return cli_fail("%s: there is no data-owner key yet; 'holdfast device data DEV --public' "
				"makes it",
				path) == CLI_DONE;
	if (!hf_file_exists(path)) {
		if (hf_crypto_p256_generate(key, pub) != HF_OK)
			return cli_fail("no randomness") == CLI_DONE;
		if (hf_file_create(path, (hf_bytes){ key->b, key->len }, 0600, &why) == HF_OK)
			return true;
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	}
	if (hf_file_read_secret(path, &file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (file.len != 32)
		return cli_fail("%s: damaged", path) == CLI_DONE;
	memcpy(key->b, file.ptr, 32);
	key->len = 32;
	return hf_crypto_p256_public(key, pub) == HF_OK || cli_fail("%s: damaged", path) == CLI_DONE;
}

/* Keys the device has signed with, as its endorsements proved them. */
static uint8_t signers[TRUST_SIGNERS_MAX + 1][HF_P256_POINT_LEN];
static size_t n_signers;

static void load_signers(const struct session *s, const struct trust *t)
{
	n_signers = trust_signers(s, t->dev, signers);
	memcpy(signers[n_signers++], t->e.signing, HF_P256_POINT_LEN);
}

static bool open_stream(const struct hf_json *item, const struct hf_ecdhkey *owner, const struct trust *t,
			struct hf_seal_key *key)
{
	uint8_t mem[HF_SEAL_MAX_OWNERS * HF_SEAL_KEY_CAP], kid[HF_KID_LEN];
	const char *text = hf_json_text(hf_json_get(item, "bytes"), "");
	struct hf_out message = HF_OUT(mem);
	hf_bytes object;

	if (hf_base64url_decode(session_text(text), &message) != HF_OK ||
	    hf_crypto_kid(HF_ARR(owner->pub), kid) != HF_OK ||
	    hf_seal_key_find(hf_out_bytes(&message), kid, &object) != HF_OK)
		return false;
	for (size_t i = n_signers; i > 0; i--) { /* the newest first: an older one signed before a renewal */
		struct hf_cose_pub device = { .alg = HF_COSE_ES256, .key = HF_ARR(signers[i - 1]) };

		if (hf_seal_key_open(object, owner, &device, session_text(t->dev), key) == HF_OK)
			return true;
	}
	return false;
}

/* A device chose these bytes: no control characters reach the terminal. */
static void print_plain(hf_bytes plain)
{
	for (size_t i = 0; i < plain.len; i++)
		if (plain.ptr[i] >= ' ' && plain.ptr[i] != 0x7f && plain.ptr[i] != '\\')
			putchar(plain.ptr[i]);
		else
			printf("\\x%02x", plain.ptr[i]);
	putchar('\n');
}

static void print_frame(const struct session *s, const struct hf_seal_key *key, uint32_t counter,
			int64_t received, hf_bytes plain)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(4 * HF_SEAL_MAX_PLAIN_LEN);
	struct hf_json_out j = { .buf = &text };
	char stream[HF_SEAL_MAX_STREAM_LEN + 1], when[32];

	snprintf(stream, sizeof(stream), "%.*s", key->stream_len, (const char *)key->stream);
	if (!s->args->json) {
		printf("%s %-12s %6u  ", session_time(received, when), stream, counter);
		print_plain(plain);
		return;
	}
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "stream", stream);
	hf_json_put_uint(&j, "counter", counter);
	hf_json_put_int(&j, "received", received);
	hf_json_put_bytes(&j, "bytes", plain);
	hf_json_close(&j);
	if (hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

static void take_frame(const struct session *s, const struct hf_json *item, const struct hf_seal_key *key,
		       const struct trust *t, struct hf_seal_tally *tally)
{
	static uint8_t frame_mem[HF_SEAL_MAX_FRAME_LEN], plain_mem[HF_SEAL_MAX_FRAME_LEN];
	struct hf_out frame = HF_OUT(frame_mem), plain = HF_OUT(plain_mem);
	uint32_t counter = 0;

	if (hf_base64url_decode(session_text(hf_json_text(hf_json_get(item, "bytes"), "")), &frame) !=
		    HF_OK ||
	    hf_seal_frame_open(hf_out_bytes(&frame), key, session_text(t->dev), &counter, &plain) != HF_OK) {
		(void)cli_fail("a frame did not open and is left out");
		return;
	}
	(void)hf_seal_tally_add(tally, counter);
	print_frame(s, key, counter, hf_json_int(hf_json_get(item, "received"), 0), hf_out_bytes(&plain));
}

static bool read_frames(struct session *s, const char *kid, const struct hf_seal_key *key,
			const struct trust *t)
{
	struct hf_seal_tally tally = { 0 };
	char next[128] = "", path[256];

	do {
		struct hf_json *j HF_AUTO(session_json_drop) = NULL;
		const struct hf_json *items;

		snprintf(path, sizeof(path), "/v1/data/%s-%s?limit=%d%s%s", t->dev, kid, FRAMES_PAGE,
			 next[0] != '\0' ? "&cursor=" : "", next);
		if (!session_get(s, path, &j))
			return false;
		items = hf_json_get(j, "items");
		for (size_t i = 0; i < hf_json_n(items); i++)
			take_frame(s, hf_json_at(items, i), key, t, &tally);
		snprintf(next, sizeof(next), "%s", hf_json_text(hf_json_get(j, "next"), ""));
	} while (next[0] != '\0');
	if (hf_seal_tally_missing(&tally) > 0)
		cli_say(s->args, "holdfast: stream key %s: %llu frames are missing", kid,
			(unsigned long long)hf_seal_tally_missing(&tally));
	return true;
}

static bool read_streams(struct session *s, const char *dev, const struct hf_ecdhkey *owner)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	const struct hf_json *items;
	struct trust t;
	char path[96];

	snprintf(path, sizeof(path), "/v1/devices/%s/streams?limit=200", dev);
	if (!session_connect(s) || !trust_refresh(s, dev, &t) || !session_get(s, path, &j))
		return false;
	load_signers(s, &t);
	items = hf_json_get(j, "items");
	for (size_t i = 0; i < hf_json_n(items); i++) {
		struct hf_seal_key key HF_AUTO(hf_seal_key_wipe) = { .stream_len = 0 };
		const char *kid = hf_json_text(hf_json_get(hf_json_at(items, i), "kid"), "?");

		if (!open_stream(hf_json_at(items, i), owner, &t, &key)) {
			cli_say(s->args,
				"holdfast: stream key %s is not for you, or not signed by the device", kid);
			continue;
		}
		if (!read_frames(s, kid, &key, &t))
			return false;
	}
	return true;
}

int cli_cmd_data(const struct cli_args *args)
{
	struct hf_key key HF_AUTO(hf_key_wipe) = { .len = 0 };
	uint8_t pub[HF_P256_POINT_LEN] = { 0 };
	struct hf_ecdhkey owner = { 0 };
	struct session s = { 0 };
	bool ok;

	if (!session_is_dev(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	ok = data_key(&s, &key, pub);
	if (ok && cli_flag(args, "public")) {
		for (size_t i = 0; i < sizeof(pub); i++)
			printf("%02x", pub[i]);
		putchar('\n');
	} else if (ok) {
		ok = hf_crypto_p256_ecdhkey(&key, &owner) == HF_OK && read_streams(&s, args->args[0], &owner);
	}
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

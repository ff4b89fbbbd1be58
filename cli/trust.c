/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include "trust.h"

enum { HEX_POINT_CAP = HF_P256_POINT_LEN * 2 + 1, HEX_8_CAP = 17, FILE_CEILING = 4096 };

/* The file's keys: FOLDER/devices/DEV.trust. */
struct row {
	uint64_t gen, seq;
	char signing[HEX_POINT_CAP], encryption[HEX_POINT_CAP], seq_rep[HEX_8_CAP];
};
static const struct hf_conf_key keys[] = {
	{ .name = "generation",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct row, gen),
	  .max = HF_ENDORSE_MAX_GEN,
	  .help = "Endorsement accepted last." },
	{ .name = "signing",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct row, signing),
	  .cap = HEX_POINT_CAP },
	{ .name = "encryption",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct row, encryption),
	  .cap = HEX_POINT_CAP },
	{ .name = "signed",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct row, seq),
	  .standard = "0",
	  .help = "Last number this operator signed, in its replay epoch." },
	{ .name = "signed-epoch",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct row, seq_rep),
	  .cap = HEX_8_CAP,
	  .standard = "0000000000000000" },
};
enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static bool from_hex(const char *text, uint8_t *out, size_t len)
{
	struct hf_out o = { out, len, 0 };

	return strlen(text) == 2 * len && hf_hex_decode(session_text(text), &o) == HF_OK;
}

static void to_hex(const uint8_t *in, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", in[i]);
}

static bool path_of(const struct session *s, const char *dev, char path[static SESSION_PATH_MAX])
{
	char name[64];

	snprintf(name, sizeof(name), "devices/%s.trust", dev);
	return session_path(s, name, path);
}

static bool make_folder(const struct session *s, const char *name)
{
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(s, name, path))
		return false;
	if (hf_dir_create(path, 0700, &why) == HF_OK)
		return true;
	return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

bool trust_folder(const struct session *s)
{
	return make_folder(s, "devices");
}

bool trust_load(const struct session *s, const char *dev, struct trust *t)
{
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };
	struct row r = { 0 };

	*t = (struct trust){ 0 };
	snprintf(t->dev, sizeof(t->dev), "%s", dev);
	snprintf(t->e.dev, sizeof(t->e.dev), "%s", dev);
	if (!path_of(s, dev, path))
		return false;
	if (!hf_file_exists(path))
		return true;
	if (hf_conf_read(path, keys, N_KEYS, &r, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	t->e.gen = (uint32_t)r.gen;
	t->seq = r.seq;
	t->known = from_hex(r.signing, t->e.signing, HF_P256_POINT_LEN) &&
		   from_hex(r.encryption, t->e.encryption, HF_P256_POINT_LEN) &&
		   from_hex(r.seq_rep, t->seq_rep, HF_COMMAND_REP_LEN);
	return t->known || cli_fail("%s: a value is no hexadecimal of the right length", path) == CLI_DONE;
}

bool trust_save(const struct session *s, const struct trust *t)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(FILE_CEILING);
	struct row r = { .gen = t->e.gen, .seq = t->seq };
	char path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	to_hex(t->e.signing, HF_P256_POINT_LEN, r.signing);
	to_hex(t->e.encryption, HF_P256_POINT_LEN, r.encryption);
	to_hex(t->seq_rep, HF_COMMAND_REP_LEN, r.seq_rep);
	if (!trust_folder(s) || !path_of(s, t->dev, path))
		return false;
	if (hf_conf_print(keys, N_KEYS, &r, &text) == HF_OK &&
	    hf_file_replace(path, hf_buf_bytes(&text), 0600, &why) == HF_OK)
		return true;
	return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

bool trust_keep_claim(const struct session *s, const struct hf_claim_keys *k)
{
	char name[64] = "claims/", hex[65], path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };
	hf_err err;

	to_hex(k->cid, HF_CLAIM_ID_LEN, name + 7);
	to_hex(k->ko.b, 32, hex);
	if (!make_folder(s, "claims") || !session_path(s, name, path))
		return false;
	err = hf_file_replace(path, session_text(hex), 0600, &why);
	hf_wipe(hex, sizeof(hex));
	return err == HF_OK || cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

/* Does this object begin a chain under one of the claims that wait? The claim has done its work then. */
static bool open_by_claim(const struct session *s, hf_bytes object, const char *dev, struct hf_endorse *e)
{
	char folder[SESSION_PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!session_path(s, "claims", folder))
		return false;
	dir = opendir(folder);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		struct hf_buf hex HF_AUTO(hf_buf_free) = HF_BUF_SECRET(64);
		struct hf_key ko HF_AUTO(hf_key_wipe) = { .len = 32 };
		char name[300], path[SESSION_PATH_MAX];

		snprintf(name, sizeof(name), "claims/%.255s", entry->d_name);
		if (entry->d_name[0] == '.' || !session_path(s, name, path) ||
		    hf_file_read_secret(path, &hex, NULL) != HF_OK || !from_hex(hf_buf_text(&hex), ko.b, 32))
			continue;
		found = hf_endorse_open_claim(object, session_text(dev), &ko, e) == HF_OK;
		if (found)
			(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

static bool object_of(const struct hf_json *item, struct hf_out *out)
{
	const char *text = hf_json_text(hf_json_get(item, "bytes"), "");

	out->len = 0;
	return hf_base64url_decode(session_text(text), out) == HF_OK;
}

static bool signers_path(const struct session *s, const char *dev, char path[static SESSION_PATH_MAX])
{
	char name[64];

	snprintf(name, sizeof(name), "devices/%s.signers", dev);
	return session_path(s, name, path);
}

/* Add an accepted signing key to the list, one line each; the oldest go when it is full. */
bool trust_keep_signer(const struct session *s, const struct trust *t)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(TRUST_SIGNERS_MAX * HEX_POINT_CAP);
	char path[SESSION_PATH_MAX], line[HEX_POINT_CAP + 1];
	struct hf_why why = { 0 };
	hf_bytes old;

	to_hex(t->e.signing, HF_P256_POINT_LEN, line);
	snprintf(line + 2 * HF_P256_POINT_LEN, 2, "\n");
	if (!trust_folder(s) || !signers_path(s, t->dev, path))
		return false;
	if (hf_file_exists(path) && hf_file_read(path, &text, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	old = hf_buf_bytes(&text);
	if (old.len == TRUST_SIGNERS_MAX * HEX_POINT_CAP)
		hf_buf_consume(&text, HEX_POINT_CAP);
	if (hf_buf_puts(&text, line) == HF_OK &&
	    hf_file_replace(path, hf_buf_bytes(&text), 0600, &why) == HF_OK)
		return true;
	return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

size_t trust_signers(const struct session *s, const char *dev,
		     uint8_t points[TRUST_SIGNERS_MAX][HF_P256_POINT_LEN])
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(TRUST_SIGNERS_MAX * HEX_POINT_CAP);
	char path[SESSION_PATH_MAX], line[HEX_POINT_CAP];
	size_t n = 0;

	if (!signers_path(s, dev, path) || hf_file_read(path, &text, NULL) != HF_OK)
		return 0;
	for (size_t at = 0; at + HEX_POINT_CAP <= text.len && n < TRUST_SIGNERS_MAX; at += HEX_POINT_CAP) {
		snprintf(line, sizeof(line), "%s", hf_buf_text(&text) + at);
		n += from_hex(line, points[n], HF_P256_POINT_LEN);
	}
	return n;
}

/* One pass over what the server holds: true when something was accepted. */
static bool advance(const struct session *s, const struct hf_json *items, struct trust *t)
{
	for (size_t i = 0; i < hf_json_n(items); i++) {
		uint8_t mem[HF_ENDORSE_MAX_LEN];
		struct hf_out object = HF_OUT(mem);
		struct hf_endorse e = { 0 }, peek;

		if (!object_of(hf_json_at(items, i), &object) ||
		    hf_endorse_peek(hf_out_bytes(&object), &peek) != HF_OK)
			continue;
		if (t->known && hf_endorse_open_next(hf_out_bytes(&object), &t->e, &e) == HF_OK) {
			if (e.gen == t->e.gen)
				continue;
		} else if (peek.gen != 0 || !open_by_claim(s, hf_out_bytes(&object), t->dev, &e)) {
			continue;
		}
		t->e = e;
		t->known = true;
		return trust_keep_signer(s, t);
	}
	return false;
}

static bool check_certificate(struct session *s, struct trust *t)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	uint8_t point[HF_P256_POINT_LEN];
	struct hf_out out = HF_OUT(point);
	const char *text;
	char path[64];

	snprintf(path, sizeof(path), "/v1/devices/%s", t->dev);
	if (!session_get(s, path, &j))
		return false;
	text = hf_json_text(hf_json_get(hf_json_get(j, "certificate"), "public_key"), "");
	if (hf_base64url_decode(session_text(text), &out) != HF_OK || out.len != HF_P256_POINT_LEN)
		return cli_fail("%s has no certificate now", t->dev) == CLI_DONE;
	if (hf_endorse_check_key(&t->e, point) == HF_OK)
		return true;
	return cli_fail("%s: the server shows another key than the device endorsed; nothing was sent",
			t->dev) == CLI_DONE;
}

bool trust_refresh(struct session *s, const char *dev, struct trust *t)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	bool changed = false;
	char path[64];

	if (!trust_load(s, dev, t))
		return false;
	snprintf(path, sizeof(path), "/v1/devices/%s/endorsements", dev);
	if (!session_get(s, path, &j))
		return false;
	while (advance(s, hf_json_get(j, "items"), t))
		changed = true;
	if (!t->known)
		return cli_fail("%s: no endorsement that begins with a claim made from this folder; has it "
				"not connected yet, or did another operator claim it? Then that one can "
				"vouch for it: device vouch, device trust",
				dev) == CLI_DONE;
	return !changed || trust_save(s, t);
}

bool trust_update(struct session *s, const char *dev, struct trust *t)
{
	return trust_refresh(s, dev, t) && check_certificate(s, t);
}

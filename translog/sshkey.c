/* sshkey.c -- openssh-key-v1 without encryption: magic, "none" twice, no options, one key, and a private part
 * of two equal check words, the key twice (seed and public), a comment and 1, 2, 3… as padding.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/base64.h>
#include <hf/file.h>
#include <hf/sshkey.h>

#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1"
enum { BLOB_MAX = 1024, BLOCK = 8, LINE = 70, PUB_BLOB_LEN = 51 };

static hf_err put_string(struct hf_out *out, hf_bytes data)
{
	uint8_t len[4];

	hf_put_be32(len, (uint32_t)data.len);
	HF_TRY(hf_out_put(out, HF_ARR(len)));
	return hf_out_put(out, data);
}

static bool take(hf_bytes *rest, size_t n, hf_bytes *part)
{
	if (rest->len < n)
		return false;
	*part = (hf_bytes){ rest->ptr, n };
	rest->ptr += n;
	rest->len -= n;
	return true;
}

static bool take_string(hf_bytes *rest, hf_bytes *part)
{
	hf_bytes len;

	return take(rest, 4, &len) && take(rest, hf_get_be32(len.ptr), part);
}

static bool take_word(hf_bytes *rest, hf_bytes word)
{
	hf_bytes part;

	return take_string(rest, &part) && hf_bytes_equal(part, word);
}

static hf_err public_blob(const uint8_t *pub, struct hf_out *out)
{
	HF_TRY(put_string(out, HF_STR("ssh-ed25519")));
	return put_string(out, (hf_bytes){ pub, HF_ED25519_PUB_LEN });
}

hf_err hf_sshkey_put_public(struct hf_buf *b, const uint8_t pub[static HF_ED25519_PUB_LEN],
			    const char *comment)
{
	uint8_t blob_mem[PUB_BLOB_LEN], text_mem[80];
	struct hf_out blob = HF_OUT(blob_mem), text = HF_OUT(text_mem);

	HF_TRY(public_blob(pub, &blob));
	HF_TRY(hf_base64_encode(hf_out_bytes(&blob), &text));
	return hf_buf_printf(b, "ssh-ed25519 %.*s %s\n", (int)text.len, (const char *)text_mem, comment);
}

hf_err hf_sshkey_read_public(hf_bytes line, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	static const char kind[] = "ssh-ed25519 ";
	uint8_t mem[PUB_BLOB_LEN + 3];
	struct hf_out blob = HF_OUT(mem);
	hf_bytes rest, key, text = line;
	size_t n = 0;

	if (text.len < sizeof(kind) || memcmp(text.ptr, kind, sizeof(kind) - 1) != 0)
		return HF_ERR_LOG_KEY;
	text.ptr += sizeof(kind) - 1;
	text.len -= sizeof(kind) - 1;
	while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != '\n')
		n++;
	if (hf_base64_decode((hf_bytes){ text.ptr, n }, &blob) != HF_OK)
		return HF_ERR_LOG_KEY;
	rest = hf_out_bytes(&blob);
	if (!take_word(&rest, HF_STR("ssh-ed25519")) || !take_string(&rest, &key) ||
	    key.len != HF_ED25519_PUB_LEN || rest.len != 0)
		return HF_ERR_LOG_KEY;
	memcpy(pub, key.ptr, HF_ED25519_PUB_LEN);
	return hf_crypto_ed25519_check(pub);
}

static hf_err put_secret_part(const struct hf_key *seed, const uint8_t *pub, struct hf_out *out)
{
	static const uint8_t check[8] = { 'h', 'o', 'l', 'd', 'h', 'o', 'l', 'd' }; /* two equal words */
	uint8_t both[64];
	hf_err err;

	memcpy(both, seed->b, 32);
	memcpy(both + 32, pub, 32);
	err = hf_out_put(out, HF_ARR(check));
	if (err == HF_OK)
		err = put_string(out, HF_STR("ssh-ed25519"));
	if (err == HF_OK)
		err = put_string(out, (hf_bytes){ pub, HF_ED25519_PUB_LEN });
	if (err == HF_OK)
		err = put_string(out, HF_ARR(both));
	if (err == HF_OK)
		err = put_string(out, HF_STR("holdfast"));
	for (uint8_t pad = 1; err == HF_OK && out->len % BLOCK != 0; pad++)
		err = hf_out_put(out, (hf_bytes){ &pad, 1 });
	hf_wipe(both, sizeof(both));
	return err;
}

static hf_err put_whole(const struct hf_key *seed, const uint8_t *pub, struct hf_out *out)
{
	uint8_t pub_mem[PUB_BLOB_LEN], part_mem[256];
	struct hf_out blob = HF_OUT(pub_mem), part = HF_OUT(part_mem);
	static const uint8_t one[4] = { 0, 0, 0, 1 };
	hf_err err;

	HF_TRY(public_blob(pub, &blob));
	HF_TRY(hf_out_put(out, (hf_bytes){ (const uint8_t *)MAGIC, sizeof(MAGIC) }));
	HF_TRY(put_string(out, HF_STR("none")));
	HF_TRY(put_string(out, HF_STR("none")));
	HF_TRY(put_string(out, (hf_bytes){ NULL, 0 }));
	HF_TRY(hf_out_put(out, HF_ARR(one)));
	HF_TRY(put_string(out, hf_out_bytes(&blob)));
	err = put_secret_part(seed, pub, &part);
	if (err == HF_OK)
		err = put_string(out, hf_out_bytes(&part));
	hf_wipe(part_mem, sizeof(part_mem));
	return err;
}

static hf_err put_lines(struct hf_buf *b, hf_bytes text)
{
	HF_TRY(hf_buf_puts(b, BEGIN));
	for (size_t at = 0; at < text.len; at += LINE) {
		size_t n = text.len - at < LINE ? text.len - at : LINE;

		HF_TRY(hf_buf_put(b, (hf_bytes){ text.ptr + at, n }));
		HF_TRY(hf_buf_puts(b, "\n"));
	}
	return hf_buf_puts(b, END "\n");
}

hf_err hf_sshkey_put_private(struct hf_buf *b, const struct hf_key *seed)
{
	uint8_t pub[HF_ED25519_PUB_LEN], blob_mem[BLOB_MAX], text_mem[2 * BLOB_MAX];
	struct hf_out blob = HF_OUT(blob_mem), text = HF_OUT(text_mem);
	hf_err err = hf_crypto_ed25519_public(seed, pub);

	if (err == HF_OK)
		err = put_whole(seed, pub, &blob);
	if (err == HF_OK)
		err = hf_base64_encode(hf_out_bytes(&blob), &text);
	if (err == HF_OK)
		err = put_lines(b, hf_out_bytes(&text));
	hf_wipe(blob_mem, sizeof(blob_mem));
	hf_wipe(text_mem, sizeof(text_mem));
	return err;
}

static hf_err read_secret_part(hf_bytes rest, struct hf_key *seed)
{
	hf_bytes a, b, pub, both;
	uint8_t derived[HF_ED25519_PUB_LEN];

	if (!take(&rest, 4, &a) || !take(&rest, 4, &b) || !hf_bytes_equal(a, b) ||
	    !take_word(&rest, HF_STR("ssh-ed25519")) || !take_string(&rest, &pub) ||
	    !take_string(&rest, &both) || pub.len != 32 || both.len != 64)
		return HF_ERR_LOG_KEY;
	memcpy(seed->b, both.ptr, 32);
	seed->len = 32;
	HF_TRY(hf_crypto_ed25519_public(seed, derived));
	return hf_bytes_equal(pub, HF_ARR(derived)) ? HF_OK : HF_ERR_LOG_KEY;
}

static hf_err read_blob(hf_bytes rest, struct hf_key *seed)
{
	hf_bytes part, count, pub, secret;

	if (!take(&rest, sizeof(MAGIC), &part) || memcmp(part.ptr, MAGIC, sizeof(MAGIC)) != 0 ||
	    !take_word(&rest, HF_STR("none")) || !take_word(&rest, HF_STR("none")) ||
	    !take_string(&rest, &part) || part.len != 0 || !take(&rest, 4, &count) ||
	    hf_get_be32(count.ptr) != 1 || !take_string(&rest, &pub) || !take_string(&rest, &secret))
		return HF_ERR_LOG_KEY;
	return read_secret_part(secret, seed);
}

hf_err hf_sshkey_read_private(hf_bytes text, struct hf_key *seed)
{
	uint8_t mem[BLOB_MAX], flat[2 * BLOB_MAX];
	struct hf_out blob = HF_OUT(mem);
	size_t n = 0, at = sizeof(BEGIN) - 1;
	hf_err err = HF_ERR_LOG_KEY;

	*seed = (struct hf_key){ .len = 0 };
	if (text.len > sizeof(flat) || text.len < sizeof(BEGIN) || memcmp(text.ptr, BEGIN, at) != 0)
		return HF_ERR_LOG_KEY;
	for (; at < text.len && text.ptr[at] != '-'; at++)
		if (text.ptr[at] != '\n')
			flat[n++] = text.ptr[at];
	if (text.len - at >= sizeof(END) - 1 && memcmp(text.ptr + at, END, sizeof(END) - 1) == 0)
		err = hf_base64_decode((hf_bytes){ flat, n }, &blob);
	if (err == HF_OK)
		err = read_blob(hf_out_bytes(&blob), seed);
	hf_wipe(mem, sizeof(mem));
	hf_wipe(flat, sizeof(flat));
	if (err != HF_OK)
		hf_key_wipe(seed);
	return err;
}

hf_err hf_sshkey_load(const char *path, struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN],
		      struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_SSHKEY_FILE_MAX);
	hf_err err = hf_file_read_secret(path, &text, why);

	if (err == HF_OK)
		err = hf_sshkey_read_private(hf_buf_bytes(&text), seed);
	if (err == HF_OK)
		err = hf_crypto_ed25519_public(seed, pub);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

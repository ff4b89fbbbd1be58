/* opensshout.c -- Ed25519 keys written as OpenSSH writes them, and read from a file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/file.h>
#include <hf/openssh.h>

enum { BLOCK_LEN = 8, SECRET_LEN = 64, PRIVATE_MAX = 512, LINE_LEN = 70 };

static hf_err put_string(struct hf_out *out, hf_bytes data)
{
	uint8_t len[4];

	hf_put_be32(len, (uint32_t)data.len);
	HF_TRY(hf_out_put(out, HF_ARR(len)));
	return hf_out_put(out, data);
}

/* Base64 with padding, by way of base64url: two characters differ. */
static hf_err put_base64(struct hf_out *out, hf_bytes data)
{
	size_t start = out->len;

	HF_TRY(hf_base64url_encode(data, out));
	for (size_t i = start; i < out->len; i++)
		out->ptr[i] = out->ptr[i] == '-' ? '+' : out->ptr[i] == '_' ? '/' : out->ptr[i];
	while ((out->len - start) % 4 != 0)
		HF_TRY(hf_out_put(out, HF_STR("=")));
	return HF_OK;
}

void hf_openssh_blob(const uint8_t pub[static HF_ED25519_PUB_LEN], uint8_t out[static HF_OPENSSH_BLOB_LEN])
{
	const hf_bytes kind = HF_STR("ssh-ed25519");

	hf_put_be32(out, (uint32_t)kind.len);
	memcpy(out + 4, kind.ptr, kind.len);
	hf_put_be32(out + 4 + kind.len, HF_ED25519_PUB_LEN);
	memcpy(out + 8 + kind.len, pub, HF_ED25519_PUB_LEN);
}

hf_err hf_openssh_write_public(const uint8_t pub[static HF_ED25519_PUB_LEN], const char *comment,
			       struct hf_buf *out)
{
	uint8_t blob[HF_OPENSSH_BLOB_LEN], text[72];
	struct hf_out line = HF_OUT(text);

	hf_openssh_blob(pub, blob);
	HF_TRY(put_base64(&line, HF_ARR(blob)));
	return hf_buf_printf(out, "ssh-ed25519 %.*s%s%.*s\n", (int)line.len, (const char *)text,
			     comment[0] != '\0' ? " " : "", HF_OPENSSH_COMMENT_MAX, comment);
}

/* Two equal check words, the key twice (public; seed and public), a comment, 1, 2, 3... as padding. */
static hf_err put_secret_part(const struct hf_key *seed, const uint8_t *pub, struct hf_out *out)
{
	static const uint8_t check[8] = { 'h', 'o', 'l', 'd', 'h', 'o', 'l', 'd' };
	uint8_t secret[SECRET_LEN];
	hf_err err;

	memcpy(secret, seed->b, HF_KEY_CAP);
	memcpy(secret + HF_KEY_CAP, pub, HF_ED25519_PUB_LEN);
	err = hf_out_put(out, HF_ARR(check));
	if (err == HF_OK)
		err = put_string(out, HF_STR("ssh-ed25519"));
	if (err == HF_OK)
		err = put_string(out, (hf_bytes){ pub, HF_ED25519_PUB_LEN });
	if (err == HF_OK)
		err = put_string(out, HF_ARR(secret));
	if (err == HF_OK)
		err = put_string(out, HF_STR("holdfast"));
	for (uint8_t pad = 1; err == HF_OK && out->len % BLOCK_LEN != 0; pad++)
		err = hf_out_put(out, (hf_bytes){ &pad, 1 });
	hf_wipe(secret, sizeof(secret));
	return err;
}

static hf_err put_body(const struct hf_key *seed, const uint8_t *pub, struct hf_out *out)
{
	static const uint8_t one[4] = { 0, 0, 0, 1 }, magic[] = "openssh-key-v1";
	uint8_t blob[HF_OPENSSH_BLOB_LEN], part_mem[256];
	struct hf_out part = HF_OUT(part_mem);
	hf_err err;

	hf_openssh_blob(pub, blob);
	HF_TRY(hf_out_put(out, HF_ARR(magic))); /* with its NUL */
	HF_TRY(put_string(out, HF_STR("none")));
	HF_TRY(put_string(out, HF_STR("none")));
	HF_TRY(put_string(out, (hf_bytes){ NULL, 0 }));
	HF_TRY(hf_out_put(out, HF_ARR(one)));
	HF_TRY(put_string(out, HF_ARR(blob)));
	err = put_secret_part(seed, pub, &part);
	if (err == HF_OK)
		err = put_string(out, hf_out_bytes(&part));
	hf_wipe(part_mem, sizeof(part_mem));
	return err;
}

static hf_err put_lines(struct hf_buf *b, hf_bytes text)
{
	HF_TRY(hf_buf_puts(b, "-----BEGIN OPENSSH PRIVATE KEY-----\n"));
	for (size_t at = 0; at < text.len; at += LINE_LEN) {
		size_t n = text.len - at < LINE_LEN ? text.len - at : LINE_LEN;

		HF_TRY(hf_buf_put(b, (hf_bytes){ text.ptr + at, n }));
		HF_TRY(hf_buf_puts(b, "\n"));
	}
	return hf_buf_puts(b, "-----END OPENSSH PRIVATE KEY-----\n");
}

hf_err hf_openssh_write_private(const struct hf_key *seed, struct hf_buf *out)
{
	uint8_t pub[HF_ED25519_PUB_LEN], body_mem[PRIVATE_MAX], text_mem[2 * PRIVATE_MAX];
	struct hf_out body = HF_OUT(body_mem), text = HF_OUT(text_mem);
	hf_err err = hf_crypto_ed25519_public(seed, pub);

	if (err == HF_OK)
		err = put_body(seed, pub, &body);
	if (err == HF_OK)
		err = put_base64(&text, hf_out_bytes(&body));
	if (err == HF_OK)
		err = put_lines(out, hf_out_bytes(&text));
	hf_wipe(body_mem, sizeof(body_mem));
	hf_wipe(text_mem, sizeof(text_mem));
	return err;
}

hf_err hf_openssh_load(const char *path, struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN],
		       struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	hf_err err = hf_file_read_secret(path, &text, why);

	if (err == HF_OK)
		err = hf_openssh_read_private(hf_buf_bytes(&text), seed, pub);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

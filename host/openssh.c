/* Everything is read through one cursor that only shrinks; base64 is that of base.h in its other alphabet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/openssh.h>

#define KIND HF_STR("ssh-ed25519")
#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END "-----END OPENSSH PRIVATE KEY-----\n"
#define MAGIC HF_STR("openssh-key-v1")

enum { SECRET_LEN = 64, BLOCK_LEN = 8, DECODED_MAX = HF_OPENSSH_MAX };

hf_err hf_openssh_take(hf_bytes *rest, hf_bytes *string)
{
	uint32_t len;

	*string = (hf_bytes){ 0 };
	if (rest->len < 4)
		return HF_ERR_SSHKEY_FORMAT;
	len = hf_get_be32(rest->ptr);
	if (len > rest->len - 4)
		return HF_ERR_SSHKEY_FORMAT;
	*string = (hf_bytes){ rest->ptr + 4, len };
	*rest = (hf_bytes){ rest->ptr + 4 + len, rest->len - 4 - len };
	return HF_OK;
}

static uint8_t to_url(uint8_t c)
{
	if (c == '+')
		return '-';
	return c == '/' ? '_' : c;
}

/* Base64 of RFC 4648 s4 with its padding; line feeds may stand anywhere when `lines`. */
static hf_err decode64(hf_bytes text, bool lines, struct hf_buf *room, struct hf_out *out)
{
	size_t pad = 0;

	hf_buf_reset(room);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (lines && c == '\n')
			continue;
		if (c == '-' || c == '_' || (pad > 0 && c != '='))
			return HF_ERR_SSHKEY_FORMAT;
		if (c == '=') {
			pad++;
			continue;
		}
		c = to_url(c);
		HF_TRY(hf_buf_put(room, (hf_bytes){ &c, 1 }));
	}
	if ((room->len + pad) % 4 != 0 || pad > 2)
		return HF_ERR_SSHKEY_FORMAT;
	return hf_base64url_decode(hf_buf_bytes(room), out) == HF_OK ? HF_OK : HF_ERR_SSHKEY_FORMAT;
}

hf_err hf_openssh_read_blob(hf_bytes blob, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	hf_bytes kind = { 0 }, key = { 0 };

	HF_TRY(hf_openssh_take(&blob, &kind));
	if (!hf_bytes_equal(kind, KIND))
		return HF_ERR_SSHKEY_KIND;
	HF_TRY(hf_openssh_take(&blob, &key));
	if (key.len != HF_ED25519_PUB_LEN || blob.len != 0)
		return HF_ERR_SSHKEY_FORMAT;
	memcpy(pub, key.ptr, HF_ED25519_PUB_LEN);
	return HF_OK;
}

hf_err hf_openssh_print(hf_bytes blob, char out[static HF_OPENSSH_PRINT_LEN + 1])
{
	struct hf_out text = { (uint8_t *)out + 7, HF_OPENSSH_PRINT_LEN - 7, 0 };
	uint8_t hash[HF_SHA256_LEN];

	out[0] = '\0';
	HF_TRY(hf_crypto_sha256(&blob, 1, hash));
	memcpy(out, "SHA256:", 7);
	HF_TRY(hf_base64url_encode(HF_ARR(hash), &text));
	for (size_t i = 7; i < 7 + text.len; i++)
		if (out[i] == '-' || out[i] == '_')
			out[i] = out[i] == '-' ? (char)'+' : (char)'/';
	out[7 + text.len] = '\0';
	return HF_OK;
}

/* "KIND BASE64[ comment]" */
static hf_err read_line(hf_bytes line, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	const uint8_t *space = memchr(line.ptr, ' ', line.len);
	struct hf_buf room HF_AUTO(hf_buf_free) = HF_BUF(HF_OPENSSH_MAX);
	uint8_t mem[HF_OPENSSH_MAX];
	struct hf_out blob = HF_OUT(mem);
	hf_bytes text, kind;
	const uint8_t *end;

	if (space == NULL)
		return HF_ERR_SSHKEY_FORMAT;
	kind = (hf_bytes){ line.ptr, (size_t)(space - line.ptr) };
	if (!hf_bytes_equal(kind, KIND))
		return HF_ERR_SSHKEY_KIND;
	text = (hf_bytes){ space + 1, line.len - kind.len - 1 };
	end = text.len > 0 ? memchr(text.ptr, ' ', text.len) : NULL;
	if (end != NULL)
		text.len = (size_t)(end - text.ptr);
	HF_TRY(decode64(text, false, &room, &blob));
	return hf_openssh_read_blob(hf_out_bytes(&blob), pub);
}

hf_err hf_openssh_read_public(hf_bytes text, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	struct hf_out hex = { pub, HF_ED25519_PUB_LEN, 0 };
	hf_err err;

	memset(pub, 0, HF_ED25519_PUB_LEN);
	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (text.len == 0 || text.len > HF_OPENSSH_MAX || memchr(text.ptr, '\n', text.len) != NULL)
		return HF_ERR_SSHKEY_FORMAT;
	if (text.len == 2 * (size_t)HF_ED25519_PUB_LEN)
		err = hf_hex_decode(text, &hex) == HF_OK ? HF_OK : HF_ERR_SSHKEY_FORMAT;
	else
		err = read_line(text, pub);
	if (err == HF_OK)
		err = hf_crypto_ed25519_check(pub);
	if (err != HF_OK)
		memset(pub, 0, HF_ED25519_PUB_LEN);
	return err;
}

bool hf_openssh_is_private(hf_bytes text)
{
	return text.len >= strlen(BEGIN) && memcmp(text.ptr, BEGIN, strlen(BEGIN)) == 0;
}

/* The part that may be encrypted: two equal numbers, the key, its comment, padding 1, 2, 3, ... */
static hf_err read_secret(hf_bytes part, struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	hf_bytes kind = { 0 }, key = { 0 }, secret = { 0 }, comment = { 0 };

	if (part.len < 8 || part.len % BLOCK_LEN != 0 || memcmp(part.ptr, part.ptr + 4, 4) != 0)
		return HF_ERR_SSHKEY_FORMAT;
	part = (hf_bytes){ part.ptr + 8, part.len - 8 };
	HF_TRY(hf_openssh_take(&part, &kind));
	if (!hf_bytes_equal(kind, KIND))
		return HF_ERR_SSHKEY_KIND;
	HF_TRY(hf_openssh_take(&part, &key));
	HF_TRY(hf_openssh_take(&part, &secret));
	HF_TRY(hf_openssh_take(&part, &comment));
	if (key.len != HF_ED25519_PUB_LEN || secret.len != SECRET_LEN || part.len >= BLOCK_LEN ||
	    memcmp(secret.ptr + HF_KEY_CAP, key.ptr, key.len) != 0)
		return HF_ERR_SSHKEY_FORMAT;
	for (size_t i = 0; i < part.len; i++)
		if (part.ptr[i] != i + 1)
			return HF_ERR_SSHKEY_FORMAT;
	memcpy(seed->b, secret.ptr, HF_KEY_CAP);
	seed->len = HF_KEY_CAP;
	HF_TRY(hf_crypto_ed25519_public(seed, pub));
	return memcmp(pub, key.ptr, key.len) == 0 ? HF_OK : HF_ERR_SSHKEY_FORMAT;
}

static hf_err read_body(hf_bytes in, struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	hf_bytes cipher = { 0 }, kdf = { 0 }, options = { 0 }, outer = { 0 }, part = { 0 };

	if (in.len < MAGIC.len + 1 || memcmp(in.ptr, "openssh-key-v1", MAGIC.len + 1) != 0)
		return HF_ERR_SSHKEY_FORMAT;
	in = (hf_bytes){ in.ptr + MAGIC.len + 1, in.len - MAGIC.len - 1 };
	HF_TRY(hf_openssh_take(&in, &cipher));
	HF_TRY(hf_openssh_take(&in, &kdf));
	HF_TRY(hf_openssh_take(&in, &options));
	if (!hf_bytes_equal(cipher, HF_STR("none")) || !hf_bytes_equal(kdf, HF_STR("none")))
		return HF_ERR_SSHKEY_LOCKED;
	if (options.len != 0 || in.len < 4 || hf_get_be32(in.ptr) != 1)
		return HF_ERR_SSHKEY_FORMAT;
	in = (hf_bytes){ in.ptr + 4, in.len - 4 };
	HF_TRY(hf_openssh_take(&in, &outer));
	HF_TRY(hf_openssh_read_blob(outer, pub));
	HF_TRY(hf_openssh_take(&in, &part));
	if (in.len != 0)
		return HF_ERR_SSHKEY_FORMAT;
	HF_TRY(read_secret(part, seed, pub));
	return memcmp(pub, outer.ptr + outer.len - HF_ED25519_PUB_LEN, HF_ED25519_PUB_LEN) == 0
		       ? HF_OK
		       : HF_ERR_SSHKEY_FORMAT;
}

hf_err hf_openssh_read_private(hf_bytes text, struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	struct hf_buf room HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	uint8_t mem[DECODED_MAX];
	struct hf_out body = HF_OUT(mem);
	hf_err err = HF_ERR_SSHKEY_FORMAT;

	memset(pub, 0, HF_ED25519_PUB_LEN);
	hf_key_wipe(seed);
	if (!hf_openssh_is_private(text) || text.len > HF_OPENSSH_MAX ||
	    text.len < strlen(BEGIN) + strlen(END) ||
	    memcmp(text.ptr + text.len - strlen(END), END, strlen(END)) != 0)
		return err;
	text = (hf_bytes){ text.ptr + strlen(BEGIN), text.len - strlen(BEGIN) - strlen(END) };
	err = decode64(text, true, &room, &body);
	if (err == HF_OK)
		err = read_body(hf_out_bytes(&body), seed, pub);
	hf_wipe(mem, sizeof(mem));
	if (err != HF_OK) {
		hf_key_wipe(seed);
		memset(pub, 0, HF_ED25519_PUB_LEN);
	}
	return err;
}

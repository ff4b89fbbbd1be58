/* est_text.c -- base64 as EST clients really write it, and the two text proofs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include "est_priv.h"

enum { LINE = 64 };

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct decoder {
	uint32_t acc;
	unsigned bits, pads, chars;
	bool broke, wrapped;
};

static bool is_blank(struct decoder *d, uint8_t c)
{
	if (c != '\r' && c != '\n' && c != '\t' && c != ' ')
		return false;
	d->broke = d->broke || c == '\n' || c == '\r';
	return true;
}

static hf_err take(struct decoder *d, uint8_t c, struct hf_out *out)
{
	int v = value_of(c);

	d->wrapped = d->wrapped || (d->broke && d->chars > 0);
	if (c == '=' && d->pads < 2) {
		d->pads++;
		return HF_OK;
	}
	if (v < 0 || d->pads)
		return HF_ERR_BASE_TEXT;
	d->acc = d->acc << 6 | (uint32_t)v;
	d->bits += 6;
	d->chars++;
	if (d->bits < 8)
		return HF_OK;
	d->bits -= 8;
	uint8_t byte = (uint8_t)(d->acc >> d->bits);
	return hf_out_put(out, (hf_bytes){ &byte, 1 });
}

/* CR, LF, TAB and SP are dropped wherever they stand; every other foreign byte is refused. */
hf_err hf__est_decode(hf_bytes body, struct hf_out *out, bool *wrapped)
{
	struct decoder d = { 0 };

	*wrapped = false;
	out->len = 0;
	for (size_t i = 0; i < body.len; i++)
		if (!is_blank(&d, body.ptr[i]))
			HF_TRY(take(&d, body.ptr[i], out));
	*wrapped = d.wrapped;
	bool fits = (d.chars + d.pads) % 4 == 0 && (d.acc & ((1u << d.bits) - 1)) == 0;
	return fits ? HF_OK : HF_ERR_BASE_TEXT;
}

hf_err hf__est_encode(hf_bytes der, bool wrap, struct hf_buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < der.len; i += 3) {
		size_t n = der.len - i < 3 ? der.len - i : 3;
		uint32_t v = (uint32_t)der.ptr[i] << 16 | (n > 1 ? (uint32_t)der.ptr[i + 1] << 8 : 0) |
			     (n > 2 ? der.ptr[i + 2] : 0);
		uint8_t quad[4] = { (uint8_t)digits[v >> 18], (uint8_t)digits[v >> 12 & 63],
				    n > 1 ? (uint8_t)digits[v >> 6 & 63] : '=',
				    n > 2 ? (uint8_t)digits[v & 63] : '=' };

		HF_TRY(hf_buf_put(out, HF_ARR(quad)));
		column += 4;
		if (wrap && column == LINE) {
			HF_TRY(hf_buf_puts(out, "\n"));
			column = 0;
		}
	}
	return wrap && column ? hf_buf_puts(out, "\n") : HF_OK;
}

bool hf__est_binds(const char *challenge, const struct hf_tls_peer *peer)
{
	struct hf_buf want HF_AUTO(hf_buf_free) = HF_BUF(64);

	if (peer->x_len == 0 || hf__est_encode((hf_bytes){ peer->x, peer->x_len }, false, &want) != HF_OK)
		return false;
	return hf_ct_equal(hf_buf_bytes(&want), (hf_bytes){ (const uint8_t *)challenge, strlen(challenge) });
}

hf_err hf__est_basic(const char *value, uint8_t hash[static HF_SHA256_LEN])
{
	uint8_t mem[192];
	struct hf_out pair = HF_OUT(mem);
	bool wrapped = false;

	if (strncasecmp(value, "Basic ", 6) != 0)
		return HF_ERR_BASE_TEXT;
	HF_TRY(hf__est_decode((hf_bytes){ (const uint8_t *)value + 6, strlen(value + 6) }, &pair, &wrapped));
	if (!memchr(mem, ':', pair.len))
		return HF_ERR_BASE_TEXT;
	hf_bytes part = hf_out_bytes(&pair);
	hf_err err = hf_crypto_sha256(&part, 1, hash);
	hf_wipe(mem, sizeof(mem));
	return err;
}

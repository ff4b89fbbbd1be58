/* seal.c -- the device side of a stream: its key, the key's sealed copies, the frames.
 * SPDX-License-Identifier: Apache-2.0 */
#include "seal_priv.h"

static hf_bytes aad(hf_bytes prefix, hf_bytes dev, uint8_t mem[static HF__SEAL_AAD_CAP])
{
	memcpy(mem, prefix.ptr, prefix.len);
	memcpy(mem + prefix.len, dev.ptr, dev.len);
	return (hf_bytes){ mem, prefix.len + dev.len };
}

hf_bytes hf__seal_key_aad(hf_bytes dev, uint8_t mem[static HF__SEAL_AAD_CAP])
{
	return aad(HF_STR("hf/skey/1/"), dev, mem);
}

hf_bytes hf__seal_frame_aad(hf_bytes dev, uint8_t mem[static HF__SEAL_AAD_CAP])
{
	return aad(HF_STR("hf/frame/1/"), dev, mem);
}

void hf_seal_wipe(struct hf_seal *s)
{
	hf_wipe(s, sizeof(*s));
}

static void drop_key(struct hf_seal *s)
{
	hf_key_wipe(&s->key);
	hf_wipe(s->base_iv, sizeof(s->base_iv));
	s->frames = 0;
	s->bytes = 0;
}

static hf_err make_key(struct hf_seal *s)
{
	struct hf_clock now;

	HF_TRY(hf_port_clock(s->port, &now));
	HF_TRY(hf_port_random(s->port, s->kid, sizeof(s->kid)));
	HF_TRY(hf_port_random(s->port, s->base_iv, sizeof(s->base_iv)));
	HF_TRY(hf_port_random(s->port, s->key.b, sizeof(s->key.b)));
	s->born_ms = now.boot_ms;
	s->key.len = HF_KEY_CAP; /* set last: a key without length seals nothing */
	return HF_OK;
}

hf_err hf_seal_renew(struct hf_seal *s)
{
	hf_err err;

	drop_key(s);
	err = make_key(s);
	if (err != HF_OK)
		drop_key(s);
	return err;
}

/* The CBOR writer knows what text is; a name it cannot write is no name. */
static hf_err check_text(hf_bytes text)
{
	uint8_t mem[HF_SEAL_MAX_STREAM_LEN + 2];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_text(&w, text);
	return hf_cbor_finish(&w);
}

hf_err hf_seal_start(struct hf_seal *s, struct hf_port *port, hf_bytes dev, hf_bytes stream)
{
	*s = (struct hf_seal){ .port = port };
	if (dev.len != HF_SEAL_DEV_LEN || stream.len == 0 || stream.len > HF_SEAL_MAX_STREAM_LEN)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(check_text(dev));
	HF_TRY(check_text(stream));
	memcpy(s->dev, dev.ptr, dev.len);
	memcpy(s->stream, stream.ptr, stream.len);
	s->stream_len = (uint8_t)stream.len;
	return hf_seal_renew(s);
}

static void put_cose_key(struct hf_cborw *w, const struct hf_seal *s)
{
	hf_cbor_put_map(w, 5);
	hf_cbor_put_key(w, HF__SEAL_KEY_KTY);
	hf_cbor_put_uint(w, HF__SEAL_KTY_SYMMETRIC);
	hf_cbor_put_key(w, HF__SEAL_KEY_KID);
	hf_cbor_put_bytes(w, HF_ARR(s->kid));
	hf_cbor_put_key(w, HF__SEAL_KEY_ALG);
	hf_cbor_put_int(w, HF_COSE_A256GCM);
	hf_cbor_put_key(w, HF__SEAL_KEY_BASE_IV);
	hf_cbor_put_bytes(w, HF_ARR(s->base_iv));
	hf_cbor_put_key(w, HF__SEAL_KEY_K);
	hf_cbor_put_bytes(w, (hf_bytes){ s->key.b, s->key.len });
}

static hf_err put_claims(const struct hf_seal *s, const struct hf_clock *now, struct hf_out *out)
{
	bool trusted = now->quality == HF_CLOCK_TRUSTED && now->unix_s >= 0;
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, trusted ? 3 : 2);
	hf_cbor_put_key(&w, HF__SEAL_CLAIM_DEV);
	hf_cbor_put_text(&w, HF_ARR(s->dev));
	if (trusted) {
		hf_cbor_put_key(&w, HF__SEAL_CLAIM_IAT);
		hf_cbor_put_int(&w, now->unix_s);
	}
	hf_cbor_put_key(&w, HF__SEAL_CLAIM_HOLDFAST);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_text(&w, (hf_bytes){ s->stream, s->stream_len });
	put_cose_key(&w, s);
	return hf_cbor_finish(&w);
}

/* Both hold the raw key, so they live in memory that wipes itself. */
struct secrets {
	uint8_t claims[HF_SEAL_KEY_CAP];
	uint8_t sign1[HF_SEAL_KEY_CAP];
};

static void secrets_wipe(struct secrets *s)
{
	hf_wipe(s, sizeof(*s));
}

static hf_err sign_key(const struct hf_seal *s, const struct hf_cose_signer *ldevid, hf_bytes external,
		       struct secrets *mem, struct hf_out *signed_key)
{
	struct hf_out claims = HF_OUT(mem->claims);
	struct hf_clock now;

	*signed_key = HF_OUT(mem->sign1);
	HF_TRY(hf_port_clock(s->port, &now));
	HF_TRY(put_claims(s, &now, &claims));
	return hf_cose_sign1_write(ldevid, external, hf_out_bytes(&claims), false, NULL, signed_key);
}

hf_err hf_seal_key_write(const struct hf_seal *s, const struct hf_cose_signer *ldevid,
			 const uint8_t owner[static HF_P256_POINT_LEN], struct hf_out *out)
{
	struct secrets mem HF_AUTO(secrets_wipe) = { 0 };
	uint8_t aad_mem[HF__SEAL_AAD_CAP], kid[HF_KID_LEN];
	hf_bytes external = hf__seal_key_aad(HF_ARR(s->dev), aad_mem);
	struct hf_out signed_key;

	if (s->key.len == 0)
		return HF_ERR_SEAL_SPENT;
	if (ldevid->alg != HF_COSE_ES256)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_crypto_kid((hf_bytes){ owner, HF_P256_POINT_LEN }, kid));
	HF_TRY(sign_key(s, ldevid, external, &mem, &signed_key));
	return hf_cose_encrypt_write(s->port, owner, HF_ARR(kid), external, hf_out_bytes(&signed_key), out);
}

static bool is_spent(const struct hf_seal *s, const struct hf_clock *now, size_t len)
{
	if (s->key.len == 0 || s->frames >= HF_SEAL_MAX_FRAMES)
		return true;
	if (s->bytes > HF_SEAL_MAX_BYTES - len)
		return true;
	/* boot_ms only rises; a smaller one means another boot, so this object should not exist. */
	return now->boot_ms < s->born_ms || now->boot_ms - s->born_ms >= HF_SEAL_MAX_AGE_MS;
}

hf_err hf_seal_frame_write(struct hf_seal *s, hf_bytes plain, uint32_t *counter, struct hf_out *out)
{
	uint8_t aad_mem[HF__SEAL_AAD_CAP], number[HF__SEAL_COUNTER_LEN];
	hf_bytes external = hf__seal_frame_aad(HF_ARR(s->dev), aad_mem);
	struct hf_clock now;

	if (plain.len > HF_SEAL_MAX_PLAIN_LEN)
		return HF_ERR_SEAL_TOO_LARGE;
	HF_TRY(hf_port_clock(s->port, &now));
	if (is_spent(s, &now, plain.len))
		return HF_ERR_SEAL_SPENT;
	hf_put_be32(number, (uint32_t)s->frames);
	if (counter != NULL)
		*counter = (uint32_t)s->frames;
	/* Counted before sealing: whatever happens below, this number is not used again. */
	s->frames++;
	s->bytes += plain.len;
	return hf_cose_encrypt0_write_partial(&s->key, HF_ARR(s->kid), s->base_iv, HF_ARR(number), external,
					      plain, out);
}

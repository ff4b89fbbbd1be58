/* Where signing keys live. Software keys: the blob is 0x01 and the scalar, inside a secret record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <string.h>

enum { BLOB_SOFTWARE = 1, SOFTWARE_LEN = 1 + HF_KEY_CAP };

static hf_err make(void *ctx, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_key secret HF_AUTO(hf_key_wipe) = { { 0 }, 0 };
	const uint8_t kind = BLOB_SOFTWARE;

	(void)ctx;
	HF_TRY(hf_crypto_p256_generate(&secret, pub));
	HF_TRY(hf_out_put(blob, (hf_bytes){ &kind, 1 }));
	return hf_out_put(blob, (hf_bytes){ secret.b, HF_KEY_CAP });
}

static hf_err open_blob(hf_bytes blob, struct key_open *o)
{
	if (blob.len != SOFTWARE_LEN || blob.ptr[0] != BLOB_SOFTWARE)
		return HF_ERR_PORT_KEY;
	memcpy(o->scalar.b, blob.ptr + 1, HF_KEY_CAP);
	o->scalar.len = HF_KEY_CAP;
	return hf_crypto_p256_hwkey(&o->scalar, &o->key);
}

static hf_err open_slot(void *ctx, unsigned slot, hf_bytes blob, struct hf_hwkey *key)
{
	struct keyproc *k = ctx;

	HF_TRY(open_blob(blob, &k->slot_key[slot]));
	*key = k->slot_key[slot].key;
	return HF_OK;
}

static hf_err endorse0(void *ctx, const struct hf_endorse *e, struct hf_out *out)
{
	struct keyproc *k = ctx;

	if (k->has_claim)
		return hf_endorse_write_claim(e, &k->claim.ko, out);
	if (k->has_idevid)
		return hf_endorse_write_signed(e, &k->idevid_key.key, out);
	return HF_ERR_PORT_ABSENT;
}

struct hf_renew_keys key_backend(struct keyproc *k)
{
	return (struct hf_renew_keys){ k, make, open_slot, endorse0 };
}

hf_err key_backend_idevid(struct keyproc *k)
{
	uint8_t mem[HF_RENEW_BLOB_CAP] = { 0 };
	struct hf_out blob = HF_OUT(mem), cert = HF_OUT(k->idevid_cert);
	hf_err err = hf_port_read(&k->port, HF_REC_IDEVID_KEY, &blob);

	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	if (err == HF_OK)
		err = open_blob(hf_out_bytes(&blob), &k->idevid_key);
	hf_wipe(mem, sizeof(mem));
	HF_TRY(err);
	k->has_idevid = true;
	err = hf_port_read(&k->port, HF_REC_IDEVID_CERT, &cert);
	if (err != HF_OK && err != HF_ERR_PORT_ABSENT)
		return err;
	k->idevid_cert_len = cert.len;
	return HF_OK;
}

const struct hf_hwkey *key_find(void *ctx, uint8_t number)
{
	struct keyproc *k = ctx;
	struct hf_hwkey key;

	if (number == AGENT_KEY_IDEVID)
		return k->has_idevid ? &k->idevid_key.key : NULL;
	if (number > AGENT_KEY_SLOT1 || hf_renew_signing_key(&k->renew, number, &key) != HF_OK)
		return NULL;
	return &k->slot_key[number].key;
}

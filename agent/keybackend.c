/* Where signing keys live: the software store or a TPM 2.0 (port/linux). A blob in a key record is one byte
 * that
 * names the store, then what that store needs to open the key again; so a device may change from one to the
 * other and still open what it has.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <string.h>

enum { STORE_SOFTWARE = 1, STORE_TPM = 2 };

hf_err key_backend_open(struct keyproc *k, struct hf_why *why)
{
	const char *uri = k->agent->conf.key;
	struct hf_keyuri_why words = { "" };
	hf_err err = hf_keystore_open("software", &k->software, &words);

	if (err == HF_OK && strcmp(uri, "software") != 0)
		err = hf_keystore_open(uri, &k->tpm, &words);
	if (err != HF_OK)
		return hf_why_set(why, err, "key %s: %s", uri,
				  words.text[0] != '\0' ? words.text : hf_err_text(err));
	return HF_OK;
}

static hf_err make(void *ctx, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct keyproc *k = ctx;
	const uint8_t kind = k->tpm != NULL ? STORE_TPM : STORE_SOFTWARE;

	HF_TRY(hf_out_put(blob, (hf_bytes){ &kind, 1 }));
	return hf_keystore_make(k->tpm != NULL ? k->tpm : k->software, blob, pub, NULL);
}

static void close_key(struct key_open *o)
{
	hf_keyuri_close(o->uri);
	hf_wipe(o, sizeof(*o));
	o->uri = NULL;
}

static hf_err open_blob(struct keyproc *k, hf_bytes blob, struct key_open *o)
{
	struct hf_keystore *store;

	if (o->uri != NULL && hf_bytes_equal(blob, (hf_bytes){ o->blob, o->blob_len }))
		return HF_OK;
	close_key(o);
	if (blob.len < 2 || blob.len > sizeof(o->blob))
		return HF_ERR_PORT_KEY;
	store = blob.ptr[0] == STORE_TPM ? k->tpm : k->software;
	if (store == NULL) /* the TPM that made this key is no longer configured */
		return HF_ERR_PORT_KEY;
	HF_TRY(hf_keystore_load(store, (hf_bytes){ blob.ptr + 1, blob.len - 1 }, &o->uri, NULL));
	memcpy(o->blob, blob.ptr, blob.len);
	o->blob_len = blob.len;
	return HF_OK;
}

static hf_err open_slot(void *ctx, unsigned slot, hf_bytes blob, struct hf_hwkey *key)
{
	struct keyproc *k = ctx;

	HF_TRY(open_blob(k, blob, &k->slot_key[slot]));
	*key = *hf_keyuri_hwkey(k->slot_key[slot].uri);
	return HF_OK;
}

static hf_err endorse0(void *ctx, const struct hf_endorse *e, struct hf_out *out)
{
	struct keyproc *k = ctx;

	if (k->has_claim && k->provision.enrol != HF_ENROL_IDEVID + 1)
		return hf_endorse_write_claim(e, &k->claim.ko, out);
	if (k->has_idevid)
		return hf_endorse_write_signed(e, hf_keyuri_hwkey(k->idevid_key.uri), out);
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
		err = open_blob(k, hf_out_bytes(&blob), &k->idevid_key);
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
		return k->has_idevid ? hf_keyuri_hwkey(k->idevid_key.uri) : NULL;
	if (number > AGENT_KEY_SLOT1 || hf_renew_signing_key(&k->renew, number, &key) != HF_OK)
		return NULL;
	return hf_keyuri_hwkey(k->slot_key[number].uri);
}

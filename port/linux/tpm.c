/* tpm.c -- keys inside a TPM 2.0 by tss2-esys.
 * A raw TPM has three transient slots, so nothing stays loaded between two calls: the primary and each key
 * are kept as saved contexts, which only this TPM can load and only until it is reset. After a reset, or a
 * restart of the simulator, the primary is made anew (its template is fixed, so it is the same key) and the
 * signing key is loaded from its blobs again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include "tpm_priv.h"

enum { MAGIC_LEN = 4 };
static const uint8_t magic[MAGIC_LEN] = { 'h', 'f', 't', '1' };

struct hf__tpm {
	pthread_mutex_t lock;
	unsigned users;
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	TPMS_CONTEXT *primary; /* saved; NULL = not made yet */
	char conf[HF_KEYURI_MAX + 1];
};

struct blob {
	TPM2B_PUBLIC pub;
	TPM2B_PRIVATE priv;
};

struct tpm_key {
	struct hf__tpm *tpm;
	struct blob blob;
	TPMS_CONTEXT *saved; /* NULL = load from the blob */
};

static const TPM2B_PUBLIC primary_template = { .publicArea = {
	.type = TPM2_ALG_ECC,
	.nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
			    TPMA_OBJECT_NODA | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
			    TPMA_OBJECT_SENSITIVEDATAORIGIN,
	.parameters.eccDetail = {
		.symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
		.scheme.scheme = TPM2_ALG_NULL,
		.curveID = TPM2_ECC_NIST_P256,
		.kdf.scheme = TPM2_ALG_NULL,
	},
} };

static const TPM2B_PUBLIC signing_template = { .publicArea = {
	.type = TPM2_ALG_ECC,
	.nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA |
			    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN,
	.parameters.eccDetail = {
		.symmetric.algorithm = TPM2_ALG_NULL,
		.scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
		.curveID = TPM2_ECC_NIST_P256,
		.kdf.scheme = TPM2_ALG_NULL,
	},
} };

static hf_err refused(struct hf_keyuri_why *why, const char *act, TSS2_RC rc)
{
	return hf__keyuri_say(why, HF_ERR_KEYURI_TPM, "%s: %s (0x%x)", act, Tss2_RC_Decode(rc), (unsigned)rc);
}

/* ---- connection ---- */

static void disconnect(struct hf__tpm *tpm)
{
	Esys_Free(tpm->primary);
	tpm->primary = NULL;
	Esys_Finalize(&tpm->esys);
	Tss2_TctiLdr_Finalize(&tpm->tcti);
}

static hf_err connect_tpm(struct hf__tpm *tpm, struct hf_keyuri_why *why)
{
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tpm->conf, &tpm->tcti);

	if (rc != TSS2_RC_SUCCESS)
		return hf__keyuri_say(why, HF_ERR_KEYURI_TPM, "cannot reach %.80s: %s (0x%x)", tpm->conf,
				      Tss2_RC_Decode(rc), (unsigned)rc);
	rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
	if (rc == TSS2_RC_SUCCESS)
		return HF_OK;
	disconnect(tpm);
	return refused(why, "cannot talk to the TPM", rc);
}

hf_err hf__tpm_open(const char *tcti, struct hf__tpm **tpm, struct hf_keyuri_why *why)
{
	struct hf__tpm *t = calloc(1, sizeof(*t));
	hf_err err;

	*tpm = NULL;
	if (t == NULL)
		return HF_ERR_PORT_KEY;
	/* The library would print several lines for each failure; ours says it once. */
	(void)setenv("TSS2_LOG", "all+none", 0);
	t->users = 1;
	memcpy(t->conf, tcti, strlen(tcti) + 1);
	if (pthread_mutex_init(&t->lock, NULL) != 0) {
		free(t);
		return HF_ERR_PORT_KEY;
	}
	err = connect_tpm(t, why);
	if (err != HF_OK) {
		hf__tpm_release(t);
		return err;
	}
	*tpm = t;
	return HF_OK;
}

void hf__tpm_release(struct hf__tpm *tpm)
{
	unsigned left;

	if (tpm == NULL)
		return;
	pthread_mutex_lock(&tpm->lock);
	left = --tpm->users;
	pthread_mutex_unlock(&tpm->lock);
	if (left > 0)
		return;
	disconnect(tpm);
	pthread_mutex_destroy(&tpm->lock);
	free(tpm);
}

static void unlock(struct hf__tpm **tpm)
{
	pthread_mutex_unlock(&(*tpm)->lock);
}

/* ---- handles: each lives inside one function ---- */

struct handle {
	ESYS_CONTEXT *esys;
	ESYS_TR tr;
};
static void flush(const struct handle *h)
{
	if (h->tr != ESYS_TR_NONE)
		(void)Esys_FlushContext(h->esys, h->tr);
}

static TSS2_RC primary_of(struct hf__tpm *tpm, struct handle *out)
{
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION pcrs = { 0 };
	TSS2_RC rc;

	if (tpm->primary != NULL && Esys_ContextLoad(tpm->esys, tpm->primary, &out->tr) == TSS2_RC_SUCCESS)
		return TSS2_RC_SUCCESS;
	out->tr = ESYS_TR_NONE;
	Esys_Free(tpm->primary);
	tpm->primary = NULL;
	rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				&sensitive, &primary_template, &outside, &pcrs, &out->tr, NULL, NULL, NULL,
				NULL);
	if (rc != TSS2_RC_SUCCESS) {
		out->tr = ESYS_TR_NONE;
		return rc;
	}
	return Esys_ContextSave(tpm->esys, out->tr, &tpm->primary);
}

/* Load the key and keep it as a saved context. */
static TSS2_RC load_once(struct tpm_key *key)
{
	struct handle primary HF_AUTO(flush) = { key->tpm->esys, ESYS_TR_NONE };
	struct handle loaded HF_AUTO(flush) = { key->tpm->esys, ESYS_TR_NONE };
	TSS2_RC rc = primary_of(key->tpm, &primary);

	Esys_Free(key->saved);
	key->saved = NULL;
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	rc = Esys_Load(key->tpm->esys, primary.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		       &key->blob.priv, &key->blob.pub, &loaded.tr);
	if (rc != TSS2_RC_SUCCESS) {
		loaded.tr = ESYS_TR_NONE;
		return rc;
	}
	return Esys_ContextSave(key->tpm->esys, loaded.tr, &key->saved);
}

static TSS2_RC load_blob(struct tpm_key *key)
{
	TSS2_RC rc = load_once(key);

	if (rc == TPM2_RC_OBJECT_MEMORY && hf__tpm_sweep(key->tpm->esys, &key->blob.pub, &primary_template))
		rc = load_once(key);
	return rc;
}

/* ---- blobs ---- */

static bool read_coordinate(const TPM2B_ECC_PARAMETER *in, uint8_t out[static 32])
{
	if (in->size > 32)
		return false;
	memset(out, 0, 32);
	memcpy(out + 32 - in->size, in->buffer, in->size);
	return true;
}

static bool read_point(const TPMT_PUBLIC *area, uint8_t pub[static HF_P256_POINT_LEN])
{
	pub[0] = 4;
	return area->type == TPM2_ALG_ECC && area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 &&
	       read_coordinate(&area->unique.ecc.x, pub + 1) &&
	       read_coordinate(&area->unique.ecc.y, pub + 33) && hf_crypto_p256_check(pub) == HF_OK;
}

static hf_err write_blob(const struct blob *blob, struct hf_out *out)
{
	uint8_t bytes[HF_KEYSTORE_BLOB_MAX] = { 0 };
	size_t at = MAGIC_LEN;

	memcpy(bytes, magic, MAGIC_LEN);
	if (Tss2_MU_TPM2B_PUBLIC_Marshal(&blob->pub, bytes, sizeof(bytes), &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Marshal(&blob->priv, bytes, sizeof(bytes), &at) != TSS2_RC_SUCCESS)
		return HF_ERR_KEYURI_TPM;
	return hf_out_put(out, (hf_bytes){ bytes, at });
}

static bool read_blob(hf_bytes in, struct blob *blob)
{
	size_t at = MAGIC_LEN;

	*blob = (struct blob){ 0 };
	return in.len > MAGIC_LEN && in.len <= HF_KEYSTORE_BLOB_MAX &&
	       memcmp(in.ptr, magic, MAGIC_LEN) == 0 &&
	       Tss2_MU_TPM2B_PUBLIC_Unmarshal(in.ptr, in.len, &at, &blob->pub) == TSS2_RC_SUCCESS &&
	       Tss2_MU_TPM2B_PRIVATE_Unmarshal(in.ptr, in.len, &at, &blob->priv) == TSS2_RC_SUCCESS &&
	       at == in.len;
}

static TSS2_RC create_once(struct hf__tpm *tpm, struct blob *out)
{
	struct handle primary HF_AUTO(flush) = { tpm->esys, ESYS_TR_NONE };
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION pcrs = { 0 };
	TPM2B_PRIVATE *priv = NULL;
	TPM2B_PUBLIC *made = NULL;
	TSS2_RC rc = primary_of(tpm, &primary);

	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Create(tpm->esys, primary.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				 &sensitive, &signing_template, &outside, &pcrs, &priv, &made, NULL, NULL,
				 NULL);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	*out = (struct blob){ *made, *priv };
	Esys_Free(made);
	Esys_Free(priv);
	return rc;
}

hf_err hf__tpm_make(struct hf__tpm *tpm, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN],
		    struct hf_keyuri_why *why)
{
	struct hf__tpm *held HF_AUTO(unlock) = (pthread_mutex_lock(&tpm->lock), tpm);
	struct blob wrapped = { 0 };
	TSS2_RC rc = create_once(held, &wrapped);

	if (rc == TPM2_RC_OBJECT_MEMORY && hf__tpm_sweep(tpm->esys, NULL, &primary_template))
		rc = create_once(held, &wrapped);
	if (rc != TSS2_RC_SUCCESS)
		return refused(why, "make a key", rc);
	if (!read_point(&wrapped.pub.publicArea, pub))
		return hf__keyuri_say(why, HF_ERR_KEYURI_TPM, "it made another kind of key");
	return write_blob(&wrapped, blob);
}

/* ---- signing ---- */

static TSS2_RC sign_once(struct tpm_key *key, const TPM2B_DIGEST *digest, TPMT_SIGNATURE **sig)
{
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 };
	const TPMT_TK_HASHCHECK ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
	struct handle loaded HF_AUTO(flush) = { key->tpm->esys, ESYS_TR_NONE };
	TSS2_RC rc = Esys_ContextLoad(key->tpm->esys, key->saved, &loaded.tr);

	if (rc != TSS2_RC_SUCCESS) {
		loaded.tr = ESYS_TR_NONE;
		return rc;
	}
	return Esys_Sign(key->tpm->esys, loaded.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, digest,
			 &scheme, &ticket, sig);
}

/* The saved context died with a reset of the TPM, or the connection with the simulator: start over once. */
static TSS2_RC sign_again(struct tpm_key *key, const TPM2B_DIGEST *digest, TPMT_SIGNATURE **sig)
{
	TSS2_RC rc = key->tpm->esys == NULL ? TSS2_TCTI_RC_NO_CONNECTION : load_blob(key);

	if (rc != TSS2_RC_SUCCESS) {
		disconnect(key->tpm);
		if (connect_tpm(key->tpm, NULL) != HF_OK)
			return TSS2_TCTI_RC_NO_CONNECTION;
		rc = load_blob(key);
	}
	return rc == TSS2_RC_SUCCESS ? sign_once(key, digest, sig) : rc;
}

static hf_err sign(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	struct tpm_key *key = ctx;
	struct hf__tpm *held HF_AUTO(unlock) = (pthread_mutex_lock(&key->tpm->lock), key->tpm);
	TPM2B_DIGEST hash = { .size = HF_SHA256_LEN };
	TPMT_SIGNATURE *sig = NULL;
	bool ok;

	if (n != HF_SHA256_LEN)
		return HF_ERR_BASE_MISUSE;
	memcpy(hash.buffer, digest, n);
	if ((held->esys == NULL || key->saved == NULL || sign_once(key, &hash, &sig) != TSS2_RC_SUCCESS) &&
	    sign_again(key, &hash, &sig) != TSS2_RC_SUCCESS)
		return HF_ERR_PORT_KEY;
	ok = sig->sigAlg == TPM2_ALG_ECDSA && read_coordinate(&sig->signature.ecdsa.signatureR, rs) &&
	     read_coordinate(&sig->signature.ecdsa.signatureS, rs + 32);
	Esys_Free(sig);
	return ok ? HF_OK : HF_ERR_PORT_KEY;
}

static void close_key(void *ctx)
{
	struct tpm_key *key = ctx;

	Esys_Free(key->saved);
	hf__tpm_release(key->tpm);
	free(key);
}

static hf_err first_load(struct tpm_key *key, struct hf_keyuri_why *why)
{
	struct hf__tpm *held HF_AUTO(unlock) = (pthread_mutex_lock(&key->tpm->lock), key->tpm);
	TSS2_RC rc;

	held->users++;
	rc = load_blob(key);
	if (rc == TSS2_RC_SUCCESS)
		return HF_OK;
	/* Format-one codes about a parameter: the wrapping does not open here. */
	if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER &&
	    (rc & (TPM2_RC_FMT1 | TPM2_RC_P)) == (TPM2_RC_FMT1 | TPM2_RC_P))
		return hf__keyuri_say(why, HF_ERR_KEYURI_BLOB, "this TPM does not know the key: %s (0x%x)",
				      Tss2_RC_Decode(rc), (unsigned)rc);
	return refused(why, "load the key", rc);
}

hf_err hf__tpm_load(struct hf__tpm *tpm, hf_bytes blob, struct hf_keyuri **out, struct hf_keyuri_why *why)
{
	struct tpm_key *key = calloc(1, sizeof(*key));
	struct hf_hwkey hwkey = { .sign = sign, .ctx = key, .curve = HF_CURVE_P256 };
	hf_err err;

	*out = NULL;
	if (key == NULL)
		return HF_ERR_PORT_KEY;
	if (!read_blob(blob, &key->blob) || !read_point(&key->blob.pub.publicArea, hwkey.pub)) {
		free(key);
		return hf__keyuri_say(why, HF_ERR_KEYURI_BLOB, "the key's blobs are damaged");
	}
	key->tpm = tpm;
	err = first_load(key, why);
	if (err != HF_OK) {
		close_key(key);
		return err;
	}
	return hf__keyuri_new(&hwkey, close_key, out);
}

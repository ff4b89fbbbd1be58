/* issue.c -- certificates by profile: everything but the public key is the issuer's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/asn1t.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "x509_priv.h"

/* hardwareModuleName (RFC 4108 s5): 1.3.6.1.5.5.7.8.4 {hwType, hwSerialNum}. */
typedef struct hf_hw_module {
	ASN1_OBJECT *type;
	ASN1_OCTET_STRING *serial;
} HF_HW_MODULE;
ASN1_SEQUENCE(HF_HW_MODULE) = {
	ASN1_SIMPLE(HF_HW_MODULE, type, ASN1_OBJECT),
	ASN1_SIMPLE(HF_HW_MODULE, serial, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(HF_HW_MODULE)
IMPLEMENT_STATIC_ASN1_ALLOC_FUNCTIONS(HF_HW_MODULE)

HF__OSSL_OWNER(free_hw_module, HF_HW_MODULE, HF_HW_MODULE_free)

struct ext {
	int nid;
	const char *value;
};
/* What every certificate of a profile carries; names come by function. */
static const struct profile {
	struct ext ext[4];
} profiles[] = {
	[HF_PKI_ROOT] = { { { NID_basic_constraints, "critical,CA:TRUE,pathlen:1" },
			    { NID_key_usage, "critical,keyCertSign,cRLSign" } } },
	[HF_PKI_SUB_CA] = { { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
			      { NID_key_usage, "critical,keyCertSign,cRLSign" } } },
	[HF_PKI_SERVER_CA] = { { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
				 { NID_key_usage, "critical,keyCertSign,cRLSign" } } },
	[HF_PKI_SERVER] = { { { NID_basic_constraints, "critical,CA:FALSE" },
			      { NID_key_usage, "critical,digitalSignature" },
			      { NID_ext_key_usage, "serverAuth,1.3.6.1.5.5.7.3.28" } } },
	[HF_PKI_OPERATOR] = { { { NID_basic_constraints, "critical,CA:FALSE" },
				{ NID_key_usage, "critical,digitalSignature" },
				{ NID_ext_key_usage, "clientAuth" } } },
	[HF_PKI_STATION] = { { { NID_basic_constraints, "critical,CA:FALSE" },
			       { NID_key_usage, "critical,digitalSignature" },
			       { NID_ext_key_usage, "clientAuth" } } },
	[HF_PKI_IDEVID] = { { { NID_basic_constraints, "critical,CA:FALSE" },
			      { NID_key_usage, "critical,digitalSignature" },
			      { NID_ext_key_usage, "clientAuth" } } },
	[HF_PKI_LDEVID] = { { { NID_basic_constraints, "critical,CA:FALSE" },
			      { NID_key_usage, "critical,digitalSignature" },
			      { NID_ext_key_usage, "clientAuth" } } },
};

static bool add_ext(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *ext HF_AUTO(hf__x509_ext_free) = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

	return ext != NULL && X509_add_ext(cert, ext, -1) == 1;
}

static bool add_fixed(X509 *cert, X509V3_CTX *ctx, enum hf_pki_profile profile)
{
	for (size_t i = 0; i < 4 && profiles[profile].ext[i].value != NULL; i++)
		if (!add_ext(cert, ctx, profiles[profile].ext[i].nid, profiles[profile].ext[i].value))
			return false;
	return add_ext(cert, ctx, NID_subject_key_identifier, "hash") &&
	       (profile == HF_PKI_ROOT || add_ext(cert, ctx, NID_authority_key_identifier, "keyid:always"));
}

/* A DNS constraint alone leaves IP names free, so both families are excluded whole. */
static bool add_constraints(X509 *cert, X509V3_CTX *ctx, const char *domain)
{
	char value[512];
	int n = snprintf(value, sizeof(value),
			 "critical,permitted;DNS:%s,excluded;IP:0.0.0.0/0.0.0.0,"
			 "excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
			 domain);

	return n > 0 && (size_t)n < sizeof(value) && add_ext(cert, ctx, NID_name_constraints, value);
}

static bool push_name(GENERAL_NAMES *names, int type, const char *text)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (gn == NULL || value == NULL || ASN1_STRING_set(value, text, -1) != 1) {
		GENERAL_NAME_free(gn);
		ASN1_IA5STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(gn, type, value);
	if (sk_GENERAL_NAME_push(names, gn) > 0)
		return true;
	GENERAL_NAME_free(gn);
	return false;
}

static bool push_hw_module(GENERAL_NAMES *names, const char *oid, const char *handle)
{
	HF_HW_MODULE *hw HF_AUTO(free_hw_module) = HF_HW_MODULE_new();
	ASN1_TYPE *value = ASN1_TYPE_new();
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_OBJECT *name = OBJ_txt2obj("1.3.6.1.5.5.7.8.4", 1);
	ASN1_STRING *packed = NULL;

	if (hw != NULL) {
		ASN1_OBJECT_free(hw->type);
		hw->type = OBJ_txt2obj(oid, 1);
	}
	if (hw == NULL || hw->type == NULL ||
	    ASN1_OCTET_STRING_set(hw->serial, (const uint8_t *)handle, -1) != 1 ||
	    (packed = ASN1_item_pack(hw, ASN1_ITEM_rptr(HF_HW_MODULE), NULL)) == NULL || value == NULL ||
	    gn == NULL || name == NULL) {
		ASN1_STRING_free(packed);
		ASN1_TYPE_free(value);
		GENERAL_NAME_free(gn);
		ASN1_OBJECT_free(name);
		return false;
	}
	ASN1_TYPE_set(value, V_ASN1_SEQUENCE, packed);
	GENERAL_NAME_set0_othername(gn, name, value);
	if (sk_GENERAL_NAME_push(names, gn) > 0)
		return true;
	GENERAL_NAME_free(gn);
	return false;
}

static bool add_names(X509 *cert, const struct hf_pki_spec *spec)
{
	GENERAL_NAMES *names HF_AUTO(hf__general_names_free) = GENERAL_NAMES_new();
	bool ok = names != NULL;

	if (spec->profile == HF_PKI_SERVER)
		ok = ok && push_name(names, GEN_DNS, spec->host) &&
		     (spec->host2 == NULL || push_name(names, GEN_DNS, spec->host2));
	else if (spec->profile == HF_PKI_LDEVID)
		ok = ok && push_name(names, GEN_URI, spec->uri);
	else if (spec->profile == HF_PKI_IDEVID)
		ok = ok && push_hw_module(names, spec->oid, spec->cn);
	else
		return ok;
	return ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
}

static bool set_subject(X509 *cert, const struct hf_pki_spec *spec)
{
	X509_NAME *name = X509_get_subject_name(cert);

	if (spec->profile == HF_PKI_STATION &&
	    X509_NAME_add_entry_by_NID(name, NID_organizationalUnitName, MBSTRING_UTF8,
				       (const uint8_t *)"station", -1, -1, 0) != 1)
		return false;
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const uint8_t *)spec->cn, -1,
					  -1, 0) == 1;
}

static bool set_time(ASN1_TIME *at, int64_t when)
{
	return ASN1_TIME_set(at, (time_t)when) != NULL;
}

static bool set_serial(X509 *cert, const uint8_t serial[static HF_PKI_SERIAL_LEN])
{
	BIGNUM *n HF_AUTO(hf__ossl_bn_free) = BN_bin2bn(serial, HF_PKI_SERIAL_LEN, NULL);

	return serial[0] >= 0x40 && serial[0] <= 0x7f && n != NULL &&
	       BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
}

/* The one thing a profile needs beside the common ones. */
static bool has_own_field(const struct hf_pki_spec *s)
{
	switch (s->profile) {
	case HF_PKI_SERVER_CA:
		return s->domain != NULL;
	case HF_PKI_SERVER:
		return s->host != NULL;
	case HF_PKI_IDEVID:
		return s->oid != NULL;
	case HF_PKI_LDEVID:
		return s->uri != NULL;
	default:
		return s->profile >= HF_PKI_ROOT && s->profile <= HF_PKI_LDEVID;
	}
}

static bool is_complete(const struct hf_pki_spec *s)
{
	return s->pub != NULL && s->serial != NULL && s->cn != NULL && s->cn[0] != '\0' &&
	       strlen(s->cn) <= HF_PKI_NAME_MAX && s->not_after > s->not_before && has_own_field(s);
}

static hf_err fill(X509 *cert, X509 *issuer, const struct hf_pki_spec *spec)
{
	EVP_PKEY *pub HF_AUTO(hf__ossl_pkey_free) = NULL;
	X509V3_CTX ctx;

	HF_TRY(hf__x509_public(spec->curve, spec->pub, &pub));
	if (X509_set_version(cert, X509_VERSION_3) != 1 || X509_set_pubkey(cert, pub) != 1 ||
	    !set_serial(cert, spec->serial) || !set_subject(cert, spec) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
	    !set_time(X509_getm_notBefore(cert), spec->not_before) ||
	    !set_time(X509_getm_notAfter(cert), spec->not_after))
		return HF_ERR_CRYPTO_FAILED;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	if (!add_fixed(cert, &ctx, spec->profile) || !add_names(cert, spec))
		return HF_ERR_CRYPTO_FAILED;
	if (spec->profile == HF_PKI_SERVER_CA && !add_constraints(cert, &ctx, spec->domain))
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

static int i2d_cert(const void *cert, unsigned char **at)
{
	return i2d_X509(cert, at);
}

/* `ca` NULL: by itself. */
static hf_err issue(const struct hf_pki_spec *spec, X509 *ca, EVP_PKEY *key, const EVP_MD *md,
		    struct hf_out *out)
{
	X509 *cert HF_AUTO(hf__x509_free) = X509_new();

	if (cert == NULL)
		return HF_ERR_CRYPTO_FAILED;
	HF_TRY(fill(cert, ca == NULL ? cert : ca, spec));
	if (ca == NULL && EVP_PKEY_eq(X509_get0_pubkey(cert), key) != 1)
		return HF_ERR_CRYPTO_CERT;
	if (X509_sign(cert, key, md) <= 0)
		return HF_ERR_CRYPTO_FAILED;
	return hf__x509_put(out, i2d_cert, cert);
}

struct hf_pki_issuer {
	X509 *cert;
	EVP_PKEY *key;
	const EVP_MD *md;
};

void hf_pki_issuer_free(struct hf_pki_issuer *issuer)
{
	if (issuer == NULL)
		return;
	X509_free(issuer->cert);
	EVP_PKEY_free(issuer->key);
	free(issuer);
}

static hf_err open_issuer(hf_bytes cert, const struct hf_hwkey *key, struct hf_pki_issuer *issuer)
{
	issuer->cert = hf__x509_parse(cert);
	if (issuer->cert == NULL)
		return HF_ERR_CRYPTO_CERT;
	HF_TRY(hf_hwkey_evp(key, &issuer->key));
	issuer->md = hf__x509_md(key);
	/* Signing with another CA's key would make dead certificates. */
	return EVP_PKEY_eq(X509_get0_pubkey(issuer->cert), issuer->key) == 1 ? HF_OK : HF_ERR_CRYPTO_CERT;
}

hf_err hf_pki_issuer_new(hf_bytes cert, const struct hf_hwkey *key, struct hf_pki_issuer **issuer)
{
	hf_err err;

	*issuer = calloc(1, sizeof(**issuer));
	if (*issuer == NULL)
		return HF_ERR_CRYPTO_FAILED;
	err = open_issuer(cert, key, *issuer);
	if (err == HF_OK)
		return HF_OK;
	hf_pki_issuer_free(*issuer);
	*issuer = NULL;
	return err;
}

hf_err hf_pki_issue_by(const struct hf_pki_issuer *issuer, const struct hf_pki_spec *spec, struct hf_out *out)
{
	if (!is_complete(spec) || spec->profile == HF_PKI_ROOT)
		return HF_ERR_BASE_MISUSE;
	return issue(spec, issuer->cert, issuer->key, issuer->md, out);
}

/* Roots sign themselves; devices of a factory without network may. */
static hf_err issue_self(const struct hf_pki_spec *spec, const struct hf_hwkey *key, struct hf_out *out)
{
	EVP_PKEY *evp HF_AUTO(hf__ossl_pkey_free) = NULL;

	if (!is_complete(spec) || (spec->profile != HF_PKI_ROOT && spec->profile != HF_PKI_IDEVID))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_hwkey_evp(key, &evp));
	return issue(spec, NULL, evp, hf__x509_md(key), out);
}

hf_err hf_pki_issue(const struct hf_pki_spec *spec, hf_bytes issuer, const struct hf_hwkey *issuer_key,
		    struct hf_out *out)
{
	struct hf_pki_issuer *by = NULL;
	hf_err err;

	if (issuer.len == 0)
		return issue_self(spec, issuer_key, out);
	HF_TRY(hf_pki_issuer_new(issuer, issuer_key, &by));
	err = hf_pki_issue_by(by, spec, out);
	hf_pki_issuer_free(by);
	return err;
}

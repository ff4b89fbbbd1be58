/* csrread.c -- PKCS#10 requests (RFC 2986), read strictly by the server.
 * Taken apart by hand: OpenSSL's own type decodes the key by its generic coders while it parses, which costs
 * more than all the rest, and here the key and the algorithm are compared byte by byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/obj_mac.h>
#include <string.h>
#include "x509_priv.h"

enum { MAX_ATTRIBUTES = 4 };

static void free_attributes(STACK_OF(X509_ATTRIBUTE) * *list)
{
	sk_X509_ATTRIBUTE_pop_free(*list, X509_ATTRIBUTE_free);
}

/* All but the last two are whole TLVs. */
struct parts {
	hf_bytes info, version, subject, key, algorithm;
	hf_bytes attributes; /* [0], or nothing */
	hf_bytes signature;  /* BIT STRING */
};

static bool take(const uint8_t **at, const uint8_t *end, int tag, hf_bytes *whole)
{
	const uint8_t *start = *at;

	if (!hf__tlv_skip(at, end, V_ASN1_UNIVERSAL, tag))
		return false;
	*whole = (hf_bytes){ start, (size_t)(*at - start) };
	return true;
}

static bool split(hf_bytes der, struct parts *p)
{
	const uint8_t *at = der.ptr, *start, *outer, *inner;

	if (!hf__tlv_open(&at, der.ptr + der.len, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &outer) ||
	    outer != der.ptr + der.len)
		return false;
	start = at;
	if (!hf__tlv_open(&at, outer, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &inner))
		return false;
	p->info = (hf_bytes){ start, (size_t)(inner - start) };
	if (!take(&at, inner, V_ASN1_INTEGER, &p->version) ||
	    !take(&at, inner, V_ASN1_SEQUENCE, &p->subject) || !take(&at, inner, V_ASN1_SEQUENCE, &p->key))
		return false;
	p->attributes = (hf_bytes){ at, (size_t)(inner - at) };
	at = inner;
	return take(&at, outer, V_ASN1_SEQUENCE, &p->algorithm) &&
	       take(&at, outer, V_ASN1_BIT_STRING, &p->signature) && at == outer;
}

static bool read_challenge(X509_ATTRIBUTE *attribute, struct hf_pki_csr *csr)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	int n;

	if (X509_ATTRIBUTE_count(attribute) != 1 || value == NULL ||
	    (value->type != V_ASN1_PRINTABLESTRING && value->type != V_ASN1_UTF8STRING &&
	     value->type != V_ASN1_IA5STRING))
		return false;
	n = ASN1_STRING_length(value->value.asn1_string);
	if (n <= 0 || n > HF_PKI_CHALLENGE_MAX)
		return false;
	memcpy(csr->challenge, ASN1_STRING_get0_data(value->value.asn1_string), (size_t)n);
	csr->challenge[n] = '\0';
	return memchr(csr->challenge, 0, (size_t)n) == NULL;
}

static void free_extensions(STACK_OF(X509_EXTENSION) * *list)
{
	sk_X509_EXTENSION_pop_free(*list, X509_EXTENSION_free);
}

/* Exactly one list of extensions, and one that decodes: else a damaged request would look like one that asks
 * for no names. */
static STACK_OF(X509_EXTENSION) * read_extensions(X509_ATTRIBUTE *attribute)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	const uint8_t *at, *end;
	STACK_OF(X509_EXTENSION) * list;

	if (X509_ATTRIBUTE_count(attribute) != 1 || value == NULL || value->type != V_ASN1_SEQUENCE)
		return NULL;
	at = value->value.sequence->data;
	end = at + value->value.sequence->length;
	list = d2i_X509_EXTENSIONS(NULL, &at, end - at);
	if (list != NULL && at == end)
		return list;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return NULL;
}

static bool read_subject(const X509_NAME *name, struct hf_pki_csr *csr)
{
	int n = X509_NAME_entry_count(name);

	csr->has_subject = n > 0;
	if (!hf__x509_name_text(name, NID_commonName, csr->cn, sizeof(csr->cn)))
		return false;
	csr->plain_names = n == 0 || (n == 1 && csr->cn[0] != '\0');
	return true;
}

static bool read_san(X509_ATTRIBUTE *attribute, struct hf_pki_csr *csr)
{
	STACK_OF(X509_EXTENSION) * list HF_AUTO(free_extensions) = read_extensions(attribute);
	int critical = 0;
	GENERAL_NAMES *names HF_AUTO(hf__general_names_free) =
		list == NULL ? NULL : X509V3_get_d2i(list, NID_subject_alt_name, &critical, NULL);
	int n;

	if (list == NULL)
		return false;
	if (names == NULL)
		return critical == -1;
	n = sk_GENERAL_NAME_num(names);
	csr->has_san = n > 0;
	if (!hf__x509_one_uri(names, csr->uri, sizeof(csr->uri)))
		return false;
	/* strongSwan writes a URI name as one with an empty value: nothing was asked for. */
	if (n == 1 && csr->uri[0] == '\0' && sk_GENERAL_NAME_value(names, 0)->type == GEN_URI)
		csr->has_san = false;
	else if (n > 0)
		csr->plain_names = csr->plain_names && n == 1 && csr->uri[0] != '\0';
	return true;
}

/* extensionRequest and challengePassword are understood, changeSubjectName (RFC 6402) is refused because
 * names are never the requester's, others are passed over. */
static bool read_attribute(X509_ATTRIBUTE *attribute, bool *has_extensions, struct hf_pki_csr *csr)
{
	const ASN1_OBJECT *kind = X509_ATTRIBUTE_get0_object(attribute);
	int nid = OBJ_obj2nid(kind);
	char oid[64];

	OBJ_obj2txt(oid, sizeof(oid), kind, 1);
	if (strcmp(oid, "1.3.6.1.5.5.7.7.36") == 0)
		return false;
	if (nid == NID_pkcs9_challengePassword)
		return csr->challenge[0] == '\0' && read_challenge(attribute, csr);
	if (nid != NID_ext_req && nid != NID_ms_ext_req)
		return true;
	if (*has_extensions)
		return false;
	*has_extensions = true;
	return read_san(attribute, csr);
}

static bool read_attributes(hf_bytes in, struct hf_pki_csr *csr)
{
	STACK_OF(X509_ATTRIBUTE) * list HF_AUTO(free_attributes) = sk_X509_ATTRIBUTE_new_null();
	const uint8_t *at = in.ptr, *end = in.ptr + in.len;
	bool has_extensions = false;

	if (in.len == 0)
		return true;
	if (list == NULL || !hf__tlv_open(&at, end, V_ASN1_CONTEXT_SPECIFIC, 0, &end) ||
	    end != in.ptr + in.len)
		return false;
	while (at < end) {
		X509_ATTRIBUTE *attribute = d2i_X509_ATTRIBUTE(NULL, &at, end - at);

		if (attribute == NULL || sk_X509_ATTRIBUTE_push(list, attribute) <= 0) {
			X509_ATTRIBUTE_free(attribute);
			return false;
		}
		/* Each once. */
		if (sk_X509_ATTRIBUTE_num(list) > MAX_ATTRIBUTES ||
		    X509at_get_attr_by_OBJ(list, X509_ATTRIBUTE_get0_object(attribute), -1) !=
			    sk_X509_ATTRIBUTE_num(list) - 1 ||
		    !read_attribute(attribute, &has_extensions, csr))
			return false;
	}
	return true;
}

static bool read_names(const struct parts *p, struct hf_pki_csr *csr)
{
	const uint8_t *at = p->subject.ptr;
	X509_NAME *subject HF_AUTO(hf__x509_name_free) = d2i_X509_NAME(NULL, &at, (long)p->subject.len);

	/* The subject first: the other names build on what it says. */
	return subject != NULL && at == p->subject.ptr + p->subject.len && read_subject(subject, csr) &&
	       read_attributes(p->attributes, csr);
}

static hf_err verify(const struct parts *p, const uint8_t pub[static HF_P256_POINT_LEN])
{
	const uint8_t *at = p->signature.ptr, *end;
	uint8_t digest[HF_SHA256_LEN];

	/* A BIT STRING begins with the number of its unused bits. */
	if (!hf__tlv_open(&at, at + p->signature.len, V_ASN1_UNIVERSAL, V_ASN1_BIT_STRING, &end) ||
	    at == end || *at != 0)
		return HF_ERR_CRYPTO_CSR;
	at++;
	HF_TRY(hf_crypto_sha256(&p->info, 1, digest));
	return hf__ossl_p256_verify_der(pub, digest, (hf_bytes){ at, (size_t)(end - at) });
}

static hf_err read_all(hf_bytes der, struct hf_pki_csr *csr)
{
	static const uint8_t version[] = { 0x02, 0x01, 0x00 };
	static const uint8_t ecdsa_with_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
						     0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
	struct parts p;

	if (!split(der, &p) || !hf_bytes_equal(p.version, HF_ARR(version)) ||
	    !hf_bytes_equal(p.algorithm, HF_ARR(ecdsa_with_sha256)) ||
	    !hf__x509_p256_of_spki(p.key, csr->pub))
		return HF_ERR_CRYPTO_CSR;
	HF_TRY(hf_pki_spki_sha256(csr->pub, csr->spki_sha256)); /* the point is checked there */
	HF_TRY(verify(&p, csr->pub));
	if (!read_names(&p, csr))
		return HF_ERR_CRYPTO_CSR;
	return hf_crypto_sha256(&der, 1, csr->sha256);
}

hf_err hf_pki_csr_read(hf_bytes der, struct hf_pki_csr *csr)
{
	hf_err err = HF_ERR_CRYPTO_CSR;

	*csr = (struct hf_pki_csr){ 0 };
	if (der.len > 0 && der.len <= HF_PKI_CSR_MAX)
		err = read_all(der, csr);
	if (err != HF_OK)
		*csr = (struct hf_pki_csr){ 0 };
	return err;
}

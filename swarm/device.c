/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "device.h"

enum { LIFE_S = 30 * 86400, BACK_S = 300 };

struct ca {
	X509 *cert;
	EVP_PKEY *key;
};

const char *swarm_tls_error(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text == NULL ? "no reason given" : text;
}

/* SplitMix64: the same seed makes the same names. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static bool open_ca(const struct swarm_opts *o, struct ca *ca)
{
	FILE *cert = fopen(o->ca_cert, "r"), *key = fopen(o->ca_key, "r");

	if (cert != NULL)
		ca->cert = PEM_read_X509(cert, NULL, NULL, NULL);
	if (key != NULL)
		ca->key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
	if (cert != NULL)
		fclose(cert);
	if (key != NULL)
		fclose(key);
	if (ca->cert != NULL && ca->key != NULL)
		return true;
	fprintf(stderr, "holdfast-swarm: cannot read %s or %s\n", o->ca_cert, o->ca_key);
	return false;
}

static bool add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = e != NULL && X509_add_ext(cert, e, -1) == 1;

	X509_EXTENSION_free(e);
	return ok;
}

static bool add_names(X509 *cert, const struct ca *ca, const struct device *d)
{
	unsigned char cn[32];

	snprintf((char *)cn, sizeof(cn), "hf-%s", d->dev);
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_ASC, cn, -1,
					  -1, 0) == 1 &&
	       X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)) == 1;
}

static bool add_extensions(X509 *cert, const struct ca *ca, const struct device *d, const char *domain)
{
	char uri[256];
	const struct {
		int nid;
		const char *value;
	} rows[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "clientAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid" },
		{ NID_subject_alt_name, uri },
	};
	X509V3_CTX ctx;

	snprintf(uri, sizeof(uri), "URI:spiffe://%s/d/%s", domain, d->dev);
	X509V3_set_ctx(&ctx, ca->cert, cert, NULL, NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!add_extension(cert, &ctx, rows[i].nid, rows[i].value))
			return false;
	return true;
}

static bool fill_cert(X509 *cert, const struct ca *ca, const struct device *d, const char *domain,
		      uint64_t serial)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -BACK_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S) != NULL && add_names(cert, ca, d) &&
	       X509_set_pubkey(cert, d->key) == 1 && add_extensions(cert, ca, d, domain) &&
	       X509_sign(cert, ca->key, EVP_sha256()) > 0;
}

static bool make_device(struct device *d, const struct ca *ca, const struct swarm_opts *o, uint64_t *random)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned len = sizeof(d->cert_sha256);
	uint64_t serial = next_random(random) >> 2 | UINT64_C(1) << 61;

	for (int i = 0; i < 16; i++)
		d->dev[i] = alphabet[next_random(random) & 31];
	d->key = EVP_EC_gen("P-256");
	d->cert = X509_new();
	return d->key != NULL && d->cert != NULL && fill_cert(d->cert, ca, d, o->domain, serial) &&
	       X509_digest(d->cert, EVP_sha256(), d->cert_sha256, &len) == 1;
}

struct device *swarm_devices(const struct swarm_opts *o)
{
	struct device *devices = calloc(o->devices, sizeof(*devices));
	struct ca ca = { NULL, NULL };
	uint64_t random = o->seed;

	if (devices == NULL || !open_ca(o, &ca)) {
		free(devices);
		return NULL;
	}
	for (uint32_t i = 0; i < o->devices; i++) {
		if (!make_device(&devices[i], &ca, o, &random)) {
			fprintf(stderr, "holdfast-swarm: make a certificate: %s\n", swarm_tls_error());
			free(devices);
			return NULL;
		}
	}
	X509_free(ca.cert);
	EVP_PKEY_free(ca.key);
	return devices;
}

SSL_CTX *swarm_context(const struct swarm_opts *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool ok = ctx != NULL && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
		  SSL_CTX_set1_groups_list(ctx, "P-256") == 1 &&
		  SSL_CTX_set1_sigalgs_list(ctx, "ECDSA+SHA256") == 1 &&
		  SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1 &&
		  SSL_CTX_load_verify_file(ctx, o->server_ca) == 1;

	if (!ok) {
		fprintf(stderr, "holdfast-swarm: %s: %s\n", o->server_ca, swarm_tls_error());
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	return ctx;
}

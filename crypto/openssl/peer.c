/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/x509.h>
#include <hf/peer.h>

static void free_cert(X509 **cert)
{
	X509_free(*cert);
}

/* Two common names, or one with a NUL inside, are nobody's name. */
static void read_cn(const X509 *cert, char cn[static HF_PEER_CN_CAP])
{
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *text;
	int len;

	cn[0] = '\0';
	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return;
	text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	len = ASN1_STRING_length(text);
	if (len <= 0 || len >= HF_PEER_CN_CAP || memchr(ASN1_STRING_get0_data(text), 0, (size_t)len) != NULL)
		return;
	memcpy(cn, ASN1_STRING_get0_data(text), (size_t)len);
	cn[len] = '\0';
}

hf_err hf_peer_take(void *x509, struct hf_peer *peer)
{
	X509 *cert HF_AUTO(free_cert) = x509;
	unsigned len = sizeof(peer->sha256);

	memset(peer, 0, sizeof(*peer));
	if (X509_digest(cert, EVP_sha256(), peer->sha256, &len) != 1 || len != sizeof(peer->sha256))
		return HF_ERR_CRYPTO_FAILED;
	read_cn(cert, peer->cn);
	return HF_OK;
}

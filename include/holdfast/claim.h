/* claim.h -- the secret S on a device's label, and the two proofs made from it.
 * Promise: S never leaves device and owner; what travels is an id and MACs bound to one TLS channel, so a
 * captured exchange is useless on another. Formats: doc/protocol/identity.md.
 * Thread rule: pure functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CLAIM_H
#define HOLDFAST_CLAIM_H
#include <holdfast/crypto.h>

enum {
	HF_CLAIM_SECRET_LEN = 16,
	HF_CLAIM_ID_LEN = 16,
	HF_CLAIM_TEXT_LEN = 32,    /* "HF1:", 26 characters of S, 2 check characters */
	HF_CLAIM_BINDING_LEN = 32, /* X: TLS exporter "EXPORTER-Channel-Binding" (RFC 9266) */
	HF_CLAIM_HEADER_CAP = 128, /* room for either header value */
};

/* The secret of the label. Declare it with HF_AUTO(hf_claim_wipe). */
struct hf_claim_secret {
	uint8_t b[HF_CLAIM_SECRET_LEN];
};
/* What is derived from it: cid names the claim, kc proves it to the server, ko proves the first key
 * endorsement to the owner and never leaves device and CLI. */
struct hf_claim_keys {
	uint8_t cid[HF_CLAIM_ID_LEN];
	struct hf_key kc, ko;
};
static inline void hf_claim_wipe(struct hf_claim_secret *s)
{
	hf_wipe(s, sizeof(*s));
}
static inline void hf_claim_keys_wipe(struct hf_claim_keys *k)
{
	hf_wipe(k, sizeof(*k));
}

/* S as text with NUL, upper case, as printed and put into a QR code. Errors: crypto's. */
HF_MUST_CHECK hf_err hf_claim_print(const struct hf_claim_secret *s, char text[static HF_CLAIM_TEXT_LEN + 1]);
/* Read what a person typed: either case, blanks and hyphens anywhere, 0 for O, 1 for I, 8 for B; the
 * prefix may be missing, as the check characters cover it. `s` is zero on error.
 * Errors: HF_ERR_CLAIM_CODE (length, alphabet), HF_ERR_CLAIM_CHECK (a typing error), crypto's. */
HF_MUST_CHECK hf_err hf_claim_parse(hf_bytes typed, struct hf_claim_secret *s);

/* cid, Kc and Ko. Errors: crypto's. */
HF_MUST_CHECK hf_err hf_claim_derive(const struct hf_claim_secret *s, struct hf_claim_keys *keys);

enum hf_claim_side {
	HF_CLAIM_DEVICE, /* "hf-dev" over the hash of the CSR */
	HF_CLAIM_SERVER, /* "hf-srv" over the hash of the certificate that was issued */
};
/* One proof. `binding` is X of the channel, `hash` SHA-256 of the DER that this side sends. */
HF_MUST_CHECK hf_err hf_claim_mac(const struct hf_key *kc, enum hf_claim_side side,
				  const uint8_t binding[static HF_CLAIM_BINDING_LEN],
				  const uint8_t hash[static HF_SHA256_LEN],
				  uint8_t mac[static HF_SHA256_LEN]);
/* Compare in constant time. Errors: HF_ERR_CLAIM_MAC, crypto's. */
HF_MUST_CHECK hf_err hf_claim_check(const struct hf_key *kc, enum hf_claim_side side,
				    const uint8_t binding[static HF_CLAIM_BINDING_LEN],
				    const uint8_t hash[static HF_SHA256_LEN], hf_bytes mac);

/* Values of the two HTTP headers, appended to `out` (HF_CLAIM_HEADER_CAP is enough), without NUL:
 * Authorization: "HF-Claim id=<b64url>, mac=<b64url>" and Authentication-Info: "mac=<b64url>". */
HF_MUST_CHECK hf_err hf_claim_write_authorization(const uint8_t cid[static HF_CLAIM_ID_LEN],
						  const uint8_t mac[static HF_SHA256_LEN],
						  struct hf_out *out);
HF_MUST_CHECK hf_err hf_claim_write_info(const uint8_t mac[static HF_SHA256_LEN], struct hf_out *out);
/* Read them: scheme and parameter names in either case, id and mac in either order, each exactly once,
 * blanks around commas; nothing else. Errors: HF_ERR_CLAIM_HEADER. */
HF_MUST_CHECK hf_err hf_claim_read_authorization(hf_bytes value, uint8_t cid[static HF_CLAIM_ID_LEN],
						 uint8_t mac[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_claim_read_info(hf_bytes value, uint8_t mac[static HF_SHA256_LEN]);
#endif

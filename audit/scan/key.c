/* key.c -- what looks like a key is decoded; only what decodes completely becomes a fact.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "automaton.h"
#include "key_priv.h"
#include "selftestkeys.inc"
#include "testkeys.inc"

enum { LINE_MAX_ = 64, DER_FILE_MAX = 16384 };

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

/* What may stand between the characters: blanks, line ends, and what C strings put there. */
static bool is_filling(uint8_t c)
{
	return c != 0 && strchr(" \t\r\n\"',\\", c) != NULL;
}

struct base64 {
	uint32_t bits;
	unsigned n;
	bool ended;
};

static bool put_digit(struct base64 *b, uint8_t v, struct hf_out *out)
{
	uint8_t byte;

	b->bits = b->bits << 6 | v;
	if (++b->n % 4 == 1)
		return true;
	byte = (uint8_t)(b->bits >> (6 - 2 * ((b->n - 1) % 4)));
	return hf_out_put(out, (hf_bytes){ &byte, 1 }) == HF_OK;
}

bool hf__scan_base64(hf_bytes text, struct hf_out *out)
{
	struct base64 b = { 0 };

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		int v = value_of(c);

		if (c == '\\' && i + 1 < text.len && (text.ptr[i + 1] == 'n' || text.ptr[i + 1] == 'r'))
			i++;
		else if (c == '=')
			b.ended = true;
		else if (v < 0 ? !is_filling(c) : b.ended || !put_digit(&b, (uint8_t)v, out))
			return false;
	}
	return b.n % 4 != 1;
}

struct hf_fact hf__scan_key_fact(const struct hf__scan_job *job, unsigned class, uint64_t offset,
				 uint64_t length)
{
	struct hf_fact fact = { .kind = HF_FACT_KEY };
	bool host = (hf_span_begins(job->base, "ssh_host_") && hf_span_ends(job->base, "_key")) ||
		    (hf_span_begins(job->base, "dropbear_") && hf_span_ends(job->base, "_host_key"));

	fact.num[HF_KEY_CLASS] = class;
	fact.num[HF_KEY_OFFSET] = offset;
	fact.num[HF_KEY_LENGTH] = length;
	fact.num[HF_KEY_FLAGS] = host ? HF_KEYF_HOST : 0;
	fact.num[HF_KEY_KIND] = job->kind;
	return fact;
}

/* Does a disguised list name this SPKI at the start of a line? */
static bool is_listed(const uint8_t *list, size_t len, hf_bytes hex)
{
	for (size_t i = 0; i + hex.len <= len; i++) {
		size_t same = 0;

		if (i > 0 && (list[i - 1] ^ HF__DISGUISE) != '\n')
			continue;
		while (same < hex.len && (list[i + same] ^ HF__DISGUISE) == hex.ptr[same])
			same++;
		if (same == hex.len)
			return true;
	}
	return false;
}

static unsigned published(const uint8_t spki[static HF_SHA256_LEN])
{
	uint8_t room[2 * HF_SHA256_LEN];
	struct hf_out hex = HF_OUT(room);

	if (hf_hex_encode((hf_bytes){ spki, HF_SHA256_LEN }, &hex) != HF_OK)
		return 0;
	if (is_listed(testkeys, sizeof(testkeys), hf_out_bytes(&hex)))
		return HF_KEYF_TEST;
	return is_listed(selftestkeys, sizeof(selftestkeys), hf_out_bytes(&hex)) ? HF_KEYF_SELFTEST : 0;
}

void hf__scan_key_measure(struct hf_fact *fact, const struct hf_keyfacts *facts)
{
	fact->num[HF_KEY_ALG] = (uint64_t)facts->alg; /* HF_KEYFACTS_* and HF_KEYALG_* are the same numbers */
	fact->num[HF_KEY_BITS] = facts->bits;
	if (!facts->has_spki)
		return;
	fact->text[HF_KEY_SPKI] = HF_ARR(facts->spki_sha256);
	fact->num[HF_KEY_FLAGS] |= published(facts->spki_sha256);
}
_Static_assert(HF_KEYFACTS_EDDSA == (int)HF_KEYALG_EDDSA && HF_KEYFACTS_RSA == (int)HF_KEYALG_RSA, "copied");

hf_err hf__scan_key_put(const struct hf__scan_job *job, struct hf_fact *fact, hf_bytes secret)
{
	uint8_t room[HF__REDACTED_CAP];
	struct hf_out evidence = HF_OUT(room);

	/* The first characters of DER tell only its length: the digest alone is shown. */
	HF_TRY(hf__scan_redact(secret, &evidence));
	fact->text[HF_KEY_EVIDENCE] = hf_span_from(hf_out_bytes(&evidence), secret.len >= 12 ? 4 : 0);
	return hf__scan_put(job, fact);
}

/* The authorities that a distribution ships: old and weak roots there are not this product's doing. */
static bool in_ca_bundle(const struct hf__scan_job *job)
{
	static const char *const places[] = { "/etc/ssl/certs/", "/usr/share/ca-certificates/", "/etc/pki/",
					      "/usr/share/pki/", "/etc/ca-certificates/",       NULL };

	for (size_t i = 0; places[i] != NULL; i++)
		if (hf_span_begins(job->name, places[i]))
			return true;
	return hf_span_is(job->base, "cacert.pem") || hf_span_is(job->base, "cacerts") ||
	       hf_span_is(job->base, "ca-certificates.crt") || hf_span_is(job->base, "ca-bundle.crt");
}

static hf_err put_cert(const struct hf__scan_job *job, const struct hf_certfacts *cert, hf_bytes der,
		       uint64_t offset, uint64_t length)
{
	struct hf_fact fact = hf__scan_key_fact(job, HF_KEYC_CERT, offset, length);

	hf__scan_key_measure(&fact, &cert->key);
	fact.num[HF_KEY_NOT_AFTER] = cert->not_after > 0 ? (uint64_t)cert->not_after : 0;
	fact.num[HF_KEY_FLAGS] |= (cert->ca ? HF_KEYF_CA : 0u) | (cert->self_issued ? HF_KEYF_SELF : 0u) |
				  (cert->weak_signature && !cert->self_issued ? HF_KEYF_WEAKSIG : 0u) |
				  (in_ca_bundle(job) ? HF_KEYF_BUNDLE : 0u);
	fact.text[HF_KEY_NAME] = HF__TEXT(cert->subject);
	return hf__scan_key_put(job, &fact, der);
}

hf_err hf__scan_key_put_der(const struct hf__scan_job *job, hf_bytes der, uint64_t offset, uint64_t length)
{
	struct hf_certfacts cert;
	struct hf_keyfacts facts;
	struct hf_fact fact;

	if (hf_keyfacts_cert(der, &cert) == HF_OK)
		return put_cert(job, &cert, der, offset, length);
	if (hf_keyfacts_private(der, &facts) == HF_OK) {
		fact = hf__scan_key_fact(job, HF_KEYC_PRIVATE, offset, length);
		hf__scan_key_measure(&fact, &facts);
		return hf__scan_key_put(job, &fact, der);
	}
	if (hf_keyfacts_is_encrypted(der)) {
		fact = hf__scan_key_fact(job, HF_KEYC_ENCRYPTED, offset, length);
		return hf__scan_key_put(job, &fact, der);
	}
	if (hf_keyfacts_public(der, &facts) != HF_OK)
		return HF_OK;
	fact = hf__scan_key_fact(job, HF_KEYC_PUBLIC, offset, length);
	hf__scan_key_measure(&fact, &facts);
	return hf__scan_key_put(job, &fact, der);
}

/* RFC 1421 headers ("Proc-Type: 4,ENCRYPTED") end in an empty line. */
static hf_bytes skip_headers(hf_bytes body, bool *encrypted)
{
	size_t colon = hf_span_find(hf_span_upto(body, 200), ":"), end;

	*encrypted = false;
	if (colon == SIZE_MAX)
		return body;
	end = hf_span_find(body, "\n\n");
	if (end == SIZE_MAX)
		end = hf_span_find(body, "\n\r\n");
	*encrypted = hf_span_find(hf_span_upto(body, 200), "ENCRYPTED") != SIZE_MAX;
	return end == SIZE_MAX ? (hf_bytes){ 0 } : hf_span_from(body, end + 2);
}

static hf_err put_body(struct hf__scan_job *job, hf_bytes label, hf_bytes body, uint64_t offset,
		       uint64_t length)
{
	uint8_t room[HF__KEY_ROOM / 4 * 3];
	struct hf_out der = HF_OUT(room);
	bool encrypted;
	struct hf_fact fact;
	hf_err err = HF_OK;

	body = skip_headers(body, &encrypted);
	if (body.len < 40 || !hf__scan_base64(body, &der))
		return HF_OK;
	if (encrypted) {
		fact = hf__scan_key_fact(job, HF_KEYC_ENCRYPTED, offset, length);
		err = hf__scan_key_put(job, &fact, hf_out_bytes(&der));
	} else if (hf_span_is(label, "OPENSSH PRIVATE KEY")) {
		err = hf__scan_key_put_openssh(job, hf_out_bytes(&der), offset, length);
	} else {
		err = hf__scan_key_put_der(job, hf_out_bytes(&der), offset, length);
	}
	hf_wipe(room, der.len);
	return err;
}

/* "-----BEGIN LABEL-----" body "-----END LABEL-----" */
static hf_err put_pem(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	static const char *const labels[] = { "PRIVATE KEY",
					      "RSA PRIVATE KEY",
					      "EC PRIVATE KEY",
					      "DSA PRIVATE KEY",
					      "ENCRYPTED PRIVATE KEY",
					      "OPENSSH PRIVATE KEY",
					      "CERTIFICATE",
					      "X509 CERTIFICATE",
					      "PUBLIC KEY",
					      NULL };
	const hf_bytes whole = hf__scan_view_upto(job->view, hit->offset, HF__KEY_ROOM);
	const hf_bytes text = hf_span_from(whole, strlen("-----BEGIN"));
	hf_bytes label, body;
	size_t begin, end;

	if (text.ptr == NULL)
		return HF_OK;
	begin = hf_span_find(hf_span_upto(text, LINE_MAX_), "-----");
	if (begin == SIZE_MAX || begin < 2)
		return HF_OK;
	label = (hf_bytes){ text.ptr + 1, begin - 1 };
	if (text.ptr[0] != ' ' || !hf_span_in(label, labels))
		return HF_OK;
	body = hf_span_from(text, begin + 5);
	end = hf_span_find(body, "-----END ");
	if (end == SIZE_MAX)
		return HF_OK;
	return put_body(job, label, hf_span_upto(body, end), hit->offset,
			10 + begin + 5 + end + 9 + label.len + 5);
}

static hf_err put_der_file(struct hf__scan_job *job)
{
	hf_bytes der = hf__scan_view_upto(job->view, 0, DER_FILE_MAX);

	if (job->src->size > DER_FILE_MAX || der.len < 64 || der.ptr[0] != 0x30 || (der.ptr[1] & 0x80) == 0)
		return HF_OK;
	return hf__scan_key_put_der(job, der, 0, der.len);
}

/* Header and all it says, of at most 64 KiB; empty when it is no sequence or does not fit. */
static hf_bytes der_at(struct hf__scan_job *job, uint64_t offset)
{
	hf_bytes b = hf__scan_view_upto(job->view, offset, HF__KEY_ROOM);
	size_t len = 0, n = b.len > 2 && (b.ptr[1] & 0x80) != 0 ? b.ptr[1] & 0x7fu : 0;

	if (b.len < 4 || b.ptr[0] != 0x30 || n > 2)
		return (hf_bytes){ 0 };
	for (size_t i = 0; i < n; i++)
		len = len << 8 | b.ptr[2 + i];
	if (n == 0)
		len = b.ptr[1];
	return len + 2 + n <= b.len ? hf_span_upto(b, len + 2 + n) : (hf_bytes){ 0 };
}

/* Chips carry keys without any wrapping. Elsewhere such bytes are mostly a library's own tests. */
static hf_err put_der(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	const struct hf__scan_literal *l = hf__scan_literal(hit->literal);
	uint64_t back = l->name[0] == 'r' ? 4 : 0; /* rsa-*: the literal lies behind the header */
	hf_bytes der;

	if (job->kind != HF_KIND_MCU || hit->offset < back)
		return HF_OK;
	der = der_at(job, hit->offset - back);
	return der.len > 0 ? hf__scan_key_put_der(job, der, hit->offset - back, der.len) : HF_OK;
}

hf_err hf__scan_keys(struct hf__scan_job *job)
{
	const struct hf__scan_hits *hits = &job->scan->hits;

	for (size_t i = 0; i < hits->n; i++) {
		unsigned action = hf__scan_literal(hits->at[i].literal)->action;

		if (action == HF__ACT_PEM)
			HF_TRY(put_pem(job, &hits->at[i]));
		else if (action == HF__ACT_DER)
			HF_TRY(put_der(job, &hits->at[i]));
	}
	if (job->kind == HF_KIND_OTHER)
		HF_TRY(put_der_file(job));
	return hf__scan_key_ssh_files(job);
}

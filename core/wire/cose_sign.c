/* cose_sign.c -- COSE_Sign (RFC 9052 s4.1): one payload, up to eight signatures, each with its signer in
 * the protected header. Writers sort by kid, so that one set of signers gives one encoding.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

/* A signature to be written: made now, or copied from an object that carries it already. */
struct entry {
	hf_bytes kid;
	const struct hf_cose_signer *signer;
	const struct hf_cose_signature *old;
};

struct entries {
	struct entry e[HF_COSE_MAX_SIGNATURES];
	size_t n;
};

/* Keep the list sorted by kid; a second one with the same kid is refused. */
static hf_err insert(struct entries *list, struct entry new)
{
	size_t at = list->n;

	if (list->n == HF_COSE_MAX_SIGNATURES)
		return HF_ERR_COSE_LIMIT;
	while (at > 0 && hf__wire_compare(list->e[at - 1].kid, new.kid) > 0) {
		list->e[at] = list->e[at - 1];
		at--;
	}
	list->e[at] = new;
	list->n++;
	if (at > 0 && hf_bytes_equal(list->e[at - 1].kid, new.kid))
		return HF_ERR_BASE_MISUSE;
	return HF_OK;
}

static void put_new(struct hf_cborw *w, const struct hf_cose_signer *signer, hf_bytes aad, hf_bytes payload,
		    struct hf_out *scratch)
{
	uint8_t mem[HF__COSE_PROTECTED_CAP], sig[HF__COSE_SIG_LEN] = { 0 };
	struct hf_out header = HF_OUT(mem);
	hf_bytes header_bytes;
	struct hf__cose_tbs t;

	hf_cbor_writer_fail(w, hf__cose_build_protected(signer->alg, signer->kid, &header));
	header_bytes = hf_out_bytes(&header);
	hf__cose_tbs(&t, &(struct hf__cose_tbs_input){ { 0 }, &header_bytes, aad, payload });
	if (w->err == HF_OK)
		hf_cbor_writer_fail(w, hf__cose_make_signature(signer, &t, scratch, sig));
	hf_cbor_put_array(w, 3);
	hf_cbor_put_bytes(w, header_bytes);
	hf_cbor_put_map(w, 0);
	hf_cbor_put_bytes(w, HF_ARR(sig));
}

static void put_old(struct hf_cborw *w, const struct hf_cose_signature *old)
{
	hf_cbor_put_array(w, 3);
	hf_cbor_put_bytes(w, old->protected_header);
	hf_cbor_put_map(w, 0);
	hf_cbor_put_bytes(w, old->signature);
}

static hf_err write(const struct entries *list, hf_bytes aad, hf_bytes payload, struct hf_out *scratch,
		    struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, (hf_bytes){ 0 });
	hf_cbor_put_map(&w, 0);
	hf_cbor_put_bytes(&w, payload);
	hf_cbor_put_array(&w, list->n);
	for (size_t i = 0; i < list->n && w.err == HF_OK; i++) {
		if (list->e[i].old != NULL)
			put_old(&w, list->e[i].old);
		else
			put_new(&w, list->e[i].signer, aad, payload, scratch);
	}
	return hf_cbor_finish(&w);
}

hf_err hf_cose_sign_write(const struct hf_cose_signer *signers, size_t n, hf_bytes aad, hf_bytes payload,
			  struct hf_out *scratch, struct hf_out *out)
{
	struct entries list = { .n = 0 };

	if (n == 0)
		return HF_ERR_BASE_MISUSE;
	for (size_t i = 0; i < n; i++) {
		if (signers[i].kid.len == 0)
			return HF_ERR_BASE_MISUSE;
		HF_TRY(insert(&list, (struct entry){ .kid = signers[i].kid, .signer = &signers[i] }));
	}
	return write(&list, aad, payload, scratch, out);
}

hf_err hf_cose_sign_add(hf_bytes object, const struct hf_cose_signer *signer, hf_bytes aad,
			struct hf_out *scratch, struct hf_out *out)
{
	struct entries list = { .n = 0 };
	struct hf_cose_sign s;

	if (signer->kid.len == 0)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_cose_sign_read(object, &s));
	for (size_t i = 0; i < s.n; i++) {
		hf_err err = HF_OK;

		if (!hf_bytes_equal(s.signature[i].kid, signer->kid))
			err = insert(&list,
				     (struct entry){ .kid = s.signature[i].kid, .old = &s.signature[i] });
		if (err != HF_OK)
			return HF_ERR_COSE_SHAPE; /* one signer twice */
	}
	HF_TRY(insert(&list, (struct entry){ .kid = signer->kid, .signer = signer }));
	return write(&list, aad, s.payload, scratch, out);
}

static void read_signature(struct hf_cborr *r, struct hf_cose_signature *sig)
{
	hf_cbor_expect_array(r, 3);
	hf_cbor_read_bytes(r, &sig->protected_header);
	hf_cbor_expect_map(r, 0);
	hf_cbor_end(r);
	hf_cbor_read_bytes_max(r, HF_COSE_MAX_SIGNATURE_LEN, &sig->signature);
	hf_cbor_end(r);
	if (hf_cbor_error(r) == HF_OK)
		hf_cbor_reader_fail(r, hf__cose_read_protected(sig->protected_header, &sig->alg, &sig->kid));
	if (sig->kid.len == 0)
		hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
}

static hf_err read(hf_bytes in, struct hf_cose_sign *s)
{
	struct hf_cborr r;
	hf_bytes body;

	hf_cbor_reader(&r, in);
	hf__cose_expect(&r, HF_COSE_TAG_SIGN, 4);
	hf_cbor_read_bytes_max(&r, 0, &body);
	hf_cbor_expect_map(&r, 0);
	hf_cbor_end(&r);
	hf_cbor_read_bytes(&r, &s->payload);
	hf_cbor_read_array(&r, &s->n);
	if (s->n > HF_COSE_MAX_SIGNATURES)
		return HF_ERR_COSE_LIMIT;
	if (s->n == 0)
		hf_cbor_reader_fail(&r, HF_ERR_COSE_SHAPE);
	for (size_t i = 0; i < s->n; i++)
		read_signature(&r, &s->signature[i]);
	return hf_cbor_done(&r);
}

hf_err hf_cose_sign_read(hf_bytes in, struct hf_cose_sign *s)
{
	hf_err err;

	*s = (struct hf_cose_sign){ 0 };
	err = hf__cose_from_cbor(read(in, s));
	if (err != HF_OK)
		*s = (struct hf_cose_sign){ 0 };
	return err;
}

hf_err hf_cose_sign_verify(const struct hf_cose_sign *s, size_t i, const struct hf_cose_pub *key,
			   hf_bytes aad, struct hf_out *scratch)
{
	struct hf__cose_tbs t;
	struct hf__cose_tbs_input in = { .body_header = s->body_header, .aad = aad, .payload = s->payload };

	if (i >= s->n)
		return HF_ERR_BASE_MISUSE;
	in.sign_header = &s->signature[i].protected_header;
	hf__cose_tbs(&t, &in);
	return hf__cose_check_signature(s->signature[i].alg, s->signature[i].signature, key, &t, scratch);
}

bool hf_cose_sign_is_sorted(const struct hf_cose_sign *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (hf__wire_compare(s->signature[i - 1].kid, s->signature[i].kid) >= 0)
			return false;
	return true;
}

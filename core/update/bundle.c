/* bundle.c -- HFB1 taken apart and put together; nothing is judged here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

/* "HFB1", u8 kind, u8 n_links, u8 n_proofs, u8 0, u32 length of the object. */
enum { AT_KIND = 4, AT_LINKS = 5, AT_PROOFS = 6, AT_ZERO = 7, AT_OBJECT = 8, LEN_LEN = 2 };

static bool take(hf_bytes *rest, size_t len, hf_bytes *part)
{
	if (len > rest->len)
		return false;
	*part = (hf_bytes){ rest->ptr, len };
	*rest = (hf_bytes){ rest->ptr + len, rest->len - len };
	return true;
}

hf_err hf_bundle_next_proof(hf_bytes *rest, struct hf_proof *proof)
{
	hf_bytes unused;
	size_t used = 0;

	HF_TRY(hf_proof_read(*rest, proof, &used));
	return take(rest, used, &unused) ? HF_OK : HF_ERR_BUNDLE_FORMAT;
}

hf_err hf_bundle_next_link(hf_bytes *rest, struct hf_bundle_link *link)
{
	hf_bytes head = { 0 };
	size_t len;

	*link = (struct hf_bundle_link){ .statement = { 0 } };
	if (!take(rest, LEN_LEN, &head))
		return HF_ERR_BUNDLE_FORMAT;
	len = hf_get_be16(head.ptr);
	if (len == 0 || len > HF_STATEMENT_MAX_LEN || !take(rest, len, &link->statement))
		return HF_ERR_BUNDLE_FORMAT;
	return hf_bundle_next_proof(rest, &link->proof);
}

/* A release carries an object and its proofs; a bundle of policies carries neither. */
static bool fits_kind(hf_bytes in)
{
	uint32_t object = hf_get_be32(in.ptr + AT_OBJECT);

	if (in.ptr[AT_KIND] == HF_BUNDLE_RELEASE)
		return object > 0 && object <= HF_ENVELOPE_MAX_LEN && in.ptr[AT_PROOFS] > 0;
	return in.ptr[AT_KIND] == HF_BUNDLE_POLICY && object == 0 && in.ptr[AT_PROOFS] == 0 &&
	       in.ptr[AT_LINKS] > 0;
}

static bool has_good_header(hf_bytes in)
{
	return in.len >= HF_BUNDLE_HEADER_LEN &&
	       hf_bytes_equal((hf_bytes){ in.ptr, AT_KIND }, HF_STR("HFB1")) && in.ptr[AT_ZERO] == 0 &&
	       in.ptr[AT_LINKS] <= HF_BUNDLE_MAX_LINKS && in.ptr[AT_PROOFS] <= HF_BUNDLE_MAX_PROOFS &&
	       fits_kind(in);
}

static hf_err read_parts(hf_bytes in, struct hf_bundle *b)
{
	hf_bytes rest = { in.ptr + HF_BUNDLE_HEADER_LEN, in.len - HF_BUNDLE_HEADER_LEN };
	struct hf_bundle_link link;

	b->kind = in.ptr[AT_KIND];
	b->n_links = in.ptr[AT_LINKS];
	b->n_proofs = in.ptr[AT_PROOFS];
	b->links.ptr = rest.ptr;
	for (unsigned i = 0; i < b->n_links; i++)
		HF_TRY(hf_bundle_next_link(&rest, &link));
	b->links.len = (size_t)(rest.ptr - b->links.ptr);
	if (!take(&rest, hf_get_be32(in.ptr + AT_OBJECT), &b->object))
		return HF_ERR_BUNDLE_FORMAT;
	b->proofs = rest;
	for (unsigned i = 0; i < b->n_proofs; i++)
		HF_TRY(hf_bundle_next_proof(&rest, &link.proof));
	return rest.len == 0 ? HF_OK : HF_ERR_BUNDLE_FORMAT;
}

hf_err hf_bundle_read(hf_bytes in, struct hf_bundle *b)
{
	*b = (struct hf_bundle){ .kind = 0 };
	if (has_good_header(in) && read_parts(in, b) == HF_OK)
		return HF_OK;
	*b = (struct hf_bundle){ .kind = 0 };
	return HF_ERR_BUNDLE_FORMAT;
}

static hf_err put_parts(const struct hf_bundle_spec *spec, struct hf_out *out)
{
	uint8_t header[HF_BUNDLE_HEADER_LEN] = { 'H', 'F', 'B', '1' }, len[LEN_LEN];

	header[AT_KIND] = spec->object.len > 0 ? HF_BUNDLE_RELEASE : HF_BUNDLE_POLICY;
	header[AT_LINKS] = (uint8_t)spec->n_links;
	header[AT_PROOFS] = (uint8_t)spec->n_proofs;
	hf_put_be32(header + AT_OBJECT, (uint32_t)spec->object.len);
	HF_TRY(hf_out_put(out, HF_ARR(header)));
	for (size_t i = 0; i < spec->n_links; i++) {
		hf_put_be16(len, (uint16_t)spec->link[i].statement.len);
		HF_TRY(hf_out_put(out, HF_ARR(len)));
		HF_TRY(hf_out_put(out, spec->link[i].statement));
		HF_TRY(hf_out_put(out, spec->link[i].proof));
	}
	HF_TRY(hf_out_put(out, spec->object));
	for (size_t i = 0; i < spec->n_proofs; i++)
		HF_TRY(hf_out_put(out, spec->proof[i]));
	return HF_OK;
}

hf_err hf_bundle_write(const struct hf_bundle_spec *spec, struct hf_out *out)
{
	size_t start = out->len;
	struct hf_bundle back;
	hf_err err;

	if (spec->n_links > HF_BUNDLE_MAX_LINKS || spec->n_proofs > HF_BUNDLE_MAX_PROOFS ||
	    spec->object.len > HF_ENVELOPE_MAX_LEN)
		return HF_ERR_BUNDLE_FORMAT;
	for (size_t i = 0; i < spec->n_links; i++)
		if (spec->link[i].statement.len > HF_STATEMENT_MAX_LEN)
			return HF_ERR_BUNDLE_FORMAT;
	err = put_parts(spec, out);
	if (err == HF_OK)
		err = hf_bundle_read((hf_bytes){ out->ptr + start, out->len - start }, &back);
	if (err != HF_OK)
		out->len = start;
	return err;
}

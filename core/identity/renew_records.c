/* The records of the renewal machine, and what boot makes of them.
 *	key     ["hf-key1", bstr signing point, bstr blob, bstr scalar, bstr encryption point]  secret
 *	slot    ["hf-slot1", bstr signing point, bstr serial, dev, notBefore, notAfter, bstr certificate,
 *	         gen, bstr endorsement (empty until promoted)]
 *	active  ["hf-active1", slot, acknowledged, next try]
 *	prev    ["hf-prev1", until, bstr scalar, bstr encryption point]                           secret
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_priv.h"
#include "identity_priv.h"

enum { KEY_CAP = 1024, SLOT_CAP = HF_RENEW_CERT_CAP + HF_ENDORSE_MAX_LEN + 256, SMALL_CAP = 160 };

static enum hf_record key_record(unsigned slot)
{
	return slot == 0 ? HF_REC_KEY0 : HF_REC_KEY1;
}

static enum hf_record slot_record(unsigned slot)
{
	return slot == 0 ? HF_REC_SLOT0 : HF_REC_SLOT1;
}

/* One name for "cannot be used": the caller cleans it away. */
static hf_err read_record(struct hf_port *port, enum hf_record rec, struct hf_out *out)
{
	hf_err err = hf_port_read(port, rec, out);

	if (err == HF_ERR_PORT_CORRUPT || err == HF_ERR_BASE_NO_ROOM)
		return HF_ERR_RENEW_RECORD;
	return err;
}

static hf_err parsed(struct hf_cborr *r)
{
	return hf_cbor_done(r) == HF_OK ? HF_OK : HF_ERR_RENEW_RECORD;
}

struct secret_mem {
	uint8_t b[KEY_CAP];
};
static void wipe_mem(struct secret_mem *m)
{
	hf_wipe(m, sizeof(*m));
}

hf_err hf__renew_load_key(struct hf_port *port, unsigned slot, struct hf__renew_key *key)
{
	struct secret_mem mem HF_AUTO(wipe_mem) = { { 0 } };
	struct hf_out out = HF_OUT(mem.b);
	hf_bytes blob = { NULL, 0 };
	struct hf_cborr r;

	HF_TRY(read_record(port, key_record(slot), &out));
	hf_cbor_reader(&r, hf_out_bytes(&out));
	hf_cbor_expect_array(&r, 5);
	hf_cbor_expect_text(&r, HF_STR("hf-key1"));
	hf_cbor_read_fixed(&r, key->signing, sizeof(key->signing));
	hf_cbor_read_bytes_max(&r, HF_RENEW_BLOB_CAP, &blob);
	hf_cbor_read_fixed(&r, key->scalar.b, HF_KEY_CAP);
	hf_cbor_read_fixed(&r, key->encryption, sizeof(key->encryption));
	HF_TRY(parsed(&r));
	key->scalar.len = HF_KEY_CAP;
	key->blob = HF_OUT(key->blob_mem);
	return hf_out_put(&key->blob, blob);
}

hf_err hf__renew_store_key(struct hf_port *port, unsigned slot, const struct hf__renew_key *key)
{
	struct secret_mem mem HF_AUTO(wipe_mem) = { { 0 } };
	struct hf_out out = HF_OUT(mem.b);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 5);
	hf_cbor_put_text(&w, HF_STR("hf-key1"));
	hf_cbor_put_bytes(&w, HF_ARR(key->signing));
	hf_cbor_put_bytes(&w, hf_out_bytes(&key->blob));
	hf_cbor_put_bytes(&w, (hf_bytes){ key->scalar.b, HF_KEY_CAP });
	hf_cbor_put_bytes(&w, HF_ARR(key->encryption));
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_create_secret(port, key_record(slot), hf_out_bytes(&out));
}

hf_err hf__renew_parse_slot(hf_bytes record, struct hf_renew_slot *s)
{
	hf_bytes dev = { NULL, 0 }, der = { NULL, 0 }, endorsement = { NULL, 0 };
	uint64_t not_before = 0, not_after = 0, gen = 0;
	uint8_t signing[HF_P256_POINT_LEN];
	struct hf_cborr r;

	hf_cbor_reader(&r, record);
	hf_cbor_expect_array(&r, 9);
	hf_cbor_expect_text(&r, HF_STR("hf-slot1"));
	hf_cbor_read_fixed(&r, signing, sizeof(signing));
	hf_cbor_read_fixed(&r, s->leaf.serial, sizeof(s->leaf.serial));
	hf_cbor_read_text_max(&r, HF_DEV_LEN, &dev);
	hf_cbor_read_uint_max(&r, INT64_MAX, &not_before);
	hf_cbor_read_uint_max(&r, INT64_MAX, &not_after);
	hf_cbor_read_bytes_max(&r, HF_RENEW_CERT_CAP, &der);
	hf_cbor_read_uint_max(&r, HF_ENDORSE_MAX_GEN, &gen);
	hf_cbor_read_bytes_max(&r, HF_ENDORSE_MAX_LEN, &endorsement);
	HF_TRY(parsed(&r));
	if (hf_identity_check_dev(dev) != HF_OK || not_after <= not_before || der.len == 0 ||
	    memcmp(signing, s->signing, sizeof(signing)) != 0)
		return HF_ERR_RENEW_RECORD;
	memcpy(s->leaf.dev, dev.ptr, HF_DEV_LEN);
	s->leaf.dev[HF_DEV_LEN] = '\0';
	s->leaf.not_before = (int64_t)not_before;
	s->leaf.not_after = (int64_t)not_after;
	memcpy(s->leaf.pub, signing, sizeof(signing));
	memcpy(s->der, der.ptr, der.len);
	s->leaf.der = (hf_bytes){ s->der, der.len };
	s->gen = (uint32_t)gen;
	s->endorsement_len = endorsement.len;
	if (endorsement.len > 0)
		memcpy(s->endorsement, endorsement.ptr, endorsement.len);
	return HF_OK;
}

hf_err hf__renew_load_slot(struct hf_port *port, unsigned slot, struct hf_renew_slot *s)
{
	uint8_t mem[SLOT_CAP];
	struct hf_out out = HF_OUT(mem);

	HF_TRY(read_record(port, slot_record(slot), &out));
	return hf__renew_parse_slot(hf_out_bytes(&out), s);
}

hf_err hf__renew_store_slot(struct hf_port *port, unsigned slot, const struct hf_renew_slot *s)
{
	uint8_t mem[SLOT_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 9);
	hf_cbor_put_text(&w, HF_STR("hf-slot1"));
	hf_cbor_put_bytes(&w, HF_ARR(s->signing));
	hf_cbor_put_bytes(&w, HF_ARR(s->leaf.serial));
	hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)s->leaf.dev, HF_DEV_LEN });
	hf_cbor_put_uint(&w, (uint64_t)s->leaf.not_before);
	hf_cbor_put_uint(&w, (uint64_t)s->leaf.not_after);
	hf_cbor_put_bytes(&w, s->leaf.der);
	hf_cbor_put_uint(&w, s->gen);
	hf_cbor_put_bytes(&w, (hf_bytes){ s->endorsement, s->endorsement_len });
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_replace(port, slot_record(slot), hf_out_bytes(&out));
}

hf_err hf__renew_load_active(struct hf_renew *r)
{
	uint8_t mem[SMALL_CAP];
	struct hf_out out = HF_OUT(mem);
	uint64_t slot = 0, next_try = 0;
	bool acked = false;
	struct hf_cborr c;

	r->active = -1;
	HF_TRY(read_record(r->port, HF_REC_ACTIVE, &out));
	hf_cbor_reader(&c, hf_out_bytes(&out));
	hf_cbor_expect_array(&c, 4);
	hf_cbor_expect_text(&c, HF_STR("hf-active1"));
	hf_cbor_read_uint_max(&c, 1, &slot);
	hf_cbor_read_bool(&c, &acked);
	hf_cbor_read_uint_max(&c, INT64_MAX, &next_try);
	HF_TRY(parsed(&c));
	r->active = (int)slot;
	r->acked = acked;
	r->next_try_s = (int64_t)next_try;
	return HF_OK;
}

hf_err hf__renew_store_active(struct hf_renew *r, int active, bool acked)
{
	uint8_t mem[SMALL_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("hf-active1"));
	hf_cbor_put_uint(&w, (uint64_t)active);
	hf_cbor_put_bool(&w, acked);
	hf_cbor_put_uint(&w, r->next_try_s > 0 ? (uint64_t)r->next_try_s : 0);
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_replace(r->port, HF_REC_ACTIVE, hf_out_bytes(&out));
}

hf_err hf__renew_load_prev(struct hf_port *port, struct hf__renew_prev *p)
{
	struct secret_mem mem HF_AUTO(wipe_mem) = { { 0 } };
	struct hf_out out = HF_OUT(mem.b);
	uint64_t until = 0;
	struct hf_cborr r;

	HF_TRY(read_record(port, HF_REC_PREV_ENC, &out));
	hf_cbor_reader(&r, hf_out_bytes(&out));
	hf_cbor_expect_array(&r, 4);
	hf_cbor_expect_text(&r, HF_STR("hf-prev1"));
	hf_cbor_read_uint_max(&r, INT64_MAX, &until);
	hf_cbor_read_fixed(&r, p->scalar.b, HF_KEY_CAP);
	hf_cbor_read_fixed(&r, p->pub, sizeof(p->pub));
	HF_TRY(parsed(&r));
	p->until_s = (int64_t)until;
	p->scalar.len = HF_KEY_CAP;
	return HF_OK;
}

hf_err hf__renew_store_prev(struct hf_port *port, const struct hf__renew_prev *p)
{
	struct secret_mem mem HF_AUTO(wipe_mem) = { { 0 } };
	struct hf_out out = HF_OUT(mem.b);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_text(&w, HF_STR("hf-prev1"));
	hf_cbor_put_uint(&w, (uint64_t)p->until_s);
	hf_cbor_put_bytes(&w, (hf_bytes){ p->scalar.b, HF_KEY_CAP });
	hf_cbor_put_bytes(&w, HF_ARR(p->pub));
	HF_TRY(hf_cbor_finish(&w));
	return hf_port_create_secret(port, HF_REC_PREV_ENC, hf_out_bytes(&out));
}

hf_err hf__renew_clear_slot(struct hf_renew *r, unsigned slot)
{
	HF_TRY(hf_port_destroy(r->port, key_record(slot)));
	r->slot[slot].has_key = false;
	r->slot[slot].has_cert = false;
	r->slot[slot].endorsement_len = 0;
	return hf_port_destroy(r->port, slot_record(slot));
}

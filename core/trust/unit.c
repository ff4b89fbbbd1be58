/* unit.c -- a factory station's word for the devices it made: one by one, or a list.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/order.h>

enum { KC_LEN = 32, KC_AAD_CAP = 32 };

static hf_err sign1(hf_bytes payload, hf_bytes aad, const struct hf_hwkey *station, struct hf_out *out)
{
	uint8_t kid[HF_KID_LEN];
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_ARR(kid), station, NULL };

	HF_TRY(hf_crypto_kid((hf_bytes){ station->pub, HF_P256_POINT_LEN }, kid));
	return hf_cose_sign1_write(&signer, aad, payload, false, NULL, out);
}

static hf_err open1(hf_bytes object, const uint8_t station[static HF_P256_POINT_LEN], hf_bytes aad,
		    hf_bytes *payload)
{
	struct hf_cose_pub key = { HF_COSE_ES256, { station, HF_P256_POINT_LEN } };

	return hf_cose_sign1_open(object, &key, aad, NULL, payload);
}

static bool is_this_order(const uint8_t id[static HF_ORDER_ID_LEN], const struct hf_order *o)
{
	return hf_bytes_equal((hf_bytes){ id, HF_ORDER_ID_LEN }, HF_ARR(o->id));
}

hf_err hf_unit_write(const struct hf_unit *u, const struct hf_hwkey *station, struct hf_out *out)
{
	uint8_t mem[HF_UNIT_MAX_SEALED_LEN + 96];
	struct hf_out payload = HF_OUT(mem);
	struct hf_cborw w;

	if (u->kc_sealed.len == 0 || u->kc_sealed.len > HF_UNIT_MAX_SEALED_LEN)
		return HF_ERR_ORDER_SHAPE;
	hf_cbor_writer(&w, &payload);
	hf_cbor_put_map(&w, 4);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, HF_ARR(u->order));
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_bytes(&w, HF_ARR(u->csr_sha256));
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, HF_ARR(u->cid));
	hf_cbor_put_key(&w, 4);
	hf_cbor_put_bytes(&w, u->kc_sealed);
	HF_TRY(hf_cbor_finish(&w));
	return sign1(hf_out_bytes(&payload), HF_STR("hf/unit/1"), station, out);
}

static hf_err read_unit(hf_bytes payload, struct hf_unit *u)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 4);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_fixed(&r, u->order, sizeof(u->order));
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_fixed(&r, u->csr_sha256, sizeof(u->csr_sha256));
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_fixed(&r, u->cid, sizeof(u->cid));
	hf_cbor_expect_key(&r, 4);
	hf_cbor_read_bytes_max(&r, HF_UNIT_MAX_SEALED_LEN, &u->kc_sealed);
	return hf_cbor_done(&r) == HF_OK && u->kc_sealed.len > 0 ? HF_OK : HF_ERR_ORDER_SHAPE;
}

hf_err hf_unit_open(hf_bytes object, const uint8_t station[static HF_P256_POINT_LEN],
		    const struct hf_order *o, struct hf_unit *u)
{
	hf_bytes payload = { 0 };
	hf_err err;

	*u = (struct hf_unit){ .kc_sealed = { 0 } };
	HF_TRY(open1(object, station, HF_STR("hf/unit/1"), &payload));
	err = read_unit(payload, u);
	if (err == HF_OK && !is_this_order(u->order, o))
		err = HF_ERR_ORDER_UNIT;
	if (err != HF_OK)
		*u = (struct hf_unit){ .kc_sealed = { 0 } };
	return err;
}

static void put_row(struct hf_cborw *w, const struct hf_units_row *row)
{
	hf_cbor_put_array(w, 4);
	hf_cbor_put_text(w, row->handle);
	hf_cbor_put_bytes(w, HF_ARR(row->spki_sha256));
	hf_cbor_put_bytes(w, HF_ARR(row->cid));
	hf_cbor_put_bytes(w, row->kc_sealed);
}

hf_err hf_units_write(const uint8_t order[static HF_ORDER_ID_LEN], uint64_t made_at,
		      const struct hf_units_row *rows, size_t n, const struct hf_hwkey *station,
		      struct hf_out *payload, struct hf_out *out)
{
	struct hf_cborw w;

	if (n == 0 || n > HF_UNITS_MAX)
		return HF_ERR_ORDER_SHAPE;
	payload->len = 0;
	hf_cbor_writer(&w, payload);
	hf_cbor_put_map(&w, 3);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, (hf_bytes){ order, HF_ORDER_ID_LEN });
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_uint(&w, made_at);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++)
		put_row(&w, &rows[i]);
	HF_TRY(hf_cbor_finish(&w));
	return sign1(hf_out_bytes(payload), HF_STR("hf/units/1"), station, out);
}

static void read_row(struct hf_cborr *r, struct hf_units_row *row)
{
	hf_cbor_expect_array(r, 4);
	hf_cbor_read_text_max(r, HF_UNIT_HANDLE_LEN, &row->handle);
	hf_cbor_read_fixed(r, row->spki_sha256, sizeof(row->spki_sha256));
	hf_cbor_read_fixed(r, row->cid, sizeof(row->cid));
	hf_cbor_read_bytes_max(r, HF_UNIT_MAX_SEALED_LEN, &row->kc_sealed);
	hf_cbor_end(r);
	if (row->handle.len != HF_UNIT_HANDLE_LEN || row->kc_sealed.len == 0)
		hf_cbor_reader_fail(r, HF_ERR_ORDER_SHAPE);
}

bool hf_units_next(struct hf_units *u, struct hf_units_row *row)
{
	*row = (struct hf_units_row){ .handle = { 0 } };
	if (hf_cbor_error(&u->rows) != HF_OK || hf_cbor_peek(&u->rows) != HF_CBOR_ARRAY)
		return false;
	read_row(&u->rows, row);
	return hf_cbor_error(&u->rows) == HF_OK;
}

static int compare(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* Sorted strictly by key, a key cannot stand twice. A handle twice under two keys is looked for pair by
 * pair; lists are short enough (HF_UNITS_MAX), and this runs once for each. */
static bool has_handle_before(const struct hf_units *start, size_t index, hf_bytes handle)
{
	struct hf_units walk = *start;
	struct hf_units_row row;

	for (size_t i = 0; i < index && hf_units_next(&walk, &row); i++)
		if (hf_bytes_equal(row.handle, handle))
			return true;
	return false;
}

static hf_err check_rows(const struct hf_units *u)
{
	struct hf_units walk = *u;
	struct hf_units_row row, before = { .handle = { 0 } };
	size_t n = 0;

	for (; hf_units_next(&walk, &row); n++) {
		if (n > 0 && compare(before.spki_sha256, row.spki_sha256, HF_SHA256_LEN) >= 0)
			return HF_ERR_ORDER_UNIT;
		if (has_handle_before(u, n, row.handle))
			return HF_ERR_ORDER_UNIT;
		before = row;
	}
	return hf_cbor_done(&walk.rows) == HF_OK && n == u->n ? HF_OK : HF_ERR_ORDER_SHAPE;
}

static hf_err check_units(const struct hf_units *u, const struct hf_order *o)
{
	if (!is_this_order(u->order, o) || o->mode != HF_ORDER_MANIFEST || u->n > o->quantity + o->allowance)
		return HF_ERR_ORDER_UNIT;
	HF_TRY(hf_order_check_window(o, u->made_at));
	return check_rows(u);
}

static hf_err read_units(hf_bytes payload, struct hf_units *u)
{
	hf_cbor_reader(&u->rows, payload);
	hf_cbor_expect_map(&u->rows, 3);
	hf_cbor_expect_key(&u->rows, 1);
	hf_cbor_read_fixed(&u->rows, u->order, sizeof(u->order));
	hf_cbor_expect_key(&u->rows, 2);
	hf_cbor_read_uint(&u->rows, &u->made_at);
	hf_cbor_expect_key(&u->rows, 3);
	hf_cbor_read_array(&u->rows, &u->n);
	if (hf_cbor_error(&u->rows) != HF_OK || u->n == 0 || u->n > HF_UNITS_MAX)
		return HF_ERR_ORDER_SHAPE;
	return HF_OK;
}

hf_err hf_units_open(hf_bytes object, const uint8_t station[static HF_P256_POINT_LEN],
		     const struct hf_order *o, struct hf_units *u)
{
	hf_bytes payload = { 0 };
	hf_err err;

	*u = (struct hf_units){ .n = 0 };
	HF_TRY(open1(object, station, HF_STR("hf/units/1"), &payload));
	err = read_units(payload, u);
	if (err == HF_OK)
		err = check_units(u, o);
	if (err != HF_OK)
		*u = (struct hf_units){ .n = 0 };
	return err;
}

static struct hf_out kc_aad(const uint8_t cid[static HF_UNIT_CID_LEN], uint8_t mem[static KC_AAD_CAP])
{
	struct hf_out aad = { mem, KC_AAD_CAP, 0 };

	if (hf_out_put(&aad, HF_STR("hf/kc/1")) != HF_OK ||
	    hf_out_put(&aad, (hf_bytes){ cid, HF_UNIT_CID_LEN }) != HF_OK)
		aad.len = 0;
	return aad;
}

hf_err hf_unit_seal_kc(struct hf_port *port, hf_bytes intake_point, const uint8_t cid[static HF_UNIT_CID_LEN],
		       const struct hf_key *kc, struct hf_out *out)
{
	uint8_t mem[KC_AAD_CAP], kid[HF_KID_LEN];
	struct hf_out aad = kc_aad(cid, mem);

	if (intake_point.len != HF_P256_POINT_LEN || kc->len != KC_LEN)
		return HF_ERR_ORDER_SHAPE;
	HF_TRY(hf_crypto_kid(intake_point, kid));
	return hf_cose_encrypt_write(port, intake_point.ptr, HF_ARR(kid), hf_out_bytes(&aad),
				     (hf_bytes){ kc->b, kc->len }, out);
}

hf_err hf_unit_open_kc(hf_bytes sealed, const struct hf_ecdhkey *intake,
		       const uint8_t cid[static HF_UNIT_CID_LEN], struct hf_key *kc)
{
	uint8_t mem[KC_AAD_CAP];
	struct hf_out aad = kc_aad(cid, mem), out = { kc->b, sizeof(kc->b), 0 };
	struct hf_cose_encrypt e;
	hf_err err;

	kc->len = 0;
	HF_TRY(hf_cose_encrypt_read(sealed, &e));
	err = hf_cose_encrypt_open(&e, intake, hf_out_bytes(&aad), &out);
	if (err == HF_OK && out.len != KC_LEN)
		err = HF_ERR_ORDER_SHAPE;
	if (err == HF_ERR_BASE_NO_ROOM)
		err = HF_ERR_ORDER_SHAPE; /* longer than any key */
	if (err != HF_OK) {
		hf_key_wipe(kc);
		return err;
	}
	kc->len = KC_LEN;
	return HF_OK;
}

/* order.c -- a production order is one more statement, so it lives here and not in a room of its own: it
 * needs the container, the quorum and nothing else, and the linker leaves it out of a device that makes
 * no orders. SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/order.h>

enum { N_FIELDS = 13, MAX_COMMIT_S = 30 * 86400 };

static bool has_numbers(const struct hf_order *o)
{
	return o->quantity > 0 && o->quantity <= HF_ORDER_MAX_QUANTITY &&
	       o->allowance <= HF_ORDER_MAX_QUANTITY && o->not_after > o->not_before &&
	       o->mode <= HF_ORDER_MANIFEST && o->commit_timeout_s > 0 && o->commit_timeout_s <= MAX_COMMIT_S;
}

static bool has_stations(const struct hf_order *o)
{
	for (size_t i = 0; i < o->n_stations && i < HF_ORDER_MAX_STATIONS; i++)
		if (o->station[i].len != HF_SHA256_LEN)
			return false;
	return o->n_stations > 0 && o->n_stations <= HF_ORDER_MAX_STATIONS;
}

static bool is_sound(const struct hf_order *o)
{
	return o->line.len > 0 && o->line.len <= HF_ORDER_MAX_LINE_LEN && has_numbers(o) && has_stations(o) &&
	       o->policy_ref.len == HF_POLICY_REF_LEN && o->ca.len == HF_SHA256_LEN &&
	       o->intake.len == HF_P256_POINT_LEN;
}

static void put_uint(struct hf_cborw *w, int64_t key, uint64_t v)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_uint(w, v);
}

static void put_bytes(struct hf_cborw *w, int64_t key, hf_bytes b)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_bytes(w, b);
}

hf_err hf_order_write(const struct hf_order *o, struct hf_out *out)
{
	struct hf_cborw w;

	if (!is_sound(o))
		return HF_ERR_ORDER_RANGE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, N_FIELDS);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_ORDER_TYPE);
	put_bytes(&w, 1, HF_ARR(o->id));
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_text(&w, o->line);
	put_uint(&w, 3, o->quantity);
	put_uint(&w, 4, o->allowance);
	put_uint(&w, 5, o->not_before);
	put_uint(&w, 6, o->not_after);
	hf_cbor_put_key(&w, 7);
	hf_cbor_put_array(&w, o->n_stations);
	for (size_t i = 0; i < o->n_stations; i++)
		hf_cbor_put_bytes(&w, o->station[i]);
	put_uint(&w, 8, o->mode);
	put_uint(&w, 9, o->commit_timeout_s);
	put_bytes(&w, 10, o->policy_ref);
	put_bytes(&w, 11, o->ca);
	put_bytes(&w, 12, o->intake);
	return hf_cbor_finish(&w);
}

static void read_uint(struct hf_cborr *r, int64_t key, uint64_t *v)
{
	hf_cbor_expect_key(r, key);
	hf_cbor_read_uint(r, v);
}

static void read_bytes(struct hf_cborr *r, int64_t key, hf_bytes *b)
{
	hf_cbor_expect_key(r, key);
	hf_cbor_read_bytes_max(r, HF_P256_POINT_LEN, b);
}

static void read_stations(struct hf_cborr *r, struct hf_order *o)
{
	hf_cbor_expect_key(r, 7);
	hf_cbor_read_array(r, &o->n_stations);
	if (o->n_stations > HF_ORDER_MAX_STATIONS) {
		hf_cbor_reader_fail(r, HF_ERR_ORDER_RANGE);
		o->n_stations = 0;
	}
	for (size_t i = 0; i < o->n_stations; i++)
		hf_cbor_read_bytes_max(r, HF_SHA256_LEN, &o->station[i]);
	hf_cbor_end(r);
}

static hf_err read_order(hf_bytes payload, struct hf_order *o)
{
	struct hf_cborr r;
	uint64_t mode = 0;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, N_FIELDS);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_ORDER_TYPE);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_fixed(&r, o->id, sizeof(o->id));
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_text_max(&r, HF_ORDER_MAX_LINE_LEN, &o->line);
	read_uint(&r, 3, &o->quantity);
	read_uint(&r, 4, &o->allowance);
	read_uint(&r, 5, &o->not_before);
	read_uint(&r, 6, &o->not_after);
	read_stations(&r, o);
	read_uint(&r, 8, &mode);
	o->mode = mode > UINT8_MAX ? UINT8_MAX : (uint8_t)mode;
	read_uint(&r, 9, &o->commit_timeout_s);
	read_bytes(&r, 10, &o->policy_ref);
	read_bytes(&r, 11, &o->ca);
	read_bytes(&r, 12, &o->intake);
	if (hf_cbor_done(&r) != HF_OK)
		return r.err == HF_ERR_ORDER_RANGE ? HF_ERR_ORDER_RANGE : HF_ERR_ORDER_SHAPE;
	return is_sound(o) ? HF_OK : HF_ERR_ORDER_RANGE;
}

hf_err hf_order_read(hf_bytes payload, struct hf_order *o)
{
	hf_err err;

	*o = (struct hf_order){ .quantity = 0 };
	err = read_order(payload, o);
	if (err != HF_OK)
		*o = (struct hf_order){ .quantity = 0 };
	return err;
}

/* The quorum "order"; a policy without one leaves orders to those who release the line's firmware. */
static hf_err find_quorum(const struct hf_policy *p, hf_bytes device_class, hf_bytes *quorum)
{
	hf_err err = hf_policy_named(p, HF_STR("order"), quorum);

	return err == HF_ERR_POLICY_ABSENT ? hf_policy_release(p, device_class, quorum) : err;
}

hf_err hf_order_open(hf_bytes container, const struct hf_policy *p, hf_bytes device_class, uint64_t at,
		     struct hf_out *scratch, struct hf_order *o)
{
	hf_bytes quorum = { 0 }, payload = { 0 };

	*o = (struct hf_order){ .quantity = 0 };
	HF_TRY(find_quorum(p, device_class, &quorum));
	HF_TRY(hf_statement_check(container, HF_ORDER_TYPE, p, quorum, (int64_t)at, scratch, &payload));
	HF_TRY(hf_order_read(payload, o));
	if (hf_bytes_equal(o->policy_ref, HF_ARR(p->ref)))
		return HF_OK;
	*o = (struct hf_order){ .quantity = 0 };
	return HF_ERR_ORDER_POLICY;
}

hf_err hf_order_check_window(const struct hf_order *o, uint64_t now)
{
	return now >= o->not_before && now <= o->not_after ? HF_OK : HF_ERR_ORDER_WINDOW;
}

hf_err hf_order_check_station(const struct hf_order *o, hf_bytes spki_sha256)
{
	for (size_t i = 0; i < o->n_stations; i++)
		if (hf_bytes_equal(o->station[i], spki_sha256))
			return HF_OK;
	return HF_ERR_ORDER_STATION;
}

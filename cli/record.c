/* record.c -- read and write the release record through one list of fields.
 * SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

enum { FIELDS = 21, UUID_LEN = 16, SHA1_LEN = 20 };

static void put_digest(struct hf_cborw *w, int64_t key, hf_bytes b)
{
	hf_cbor_put_key(w, key);
	if (b.len == 0)
		hf_cbor_put_null(w);
	else
		hf_cbor_put_bytes(w, b);
}

static void put_text(struct hf_cborw *w, int64_t key, hf_bytes t)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_text(w, t);
}

static void put_texts(struct hf_cborw *w, int64_t key, const hf_bytes *t, size_t n)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_text(w, t[i]);
}

static void put_origin(struct hf_cborw *w, const struct record *r)
{
	put_text(w, 1, r->product);
	hf_cbor_put_key(w, 2);
	hf_cbor_put_array(w, r->n_classes);
	for (size_t i = 0; i < r->n_classes; i++)
		hf_cbor_put_bytes(w, r->class_id[i]);
	put_text(w, 3, r->component);
	put_text(w, 4, r->version);
	put_text(w, 5, r->repository);
	put_text(w, 6, r->commit);
	hf_cbor_put_key(w, 7);
	hf_cbor_put_bytes(w, r->tree);
	put_digest(w, 8, r->container);
	hf_cbor_put_key(w, 9);
	hf_cbor_put_uint(w, r->source_date_epoch);
	put_text(w, 10, r->build_command);
	put_texts(w, 11, r->environment, r->n_environment);
}

hf_err record_write(const struct record *r, struct hf_out *out)
{
	size_t start = out->len;
	struct record back;
	struct hf_cborw w;
	hf_err err;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, FIELDS);
	put_text(&w, 0, HF_STR("hf/record/1"));
	put_origin(&w, r);
	for (int i = 0; i < RECORD_DIGESTS; i++)
		put_digest(&w, 12 + i, r->digest[i]);
	put_digest(&w, 17, r->previous);
	hf_cbor_put_key(&w, 18);
	hf_cbor_put_array(&w, r->n_images);
	for (size_t i = 0; i < r->n_images; i++) {
		hf_cbor_put_array(&w, 3);
		hf_cbor_put_text(&w, r->image[i].name);
		hf_cbor_put_uint(&w, r->image[i].size);
		hf_cbor_put_bytes(&w, r->image[i].hash);
	}
	put_texts(&w, 19, r->advisory, r->n_advisories);
	hf_cbor_put_key(&w, 20);
	hf_cbor_put_uint(&w, r->urgency);
	HF_TRY(hf_cbor_finish(&w));
	err = record_read((hf_bytes){ out->ptr + start, out->len - start }, &back);
	if (err != HF_OK)
		out->len = start;
	return err;
}

static void refuse_unless(struct hf_cborr *r, bool good)
{
	if (!good)
		hf_cbor_reader_fail(r, HF_ERR_RECORD_SHAPE);
}

static void read_text(struct hf_cborr *r, int64_t key, hf_bytes *t)
{
	hf_cbor_expect_key(r, key);
	hf_cbor_read_text_max(r, RECORD_TEXT_MAX, t);
}

static void read_digest(struct hf_cborr *r, int64_t key, hf_bytes *b)
{
	hf_cbor_expect_key(r, key);
	if (hf_cbor_try_null(r))
		return;
	hf_cbor_read_bytes(r, b);
	refuse_unless(r, b->len == HF_SHA256_LEN);
}

/* Number of items of an array, at most `max`; 0 after an error. */
static size_t read_count(struct hf_cborr *r, int64_t key, size_t max)
{
	size_t n = 0;

	hf_cbor_expect_key(r, key);
	hf_cbor_read_array(r, &n);
	refuse_unless(r, n <= max);
	return hf_cbor_error(r) == HF_OK ? n : 0;
}

static void read_texts(struct hf_cborr *r, int64_t key, hf_bytes *t, size_t *n)
{
	*n = read_count(r, key, RECORD_LIST_MAX);
	for (size_t i = 0; i < *n; i++)
		hf_cbor_read_text_max(r, RECORD_TEXT_MAX, &t[i]);
	hf_cbor_end(r);
}

static void read_origin(struct hf_cborr *r, struct record *out)
{
	read_text(r, 1, &out->product);
	out->n_classes = read_count(r, 2, RECORD_CLASSES_MAX);
	refuse_unless(r, out->n_classes > 0);
	for (size_t i = 0; i < out->n_classes; i++) {
		hf_cbor_read_bytes(r, &out->class_id[i]);
		refuse_unless(r, out->class_id[i].len == UUID_LEN);
	}
	hf_cbor_end(r);
	read_text(r, 3, &out->component);
	read_text(r, 4, &out->version);
	read_text(r, 5, &out->repository);
	read_text(r, 6, &out->commit);
	hf_cbor_expect_key(r, 7);
	hf_cbor_read_bytes(r, &out->tree);
	refuse_unless(r, out->tree.len == SHA1_LEN || out->tree.len == HF_SHA256_LEN);
	read_digest(r, 8, &out->container);
	hf_cbor_expect_key(r, 9);
	hf_cbor_read_uint(r, &out->source_date_epoch);
	read_text(r, 10, &out->build_command);
	read_texts(r, 11, out->environment, &out->n_environment);
}

static void read_images(struct hf_cborr *r, struct record *out)
{
	out->n_images = read_count(r, 18, RECORD_IMAGES_MAX);
	refuse_unless(r, out->n_images > 0);
	for (size_t i = 0; i < out->n_images; i++) {
		hf_cbor_expect_array(r, 3);
		hf_cbor_read_text_max(r, RECORD_TEXT_MAX, &out->image[i].name);
		hf_cbor_read_uint(r, &out->image[i].size);
		hf_cbor_read_bytes(r, &out->image[i].hash);
		refuse_unless(r, out->image[i].hash.len == HF_SHA256_LEN);
		hf_cbor_end(r);
	}
	hf_cbor_end(r);
}

hf_err record_read(hf_bytes in, struct record *out)
{
	struct hf_cborr r;

	*out = (struct record){ 0 };
	hf_cbor_reader(&r, in);
	refuse_unless(&r, in.len <= RECORD_MAX);
	hf_cbor_expect_map(&r, FIELDS);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR("hf/record/1"));
	read_origin(&r, out);
	for (int i = 0; i < RECORD_DIGESTS; i++)
		read_digest(&r, 12 + i, &out->digest[i]);
	read_digest(&r, 17, &out->previous);
	read_images(&r, out);
	read_texts(&r, 19, out->advisory, &out->n_advisories);
	hf_cbor_expect_key(&r, 20);
	hf_cbor_read_uint_max(&r, RECORD_URGENCY_MAX, &out->urgency);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	*out = (struct record){ 0 };
	return HF_ERR_RECORD_SHAPE;
}

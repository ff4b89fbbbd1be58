/* monitor_state.c -- the state as one CBOR map.
 * {0 "hf/monitor/1", 1 log key or null, 2 size, 3 nodes, 4 head time, 5 unmet since, 6 standing, 7 policy,
 *  8 policy before it, 9 releases}. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "monitor.h"

enum { FIELDS = 10, AT_CLASS = 32, AT_IMAGE = 48, AT_SEQUENCE = 80, AT_SEEN = 88, AT_REBUILD = 96 };

hf_err monitor_state_new(struct monitor_state *s)
{
	*s = (struct monitor_state){ 0 };
	s->policy[0] = HF_BUF(HF_STATEMENT_MAX_LEN);
	s->policy[1] = HF_BUF(HF_STATEMENT_MAX_LEN);
	s->release = calloc(MONITOR_RELEASES_MAX, sizeof(s->release[0]));
	return s->release != NULL ? HF_OK : HF_ERR_HOST_MEMORY;
}

void monitor_state_free(struct monitor_state *s)
{
	hf_buf_free(&s->policy[0]);
	hf_buf_free(&s->policy[1]);
	free(s->release);
	s->release = NULL;
}

hf_err monitor_state_add(struct monitor_state *s, const struct monitor_release *r)
{
	if (s->n_releases == MONITOR_RELEASES_MAX)
		return HF_ERR_MONITOR_FULL;
	s->release[s->n_releases++] = *r;
	return HF_OK;
}

static void pack(const struct monitor_release *r, uint8_t out[static MONITOR_RELEASE_LEN])
{
	memcpy(out, r->d, sizeof(r->d));
	memcpy(out + AT_CLASS, r->class_id, sizeof(r->class_id));
	memcpy(out + AT_IMAGE, r->image, sizeof(r->image));
	hf_put_be64(out + AT_SEQUENCE, r->sequence);
	hf_put_be64(out + AT_SEEN, r->seen);
	out[AT_REBUILD] = r->rebuild;
}

static void unpack(const uint8_t *in, struct monitor_release *r)
{
	memcpy(r->d, in, sizeof(r->d));
	memcpy(r->class_id, in + AT_CLASS, sizeof(r->class_id));
	memcpy(r->image, in + AT_IMAGE, sizeof(r->image));
	r->sequence = hf_get_be64(in + AT_SEQUENCE);
	r->seen = hf_get_be64(in + AT_SEEN);
	r->rebuild = in[AT_REBUILD];
}

static void put_releases(struct hf_cborw *w, const struct monitor_state *s)
{
	hf_cbor_begin_bytes(w);
	for (size_t i = 0; i < s->n_releases; i++) {
		uint8_t row[MONITOR_RELEASE_LEN];

		pack(&s->release[i], row);
		hf_cbor_writer_fail(w, hf_out_put(w->out, HF_ARR(row)));
	}
	hf_cbor_end_bytes(w);
}

hf_err monitor_state_write(const struct monitor_state *s, struct hf_buf *out)
{
	size_t nodes = hf_merkle_range_len(s->size) * HF_MERKLE_LEN;
	const uint64_t numbers[] = { s->head_time, s->unmet_since, s->standing };
	struct hf_out room = { NULL, MONITOR_STATE_MAX, 0 };
	struct hf_cborw w;

	HF_TRY(hf_buf_reserve(out, MONITOR_STATE_MAX, &room.ptr));
	hf_cbor_writer(&w, &room);
	hf_cbor_put_map(&w, FIELDS);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR("hf/monitor/1"));
	hf_cbor_put_key(&w, 1);
	if (s->begun)
		hf_cbor_put_bytes(&w, HF_ARR(s->log));
	else
		hf_cbor_put_null(&w);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_uint(&w, s->size);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, (hf_bytes){ s->node[0].b, nodes });
	for (int i = 0; i < 3; i++) {
		hf_cbor_put_key(&w, 4 + i);
		hf_cbor_put_uint(&w, numbers[i]);
	}
	for (int i = 0; i < 2; i++) {
		hf_cbor_put_key(&w, 7 + i);
		hf_cbor_put_bytes(&w, hf_buf_bytes(&s->policy[i]));
	}
	hf_cbor_put_key(&w, 9);
	put_releases(&w, s);
	HF_TRY(hf_cbor_finish(&w));
	hf_buf_commit(out, room.len);
	return HF_OK;
}

static void read_log(struct hf_cborr *r, struct monitor_state *s)
{
	hf_cbor_expect_key(r, 1);
	s->begun = !hf_cbor_try_null(r);
	if (s->begun)
		hf_cbor_read_fixed(r, s->log, sizeof(s->log));
}

static void read_tree(struct hf_cborr *r, struct monitor_state *s)
{
	hf_cbor_expect_key(r, 2);
	hf_cbor_read_uint_max(r, HF_CHECKPOINT_MAX_NUMBER, &s->size);
	hf_cbor_expect_key(r, 3);
	if (hf_cbor_error(r) == HF_OK && hf_merkle_range_len(s->size) > HF_MERKLE_MAX_LEVELS)
		hf_cbor_reader_fail(r, HF_ERR_MONITOR_STATE);
	hf_cbor_read_fixed(r, s->node[0].b, hf_merkle_range_len(s->size) * HF_MERKLE_LEN);
}

static void read_numbers(struct hf_cborr *r, struct monitor_state *s)
{
	uint64_t standing = 0;

	hf_cbor_expect_key(r, 4);
	hf_cbor_read_uint(r, &s->head_time);
	hf_cbor_expect_key(r, 5);
	hf_cbor_read_uint(r, &s->unmet_since);
	hf_cbor_expect_key(r, 6);
	hf_cbor_read_uint_max(r, UINT32_MAX, &standing);
	s->standing = (uint32_t)standing;
}

static void read_policies(struct hf_cborr *r, struct monitor_state *s)
{
	for (int i = 0; i < 2; i++) {
		hf_bytes statement = { 0 };

		hf_cbor_expect_key(r, 7 + i);
		hf_cbor_read_bytes_max(r, HF_STATEMENT_MAX_LEN, &statement);
		hf_buf_reset(&s->policy[i]);
		if (statement.len > 0)
			hf_cbor_reader_fail(r, hf_buf_put(&s->policy[i], statement));
	}
}

static void read_releases(struct hf_cborr *r, struct monitor_state *s)
{
	hf_bytes rows = { 0 };

	hf_cbor_expect_key(r, 9);
	hf_cbor_read_bytes_max(r, MONITOR_RELEASES_MAX * MONITOR_RELEASE_LEN, &rows);
	if (rows.len % MONITOR_RELEASE_LEN != 0)
		hf_cbor_reader_fail(r, HF_ERR_MONITOR_STATE);
	for (s->n_releases = 0; s->n_releases < rows.len / MONITOR_RELEASE_LEN; s->n_releases++)
		unpack(rows.ptr + s->n_releases * MONITOR_RELEASE_LEN, &s->release[s->n_releases]);
}

hf_err monitor_state_read(hf_bytes in, struct monitor_state *s)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf_cbor_expect_map(&r, FIELDS);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR("hf/monitor/1"));
	read_log(&r, s);
	read_tree(&r, s);
	read_numbers(&r, s);
	read_policies(&r, s);
	read_releases(&r, s);
	return hf_cbor_done(&r) == HF_OK ? HF_OK : HF_ERR_MONITOR_STATE;
}

bool monitor_has_line(const struct hf_buf *file, const char *line)
{
	const char *at = hf_buf_text(file);
	size_t len = strlen(line);

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");

		if (n == len && at[0] != '#' && memcmp(at, line, len) == 0)
			return true;
		at += n + (at[n] == '\n' ? 1 : 0);
	}
	return false;
}

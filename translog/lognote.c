/* lognote.c -- signed notes, add-checkpoint requests and key=value lines, read strictly.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/base64.h>
#include <hf/lognote.h>

#define DASH "\xe2\x80\x94 " /* U+2014 and a space begin a signature line */

static bool take_line(hf_bytes *rest, hf_bytes *line)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (hf_bytes){ rest->ptr, (size_t)(end - rest->ptr) };
	rest->ptr = end + 1;
	rest->len -= line->len + 1;
	return true;
}

bool hf_kv_number(hf_bytes text, uint64_t *value)
{
	*value = 0;
	if (text.len == 0 || text.len > 19 || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return *value <= HF_CHECKPOINT_MAX_NUMBER;
}

bool hf_kv_hex(hf_bytes text, uint8_t *out, size_t n)
{
	struct hf_out to = { out, n, 0 };

	return text.len == 2 * n && hf_hex_decode(text, &to) == HF_OK;
}

bool hf_kv_take(hf_bytes *rest, const char *key, hf_bytes *value)
{
	size_t n = strlen(key);
	hf_bytes after = *rest, line;

	if (!take_line(&after, &line) || line.len <= n || memcmp(line.ptr, key, n) != 0 || line.ptr[n] != '=')
		return false;
	*value = (hf_bytes){ line.ptr + n + 1, line.len - n - 1 };
	*rest = after;
	return true;
}

hf_err hf_kv_put_hex(struct hf_buf *b, const uint8_t *data, size_t n)
{
	uint8_t *at = NULL;
	struct hf_out out = { 0 };

	HF_TRY(hf_buf_reserve(b, 2 * n, &at));
	out = (struct hf_out){ at, 2 * n, 0 };
	HF_TRY(hf_hex_encode((hf_bytes){ data, n }, &out));
	hf_buf_commit(b, out.len);
	return HF_OK;
}

hf_bytes hf_kv_word(hf_bytes *rest)
{
	const uint8_t *space = rest->len == 0 ? NULL : memchr(rest->ptr, ' ', rest->len);
	hf_bytes word = { rest->ptr, space == NULL ? rest->len : (size_t)(space - rest->ptr) };
	size_t used = word.len + (space != NULL ? 1 : 0);

	rest->ptr += used;
	rest->len -= used;
	return word;
}

/* ---- reading notes ---- */

hf_err hf_note_read_line(hf_bytes *rest, struct hf_note_line *line)
{
	uint8_t mem[4096]; /* an ML-DSA line has 2,428 bytes */
	struct hf_out raw = HF_OUT(mem);
	hf_bytes text;

	*line = (struct hf_note_line){ 0 };
	if (!take_line(rest, &text) || text.len < 4 || memcmp(text.ptr, DASH, 4) != 0)
		return HF_ERR_LOG_NOTE;
	text.ptr += 4;
	text.len -= 4;
	line->name = hf_kv_word(&text);
	if (line->name.len == 0 || line->name.len > HF_NOTE_NAME_MAX ||
	    hf_base64_decode(text, &raw) != HF_OK || raw.len < 5)
		return HF_ERR_LOG_NOTE;
	memcpy(line->id, mem, 4);
	if (raw.len - 4 <= HF_NOTE_PAYLOAD_MAX) {
		line->payload_len = raw.len - 4;
		memcpy(line->payload, mem + 4, line->payload_len);
	}
	return HF_OK;
}

static bool read_hash(hf_bytes line, struct hf_merkle_hash *hash)
{
	struct hf_out out = HF_OUT(hash->b);

	return line.len == 44 && hf_base64_decode(line, &out) == HF_OK && out.len == HF_MERKLE_LEN;
}

static bool read_body(hf_bytes *rest, struct hf_note *note)
{
	hf_bytes size, root, empty;

	if (!take_line(rest, &note->origin) || !take_line(rest, &size) || !take_line(rest, &root) ||
	    !take_line(rest, &empty))
		return false;
	return note->origin.len > 0 && note->origin.len <= HF_NOTE_NAME_MAX && empty.len == 0 &&
	       hf_kv_number(size, &note->head.size) && read_hash(root, &note->head.root);
}

hf_err hf_note_read(hf_bytes text, struct hf_note *note)
{
	hf_bytes rest = text;

	*note = (struct hf_note){ 0 };
	if (text.len > HF_NOTE_MAX || !read_body(&rest, note) || rest.len == 0)
		return HF_ERR_LOG_NOTE;
	while (rest.len > 0) {
		if (note->n_lines == HF_NOTE_LINES_MAX)
			return HF_ERR_LOG_NOTE;
		HF_TRY(hf_note_read_line(&rest, &note->line[note->n_lines++]));
	}
	return HF_OK;
}

const struct hf_note_line *hf_note_find(const struct hf_note *note, int type,
					const uint8_t pub[static HF_ED25519_PUB_LEN])
{
	size_t want = type == HF_NOTE_LOG ? HF_ED25519_SIG_LEN : 8 + HF_ED25519_SIG_LEN;
	uint8_t id[4];

	for (size_t i = 0; i < note->n_lines; i++)
		if (hf_note_key_id(note->line[i].name, type, pub, id) == HF_OK &&
		    memcmp(id, note->line[i].id, 4) == 0 && note->line[i].payload_len == want)
			return &note->line[i];
	return NULL;
}

hf_err hf_note_request_read(hf_bytes body, struct hf_note_request *r)
{
	hf_bytes rest = body, line;

	*r = (struct hf_note_request){ 0 };
	if (body.len > HF_NOTE_REQUEST_MAX || !take_line(&rest, &line) || line.len < 5 ||
	    memcmp(line.ptr, "old ", 4) != 0 ||
	    !hf_kv_number((hf_bytes){ line.ptr + 4, line.len - 4 }, &r->old_size))
		return HF_ERR_LOG_NOTE;
	for (;;) {
		if (!take_line(&rest, &line))
			return HF_ERR_LOG_NOTE;
		if (line.len == 0)
			return hf_note_read(rest, &r->note);
		if (r->n_proof == HF_MERKLE_PROOF_MAX - 1 || !read_hash(line, &r->proof[r->n_proof]))
			return HF_ERR_LOG_NOTE;
		r->n_proof++;
	}
}

/* ---- writing ---- */

hf_err hf_note_key_id(hf_bytes name, int type, const uint8_t pub[static HF_ED25519_PUB_LEN],
		      uint8_t id[static 4])
{
	const uint8_t kind[2] = { '\n', (uint8_t)type };
	const hf_bytes parts[3] = { name, HF_ARR(kind), { pub, HF_ED25519_PUB_LEN } };
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(parts, 3, hash));
	memcpy(id, hash, 4);
	return HF_OK;
}

hf_err hf_note_witness_name(const uint8_t pub[static HF_ED25519_PUB_LEN], struct hf_out *out)
{
	const hf_bytes key = { pub, HF_ED25519_PUB_LEN };
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&key, 1, hash));
	HF_TRY(hf_out_put(out, HF_STR("sigsum.org/v1/witness/")));
	return hf_hex_encode(HF_ARR(hash), out);
}

hf_err hf_note_put_body(struct hf_buf *b, const uint8_t log[static HF_ED25519_PUB_LEN],
			const struct hf_tree_head *head)
{
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out out = HF_OUT(mem);

	HF_TRY(hf_checkpoint_body(log, head, &out));
	HF_TRY(hf_buf_put(b, hf_out_bytes(&out)));
	return hf_buf_puts(b, "\n");
}

static hf_err put_line(struct hf_buf *b, hf_bytes name, int type, const uint8_t *pub, hf_bytes payload)
{
	uint8_t raw[4 + HF_NOTE_PAYLOAD_MAX], mem[128];
	struct hf_out text = HF_OUT(mem);

	HF_TRY(hf_note_key_id(name, type, pub, raw));
	memcpy(raw + 4, payload.ptr, payload.len);
	HF_TRY(hf_base64_encode((hf_bytes){ raw, 4 + payload.len }, &text));
	return hf_buf_printf(b, DASH "%.*s %.*s\n", (int)name.len, (const char *)name.ptr, (int)text.len,
			     (const char *)mem);
}

hf_err hf_note_put_log_line(struct hf_buf *b, const uint8_t log[static HF_ED25519_PUB_LEN],
			    const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t mem[HF_CHECKPOINT_ORIGIN_LEN];
	struct hf_out name = HF_OUT(mem);

	HF_TRY(hf_checkpoint_origin(log, &name));
	return put_line(b, hf_out_bytes(&name), HF_NOTE_LOG, log, (hf_bytes){ sig, HF_ED25519_SIG_LEN });
}

hf_err hf_note_put_cosignature(struct hf_buf *b, const uint8_t witness[static HF_ED25519_PUB_LEN],
			       uint64_t time, const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t mem[HF_NOTE_NAME_MAX], payload[8 + HF_ED25519_SIG_LEN];
	struct hf_out name = HF_OUT(mem);

	HF_TRY(hf_note_witness_name(witness, &name));
	hf_put_be64(payload, time);
	memcpy(payload + 8, sig, HF_ED25519_SIG_LEN);
	return put_line(b, hf_out_bytes(&name), HF_NOTE_COSIGNATURE, witness, HF_ARR(payload));
}

hf_err hf_note_request_write(struct hf_buf *b, uint64_t old_size, const struct hf_merkle_hash *proof,
			     size_t n, hf_bytes note)
{
	HF_TRY(hf_buf_printf(b, "old %llu\n", (unsigned long long)old_size));
	for (size_t i = 0; i < n; i++) {
		uint8_t mem[48];
		struct hf_out text = HF_OUT(mem);

		HF_TRY(hf_base64_encode(HF_ARR(proof[i].b), &text));
		HF_TRY(hf_buf_printf(b, "%.*s\n", (int)text.len, (const char *)mem));
	}
	HF_TRY(hf_buf_puts(b, "\n"));
	return hf_buf_put(b, note);
}

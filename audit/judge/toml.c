/* Line by line: a table's head, a pair, or nothing. A value may run over lines only inside a list.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "toml.h"

enum { FIRST_PAIRS = 32, CBOR_HEAD_MAX = 9 };

struct reader {
	hf_bytes at;
	unsigned line, nth;
	const char *table;
	bool many;
	struct hf__arena *arena;
	struct hf__toml *out;
	struct hf_why *why;
};

static hf_err bad(struct reader *r, const char *words)
{
	return hf_why_set(r->why, HF_ERR_TOML_SYNTAX, "%s", words);
}

static bool take(struct reader *r, char c)
{
	if (r->at.len == 0 || r->at.ptr[0] != (uint8_t)c)
		return false;
	r->at.ptr++;
	r->at.len--;
	return true;
}

static bool is_bare(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

static hf_err read_name(struct reader *r, const char **name)
{
	hf_bytes word = { r->at.ptr, 0 };

	while (word.len < r->at.len && is_bare(r->at.ptr[word.len]))
		word.len++;
	r->at.ptr += word.len;
	r->at.len -= word.len;
	*name = "";
	if (word.len == 0 || word.len > HF__TOML_KEY_MAX)
		return bad(r, "a name of letters, digits, - and _ is needed");
	return hf__arena_text(r->arena, word, name);
}

static hf_err end_line(struct reader *r)
{
	hf__toml_blanks(&r->at);
	if (r->at.len > 0 && r->at.ptr[0] == '#')
		while (r->at.len > 0 && r->at.ptr[0] != '\n') {
			uint8_t c = r->at.ptr[0];

			if (c < 0x20 && c != '\t' && c != '\r')
				return bad(r, "control character in a comment");
			r->at.ptr++;
			r->at.len--;
		}
	(void)take(r, '\r');
	if (r->at.len > 0 && !take(r, '\n'))
		return bad(r, "something follows the value");
	r->line++;
	return HF_OK;
}

static hf_err append(struct reader *r, const struct hf__toml_pair *pair)
{
	struct hf__toml *t = r->out;
	size_t cap = t->cap == 0 ? FIRST_PAIRS : t->cap * 2;
	void *p;

	if (t->n == HF__TOML_PAIRS_MAX)
		return hf_why_set(r->why, HF_ERR_TOML_LIMIT, "more than %d keys", HF__TOML_PAIRS_MAX);
	if (t->n == t->cap) {
		p = reallocarray(t->pairs, cap, sizeof(*t->pairs));
		if (p == NULL)
			return HF_ERR_HOST_MEMORY;
		t->pairs = p;
		t->cap = cap;
	}
	t->pairs[t->n++] = *pair;
	return HF_OK;
}

static hf_err count_table(struct reader *r)
{
	r->nth = 0;
	for (size_t i = 0; i < r->out->n; i++) {
		const struct hf__toml_pair *p = &r->out->pairs[i];

		if (p->type != HF__TOML_HEAD || strcmp(p->table, r->table) != 0)
			continue;
		if (!p->many || !r->many)
			return hf_why_set(r->why, HF_ERR_TOML_TWICE, "table %s is given twice", r->table);
		r->nth++;
	}
	return HF_OK;
}

static hf_err read_head(struct reader *r)
{
	struct hf__toml_pair head = { .type = HF__TOML_HEAD, .key = "", .line = r->line };

	r->many = take(r, '[');
	hf__toml_blanks(&r->at);
	HF_TRY(read_name(r, &r->table));
	hf__toml_blanks(&r->at);
	if (!take(r, ']') || (r->many && !take(r, ']')))
		return bad(r, "] is missing after the table's name");
	HF_TRY(count_table(r));
	head.table = r->table;
	head.many = r->many;
	head.nth = r->nth;
	HF_TRY(append(r, &head));
	return end_line(r);
}

static bool is_given(const struct reader *r, const char *key)
{
	for (size_t i = r->out->n; i > 0; i--) {
		const struct hf__toml_pair *p = &r->out->pairs[i - 1];

		if (p->type == HF__TOML_HEAD)
			return false;
		if (strcmp(p->key, key) == 0)
			return true;
	}
	return false;
}

static hf_err read_pair(struct reader *r)
{
	struct hf__toml_pair pair = {
		.table = r->table, .many = r->many, .nth = r->nth, .line = r->line, .text = ""
	};

	HF_TRY(read_name(r, &pair.key));
	if (is_given(r, pair.key))
		return hf_why_set(r->why, HF_ERR_TOML_TWICE, "%s is given twice", pair.key);
	hf__toml_blanks(&r->at);
	if (!take(r, '='))
		return bad(r, "= is missing after the key");
	hf__toml_blanks(&r->at);
	HF_TRY(hf__toml_value(&r->at, &r->line, r->arena, &pair, r->why));
	HF_TRY(append(r, &pair));
	return end_line(r);
}

static hf_err read_line(struct reader *r)
{
	hf__toml_blanks(&r->at);
	if (r->at.len == 0 || r->at.ptr[0] == '#' || r->at.ptr[0] == '\n' || r->at.ptr[0] == '\r')
		return end_line(r);
	return take(r, '[') ? read_head(r) : read_pair(r);
}

/* The writer of CBOR knows what UTF-8 is. */
static hf_err check_utf8(struct reader *r)
{
	struct hf_out out = { .cap = r->at.len + CBOR_HEAD_MAX };
	struct hf_cborw w;
	void *room;

	HF_TRY(hf__arena_take(r->arena, out.cap, &room));
	out.ptr = room;
	hf_cbor_writer(&w, &out);
	hf_cbor_put_text(&w, r->at);
	return hf_cbor_finish(&w) == HF_OK ? HF_OK : bad(r, "not UTF-8");
}

hf_err hf__toml_read(hf_bytes text, struct hf__arena *arena, struct hf__toml *out, struct hf_why *why)
{
	struct reader r = { .at = text, .line = 1, .table = "", .arena = arena, .out = out, .why = why };
	hf_err err;

	*out = (struct hf__toml){ 0 };
	if (text.len > HF_AUDITPOLICY_CEILING)
		return hf_why_set(why, HF_ERR_TOML_LIMIT, "more than %d bytes", HF_AUDITPOLICY_CEILING);
	err = check_utf8(&r);
	while (err == HF_OK && r.at.len > 0)
		err = read_line(&r);
	if (err == HF_OK)
		return HF_OK;
	hf__toml_free(out);
	return hf_why_add(why, err, "line %u", r.line);
}

void hf__toml_free(struct hf__toml *t)
{
	free(t->pairs);
	*t = (struct hf__toml){ 0 };
}

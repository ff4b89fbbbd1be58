/* automaton.c -- Aho-Corasick (1975) with all transitions filled in, so that a byte costs one look-up.
 * Bytes that no literal contains share one column.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "automaton.h"
#include "literals.inc"

enum { N_LITERALS = sizeof(literals) / sizeof(literals[0]), STATES_MAX = 16384, NONE = 0xffff };

struct hf__scan_automaton {
	uint8_t column[256];
	unsigned columns;
	unsigned n_states;
	uint16_t *next;            /* [state * columns + column] */
	uint16_t *output;          /* a literal that ends in this state, or NONE */
	uint16_t *suffix;          /* the next state on the way to the root that has an output, or 0 */
	uint16_t also[N_LITERALS]; /* another literal of the same bytes */
	uint16_t seen[N_LITERALS]; /* hits in this file */
	uint8_t pair[65536];       /* may a literal begin with these two bytes */
};

size_t hf__scan_n_literals(void)
{
	return N_LITERALS;
}

const struct hf__scan_literal *hf__scan_literal(size_t i)
{
	return &literals[i];
}

static uint8_t byte_of(size_t literal, size_t i)
{
	return literals[literal].bytes[i] ^ HF__DISGUISE;
}

static void number_columns(struct hf__scan_automaton *a)
{
	bool used[256] = { false };

	for (size_t l = 0; l < N_LITERALS; l++)
		for (size_t i = 0; i < literals[l].len; i++)
			used[byte_of(l, i)] = true;
	a->columns = 1;
	for (unsigned c = 0; c < 256; c++)
		a->column[c] = used[c] ? (uint8_t)a->columns++ : 0;
}

static void insert(struct hf__scan_automaton *a, size_t literal)
{
	unsigned state = 0;

	for (size_t i = 0; i < literals[literal].len; i++) {
		uint16_t *next = &a->next[state * a->columns + a->column[byte_of(literal, i)]];

		if (*next == 0)
			*next = (uint16_t)a->n_states++;
		state = *next;
	}
	a->also[literal] = a->output[state];
	a->output[state] = (uint16_t)literal;
	a->pair[byte_of(literal, 0) | byte_of(literal, 1) << 8] = 1;
}

/* Breadth first: a state's fallback is shallower and complete, so its transitions can be copied. */
static void fill_in(struct hf__scan_automaton *a, uint16_t *queue, uint16_t *fall)
{
	size_t head = 0, tail = 0;

	for (unsigned c = 0; c < a->columns; c++)
		if (a->next[c] != 0)
			queue[tail++] = a->next[c];
	while (head < tail) {
		unsigned s = queue[head++];

		a->suffix[s] = a->output[fall[s]] != NONE ? fall[s] : a->suffix[fall[s]];
		for (unsigned c = 0; c < a->columns; c++) {
			uint16_t *next = &a->next[s * a->columns + c];
			uint16_t other = a->next[fall[s] * a->columns + c];

			if (*next == 0) {
				*next = other;
				continue;
			}
			fall[*next] = other;
			queue[tail++] = *next;
		}
	}
}

static hf_err build(struct hf__scan_automaton *a)
{
	uint16_t *work = calloc(2 * (size_t)a->n_states, sizeof(*work));

	if (work == NULL)
		return HF_ERR_HOST_MEMORY;
	memset(a->output, 0xff, a->n_states * sizeof(*a->output));
	a->n_states = 1;
	for (size_t l = 0; l < N_LITERALS; l++)
		insert(a, l);
	fill_in(a, work, work + a->n_states);
	free(work);
	return HF_OK;
}

hf_err hf__scan_automaton_new(struct hf__scan_automaton **out)
{
	struct hf__scan_automaton *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (a == NULL)
		return HF_ERR_HOST_MEMORY;
	number_columns(a);
	a->n_states = 1;
	for (size_t l = 0; l < N_LITERALS; l++)
		a->n_states += literals[l].len;
	a->next = calloc((size_t)a->n_states * a->columns, sizeof(*a->next));
	a->output = calloc(a->n_states, sizeof(*a->output));
	a->suffix = calloc(a->n_states, sizeof(*a->suffix));
	if (a->n_states > STATES_MAX || a->next == NULL || a->output == NULL || a->suffix == NULL ||
	    build(a) != HF_OK) {
		hf__scan_automaton_free(a);
		return HF_ERR_HOST_MEMORY;
	}
	*out = a;
	return HF_OK;
}

void hf__scan_automaton_free(struct hf__scan_automaton *a)
{
	if (a == NULL)
		return;
	free(a->next);
	free(a->output);
	free(a->suffix);
	free(a);
}

static void keep(struct hf__scan_automaton *a, unsigned literal, uint64_t end, struct hf__scan_hits *hits)
{
	for (; literal != NONE; literal = a->also[literal]) {
		unsigned action = literals[literal].action;
		bool secret = action == HF__ACT_PEM || action == HF__ACT_TOKEN;

		if (a->seen[literal] >= (secret ? HF__SECRETS_EACH : HF__HITS_EACH) ||
		    hits->n == HF__HITS_MAX) {
			hits->lost = hits->lost || secret;
			continue;
		}
		a->seen[literal]++;
		hits->at[hits->n++] = (struct hf__scan_hit){ (uint16_t)literal, end - literals[literal].len };
	}
}

/* At the root, most bytes begin nothing: look at pairs until one may. The last byte has no pair yet. */
static const uint8_t *skip(const struct hf__scan_automaton *a, const uint8_t *p, const uint8_t *end)
{
	while (p + 4 < end) {
		unsigned any = a->pair[p[0] | p[1] << 8] | a->pair[p[1] | p[2] << 8] |
			       a->pair[p[2] | p[3] << 8] | a->pair[p[3] | p[4] << 8];

		if (any != 0)
			break;
		p += 4;
	}
	while (p + 1 < end && a->pair[p[0] | p[1] << 8] == 0)
		p++;
	return p;
}

uint32_t hf__scan_automaton_run(struct hf__scan_automaton *a, uint32_t state, hf_bytes block, uint64_t offset,
				struct hf__scan_hits *hits)
{
	const uint8_t *p = block.ptr, *end = block.ptr + block.len;

	if (offset == 0)
		memset(a->seen, 0, sizeof(a->seen));
	while (p < end) {
		if (state == 0) {
			p = skip(a, p, end);
			if (p == end)
				break;
		}
		state = a->next[state * a->columns + a->column[*p++]];
		if (a->output[state] == NONE && a->suffix[state] == 0)
			continue;
		for (uint32_t s = state; s != 0; s = a->suffix[s])
			if (a->output[s] != NONE)
				keep(a, a->output[s], offset + (uint64_t)(p - block.ptr), hits);
	}
	return state;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "bom.h"

enum { TEXT_CAP = 4 * HF_FACT_PATH_MAX + 1, LEVELS_MAX = HF_JSON_DEPTH_MAX };

const struct hf_format hf_formats[] = {
	{ "text", NULL, hf__render_text },
	{ "json", NULL, hf__render_json },
	{ "sarif", NULL, hf__render_sarif },
	{ "html", NULL, hf__render_html },
	{ "cyclonedx", ".vex.json", hf__render_cyclonedx },
	{ "spdx", ".openvex.json", hf__render_spdx },
	{ NULL, NULL, NULL },
};

const struct hf_format *hf_format_find(const char *name)
{
	for (const struct hf_format *f = hf_formats; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

void hf__json_bytes(struct hf_json_out *j, const char *name, hf_bytes text)
{
	char room[TEXT_CAP], one[5];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t n = hf_escape_byte(text.ptr[i], one);

		if (len + n >= sizeof(room))
			break;
		memcpy(room + len, one, n);
		len += n;
	}
	room[len] = '\0';
	hf_json_put_text(j, name, room);
}

/* Days to a date of the Gregorian calendar, in eras of 400 years that begin on 1 March. */
void hf__date(uint64_t day, char out[static HF__DATE_LEN + 1])
{
	uint64_t z = day + 719468, era = z / 146097, d = z % 146097;
	uint64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	uint64_t in_year = d - (365 * y + y / 4 - y / 100);
	uint64_t m = (5 * in_year + 2) / 153, month = m < 10 ? m + 3 : m - 9;
	unsigned year = (unsigned)(y + era * 400 + (month <= 2 ? 1 : 0));

	(void)snprintf(out, HF__DATE_LEN + 1, "%04u-%02u-%02u", year % 10000, (unsigned)month % 100,
		       (unsigned)(in_year - (153 * m + 2) / 5 + 1) % 100);
}

struct hf__counts hf__count(const struct hf_rendering *in)
{
	struct hf__counts c = { .containers = hf_model_n(in->model, HF_FACT_CONTAINER),
				.problems = hf_model_n(in->model, HF_FACT_PROBLEM) };

	for (size_t i = 0; i < hf_model_n(in->model, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len == 0)
			c.inputs++;
		if (f->num[HF_FILE_TYPE] != HF_NODE_FILE)
			continue;
		c.files++;
		c.bytes += f->num[HF_FILE_SIZE];
		c.elfs += f->num[HF_FILE_KIND] == HF_KIND_ELF;
	}
	return c;
}

const char *hf__status_name(int status)
{
	static const char *const names[] = { "pass", "findings", "incomplete" };

	return status >= 0 && status < 3 ? names[status] : "error";
}

/* ---- pretty: the text is our own, so it is well formed ---- */

struct pretty {
	struct hf_buf *out;
	unsigned depth;
};

static hf_err new_line(struct pretty *p)
{
	static const char blanks[] = "                                ";

	HF_TRY(hf_buf_puts(p->out, "\n"));
	return hf_buf_put(p->out, (hf_bytes){ (const uint8_t *)blanks, 2 * (size_t)p->depth });
}

static bool is_empty(hf_bytes in, size_t at)
{
	return at + 1 < in.len && (in.ptr[at + 1] == '}' || in.ptr[at + 1] == ']');
}

/* One character outside texts; *at moves on when more than one was used. */
static hf_err put_sign(struct pretty *p, hf_bytes in, size_t *at)
{
	uint8_t c = in.ptr[*at];

	if ((c == '{' || c == '[') && is_empty(in, *at)) {
		HF_TRY(hf_buf_put(p->out, (hf_bytes){ in.ptr + *at, 2 }));
		(*at)++;
		return HF_OK;
	}
	if (c == '}' || c == ']') {
		p->depth--;
		HF_TRY(new_line(p));
	}
	HF_TRY(hf_buf_put(p->out, (hf_bytes){ &c, 1 }));
	if (c == '{' || c == '[')
		p->depth++;
	if (c == '{' || c == '[' || c == ',')
		return new_line(p);
	return c == ':' ? hf_buf_puts(p->out, " ") : HF_OK;
}

/* A whole text with its quotes, in one piece. */
static size_t text_len(hf_bytes in, size_t at)
{
	size_t i = at + 1;

	while (i < in.len && in.ptr[i] != '"')
		i += in.ptr[i] == '\\' ? 2 : 1;
	return (i < in.len ? i + 1 : in.len) - at;
}

hf_err hf__pretty(hf_bytes compact, struct hf_buf *out)
{
	struct pretty p = { .out = out };

	for (size_t i = 0; i < compact.len; i++) {
		size_t n = compact.ptr[i] == '"' ? text_len(compact, i) : 0;

		if (n == 0) {
			HF_TRY(put_sign(&p, compact, &i));
			continue;
		}
		HF_TRY(hf_buf_put(out, (hf_bytes){ compact.ptr + i, n }));
		i += n - 1;
	}
	return hf_buf_puts(out, "\n");
}

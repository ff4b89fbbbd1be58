/* An earlier report, line by line: our own writer puts one member on a line, and inside a JSON text no
 * quote stands without a backslash, so a line that is a fingerprint is one. A report may be far larger than a
 * tree in memory should be.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/gate.h>

enum { FIRST = 256 };

static hf_bytes next_line(hf_bytes *rest)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
	size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len, used = end != NULL ? len + 1 : len;
	hf_bytes line = { rest->ptr, len };

	rest->ptr += used;
	rest->len -= used;
	while (line.len > 0 && line.ptr[0] == ' ') {
		line.ptr++;
		line.len--;
	}
	if (line.len > 0 && line.ptr[line.len - 1] == ',')
		line.len--;
	return line;
}

static bool begins(hf_bytes line, const char *with)
{
	return line.len >= strlen(with) && memcmp(line.ptr, with, strlen(with)) == 0;
}

static hf_err add(struct hf_baseline *b, size_t *cap, const uint8_t *hex)
{
	size_t want = *cap == 0 ? FIRST : *cap * 2;
	void *p;

	if (b->n == *cap) {
		p = reallocarray(b->at, want, sizeof(b->at[0]));
		if (p == NULL)
			return HF_ERR_HOST_MEMORY;
		b->at = p;
		*cap = want;
	}
	memcpy(b->at[b->n], hex, HF_FINGERPRINT_LEN);
	b->at[b->n++][HF_FINGERPRINT_LEN] = '\0';
	return HF_OK;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, HF_FINGERPRINT_LEN);
}

static bool is_hex(const uint8_t *p)
{
	for (size_t i = 0; i < HF_FINGERPRINT_LEN; i++)
		if (p[i] == 0 || strchr("0123456789abcdef", p[i]) == NULL)
			return false;
	return true;
}

static hf_err read_lines(hf_bytes rest, struct hf_baseline *out, bool *ours)
{
	static const char key[] = "\"fingerprint\": \"";
	size_t cap = 0, head = sizeof(key) - 1;

	while (rest.len > 0) {
		hf_bytes line = next_line(&rest);

		*ours = *ours || begins(line, "\"schema\": \"holdfast-audit/1\"");
		if (line.len != head + HF_FINGERPRINT_LEN + 1 || !begins(line, key))
			continue;
		if (!is_hex(line.ptr + head))
			return HF_ERR_AUDIT_REPORT;
		HF_TRY(add(out, &cap, line.ptr + head));
	}
	return HF_OK;
}

hf_err hf_baseline_read(hf_bytes json, struct hf_baseline *out)
{
	static const char head[] = "{\n", tail[] = "\n}\n";
	bool ours = false;
	hf_err err = HF_ERR_AUDIT_REPORT;

	*out = (struct hf_baseline){ 0 };
	/* A report that was cut would make old findings new, which is loud, or lose its end unseen. */
	if (json.len >= sizeof(head) + sizeof(tail) && begins(json, head) &&
	    memcmp(json.ptr + json.len - (sizeof(tail) - 1), tail, sizeof(tail) - 1) == 0)
		err = read_lines(json, out, &ours);
	if (err == HF_OK && !ours)
		err = HF_ERR_AUDIT_REPORT;
	if (err != HF_OK)
		hf_baseline_free(out);
	else if (out->n > 0)
		qsort(out->at, out->n, sizeof(out->at[0]), compare);
	return err;
}

void hf_baseline_free(struct hf_baseline *b)
{
	free(b->at);
	*b = (struct hf_baseline){ 0 };
}

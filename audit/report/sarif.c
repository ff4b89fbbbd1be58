/* SARIF 2.1.0 (OASIS), for the code-scanning pages of forges.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "report_priv.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define ABOUT "https://github.com/holdfast/holdfast/blob/main/doc/audit.md"
enum { URI_CAP = 4 * HF_FACT_PATH_MAX + 1 };

static const char *level(unsigned severity)
{
	if (severity >= HF_SEV_HIGH)
		return "error";
	return severity == HF_SEV_MEDIUM ? "warning" : "note";
}

static void put_message(struct hf_json_out *j, const char *name, const char *text)
{
	hf_json_open(j, name, '{');
	hf_json_put_text(j, "text", text);
	hf_json_close(j);
}

/* "Hard-coded account." from "hard-coded account": SARIF wants sentences. */
static void put_sentence(struct hf_json_out *j, const char *name, const char *words)
{
	char text[512];
	size_t len = strnlen(words, sizeof(text) - 2);

	memcpy(text, words, len);
	if (len > 0 && text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	if (len > 0 && text[len - 1] != '.')
		text[len++] = '.';
	text[len] = '\0';
	put_message(j, name, text);
}

/* "AServiceIsStarted" from "a service is started": the name that pages show. */
static void put_name(struct hf_json_out *j, const char *words)
{
	char name[128];
	size_t len = 0;
	bool first = true;

	for (; *words != '\0' && len + 1 < sizeof(name); words++) {
		char c = *words;
		bool small = c >= 'a' && c <= 'z', letter = small || (c >= 'A' && c <= 'Z');

		if (first && small)
			c = (char)(c - 'a' + 'A');
		if (letter)
			name[len++] = c;
		first = !letter;
	}
	name[len] = '\0';
	hf_json_put_text(j, "name", name);
}

static void put_rule(struct hf_json_out *j, const struct hf_rule *rule)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "id", rule->id);
	put_name(j, rule->title);
	put_sentence(j, "shortDescription", rule->title);
	put_sentence(j, "fullDescription", rule->title);
	put_sentence(j, "help", rule->fix);
	hf_json_put_text(j, "helpUri", ABOUT);
	hf_json_open(j, "messageStrings", '{');
	put_message(j, "found", "'{0}': '{1}'.");
	hf_json_close(j);
	hf_json_open(j, "defaultConfiguration", '{');
	hf_json_put_text(j, "level", level(rule->severity));
	hf_json_close(j);
	hf_json_close(j);
}

static void put_driver(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "tool", '{');
	hf_json_open(j, "driver", '{');
	hf_json_put_text(j, "name", "holdfast audit");
	hf_json_put_text(j, "semanticVersion", in->version);
	hf_json_put_text(j, "version", in->version);
	hf_json_put_text(j, "informationUri", ABOUT);
	hf_json_open(j, "rules", '[');
	for (size_t i = 0; i < hf_n_rules(); i++)
		put_rule(j, hf_rule_at(i));
	hf_json_close(j);
	hf_json_close(j);
	hf_json_close(j);
}

/* Bytes that RFC 3986 lets stand in a path; '!' too, and '%' begins an escape that is there already. */
static bool stands_in_uri(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("-._~/!$&'()*+,;=@%", c) != NULL);
}

static void put_uri(struct hf_json_out *j, hf_bytes path)
{
	static const char digits[] = "0123456789ABCDEF";
	char uri[URI_CAP];
	size_t len = 0;

	for (size_t i = 0; i < path.len && len + 4 < sizeof(uri); i++) {
		uint8_t c = path.ptr[i];

		if (stands_in_uri(c)) {
			uri[len++] = (char)c;
			continue;
		}
		uri[len++] = '%';
		uri[len++] = digits[c >> 4];
		uri[len++] = digits[c & 15];
	}
	uri[len] = '\0';
	hf_json_put_text(j, "uri", uri);
}

/* What is about a whole file spans it; SARIF's numbers are 32 bits wide. */
static void put_region(struct hf_json_out *j, const struct hf_finding *f, const struct hf_fact *file)
{
	bool part = !f->tree_level && f->length > 0;
	uint64_t begin = part ? f->offset : 0, len = part           ? f->length
						     : file != NULL ? file->num[HF_FILE_SIZE]
								    : 0;

	hf_json_open(j, "region", '{');
	hf_json_put_uint(j, "byteOffset", begin <= INT32_MAX ? begin : INT32_MAX);
	hf_json_put_uint(j, "byteLength", len <= INT32_MAX ? len : INT32_MAX);
	hf_json_close(j);
}

static void put_location(struct hf_json_out *j, const struct hf_finding *f, const struct hf_fact *file)
{
	hf_json_open(j, "locations", '[');
	hf_json_open(j, NULL, '{');
	hf_json_open(j, "physicalLocation", '{');
	hf_json_open(j, "artifactLocation", '{');
	put_uri(j, f->path);
	hf_json_close(j);
	put_region(j, f, file);
	hf_json_close(j);
	hf_json_close(j);
	hf_json_close(j);
}

static void put_suppression(struct hf_json_out *j, const struct hf_finding *f)
{
	hf_json_open(j, "suppressions", '[');
	if (f->state == HF_STATE_WAIVED) {
		hf_json_open(j, NULL, '{');
		hf_json_put_text(j, "kind", "external");
		hf_json_put_text(j, "justification", f->waiver->reason);
		hf_json_close(j);
	}
	hf_json_close(j);
}

static void put_result(struct hf_json_out *j, const struct hf_rendering *in, const struct hf_finding *f)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "ruleId", f->rule->id);
	hf_json_put_uint(j, "ruleIndex", hf_rule_number(f->rule));
	hf_json_put_text(j, "level", level(f->severity));
	hf_json_open(j, "message", '{');
	hf_json_put_text(j, "id", "found");
	hf_json_open(j, "arguments", '[');
	hf__json_bytes(j, NULL, f->path);
	hf_json_put_text(j, NULL, f->evidence[0] != '\0' ? f->evidence : f->rule->title);
	hf_json_close(j);
	hf_json_close(j);
	put_location(j, f, hf_model_file(in->model, f->path));
	hf_json_open(j, "partialFingerprints", '{');
	hf_json_put_text(j, "holdfastAudit/v1", f->fingerprint);
	hf_json_close(j);
	if (in->gate->has_baseline)
		hf_json_put_text(j, "baselineState", f->state == HF_STATE_KNOWN ? "unchanged" : "new");
	put_suppression(j, f);
	hf_json_close(j);
}

/* Each file with a finding once; findings of one file need not stand together. */
static void put_artifacts(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "artifacts", '[');
	for (size_t i = 0; i < hf_model_n(in->model, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len > 0 || f->text[HF_FILE_SHA256].len == 0)
			continue;
		hf_json_open(j, NULL, '{');
		hf_json_open(j, "location", '{');
		put_uri(j, f->path);
		hf_json_close(j);
		hf_json_put_uint(j, "length", f->num[HF_FILE_SIZE]);
		hf_json_open(j, "hashes", '{');
		hf_json_put_hex(j, "sha-256", f->text[HF_FILE_SHA256]);
		hf_json_close(j);
		hf_json_close(j);
	}
	hf_json_close(j);
}

hf_err hf__render_sarif(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	struct hf_buf compact HF_AUTO(hf_buf_free) = HF_BUF(HF__COMPACT_CEILING);
	struct hf_json_out j = { .buf = &compact };

	(void)companion;
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "$schema", SCHEMA);
	hf_json_put_text(&j, "version", "2.1.0");
	hf_json_open(&j, "runs", '[');
	hf_json_open(&j, NULL, '{');
	put_driver(&j, in);
	put_artifacts(&j, in);
	hf_json_open(&j, "results", '[');
	for (size_t i = 0; i < in->outcome->n_findings; i++)
		put_result(&j, in, &in->outcome->findings[i]);
	hf_json_close(&j);
	hf_json_put_text(&j, "columnKind", "utf16CodeUnits");
	hf_json_close(&j);
	hf_json_close(&j);
	hf_json_close(&j);
	HF_TRY(hf_json_end(&j));
	return hf__pretty(hf_buf_bytes(&compact), out);
}

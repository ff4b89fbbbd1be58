/* order_file.c -- see order_file.h; and `holdfast order show`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <hf/file.h>
#include <hf/json.h>
#include "order_file.h"
#include "session.h"
#include "verbs.h"

bool order_file_read(const char *path, struct hf_buf *file, struct hf_statement *st, struct hf_order *o)
{
	struct hf_why why = { 0 };

	if (hf_file_read(path, file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	if (hf_statement_read(hf_buf_bytes(file), st) == HF_OK && hf_bytes_equal(st->type, HF_ORDER_TYPE) &&
	    hf_order_read(st->sign.payload, o) == HF_OK)
		return true;
	return cli_fail("%s: no production order", path) == CLI_DONE;
}

static void put_hex(FILE *to, const char *name, hf_bytes b)
{
	fprintf(to, "%s", name);
	for (size_t i = 0; i < b.len; i++)
		fprintf(to, "%02x", b.ptr[i]);
	fputc('\n', to);
}

static void show(FILE *to, const struct hf_order *o, size_t signatures)
{
	char from[32], until[32];

	put_hex(to, "order       ", HF_ARR(o->id));
	fprintf(to, "line        %.*s\nquantity    %llu and %llu attempts more\nstations    %zu, %s\n",
		(int)o->line.len, (const char *)o->line.ptr, (unsigned long long)o->quantity,
		(unsigned long long)o->allowance, o->n_stations,
		o->mode == HF_ORDER_MANIFEST ? "by manifest" : "online");
	fprintf(to, "holds       %s to %s UTC\nsignatures  %zu\n", session_time((int64_t)o->not_before, from),
		session_time((int64_t)o->not_after, until), signatures);
}

void order_file_show(const struct hf_order *o, size_t signatures)
{
	show(stderr, o, signatures);
}

static bool show_json(const struct hf_order *o, size_t signatures)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(8192);
	struct hf_json_out j = { .buf = &text };
	char line[HF_ORDER_MAX_LINE_LEN + 1];

	(void)snprintf(line, sizeof(line), "%.*s", (int)o->line.len, (const char *)o->line.ptr);
	hf_json_open(&j, NULL, '{');
	hf_json_put_hex(&j, "id", HF_ARR(o->id));
	hf_json_put_text(&j, "line", line);
	hf_json_put_int(&j, "quantity", (int64_t)o->quantity);
	hf_json_put_int(&j, "allowance", (int64_t)o->allowance);
	hf_json_put_int(&j, "stations", (int64_t)o->n_stations);
	hf_json_put_text(&j, "mode", o->mode == HF_ORDER_MANIFEST ? "manifest" : "online");
	hf_json_put_int(&j, "not_before", (int64_t)o->not_before);
	hf_json_put_int(&j, "not_after", (int64_t)o->not_after);
	hf_json_put_hex(&j, "intake", o->intake);
	hf_json_put_int(&j, "signatures", (int64_t)signatures);
	hf_json_close(&j);
	return hf_json_end(&j) == HF_OK && puts(hf_buf_text(&text)) >= 0;
}

int cli_cmd_order_show(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	struct hf_statement st = { 0 };
	struct hf_order o = { 0 };

	if (!order_file_read(args->args[0], &file, &st, &o))
		return CLI_FAILED;
	if (args->json)
		return show_json(&o, st.sign.n) ? CLI_DONE : CLI_FAILED;
	show(stdout, &o, st.sign.n);
	put_hex(stdout, "intake      ", o.intake);
	return CLI_DONE;
}

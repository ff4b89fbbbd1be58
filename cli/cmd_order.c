/* cmd_order.c -- production orders: how many devices a factory may make, signed by several people.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <holdfast/order.h>
#include "order_file.h"
#include "print.h"
#include "session.h"
#include "verbs.h"

enum { ORDER_MAX = HF_STATEMENT_MAX_LEN };

static const struct cli_opt plain_opts[] = { WHO, { 0 } };
static const struct cli_opt handles_opts[] = { WHO, { 0 } };
static const struct cli_opt close_opts[] = { { "reason", "TEXT", "goes into the event journal" },
					     WHO,
					     { 0 } };

static int cmd_sign(const struct cli_args *args);
static int cmd_send(const struct cli_args *args);
static int cmd_list(const struct cli_args *args);
static int cmd_report(const struct cli_args *args);
static int cmd_units(const struct cli_args *args);
static int cmd_manifest(const struct cli_args *args);
static int cmd_scrap(const struct cli_args *args);
static int cmd_ship(const struct cli_args *args);
static int cmd_close(const struct cli_args *args);

#define ONE_ORDER .args = "ORDER", .min_args = 1, .max_args = 1
#define ONE_FILE .args = "FILE", .min_args = 1, .max_args = 1
const struct cli_verb cli_order_verbs[] = {
	{ .name = "station",
	  .run = cli_cmd_order_station,
	  .args = "NAME",
	  .min_args = 1,
	  .max_args = 1,
	  .opts = cli_order_station_opts,
	  .summary = "certify a factory station for twelve hours" },
	{ .name = "new",
	  .run = cli_cmd_order_new,
	  .args = "LINE QUANTITY",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_order_new_opts,
	  .summary = "write and sign an order, into a file" },
	{ .name = "sign",
	  .run = cmd_sign,
	  ONE_FILE,
	  .opts = plain_opts,
	  .summary = "read an order, and sign it too" },
	{ .name = "send",
	  .run = cmd_send,
	  ONE_FILE,
	  .opts = plain_opts,
	  .summary = "put a signed order into force" },
	{ .name = "show",
	  .run = cli_cmd_order_show,
	  ONE_FILE,
	  .summary = "read an order in a file; 'intake' is what its devices are told" },
	{ .name = "list", .run = cmd_list, .args = "", .opts = plain_opts, .summary = "list the orders" },
	{ .name = "report",
	  .run = cmd_report,
	  ONE_ORDER,
	  .opts = plain_opts,
	  .summary = "reconcile: issued, committed, void, scrapped, shipped; fails when it does not add up" },
	{ .name = "units",
	  .run = cmd_units,
	  ONE_ORDER,
	  .opts = plain_opts,
	  .summary = "list the devices of an order" },
	{ .name = "pack",
	  .run = cli_cmd_order_pack,
	  .args = "FILE FOLDER",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_order_pack_opts,
	  .summary = "at a station without network: sign the list of the devices made",
	  .text = "FILE is the signed order; FOLDER holds what each device wrote by 'holdfast-agent factory\n"
		  "selfsign', and nothing else." },
	{ .name = "manifest",
	  .run = cmd_manifest,
	  .args = "ORDER FILE",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = plain_opts,
	  .summary = "hand in a station's signed list" },
	{ .name = "scrap",
	  .run = cmd_scrap,
	  .args = "ORDER HANDLE...",
	  .min_args = 2,
	  .max_args = 33,
	  .opts = handles_opts,
	  .summary = "these devices were destroyed: revoke them" },
	{ .name = "ship",
	  .run = cmd_ship,
	  .args = "ORDER HANDLE...",
	  .min_args = 2,
	  .max_args = 33,
	  .opts = handles_opts,
	  .summary = "these devices left the factory" },
	{ .name = "close",
	  .run = cmd_close,
	  ONE_ORDER,
	  .opts = close_opts,
	  .summary = "nothing more is made under it" },
	{ 0 },
};

static bool is_order(const char *text)
{
	if (strlen(text) == 2 * HF_ORDER_ID_LEN && strspn(text, "0123456789abcdef") == 2 * HF_ORDER_ID_LEN)
		return true;
	(void)cli_usage("'%s' is no order: 32 characters of 0-9 and a-f are needed", text);
	return false;
}

/* ---- signing and sending ------------------------------------------------------------------------- */

static int cmd_sign(const struct cli_args *args)
{
	static uint8_t scratch_mem[HF_STATEMENT_SCRATCH], out_mem[ORDER_MAX];
	struct hf_out scratch = HF_OUT(scratch_mem), out = HF_OUT(out_mem);
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(ORDER_MAX);
	struct hf_statement st = { 0 };
	struct hf_why why = { 0 };
	struct hf_order o = { 0 };
	struct session s = { 0 };
	hf_err err = HF_ERR_BASE_MISUSE;

	if (!session_open(args, &s))
		return session_refused(args);
	if (order_file_read(args->args[0], &file, &st, &o) && session_open_key(&s)) {
		const struct hf_cose_signer me = { .alg = HF_COSE_ES256,
						   .kid = HF_ARR(s.kid),
						   .hw = &s.key.key };

		order_file_show(&o, st.sign.n);
		err = hf_statement_add(hf_buf_bytes(&file), &me, &scratch, &out);
		if (err == HF_OK)
			err = hf_file_replace(args->args[0], hf_out_bytes(&out), 0644, &why);
		if (err != HF_OK)
			(void)cli_fail("sign: %s",
				       why.text[0] != '\0' ? hf_why_text(&why) : hf_err_text(err));
		else
			cli_say(args, "Signed by you; it has %zu signatures now.", st.sign.n + 1);
	}
	session_close(&s);
	return err == HF_OK ? CLI_DONE : CLI_FAILED;
}

static bool print_answer(const struct session *s, struct hf_json *j)
{
	if (s->args->json)
		print_json(j);
	else
		printf("%s\n", hf_json_text(hf_json_get(j, "id"), "?"));
	hf_json_free(j);
	return true;
}

static int cmd_send(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(ORDER_MAX);
	struct hf_json *j = NULL;
	struct hf_statement st = { 0 };
	struct hf_order o = { 0 };
	struct session s = { 0 };
	bool ok;

	if (!session_open(args, &s))
		return session_refused(args);
	ok = order_file_read(args->args[0], &file, &st, &o) &&
	     session_post(&s, "/v1/orders", "application/cose; cose-type=\"cose-sign\"", hf_buf_bytes(&file),
			  &j) &&
	     print_answer(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- looking ------------------------------------------------------------------------------------- */

static void print_row(const struct hf_json *o)
{
	printf("%-32s %-16s %9lld %-8s %s\n", hf_json_text(hf_json_get(o, "id"), "?"),
	       hf_json_text(hf_json_get(o, "line"), "?"),
	       (long long)hf_json_int(hf_json_get(o, "quantity"), 0),
	       hf_json_text(hf_json_get(o, "mode"), "?"), hf_json_text(hf_json_get(o, "state"), "?"));
}

static void print_unit(const struct hf_json *u)
{
	char when[32];

	printf("%-26s %-10s %-8s %s\n", hf_json_text(hf_json_get(u, "handle"), "?"),
	       hf_json_text(hf_json_get(u, "state"), "?"),
	       hf_json_bool(hf_json_get(u, "shipped"), false) ? "shipped" : "-",
	       session_time(hf_json_int(hf_json_get(u, "issued_at"), 0), when));
}

static int list(const struct cli_args *args, const char *path, void (*row)(const struct hf_json *item))
{
	struct session s;
	int rc;

	if (!session_open(args, &s))
		return session_refused(args);
	rc = print_list(&s, path, row);
	session_close(&s);
	return rc;
}

static int cmd_list(const struct cli_args *args)
{
	return list(args, "/v1/orders", print_row);
}

static int cmd_units(const struct cli_args *args)
{
	char path[80];

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	snprintf(path, sizeof(path), "/v1/orders/%s/units", args->args[0]);
	return list(args, path, print_unit);
}

/* Whether the books are exact decides the exit status. */
static bool print_report(const struct session *s, struct hf_json *j)
{
	static const char *const names[] = { "id",        "quantity", "allowance", "issued",  "open",
					     "committed", "void",     "scrapped",  "shipped", "journal",
					     "exact",     "problems", NULL };
	bool exact = hf_json_bool(hf_json_get(j, "exact"), false);

	if (s->args->json)
		print_json(j);
	else
		print_object(j, names);
	hf_json_free(j);
	return exact || cli_fail("the order does not add up") == CLI_DONE;
}

static int cmd_report(const struct cli_args *args)
{
	struct hf_json *j = NULL;
	struct session s;
	char path[80];
	bool ok;

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	snprintf(path, sizeof(path), "/v1/orders/%s/report", args->args[0]);
	ok = session_get(&s, path, &j) && print_report(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- changing ------------------------------------------------------------------------------------ */

static int post(const struct cli_args *args, const char *act, const char *type, hf_bytes body)
{
	struct hf_json *j = NULL;
	struct session s;
	char path[80];
	bool ok;

	if (!is_order(args->args[0]))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	snprintf(path, sizeof(path), "/v1/orders/%s/%s", args->args[0], act);
	ok = session_post(&s, path, type, body, &j) && print_answer(&s, j);
	session_close(&s);
	return ok ? CLI_DONE : CLI_FAILED;
}

static int post_handles(const struct cli_args *args, const char *act)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_open(&j, "handles", '[');
	for (int i = 1; i < args->n_args; i++) {
		if (strlen(args->args[i]) != HF_UNIT_HANDLE_LEN)
			return cli_usage("'%s' is no handle: %d characters are needed", args->args[i],
					 HF_UNIT_HANDLE_LEN);
		hf_json_put_text(&j, NULL, args->args[i]);
	}
	hf_json_close(&j);
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_usage("order %s: too many handles", act);
	return post(args, act, "application/json", hf_buf_bytes(&body));
}

static int cmd_scrap(const struct cli_args *args)
{
	return post_handles(args, "scrap");
}

static int cmd_ship(const struct cli_args *args)
{
	return post_handles(args, "ship");
}

static int cmd_manifest(const struct cli_args *args)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(1 << 20);
	struct hf_why why = { 0 };

	if (hf_file_read(args->args[1], &file, &why) != HF_OK)
		return cli_fail("order manifest: %s", hf_why_text(&why));
	return post(args, "units", "application/cose; cose-type=\"cose-sign1\"", hf_buf_bytes(&file));
}

static int cmd_close(const struct cli_args *args)
{
	const char *reason = cli_option(args, "reason");
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_json_out j = { .buf = &body };

	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "reason", reason != NULL ? reason : "closed");
	hf_json_close(&j);
	if (hf_json_end(&j) != HF_OK)
		return cli_usage("order close: --reason is too long");
	return post(args, "close", "application/json", hf_buf_bytes(&body));
}

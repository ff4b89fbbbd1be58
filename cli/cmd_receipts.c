/* cmd_receipts.c -- has the server shown every receipt that the device made?
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>
#include <holdfast/cbor.h>
#include <hf/linux.h>
#include "command.h"
#include "print.h"

enum { LIFE_S = 600, WAIT_MAX_S = 86400, POLL_MS = 200 };

const struct cli_opt command_receipts_opts[] = {
	{ "recover", NULL, "let the device send its last 64 again, and wait for what is missing" },
	{ "accept", NULL, "take note of what is missing, and stop warning of it" },
	WAIT,
	WHO,
	{ 0 }
};

static bool ask_again(struct mission *m, long wait_s, struct mission_outcome *out)
{
	uint8_t mem[32];
	struct hf_out args = HF_OUT(mem);
	uint64_t from = ledger_first_missing(&m->book);
	struct hf_cborw w;

	hf_cbor_writer(&w, &args);
	hf_cbor_put_map(&w, 1);
	hf_cbor_put_text(&w, HF_STR("from"));
	hf_cbor_put_uint(&w, from > 0 ? from : m->book.chain.n + 1);
	if (!mission_alone(m->s, HF_COMMAND_READ))
		return cli_fail("the policy does not let you ask %s alone", m->t.dev) == CLI_DONE;
	if (hf_cbor_finish(&w) != HF_OK)
		return cli_fail("receipts.get: no room") == CLI_DONE;
	return mission_order(m, "receipts.get", HF_COMMAND_READ, hf_out_bytes(&args), LIFE_S, wait_s, out);
}

static bool recover(struct mission *m, long wait_s)
{
	static struct mission_outcome out;
	uint64_t until = hf_now_ms() + (uint64_t)wait_s * 1000;

	if (ledger_first_missing(&m->book) == 0 && !m->book.tail)
		return true;
	cli_say(m->s->args, "Asking %s for its receipts (at most %ld s) ...", m->t.dev, wait_s);
	if (!ask_again(m, wait_s, &out))
		return false;
	if (!out.found)
		return cli_fail("%s did not answer within %ld s", m->t.dev, wait_s) == CLI_DONE;
	if (out.r.status != HF_STATUS_DONE)
		return cli_fail("%s: receipts.get: %s", m->t.dev, hf_receipt_reason_word(out.r.reason)) ==
		       CLI_DONE;
	while ((m->book.n_gaps > 0 || m->book.tail) && hf_now_ms() < until) {
		(void)usleep(POLL_MS * 1000);
		if (!mission_look(m, &out))
			return false;
	}
	return true;
}

static void print_book(const struct mission *m)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(65536);
	struct hf_json_out j = { .buf = &text };

	if (!m->s->args->json) {
		printf("%llu receipts of %s, %llu missing\n", (unsigned long long)m->book.chain.n, m->t.dev,
		       (unsigned long long)ledger_missing(&m->book));
		return;
	}
	ledger_put_json(&j, NULL, &m->book);
	if (hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

int command_receipts(const struct cli_args *args)
{
	static struct mission m;
	struct session s;
	int rc = CLI_FAILED;
	long wait_s;

	if (!session_is_dev(args->args[0]) ||
	    !cli_number(args, "wait", 0, WAIT_MAX_S, COMMAND_WAIT_S, &wait_s))
		return CLI_USAGE;
	if (!session_open(args, &s))
		return session_refused(args);
	if (mission_begin(&s, args->args[0], &m) && mission_look(&m, NULL) &&
	    (!cli_flag(args, "recover") || recover(&m, wait_s))) {
		print_book(&m);
		ledger_warn(&m.book);
		if (cli_flag(args, "accept"))
			ledger_accept(&m.book);
		rc = ledger_save(&s, &m.book) && ledger_is_whole(&m.book) ? CLI_DONE : CLI_FAILED;
	}
	mission_end(&m);
	session_close(&s);
	return rc;
}

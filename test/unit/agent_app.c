/* Unit tests of the application socket's words and of who carries out which command; keyproc is played here.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "app.h"

/* What keyproc was asked last, and what it answers. */
static struct {
	uint16_t type;
	uint8_t mem[APP_PACKET_CAP];
	struct hf_out body;
	hf_err answer;
	unsigned n;
} asked;
/* What the last client was sent. */
static struct {
	const struct app_client *to;
	uint8_t mem[APP_PACKET_CAP];
	struct hf_out packet;
} sent;

hf_err app_ask(struct app *a, uint16_t type, hf_bytes body, struct hf_out *reply)
{
	(void)a;
	asked.n++;
	asked.type = type;
	asked.body = HF_OUT(asked.mem);
	assert_int_equal(hf_out_put(&asked.body, body), HF_OK);
	reply->len = 0;
	if (asked.answer == HF_OK && type == MSG_APP_STATUS)
		return hf_out_put(reply, HF_STR("{}"));
	return asked.answer;
}

void app_send(struct app_client *c, hf_bytes packet)
{
	sent.to = c;
	sent.packet = HF_OUT(sent.mem);
	assert_int_equal(hf_out_put(&sent.packet, packet), HF_OK);
}

static struct app app;

static int setup(void **state)
{
	memset(&app, 0, sizeof(app));
	memset(&asked, 0, sizeof(asked));
	memset(&sent, 0, sizeof(sent));
	for (int i = 0; i < APP_CLIENTS_MAX; i++) {
		app.client[i].app = &app;
		app.client[i].fd = i < 2 ? 100 + i : -1;
	}
	*state = &app;
	return 0;
}

static hf_err say(int client, const char *hex, struct hf_out *reply)
{
	static uint8_t mem[4096];
	struct hf_out packet = HF_OUT(mem);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &packet), HF_OK);
	return app_word(&app.client[client], hf_out_bytes(&packet), reply);
}

static hf_err word(int client, const char *hex)
{
	uint8_t mem[64];
	struct hf_out reply = HF_OUT(mem);

	return say(client, hex, &reply);
}

#define OPS "8263" "6f7073"             /* ["ops", ... */
#define RELAY "82" "6972656c61792e736574" "02" /* ["relay.set", 2] */
#define CTI "50" "000102030405060708090a0b0c0d0e0f"

static hf_err deliver(const char *op_hex)
{
	uint8_t mem[128], none[8];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);
	const char *parts[] = { "83" CTI, op_hex, "41a0" };

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			hf_hex_decode((hf_bytes){ (const uint8_t *)parts[i], strlen(parts[i]) }, &body),
			HF_OK);
	return app_on_deliver(&app, hf_out_bytes(&body), &reply);
}

static void words_reach_the_key_process(void **state)
{
	uint8_t mem[64];
	struct hf_out reply = HF_OUT(mem);
	(void)state;

	assert_int_equal(say(0, "8166737461747573", &reply), HF_OK); /* ["status"] */
	assert_int_equal(asked.type, MSG_APP_STATUS);
	assert_int_equal(reply.len, 2);
	assert_int_equal(word(0, "8164" "706f6c6c"), HF_OK);
	assert_int_equal(asked.type, MSG_APP_POLL);
	assert_int_equal(word(0, "8364" "74656c65" "6178" "4131"), HF_OK); /* ["tele", "x", h'31'] */
	assert_int_equal(asked.type, MSG_APP_TELE);
	assert_memory_equal(asked.mem, "\x82\x41x\x41\x31", 5);
	assert_int_equal(word(0, "8364" "64617461" "6178" "4131"), HF_OK);
	assert_int_equal(asked.type, MSG_APP_DATA);
	assert_int_equal(word(0, "8266" "636f6e666967" "6178"), HF_OK);
	assert_int_equal(asked.type, MSG_APP_CONFIG);
	assert_memory_equal(asked.mem, "x", 1);
}

static void other_packets_are_refused_and_reach_nobody(void **state)
{
	static const char *const bad[] = {
		"",
		"ff",
		"80",                             /* no word */
		"8100",                           /* a number */
		"81647374617400",                 /* bytes behind */
		"8161" "78",                      /* unknown */
		"82667374617475730" "0",          /* too many arguments */
		"8264" "74656c656178",            /* too few */
		"8364" "74656c65" "41784131",     /* name in bytes */
		"8364" "74656c65" "61786131",     /* payload in text */
		"9f66737461747573ff",             /* indefinite length */
		"8166" "5354415455" "53",         /* capitals */
		"8463" "6f7073" "808080",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(word(0, bad[i]), HF_OK);
	assert_int_equal(word(0, "8161" "78"), HF_ERR_AGENT_APP);
	assert_int_equal(asked.n, 0);
}

static void key_hears_of_all_operations_of_all_clients(void **state)
{
	(void)state;
	assert_int_equal(word(0, OPS "81" RELAY), HF_OK);
	assert_int_equal(word(1, OPS "81" "82617801"), HF_OK);
	assert_int_equal(asked.type, MSG_APP_OPS);
	assert_memory_equal(asked.mem, "\x82\x82\x69relay.set\x02\x82\x61x\x01", 17);
	assert_int_equal(word(0, OPS "80"), HF_OK);
	assert_memory_equal(asked.mem, "\x81\x82\x61x\x01", 5);
}

static void an_operation_has_one_taker(void **state)
{
	(void)state;
	assert_int_equal(word(0, OPS "81" RELAY), HF_OK);
	assert_int_equal(word(1, OPS "81" RELAY), HF_ERR_AGENT_APP);
	assert_int_equal(word(0, OPS "82" RELAY RELAY), HF_ERR_AGENT_APP); /* twice; and now none */
	assert_int_equal(app.client[0].n_ops, 0);
	assert_int_equal(word(1, OPS "81" RELAY), HF_OK);
	app.client[1].fd = -1;
	app_forget(&app.client[1]);
	assert_memory_equal(asked.mem, "\x80", 1);
	assert_int_equal(word(0, OPS "81" RELAY), HF_OK);
}

static void what_key_refuses_is_not_kept(void **state)
{
	(void)state;
	asked.answer = HF_ERR_AGENT_APP;
	assert_int_equal(word(0, OPS "81" RELAY), HF_ERR_AGENT_APP);
	assert_int_equal(app.client[0].n_ops, 0);
	asked.answer = HF_OK;
	assert_int_equal(word(0,
			      OPS "89"
				  "826161018261620182616301826164018261650182616601826167018261680182616901"),
			 HF_ERR_AGENT_FULL);
}

static void a_command_goes_to_its_taker_and_ends_once(void **state)
{
	(void)state;
	assert_int_equal(word(1, OPS "81" RELAY), HF_OK);
	assert_int_equal(deliver("6972656c61792e736574"), HF_OK);
	assert_ptr_equal(sent.to, &app.client[1]);
	assert_memory_equal(sent.mem, "\x84\x67" "command\x50", 10);
	assert_int_equal(word(0, "8466" "726573756c74" CTI "f440"), HF_ERR_OBEY_NO_JOB); /* not its command */
	assert_int_equal(word(1, "8466" "726573756c74" CTI "f54162"), HF_OK);
	assert_int_equal(asked.type, MSG_APP_RESULT);
	assert_int_equal(asked.mem[18], HF_STATUS_FAILED);
	assert_int_equal(word(1, "8466" "726573756c74" CTI "f440"), HF_ERR_OBEY_NO_JOB);
}

static void a_result_that_key_did_not_take_may_come_again(void **state)
{
	(void)state;
	assert_int_equal(word(1, OPS "81" RELAY), HF_OK);
	assert_int_equal(deliver("6972656c61792e736574"), HF_OK);
	asked.answer = HF_ERR_IPC_TIMEOUT;
	assert_int_equal(word(1, "8466" "726573756c74" CTI "f440"), HF_ERR_IPC_TIMEOUT);
	asked.answer = HF_OK;
	assert_int_equal(word(1, "8466" "726573756c74" CTI "f440"), HF_OK);
	assert_int_equal(asked.mem[18], HF_STATUS_DONE);
}

static void commands_of_a_client_that_leaves_end_as_unknown(void **state)
{
	(void)state;
	assert_int_equal(word(1, OPS "81" RELAY), HF_OK);
	assert_int_equal(deliver("6972656c61792e736574"), HF_OK);
	app.client[1].n_ops = 0;
	app.client[1].fd = -1;
	app_forget(&app.client[1]);
	assert_int_equal(asked.type, MSG_APP_RESULT);
	assert_int_equal(asked.mem[18], HF_STATUS_UNKNOWN);
}

static void a_command_that_nobody_takes_fails(void **state)
{
	(void)state;
	assert_int_equal(deliver("6178"), HF_OK);
	assert_null(sent.to);
	assert_int_equal(asked.type, MSG_APP_RESULT);
	assert_int_equal(asked.mem[18], HF_STATUS_FAILED);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		CASE(words_reach_the_key_process),
		CASE(other_packets_are_refused_and_reach_nobody),
		CASE(key_hears_of_all_operations_of_all_clients),
		CASE(an_operation_has_one_taker),
		CASE(what_key_refuses_is_not_kept),
		CASE(a_command_goes_to_its_taker_and_ends_once),
		CASE(a_result_that_key_did_not_take_may_come_again),
		CASE(commands_of_a_client_that_leaves_end_as_unknown),
		CASE(a_command_that_nobody_takes_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

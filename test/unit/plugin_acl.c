/* Unit tests of the plugin's topic rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "acl.h"

#define DEV "abcdefgh234567ab"
#define OTHER "bbcdefgh234567ab"

static bool writes(const char *topic, uint32_t len, int qos, bool retain)
{
	struct hf_acl_msg m = { topic, len, qos, retain };

	return hf__acl_device_write(DEV, false, &m);
}

static void every_class_has_its_direction_and_size(void **unused)
{
	static const struct {
		const char *cls;
		uint32_t up, dn;
		bool qos0;
	} rows[] = {
		{ "id", 2048, 2048, false },  { "state", 1024, 0, false },   { "cmd", 0, 16384, false },
		{ "rcpt", 16384, 0, false },  { "tele", 4096, 0, true },     { "hb", 512, 0, true },
		{ "seal", 65536, 0, false },  { "alarm", 1024, 0, false },   { "tamper", 1024, 0, false },
		{ "upd", 4096, 4096, false }, { "release", 0, 4096, false }, { "ack", 0, 64, false },
		{ "cfg", 0, 1024, false },
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char up[96], dn[96];
		struct hf_acl_msg m = { dn, rows[i].dn, 1, false };

		snprintf(up, sizeof(up), "hf/1/" DEV "/-/up/%s/x", rows[i].cls);
		snprintf(dn, sizeof(dn), "hf/1/" DEV "/-/dn/%s/x", rows[i].cls);
		assert_int_equal(writes(up, rows[i].up, 1, false), rows[i].up > 0);
		assert_false(writes(up, rows[i].up + 1, 1, false));
		assert_int_equal(writes(up, rows[i].up, 0, false), rows[i].qos0);
		assert_false(writes(dn, 1, 1, false));
		assert_int_equal(hf__acl_bus_write(&m), rows[i].dn > 0);
		m.len++;
		assert_false(hf__acl_bus_write(&m));
		assert_int_equal(hf__acl_device_read(DEV, false, dn), rows[i].dn > 0);
		assert_int_equal(hf__acl_bus_read(up), rows[i].up > 0);
	}
}

static void only_seven_exact_levels_pass(void **unused)
{
	static const char *const bad[] = {
		"",
		"/",
		"hf",
		"hf/1",
		"#",
		"$SYS/broker/uptime",
		"hf/1/" DEV "/-/up/tele",
		"hf/1/" DEV "/-/up/tele/",
		"hf/1/" DEV "/-/up/tele/x/",
		"hf/1/" DEV "/-/up/tele/x/y",
		"/hf/1/" DEV "/-/up/tele/x",
		"hf/2/" DEV "/-/up/tele/x",
		"hf/1/" DEV "/c/up/tele/x",
		"hf/1/" DEV "//up/tele/x",
		"hf/1/" DEV "/-/UP/tele/x",
		"hf/1/" DEV "/-/up/Tele/x",
		"hf/1/" DEV "/-/up/tel/x",
		"hf/1/" DEV "/-/up/tele/..",
		"hf/1/" DEV "/-/up/../x",
		"hf/1/" DEV "/-/up/tele/+",
		"hf/1/" DEV "/-/up/tele/#",
		"hf/1/" DEV "/-/up/tele/a b",
		"hf/1/" DEV "/-/up/tele/a$",
		"hf/1/" DEV "x/-/up/tele/x",
		"hf/1/ABCDEFGH234567AB/-/up/tele/x",
		"hf/1/abcdefgh134567ab/-/up/tele/x",
		"$share/g/hf/1/" DEV "/-/up/tele/x",
		"hf/1/" OTHER "/-/up/tele/x",
		"hf/1/" OTHER "/-/../" DEV "/-/up/tele/x",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(writes(bad[i], 1, 1, false));
	assert_true(writes("hf/1/" DEV "/-/up/tele/x", 1, 1, false));
	assert_false(writes(NULL, 1, 1, false));
}

static void an_id_has_one_to_64_characters(void **unused)
{
	char topic[160] = "hf/1/" DEV "/-/up/tele/";
	size_t head = strlen(topic);
	(void)unused;

	memset(topic + head, 'Z', 64);
	assert_true(writes(topic, 1, 1, false));
	topic[head + 64] = '-';
	assert_false(writes(topic, 1, 1, false));
	topic[head] = '_';
	topic[head + 1] = '\0';
	assert_true(writes(topic, 1, 1, false));
}

static void retain_and_qos_two_are_refused(void **unused)
{
	(void)unused;
	assert_false(writes("hf/1/" DEV "/-/up/tele/x", 1, 1, true));
	assert_false(writes("hf/1/" DEV "/-/up/tele/x", 1, 2, false));
}

static void a_device_subscribes_one_string(void **unused)
{
	static const char *const bad[] = {
		"#",
		"+/#",
		"$SYS/#",
		"$share/g/hf/1/" DEV "/+/dn/#",
		"hf/1/" OTHER "/+/dn/#",
		"hf/1/" DEV "/-/dn/#",
		"hf/1/" DEV "/#",
		"hf/1/" DEV "/+/dn/cmd/x",
		"hf/1/+/+/dn/#",
		"hf/1/" DEV "/+/up/#",
		"",
		"hf/1/" DEV "/+/dn/##",
	};
	(void)unused;

	assert_true(hf__acl_device_subscribe(DEV, "hf/1/" DEV "/+/dn/#"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hf__acl_device_subscribe(DEV, bad[i]));
	assert_false(hf__acl_device_subscribe("short", "hf/1/short/+/dn/#"));
	assert_false(hf__acl_device_subscribe(DEV, NULL));
}

static void a_device_reads_its_own_dn_only(void **unused)
{
	(void)unused;
	assert_true(hf__acl_device_read(DEV, false, "hf/1/" DEV "/-/dn/cmd/x"));
	assert_false(hf__acl_device_read(DEV, false, "hf/1/" OTHER "/-/dn/cmd/x"));
	assert_false(hf__acl_device_read(DEV, false, "hf/1/" DEV "/-/up/tele/x"));
	assert_false(hf__acl_device_read(DEV, false, "$SYS/broker/version"));
}

static void a_quarantined_device_keeps_three_topics(void **unused)
{
	static const char *const up[] = { "id",   "state", "rcpt",   "tele", "hb",
					  "seal", "alarm", "tamper", "upd" };
	static const char *const dn[] = { "id", "cmd", "release", "ack", "cfg", "upd" };
	(void)unused;

	for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++) {
		char topic[96];
		struct hf_acl_msg m = { topic, 1, 1, false };

		snprintf(topic, sizeof(topic), "hf/1/" DEV "/-/up/%s/x", up[i]);
		assert_int_equal(hf__acl_device_write(DEV, true, &m),
				 strcmp(up[i], "id") == 0 || strcmp(up[i], "tamper") == 0);
	}
	for (size_t i = 0; i < sizeof(dn) / sizeof(dn[0]); i++) {
		char topic[96];

		snprintf(topic, sizeof(topic), "hf/1/" DEV "/-/dn/%s/x", dn[i]);
		assert_int_equal(hf__acl_device_read(DEV, true, topic), strcmp(dn[i], "release") == 0);
	}
}

static void the_bus_subscribes_up_and_writes_dn(void **unused)
{
	struct hf_acl_msg up = { "hf/1/" DEV "/-/up/tele/x", 1, 1, false };
	struct hf_acl_msg retained = { "hf/1/" DEV "/-/dn/cmd/x", 1, 1, true };
	(void)unused;

	assert_true(hf__acl_bus_subscribe("hf/1/+/+/up/#"));
	assert_false(hf__acl_bus_subscribe("#"));
	assert_false(hf__acl_bus_subscribe(NULL));
	assert_false(hf__acl_bus_write(&up));
	assert_false(hf__acl_bus_write(&retained));
	assert_false(hf__acl_bus_read("hf/1/" DEV "/-/dn/cmd/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_its_direction_and_size),
		cmocka_unit_test(only_seven_exact_levels_pass),
		cmocka_unit_test(an_id_has_one_to_64_characters),
		cmocka_unit_test(retain_and_qos_two_are_refused),
		cmocka_unit_test(a_device_subscribes_one_string),
		cmocka_unit_test(a_device_reads_its_own_dn_only),
		cmocka_unit_test(a_quarantined_device_keeps_three_topics),
		cmocka_unit_test(the_bus_subscribes_up_and_writes_dn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of what the maker's tools read and write: records, capabilities, answers of a log.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "capability.h"
#include "log_text.h"
#include "record.h"

static struct capability_set set, back;
static uint8_t mem[2 * CAPABILITY_MAX];

static hf_bytes bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

/* ---- record ---- */

static uint8_t hash[HF_SHA256_LEN];

static struct record new_record(void)
{
	struct record r = { .product = HF_STR("lamp"),
			    .component = HF_STR("main"),
			    .version = HF_STR("1.0"),
			    .repository = HF_STR("git"),
			    .commit = HF_STR("c"),
			    .build_command = HF_STR("make"),
			    .tree = { hash, 20 },
			    .n_classes = 1,
			    .class_id = { { hash, 16 } },
			    .n_images = 1,
			    .image = { { HF_STR("main"), { hash, 32 }, 5 } } };

	return r;
}

static void a_record_reads_back_as_it_was_written(void **unused)
{
	struct hf_out out = HF_OUT(mem), again = { mem + RECORD_MAX, RECORD_MAX, 0 };
	struct record r = new_record(), b;
	(void)unused;

	r.digest[RECORD_VEX] = HF_ARR(hash);
	r.n_environment = 1;
	r.environment[0] = HF_STR("A=B");
	assert_int_equal(record_write(&r, &out), HF_OK);
	assert_int_equal(record_read(hf_out_bytes(&out), &b), HF_OK);
	assert_int_equal(b.digest[RECORD_SBOM].len, 0);
	assert_int_equal(b.digest[RECORD_VEX].len, 32);
	assert_int_equal(record_write(&b, &again), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&out), hf_out_bytes(&again)));
}

static void records_with_a_wrong_field_are_not_written(void **unused)
{
	struct hf_out out = HF_OUT(mem);
	struct record r[7];
	(void)unused;

	for (size_t i = 0; i < 7; i++)
		r[i] = new_record();
	r[0].tree.len = 19;
	r[1].n_classes = 0;
	r[2].n_images = 0;
	r[3].container = (hf_bytes){ hash, 31 };
	r[4].urgency = RECORD_URGENCY_MAX + 1;
	r[5].class_id[0].len = 15;
	r[6].image[0].hash.len = 31;
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(record_write(&r[i], &out), HF_ERR_RECORD_SHAPE);
		assert_int_equal(out.len, 0);
	}
}

static void every_prefix_and_every_longer_record_is_refused(void **unused)
{
	struct hf_out out = HF_OUT(mem);
	struct record r = new_record(), b;
	(void)unused;

	assert_int_equal(record_write(&r, &out), HF_OK);
	for (size_t n = 0; n < out.len; n++)
		assert_int_equal(record_read((hf_bytes){ mem, n }, &b), HF_ERR_RECORD_SHAPE);
	mem[out.len] = 0;
	assert_int_equal(record_read((hf_bytes){ mem, out.len + 1 }, &b), HF_ERR_RECORD_SHAPE);
	assert_int_equal(record_read((hf_bytes){ mem, RECORD_MAX + 1 }, &b), HF_ERR_RECORD_SHAPE);
}

/* ---- capabilities ---- */

static void lines_are_sorted_and_said_once(void **unused)
{
	struct hf_out out = HF_OUT(mem);
	struct hf_buf line HF_AUTO(hf_buf_free) = HF_BUF(1024);
	(void)unused;

	assert_int_equal(
		capability_parse(bytes("# hand-written\nmodule b\nlisten tcp 0.0.0.0 22 sshd\nmodule a\n"
				       "\nmodule b"),
				 &set, NULL),
		HF_OK);
	assert_int_equal(set.n, 3);
	assert_int_equal(capability_print(&set.line[0], &line), HF_OK);
	assert_string_equal(hf_buf_text(&line), "listen tcp 0.0.0.0 22 sshd");
	assert_int_equal(capability_write(&set, &out), HF_OK);
	assert_int_equal(capability_read(hf_out_bytes(&out), &back), HF_OK);
	assert_int_equal(back.n, 3);
	assert_true(capability_has(&back, &set.line[2]));
	back.n = 2;
	assert_false(capability_has(&back, &set.line[2]));
}

static void lines_that_are_no_capability_are_refused(void **unused)
{
	static const char *const bad[] = { "listen tcp 0.0.0.0 22",
					   "listen  tcp 0.0.0.0 22 sshd",
					   "listen tcp 0.0.0.0 22 sshd ",
					   "nosuch x",
					   "module",
					   "module a b",
					   "module a\tb",
					   "modulea",
					   " module a",
					   "module \x7f" };
	struct hf_why why;
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(capability_parse(bytes(bad[i]), &set, &why), HF_ERR_CAPABILITY_LINE);
}

static void too_many_lines_are_refused(void **unused)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(CAPABILITY_MAX);
	struct hf_why why;
	(void)unused;

	for (unsigned i = 0; i < CAPABILITY_LINES_MAX; i++)
		assert_int_equal(hf_buf_printf(&text, "module m%u\n", i), HF_OK);
	assert_int_equal(capability_parse(hf_buf_bytes(&text), &set, &why), HF_OK);
	assert_int_equal(hf_buf_puts(&text, "module more\n"), HF_OK);
	assert_int_equal(capability_parse(hf_buf_bytes(&text), &set, &why), HF_ERR_CAPABILITY_LIMIT);
}

static void manifests_in_another_order_or_twice_are_refused(void **unused)
{
	struct hf_out out = HF_OUT(mem);
	struct capability keep;
	(void)unused;

	assert_int_equal(capability_parse(bytes("module a\nmodule b\n"), &set, NULL), HF_OK);
	keep = set.line[0];
	set.line[0] = set.line[1];
	assert_int_equal(capability_write(&set, &out), HF_OK);
	assert_int_equal(capability_read(hf_out_bytes(&out), &back), HF_ERR_CAPABILITY_SHAPE);
	set.line[1] = keep;
	out.len = 0;
	assert_int_equal(capability_write(&set, &out), HF_OK);
	assert_int_equal(capability_read(hf_out_bytes(&out), &back), HF_ERR_CAPABILITY_SHAPE);
	set.line[0].kind = 13;
	out.len = 0;
	assert_int_equal(capability_write(&set, &out), HF_OK);
	assert_int_equal(capability_read(hf_out_bytes(&out), &back), HF_ERR_CAPABILITY_SHAPE);
}

/* ---- log ---- */

#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD "size=7\nroot_hash=" ZERO32 "\nsignature=" ZERO32 ZERO32 "\n"

static void a_head_is_read(void **unused)
{
	struct log_head h;
	(void)unused;

	assert_int_equal(log_text_head(bytes(HEAD "cosignature=" ZERO32 " 12 " ZERO32 ZERO32 "\n"), &h),
			 HF_OK);
	assert_int_equal(h.head.size, 7);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.cosignature[0].time, 12);
	assert_int_equal(log_text_head(bytes(HEAD), &h), HF_OK);
}

static void heads_that_are_not_exactly_right_are_refused(void **unused)
{
	static const char *const bad[] = { "",
					   "size=7\n",
					   HEAD "\n",
					   HEAD "x=1\n",
					   "size=07\nroot_hash=" ZERO32 "\nsignature=" ZERO32 ZERO32 "\n",
					   "size=\nroot_hash=" ZERO32 "\nsignature=" ZERO32 ZERO32 "\n",
					   "size=-1\nroot_hash=" ZERO32 "\nsignature=" ZERO32 ZERO32 "\n",
					   "size=9223372036854775808\nroot_hash=" ZERO32
					   "\nsignature=" ZERO32 ZERO32 "\n",
					   "size=7\r\nroot_hash=" ZERO32 "\nsignature=" ZERO32 ZERO32 "\n",
					   "size=7\nroot_hash=" ZERO32 "00\nsignature=" ZERO32 ZERO32 "\n",
					   HEAD "cosignature=" ZERO32 " 12 " ZERO32 "\n" };
	struct log_head h;
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(log_text_head(bytes(bad[i]), &h), HF_ERR_LOG_TEXT);
}

static void a_path_has_at_most_63_hashes(void **unused)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LOG_TEXT_MAX);
	struct log_path p;
	(void)unused;

	assert_int_equal(hf_buf_puts(&text, "leaf_index=0\n"), HF_OK);
	for (int i = 0; i < HF_PROOF_MAX_PATH; i++)
		assert_int_equal(hf_buf_puts(&text, "node_hash=" ZERO32 "\n"), HF_OK);
	assert_int_equal(log_text_path(hf_buf_bytes(&text), &p), HF_OK);
	assert_int_equal(p.n, HF_PROOF_MAX_PATH);
	assert_int_equal(hf_buf_puts(&text, "node_hash=" ZERO32 "\n"), HF_OK);
	assert_int_equal(log_text_path(hf_buf_bytes(&text), &p), HF_ERR_LOG_TEXT);
	assert_int_equal(p.n, 0);
}

/* ---- leaves and consistency ---- */

static char long_text[LOG_LEAVES_MAX * 300];

static size_t put_leaf_line(char *to, char digit)
{
	char line[2 * HF_LEAF_LEN + 1];

	memset(line, digit, 2 * HF_LEAF_LEN);
	line[2 * HF_LEAF_LEN] = '\0';
	return (size_t)sprintf(to, "leaf=%.64s %.128s %.64s\n", line, line, line);
}

static void leaves_are_read_up_to_the_limit_and_not_one_more(void **unused)
{
	static uint8_t leaf[LOG_LEAVES_MAX][HF_LEAF_LEN];
	size_t n = 0, len = 0;
	(void)unused;

	assert_int_equal(log_text_leaves(bytes(""), leaf, &n), HF_ERR_LOG_TEXT);
	for (int i = 0; i < LOG_LEAVES_MAX; i++)
		len += put_leaf_line(long_text + len, i == 7 ? '7' : '1');
	assert_int_equal(log_text_leaves(bytes(long_text), leaf, &n), HF_OK);
	assert_int_equal(n, LOG_LEAVES_MAX);
	assert_int_equal(leaf[7][127], 0x77);
	for (size_t cut = 1; cut < 270; cut++) {
		hf_bytes less = { (const uint8_t *)long_text, len - cut };

		if (less.ptr[less.len - 1] != '\n')
			assert_int_equal(log_text_leaves(less, leaf, &n), HF_ERR_LOG_TEXT);
	}
	len += put_leaf_line(long_text + len, '1');
	assert_int_equal(log_text_leaves(bytes(long_text), leaf, &n), HF_ERR_LOG_TEXT);
	assert_int_equal(n, 0);
}

static void a_consistency_proof_has_at_least_one_hash_and_at_most_63(void **unused)
{
	static struct log_path path;
	size_t len = 0;
	(void)unused;

	assert_int_equal(log_text_consistency(bytes(""), &path), HF_ERR_LOG_TEXT);
	for (int i = 1; i <= HF_PROOF_MAX_PATH + 1; i++) {
		len += (size_t)sprintf(long_text + len, "node_hash=%064d\n", i);
		assert_int_equal(log_text_consistency(bytes(long_text), &path),
				 i <= HF_PROOF_MAX_PATH ? HF_OK : HF_ERR_LOG_TEXT);
	}
	assert_int_equal(path.n, 0);
	assert_int_equal(log_text_consistency(bytes("leaf_index=0\n"), &path), HF_ERR_LOG_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_reads_back_as_it_was_written),
		cmocka_unit_test(records_with_a_wrong_field_are_not_written),
		cmocka_unit_test(every_prefix_and_every_longer_record_is_refused),
		cmocka_unit_test(lines_are_sorted_and_said_once),
		cmocka_unit_test(lines_that_are_no_capability_are_refused),
		cmocka_unit_test(too_many_lines_are_refused),
		cmocka_unit_test(manifests_in_another_order_or_twice_are_refused),
		cmocka_unit_test(a_head_is_read),
		cmocka_unit_test(heads_that_are_not_exactly_right_are_refused),
		cmocka_unit_test(a_path_has_at_most_63_hashes),
		cmocka_unit_test(leaves_are_read_up_to_the_limit_and_not_one_more),
		cmocka_unit_test(a_consistency_proof_has_at_least_one_hash_and_at_most_63),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ELF files: tables that lie, sections that are gone, RELRO by mask; all made here, byte by byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scan_rig.h"

enum { HEADER = 64, PH = 56, SIZE = 2048, AT_DYNAMIC = 1024, AT_STRINGS = 1400 };

struct made {
	uint8_t b[SIZE];
	unsigned n_segments, n_tags;
};

static struct scan_rig *r;

static void put(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void begin(struct made *m, unsigned type, unsigned machine)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->b, "\177ELF\2\1\1", 7);
	put(m->b + 16, type, 2);
	put(m->b + 18, machine, 2);
	put(m->b + 32, HEADER, 8);
	put(m->b + 54, PH, 2);
}

static void segment(struct made *m, uint32_t type, uint32_t flags, uint64_t offset, uint64_t len)
{
	uint8_t *p = m->b + HEADER + PH * m->n_segments++;

	put(p, type, 4);
	put(p + 4, flags, 4);
	put(p + 8, offset, 8);
	put(p + 16, offset, 8); /* mapped where it lies */
	put(p + 32, len, 8);
	put(m->b + 56, m->n_segments, 2);
}

static void tag(struct made *m, uint64_t name, uint64_t value)
{
	uint8_t *p = m->b + AT_DYNAMIC + 16 * m->n_tags++;

	put(p, name, 8);
	put(p + 8, value, 8);
}

static uint64_t scan(const struct made *m)
{
	scan_rig_bytes(r, "/bin/p", HF_ARR(m->b));
	return scan_rig_at(r, HF_FACT_ELF, 0)->num[HF_ELF_STATES];
}

/* A program with a stack, one library and a search path. */
static void whole(struct made *m, unsigned machine)
{
	static const char strings[] = "\0libc.so.6\0/tmp/lib\0";

	begin(m, 3, machine);
	memcpy(m->b + AT_STRINGS, strings, sizeof(strings));
	segment(m, 1, 5, 0, SIZE);
	segment(m, 2, 6, AT_DYNAMIC, 256);
	segment(m, 3, 4, AT_STRINGS + 11, 9);
	tag(m, 1, 1);
	tag(m, 5, AT_STRINGS);
	tag(m, 10, sizeof(strings));
	tag(m, 29, 11);
}

static void a_file_without_sections_is_read_by_its_segments(void **unused)
{
	struct made m;
	const struct hf_fact *f;

	(void)unused;
	whole(&m, 62);
	(void)scan(&m);
	f = scan_rig_at(r, HF_FACT_ELF, 0);
	assert_true(scan_rig_is(f->text[HF_ELF_NEEDED], "libc.so.6"));
	assert_true(scan_rig_is(f->text[HF_ELF_RPATH], "/tmp/lib"));
	assert_int_equal(hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_PIE), HF_STATE_YES);
	assert_int_equal(f->num[HF_ELF_FLAGS] & HF_ELFF_STRIPPED, HF_ELFF_STRIPPED);
}

static void relro_needs_its_segment_and_binding_is_a_mask(void **unused)
{
	struct made m;
	uint64_t s;

	(void)unused;
	whole(&m, 62);
	tag(&m, 30, 8 | 4); /* DF_BIND_NOW among other flags */
	s = scan(&m);
	assert_int_equal(hf_elf_state(s, HF_ELFP_RELRO), HF_STATE_NO);
	assert_int_equal(hf_elf_state(s, HF_ELFP_BINDNOW), HF_STATE_YES);
	whole(&m, 62);
	segment(&m, 0x6474e552, 4, 0, 64);
	tag(&m, 0x6ffffffb, 0x08000000); /* DF_1_PIE without DF_1_NOW */
	s = scan(&m);
	assert_int_equal(hf_elf_state(s, HF_ELFP_RELRO), HF_STATE_YES);
	assert_int_equal(hf_elf_state(s, HF_ELFP_BINDNOW), HF_STATE_NO);
}

static void an_absent_stack_mark_means_what_the_machine_makes_of_it(void **unused)
{
	static const unsigned fails[] = { 3, 62, 40, 8 }, unknown[] = { 183, 243 };
	struct made m;

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		whole(&m, fails[i]);
		assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_NX), HF_STATE_NO);
	}
	for (size_t i = 0; i < 2; i++) {
		whole(&m, unknown[i]);
		assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_NX), HF_STATE_UNKNOWN);
	}
	whole(&m, 62);
	segment(&m, 0x6474e551, 6, 0, 0);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_NX), HF_STATE_YES);
	whole(&m, 62);
	segment(&m, 0x6474e551, 7, 0, 0);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_NX), HF_STATE_NO);
}

static void a_writable_and_executable_segment_is_seen(void **unused)
{
	struct made m;

	(void)unused;
	whole(&m, 62);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_WX), HF_STATE_YES);
	segment(&m, 1, 7, 0, 64);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_WX), HF_STATE_NO);
}

static void tables_that_lie_are_said_to_be_damaged(void **unused)
{
	static const struct {
		size_t at;
		uint64_t value;
		unsigned size;
	} lies[] = { { 32, UINT64_MAX - 8, 8 },          /* program headers past the end of numbers */
		     { 56, 0xffff, 2 },                  /* more of them than the file holds */
		     { HEADER + PH + 8, UINT64_MAX, 8 }, /* PT_DYNAMIC nowhere */
		     { HEADER + 32, UINT64_MAX, 8 } };   /* a segment without end */
	struct made m;

	(void)unused;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		whole(&m, 62);
		put(m.b + lies[i].at, lies[i].value, lies[i].size);
		(void)scan(&m);
		assert_int_equal(scan_rig_at(r, HF_FACT_ELF, 0)->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED,
				 HF_ELFF_DAMAGED);
	}
	/* Sections that lie are left out: segments say enough. */
	whole(&m, 62);
	put(m.b + 40, 100, 8);
	put(m.b + 58, 64, 2);
	put(m.b + 60, 0xffff, 2);
	put(m.b + 62, 0xfffe, 2);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_PIE), HF_STATE_YES);
	scan_rig_bytes(r, "/x", HF_STR("\177ELF\2\1"));
	assert_int_equal(scan_rig_at(r, HF_FACT_ELF, 0)->num[HF_ELF_FLAGS], HF_ELFF_DAMAGED);
}

static void properties_of_the_processor_are_read_from_the_note(void **unused)
{
	static const uint8_t note[] = { 4, 0, 0, 0,    16, 0, 0, 0, 5, 0, 0, 0, 'G', 'N', 'U', 0,
					2, 0, 0, 0xc0, 4,  0, 0, 0, 3, 0, 0, 0, 0,   0,   0,   0 };
	struct made m;

	(void)unused;
	whole(&m, 62);
	memcpy(m.b + 1600, note, sizeof(note));
	segment(&m, 4, 4, 1600, sizeof(note));
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_CFI), HF_STATE_YES);
	m.b[1600 + 24] = 1; /* IBT without the shadow stack */
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_CFI), HF_STATE_NO);
	m.b[1600 + 20] = 200; /* longer than the note */
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_CFI), HF_STATE_NO);
	whole(&m, 40);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_CFI), HF_STATE_NA);
}

static void a_program_without_a_system_below_has_other_rules(void **unused)
{
	struct made m;

	(void)unused;
	memset(&m, 0, sizeof(m));
	memcpy(m.b, "\177ELF\1\1\1", 7); /* 32 bit */
	put(m.b + 16, 2, 2);
	put(m.b + 18, 40, 2);
	put(m.b + 28, 52, 4);
	put(m.b + 42, 32, 2);
	put(m.b + 44, 1, 2);
	put(m.b + 52, 1, 4); /* one PT_LOAD */
	put(m.b + 52 + 16, 512, 4);
	assert_int_equal(hf_elf_state(scan(&m), HF_ELFP_NX), HF_STATE_NA);
	assert_int_equal(scan_rig_at(r, HF_FACT_ELF, 0)->num[HF_ELF_FLAGS] & HF_ELFF_MCU, HF_ELFF_MCU);
	assert_int_equal(scan_rig_at(r, HF_FACT_FILE, 0)->num[HF_FILE_KIND], HF_KIND_MCU);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(a_file_without_sections_is_read_by_its_segments),
		T(relro_needs_its_segment_and_binding_is_a_mask),
		T(an_absent_stack_mark_means_what_the_machine_makes_of_it),
		T(a_writable_and_executable_segment_is_seen),
		T(tables_that_lie_are_said_to_be_damaged),
		T(properties_of_the_processor_are_read_from_the_note),
		T(a_program_without_a_system_below_has_other_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

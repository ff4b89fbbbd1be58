/* Fuzz target: what the maker's tools read from others: records, capability manifests and their text, answers
 * of logs, Sigsum proofs, policies as JSON, a monitor's state. The first byte says which.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "capability.h"
#include "log_text.h"
#include "monitor.h"
#include "policy_text.h"
#include "record.h"

static void check_record(hf_bytes in)
{
	static uint8_t mem[RECORD_MAX];
	struct hf_out out = HF_OUT(mem);
	struct record r;

	if (record_read(in, &r) != HF_OK)
		return;
	if (record_write(&r, &out) != HF_OK || !hf_bytes_equal(hf_out_bytes(&out), in))
		__builtin_trap();
}

static void check_capabilities(hf_bytes in)
{
	static struct capability_set set;
	static uint8_t mem[2 * CAPABILITY_MAX];
	struct hf_out out = HF_OUT(mem);

	if (in.len > CAPABILITY_MAX || capability_read(in, &set) != HF_OK)
		return;
	if (capability_write(&set, &out) != HF_OK || !hf_bytes_equal(hf_out_bytes(&out), in))
		__builtin_trap();
}

static void check_lines(hf_bytes in)
{
	static struct capability_set set, back;
	static uint8_t mem[2 * CAPABILITY_MAX];
	struct hf_out out = HF_OUT(mem);

	if (in.len > CAPABILITY_MAX || capability_parse(in, &set, NULL) != HF_OK)
		return;
	/* Text that is not UTF-8 is refused by the writer. */
	if (capability_write(&set, &out) == HF_OK &&
	    (capability_read(hf_out_bytes(&out), &back) != HF_OK || back.n != set.n))
		__builtin_trap();
}

static void check_log(hf_bytes in)
{
	struct log_proof proof;
	struct log_path path;
	struct log_head head;

	if (log_text_head(in, &head) == HF_OK && head.n > HF_PROOF_MAX_COSIGS)
		__builtin_trap();
	if (log_text_path(in, &path) == HF_OK && path.n > HF_PROOF_MAX_PATH)
		__builtin_trap();
	if (log_text_proof(in, &proof) == HF_OK && proof.head.head.size < 2 && proof.path.n != 0)
		__builtin_trap();
}

static void check_leaves(hf_bytes in)
{
	static uint8_t leaf[LOG_LEAVES_MAX][HF_LEAF_LEN];
	static struct log_path path;
	size_t n = 0;

	if (log_text_leaves(in, leaf, &n) == HF_OK && (n == 0 || n > LOG_LEAVES_MAX))
		__builtin_trap();
	if (log_text_consistency(in, &path) == HF_OK && (path.n == 0 || path.n > HF_PROOF_MAX_PATH))
		__builtin_trap();
}

static void check_monitor(hf_bytes in)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(MONITOR_STATE_MAX);
	struct monitor_state s;

	if (monitor_state_new(&s) == HF_OK && monitor_state_read(in, &s) == HF_OK &&
	    (monitor_state_write(&s, &text) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&text), in)))
		__builtin_trap();
	monitor_state_free(&s);
}

static void check_policy(hf_bytes in)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	uint8_t mem[4096];
	struct hf_out out = HF_OUT(mem);
	struct hf_policy p;

	if (policy_text_read(in, 1, NULL, &out, NULL) != HF_OK)
		return;
	if (hf_policy_read(hf_out_bytes(&out), &p) != HF_OK || policy_text_json(&p, &text) != HF_OK)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(hf_bytes) = { check_record, check_capabilities, check_lines,  check_log,
						    check_policy, check_leaves,       check_monitor };
	hf_bytes in = { data + 1, size - 1 };

	if (size > 1)
		checks[data[0] % 7](in);
	return 0;
}

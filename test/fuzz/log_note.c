/* Fuzz target: checkpoints as text, with or without a witness quorum, and single signature lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/lognote.h>
#include <hf/logseq.h>
#include "release_world.h"

static void check_lines(hf_bytes rest)
{
	struct hf_note_line line;

	while (rest.len > 0) {
		size_t before = rest.len;

		if (hf_note_read_line(&rest, &line) != HF_OK)
			return;
		release_expect(rest.len < before && line.payload_len <= HF_NOTE_PAYLOAD_MAX);
		release_expect(line.name.len > 0 && line.name.len <= HF_NOTE_NAME_MAX);
	}
}

/* A head that verified is the same after it was written and read again. */
static void check_head(hf_bytes in, const struct rig *r)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	const uint8_t *log = r->pub[LOG0];
	struct hf_loghead h, again;

	if (hf_loghead_read(in, log, &r->trust.policy, &h) != HF_OK)
		return;
	release_expect(h.n > 0 && h.n <= HF_LOGSEQ_COSIGS);
	release_expect(hf_loghead_write(&h, log, &r->trust.policy, &text) == HF_OK);
	release_expect(hf_loghead_read(hf_buf_bytes(&text), log, &r->trust.policy, &again) == HF_OK);
	release_expect(again.head.size == h.head.size && again.n == h.n &&
		       memcmp(again.head.root.b, h.head.root.b, HF_MERKLE_LEN) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_note note;
	const struct rig *r = release_world();
	hf_bytes in = { data, size };

	check_lines(in);
	check_head(in, r);
	if (hf_note_read(in, &note) != HF_OK)
		return 0;
	release_expect(note.n_lines > 0 && note.n_lines <= HF_NOTE_LINES_MAX);
	release_expect(note.head.size <= HF_CHECKPOINT_MAX_NUMBER && note.origin.len <= HF_NOTE_NAME_MAX);
	(void)hf_note_find(&note, HF_NOTE_LOG, r->pub[LOG0]);
	(void)hf_note_find(&note, HF_NOTE_COSIGNATURE, r->pub[WIT0]);
	return 0;
}

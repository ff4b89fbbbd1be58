/* Fuzz target: the body of add-checkpoint, as a witness gets it. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/lognote.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_note_request r;
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_REQUEST_MAX);
	hf_bytes in = { data, size }, note;

	if (hf_note_request_read(in, &r) != HF_OK)
		return 0;
	if (r.n_proof >= HF_MERKLE_PROOF_MAX || r.old_size > HF_CHECKPOINT_MAX_NUMBER || r.note.n_lines == 0)
		abort();
	note = (hf_bytes){ r.note.origin.ptr, (size_t)(data + size - r.note.origin.ptr) };
	if (hf_note_request_write(&text, r.old_size, r.proof, r.n_proof, note) != HF_OK ||
	    !hf_bytes_equal(hf_buf_bytes(&text), in))
		abort(); /* one request, one spelling */
	return 0;
}

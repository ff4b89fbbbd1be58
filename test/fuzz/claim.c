/* Fuzz target: what people type and what headers say (claim.h). What parses must print and parse to the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include <holdfast/claim.h>
#include <stdlib.h>
#include <string.h>

static void code(hf_bytes in)
{
	struct hf_claim_secret s, again;
	char text[HF_CLAIM_TEXT_LEN + 1];

	if (hf_claim_parse(in, &s) != HF_OK)
		return;
	if (hf_claim_print(&s, text) != HF_OK ||
	    hf_claim_parse((hf_bytes){ (const uint8_t *)text, HF_CLAIM_TEXT_LEN }, &again) != HF_OK ||
	    memcmp(&s, &again, sizeof(s)) != 0)
		abort();
}

static void headers(hf_bytes in)
{
	uint8_t cid[HF_CLAIM_ID_LEN], mac[HF_SHA256_LEN], cid2[HF_CLAIM_ID_LEN], mac2[HF_SHA256_LEN];
	uint8_t mem[HF_CLAIM_HEADER_CAP];
	struct hf_out out = HF_OUT(mem);

	if (hf_claim_read_info(in, mac) == HF_OK && hf_claim_write_info(mac, &out) != HF_OK)
		abort();
	out.len = 0;
	if (hf_claim_read_authorization(in, cid, mac) != HF_OK)
		return;
	if (hf_claim_write_authorization(cid, mac, &out) != HF_OK ||
	    hf_claim_read_authorization(hf_out_bytes(&out), cid2, mac2) != HF_OK ||
	    memcmp(cid, cid2, sizeof(cid)) != 0 || memcmp(mac, mac2, sizeof(mac)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	code((hf_bytes){ data, size });
	headers((hf_bytes){ data, size });
	return 0;
}

/* hex.c -- Intel HEX: ":LLAAAATT<data>CC", records 00 data, 01 end, 02 and 04 upper address, 03 and 05 start.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "mcu.h"

enum { RECORD_MAX = 5 + 255 };

struct hex {
	struct hf_buf *out;
	uint64_t upper, base;
	bool begun, ended;
};

static hf_err put_data(struct hex *h, uint64_t address, hf_bytes data)
{
	uint8_t *room;
	uint64_t at;

	if (!h->begun) {
		h->begun = true;
		h->base = address;
	}
	if (address < h->base + h->out->len)
		return HF_ERR_BASE_TEXT;
	at = address - h->base;
	if (at - h->out->len > 0) {
		if (at > HF__HEX_MAX)
			return HF_ERR_BASE_NO_ROOM;
		HF_TRY(hf_buf_reserve(h->out, (size_t)at - h->out->len, &room));
		memset(room, 0xff, (size_t)at - h->out->len);
		hf_buf_commit(h->out, (size_t)at - h->out->len);
	}
	return hf_buf_put(h->out, data);
}

static hf_err put_record(struct hex *h, const uint8_t *r, size_t len)
{
	uint8_t sum = 0;
	hf_bytes data = { r + 4, r[0] };

	if (len != (size_t)r[0] + 5)
		return HF_ERR_BASE_TEXT;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + r[i]);
	if (sum != 0)
		return HF_ERR_BASE_TEXT;
	switch (r[3]) {
	case 0:
		return put_data(h, h->upper + hf_get_be16(r + 1), data);
	case 1:
		h->ended = true;
		return HF_OK;
	case 2:
	case 4:
		if (data.len != 2)
			return HF_ERR_BASE_TEXT;
		h->upper = (uint64_t)hf_get_be16(data.ptr) << (r[3] == 2 ? 4 : 16);
		return HF_OK;
	default:
		return r[3] == 3 || r[3] == 5 ? HF_OK : HF_ERR_BASE_TEXT;
	}
}

hf_err hf__scan_hex_read(hf_bytes text, struct hf_buf *out)
{
	struct hex h = { .out = out };
	hf_bytes line;

	while (!h.ended && hf_span_line(&text, &line)) {
		uint8_t record[RECORD_MAX];
		struct hf_out bytes = HF_OUT(record);

		if (line.len < 11 || line.ptr[0] != ':' ||
		    hf_hex_decode(hf_span_from(line, 1), &bytes) != HF_OK)
			return HF_ERR_BASE_TEXT;
		HF_TRY(put_record(&h, record, bytes.len));
	}
	return h.ended && h.begun ? HF_OK : HF_ERR_BASE_TEXT;
}

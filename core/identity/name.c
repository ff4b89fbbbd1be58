/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/identity.h>

enum { NAME_BYTES_MAX = HF_HANDLE_BYTES };

/* The decoder checks alphabet, length and unused bits; only its tolerance for capitals is taken away. */
static hf_err check_name(hf_bytes text, size_t text_len, size_t n_bytes)
{
	uint8_t raw[NAME_BYTES_MAX];
	struct hf_out out = HF_OUT(raw);

	if (text.len != text_len)
		return HF_ERR_IDENTITY_NAME;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
			return HF_ERR_IDENTITY_NAME;
	if (hf_base32_decode(text, &out) != HF_OK || out.len != n_bytes)
		return HF_ERR_IDENTITY_NAME;
	return HF_OK;
}

hf_err hf_identity_check_dev(hf_bytes text)
{
	return check_name(text, HF_DEV_LEN, HF_DEV_BYTES);
}

hf_err hf_identity_check_handle(hf_bytes text)
{
	return check_name(text, HF_HANDLE_LEN, HF_HANDLE_BYTES);
}

static hf_err new_name(struct hf_port *port, size_t n_bytes, char *text, size_t text_len)
{
	uint8_t raw[NAME_BYTES_MAX];
	struct hf_out out = { (uint8_t *)text, text_len, 0 };

	text[0] = '\0';
	HF_TRY(hf_port_random(port, raw, n_bytes));
	HF_TRY(hf_base32_encode((hf_bytes){ raw, n_bytes }, &out));
	text[text_len] = '\0';
	return HF_OK;
}

hf_err hf_identity_new_dev(struct hf_port *port, char dev[static HF_DEV_LEN + 1])
{
	return new_name(port, HF_DEV_BYTES, dev, HF_DEV_LEN);
}

hf_err hf_identity_new_handle(struct hf_port *port, char handle[static HF_HANDLE_LEN + 1])
{
	return new_name(port, HF_HANDLE_BYTES, handle, HF_HANDLE_LEN);
}

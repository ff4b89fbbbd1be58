/* SPDX-License-Identifier: Apache-2.0 */
#include <hf/vpath.h>

static bool stands_plain(uint8_t c)
{
	return c >= 0x21 && c <= 0x7e && c != '!' && c != '%';
}

static hf_err put_escaped(uint8_t c, struct hf_out *out)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t three[3] = { '%', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15] };

	return hf_out_put(out, stands_plain(c) ? (hf_bytes){ &c, 1 } : HF_ARR(three));
}

hf_err hf_vpath_escape(hf_bytes name, struct hf_out *out)
{
	size_t begin = out->len;

	for (size_t i = 0; i < name.len; i++) {
		hf_err err = put_escaped(name.ptr[i], out);

		if (err != HF_OK) {
			out->len = begin;
			return err;
		}
	}
	return HF_OK;
}

static bool leads_nowhere(hf_bytes element)
{
	return element.len == 0 || hf_bytes_equal(element, HF_STR(".")) ||
	       hf_bytes_equal(element, HF_STR(".."));
}

/* The next element of a raw name, without slashes; *name moves behind it. */
static hf_bytes next_element(hf_bytes *name)
{
	hf_bytes element = { name->ptr, 0 };

	while (element.len < name->len && name->ptr[element.len] != '/')
		element.len++;
	name->ptr += element.len;
	name->len -= element.len;
	if (name->len > 0) {
		name->ptr++;
		name->len--;
	}
	return element;
}

static hf_err join(hf_bytes container, hf_bytes name, struct hf_out *out)
{
	bool empty = true;

	HF_TRY(hf_out_put(out, container));
	HF_TRY(hf_out_put(out, HF_STR("!")));
	while (name.len > 0) {
		hf_bytes element = next_element(&name);

		if (leads_nowhere(element))
			continue;
		HF_TRY(hf_out_put(out, HF_STR("/")));
		HF_TRY(hf_vpath_escape(element, out));
		empty = false;
	}
	return empty ? hf_out_put(out, HF_STR("/")) : HF_OK;
}

hf_err hf_vpath_join(hf_bytes container, hf_bytes name, struct hf_out *out)
{
	size_t begin = out->len;
	hf_err err = join(container, name, out);

	if (err != HF_OK)
		out->len = begin;
	return err;
}

hf_bytes hf_vpath_inner(hf_bytes path)
{
	size_t i = path.len;

	while (i > 0 && path.ptr[i - 1] != '!')
		i--;
	return (hf_bytes){ path.len == 0 ? path.ptr : path.ptr + i, path.len - i };
}

hf_bytes hf_vpath_without_input(hf_bytes path)
{
	size_t i = 0;

	while (i < path.len && path.ptr[i] != '!')
		i++;
	if (i == path.len)
		return (hf_bytes){ path.ptr, 0 };
	return (hf_bytes){ path.ptr + i + 1, path.len - i - 1 };
}

/* Every order here is "the first token that differs decides", over a stream that never ends: behind the text
 * it repeats one token. Such an order is total and transitive as soon as the order of tokens is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "version_priv.h"

bool hf__is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool hf__is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

hf_bytes hf__skip(hf_bytes b, size_t n)
{
	if (n == 0)
		return b;
	return (hf_bytes){ b.ptr + n, b.len - n };
}

hf_bytes hf__take(hf_bytes *rest, bool (*is)(uint8_t c))
{
	size_t n = 0;

	while (n < rest->len && is(rest->ptr[n]))
		n++;
	hf_bytes taken = { rest->ptr, n };
	*rest = hf__skip(*rest, n);
	return taken;
}

static hf_bytes without_zeros(hf_bytes digits)
{
	while (digits.len > 0 && digits.ptr[0] == '0')
		digits = hf__skip(digits, 1);
	return digits;
}

bool hf__is_zero(hf_bytes digits)
{
	return without_zeros(digits).len == 0;
}

int hf__bytes_order(hf_bytes a, hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

int hf__digits_order(hf_bytes a, hf_bytes b)
{
	a = without_zeros(a);
	b = without_zeros(b);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return hf__bytes_order(a, b);
}

int hf__order(hf_bytes a, hf_bytes b, hf__next next)
{
	struct hf__cursor ca = { .rest = a }, cb = { .rest = b };

	for (;;) {
		struct hf__token ta = next(&ca), tb = next(&cb);
		int order = 0;

		if (ta.rank != tb.rank)
			return ta.rank < tb.rank ? -1 : 1;
		if (ta.by == HF__DIGITS)
			order = hf__digits_order(ta.text, tb.text);
		else if (ta.by == HF__BYTES)
			order = hf__bytes_order(ta.text, tb.text);
		if (order != 0 || (ta.end && tb.end))
			return order;
	}
}

hf_bytes hf__take_epoch(hf_bytes *version)
{
	hf_bytes rest = *version;
	hf_bytes epoch = hf__take(&rest, hf__is_digit);

	if (rest.len == 0 || rest.ptr[0] != ':')
		return (hf_bytes){ 0 };
	*version = hf__skip(rest, 1);
	return epoch;
}

hf_bytes hf__cut_last_hyphen(hf_bytes *version, bool *found)
{
	for (size_t i = version->len; i > 0; i--) {
		if (version->ptr[i - 1] != '-')
			continue;
		hf_bytes after = hf__skip(*version, i);
		version->len = i - 1;
		*found = true;
		return after;
	}
	*found = false;
	return (hf_bytes){ 0 };
}

int hf_version_compare(unsigned scheme, hf_bytes a, hf_bytes b)
{
	static int (*const by_scheme[])(hf_bytes, hf_bytes) = {
		[HF_VERSION_DPKG] = hf__version_dpkg,       [HF_VERSION_APK] = hf__version_apk,
		[HF_VERSION_RPM] = hf__version_rpm,         [HF_VERSION_SEMVER] = hf__version_semver,
		[HF_VERSION_GENERIC] = hf__version_generic, [HF_VERSION_LINUX] = hf__version_linux,
	};

	if (scheme == 0 || scheme >= sizeof(by_scheme) / sizeof(by_scheme[0]))
		scheme = HF_VERSION_GENERIC;
	return by_scheme[scheme](a, b);
}

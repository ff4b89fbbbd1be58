/* around.c -- hosts, kernel banners and U-Boot environments: small texts behind a literal.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "automaton.h"
#include "hits.h"

/* Four numbers up to 255 and three dots; false when it is no address. */
static bool read_quad(hf_bytes host, uint64_t quad[4])
{
	hf_bytes part;
	unsigned n = 0;

	while (hf_span_part(&host, '.', &part))
		if (n == 4 || !hf__scan_number(part, &quad[n]) || quad[n++] > 255)
			return false;
	return n == 4;
}

static bool quad_is_public(const uint64_t q[4])
{
	/* RFC 6890: first byte, second from and to, third from and to */
	static const uint8_t closed[][5] = { { 0, 0, 255, 0, 255 },     { 10, 0, 255, 0, 255 },
					     { 100, 64, 127, 0, 255 },  { 127, 0, 255, 0, 255 },
					     { 169, 254, 254, 0, 255 }, { 172, 16, 31, 0, 255 },
					     { 192, 168, 168, 0, 255 }, { 192, 0, 0, 0, 255 },
					     { 198, 18, 19, 0, 255 },   { 198, 51, 51, 100, 100 },
					     { 203, 0, 0, 113, 113 } };

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (q[0] == closed[i][0] && q[1] >= closed[i][1] && q[1] <= closed[i][2] &&
		    q[2] >= closed[i][3] && q[2] <= closed[i][4])
			return false;
	return q[0] < 224;
}

bool hf__scan_host_is_public(hf_bytes host)
{
	static const char *const local[] = { ".local",      ".localhost", ".example",    ".invalid",
					     ".test",       ".lan",       "example.com", "example.org",
					     "example.net", ".internal",  NULL };
	uint64_t quad[4];

	if (read_quad(host, quad))
		return quad_is_public(quad);
	if (host.len > 2 && host.ptr[0] == '[')
		return hf_span_begins(host, "[2") ||
		       hf_span_begins(host, "[3"); /* 2000::/3 is what is routed */
	for (size_t i = 0; local[i] != NULL; i++)
		if (hf_span_ends(host, local[i]))
			return false;
	return host.len > 0 && memchr(host.ptr, '.', host.len) != NULL;
}

hf_err hf__scan_put_banner(struct hf__scan_job *job, const struct hf__scan_hit *hit)
{
	hf_bytes text = hf__scan_view_upto(job->view, hit->offset + 14, 256), version = { 0 };
	struct hf_fact fact = { .kind = HF_FACT_KERNEL };
	size_t n = 0;

	while (n < text.len && text.ptr[n] >= 32 && text.ptr[n] < 127)
		n++;
	text = hf_span_upto(text, n);
	fact.text[HF_KERNEL_BANNER] = hf_span_upto(text, 200);
	if (!hf_span_part(&text, ' ', &version) || version.len < 3 || version.ptr[0] < '2' ||
	    version.ptr[0] > '9' || memchr(version.ptr, '.', version.len) == NULL ||
	    !hf_span_begins(text, "(") || hf_span_find(text, "@") == SIZE_MAX)
		return HF_OK;
	fact.num[HF_KERNEL_WHAT] = HF_KERNELW_IMAGE;
	fact.num[HF_KERNEL_OFFSET] = hit->offset;
	fact.text[HF_KERNEL_VERSION] = version;
	return hf__scan_put(job, &fact);
}

/* An environment is NUL- or line-separated; what stands in a program or a page of text is only talk. */
static bool may_hold_environment(const struct hf__scan_job *job)
{
	if (job->kind == HF_KIND_BOOTLOADER || job->kind == HF_KIND_OTHER || job->kind == HF_KIND_MCU)
		return true;
	return job->kind == HF_KIND_TEXT &&
	       (hf_span_find(job->base, "env") != SIZE_MAX || hf_span_find(job->base, "Env") != SIZE_MAX);
}

static hf_bytes value_of(hf_bytes text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] >= 32 && text.ptr[n] < 127)
		n++;
	return hf_span_upto(text, n);
}

static bool is_delay(hf_bytes v)
{
	uint64_t n;

	return hf__scan_number(hf_span_begins(v, "-") ? hf_span_from(v, 1) : v, &n);
}

hf_err hf__scan_put_uboot(struct hf__scan_job *job, const struct hf__scan_hit *hit, unsigned action)
{
	const struct hf__scan_literal *l = hf__scan_literal(hit->literal);
	hf_bytes text = hf__scan_view_upto(job->view, hit->offset > 0 ? hit->offset - 1 : 0, 1024);
	hf_bytes value;

	if (!may_hold_environment(job) || text.len == 0)
		return HF_OK;
	if (hit->offset > 0) {
		/* In the stored form a checksum and a flag byte stand before the first variable. */
		if (text.ptr[0] > 32 && hit->offset > 5)
			return HF_OK;
		text = hf_span_from(text, 1);
	}
	value = value_of(hf_span_from(text, l->len));
	if (action == HF__ACT_BOOTDELAY)
		return is_delay(value) ? hf__scan_put_setting(job, HF_SUBJECT_UBOOT, HF_STATE_UNKNOWN,
							      HF_STR("bootdelay"), value, hit->offset)
				       : HF_OK;
	if (action == HF__ACT_BOOTARGS)
		return hf__scan_put_setting(job, HF_SUBJECT_CMDLINE, HF_STATE_UNKNOWN, HF_STR("bootargs"),
					    value, hit->offset);
	return hf__scan_put_setting(job, HF_SUBJECT_UBOOT, HF_STATE_YES, HF_STR("bootstopkey"),
				    (hf_bytes){ 0 }, hit->offset);
}

/* purl.h -- package URLs (github.com/package-url/purl-spec), read into their parts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PURL_H
#define HF_PURL_H
#include <holdfast/base.h>

enum { HF__PURL_MAX = 4096 };
struct hf__purl {
	hf_bytes type, space, name, version, arch, distro;
	hf_bytes source, source_version; /* qualifier upstream=NAME@VERSION */
};
/* `room` gets the percent-decoded text that the parts borrow from. False: no purl; *p is empty. */
bool hf__purl_read(hf_bytes text, uint8_t room[static HF__PURL_MAX], struct hf__purl *p);
/* Where advisories look: "debian:12" from distro=debian-12; empty when the purl does not tell. */
hf_bytes hf__purl_origin(const struct hf__purl *p, struct hf_out *out);
#endif

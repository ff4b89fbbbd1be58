/* vpath.h -- virtual paths: where a file lies in nested containers, in one printable line.
 * "fw.itb!/images/ramdisk-1!/etc/shadow": each element is a name inside the one before it. Bytes outside
 * 0x21..0x7E, '!' inside names and '%' are written as %XX with capital digits. A layer that only compresses
 * adds no element. So a path never carries a control character, and two files never share one path.
 * Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_VPATH_H
#define HF_VPATH_H
#include <holdfast/base.h>

/* Append `name`, escaped, to `out`. Errors: HF_ERR_BASE_NO_ROOM, and then nothing was appended. */
HF_MUST_CHECK hf_err hf_vpath_escape(hf_bytes name, struct hf_out *out);
/* container + "!" + escaped name (which begins with "/"; one is added when it does not; "." and ".." and
 * empty elements of hostile names are taken out, so "../../etc/x" becomes "/etc/x").
 * Errors: HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_vpath_join(hf_bytes container, hf_bytes name, struct hf_out *out);
/* The part behind the last '!' ("/etc/shadow", still escaped); the whole path when there is none. */
hf_bytes hf_vpath_inner(hf_bytes path);
/* The path without its outermost file name: what fingerprints are made of. */
hf_bytes hf_vpath_without_input(hf_bytes path);
#endif

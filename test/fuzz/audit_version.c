/* Fuzz target: orders of versions. First byte: the scheme; then two texts, cut at the first line end. The
 * order
 * must be antisymmetric and every text equal to itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/version.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const uint8_t *end = memchr(data + 1, '\n', size - 1);
	size_t n = end ? (size_t)(end - data) - 1 : size - 1;
	hf_bytes a = { data + 1, n }, b = { data + 1 + n, size - 1 - n };

	for (unsigned scheme = 0; scheme < 8; scheme++) {
		int order = hf_version_compare(scheme, a, b);

		if (order < -1 || order > 1 || hf_version_compare(scheme, b, a) != -order ||
		    hf_version_compare(scheme, a, a) != 0)
			abort();
	}
	return 0;
}

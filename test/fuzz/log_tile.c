/* Fuzz target: names of tiles, which come in as the path of a request and go out as the path of a file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/logstore.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int level = 0;
	uint64_t n = 0;
	unsigned width = 0;
	char name[96];

	if (hf_log_tile_read_name((hf_bytes){ data, size }, &level, &n, &width) != HF_OK)
		return 0;
	if (level < -1 || level > 63 || width == 0 || width > HF_LOG_TILE ||
	    hf_log_tile_name(level, n, width, name) != HF_OK)
		abort();
	if (strlen(name) != size + 5 || memcmp(name + 5, data, size) != 0 || strstr(name, "..") != NULL)
		abort(); /* one tile, one name, and none that leaves its folder */
	if (hf_log_tile_exists(0, level, n, width))
		abort(); /* the empty tree has none */
	return 0;
}

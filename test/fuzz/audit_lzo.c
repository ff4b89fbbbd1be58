/* Fuzz target: the LZO1X decoder writes nothing outside its room.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "codec.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size < 2 ? 0 : (size_t)data[0] << 4 | data[1], len = room;
	uint8_t *out = malloc(room + 1); /* exactly: the sanitizer sees a byte too many */
	hf_err err;

	if (out == NULL)
		abort();
	err = size < 2 ? HF_ERR_IMAGE_FORMAT : hf__lzo_decode((hf_bytes){ data + 2, size - 2 }, out, &len);
	if (err == HF_OK && len > room)
		abort();
	free(out);
	return 0;
}

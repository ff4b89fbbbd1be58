/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <hf/src.h>

hf_err hf_src_read(const struct hf_src *src, uint64_t offset, uint8_t *out, size_t len)
{
	if (len > src->size || offset > src->size - len)
		return HF_ERR_IMAGE_SHORT;
	if (len == 0)
		return HF_OK;
	if (src->mem == NULL)
		return src->read(src->ctx, offset, out, len);
	memcpy(out, src->mem + offset, len);
	return HF_OK;
}

struct hf_src hf_src_memory(hf_bytes bytes)
{
	static const uint8_t nothing[1];

	return (struct hf_src){ .size = bytes.len, .mem = bytes.ptr == NULL ? nothing : bytes.ptr };
}

static hf_err file_read(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const int *fd = ctx;

	while (len > 0) {
		ssize_t n = pread(*fd, out, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* the file became shorter meanwhile, or the disk fails */
			return HF_ERR_FILE_IO;
		out += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return HF_OK;
}

struct hf_src hf_src_file(const int *fd, uint64_t size)
{
	union {
		const int *in;
		void *out;
	} ctx = { fd }; /* read() only reads through it */

	return (struct hf_src){ .size = size, .ctx = ctx.out, .read = file_read };
}

static hf_err slice_read(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const struct hf_src_slice *slice = ctx;

	return hf_src_read(slice->of, slice->begin + offset, out, len);
}

hf_err hf_src_cut(struct hf_src_slice *slice, const struct hf_src *of, uint64_t begin, uint64_t len,
		  struct hf_src *out)
{
	*out = hf_src_memory((hf_bytes){ NULL, 0 });
	if (len > of->size || begin > of->size - len)
		return HF_ERR_IMAGE_SHORT;
	*slice = (struct hf_src_slice){ of, begin };
	*out = (struct hf_src){ .size = len, .ctx = slice, .read = slice_read };
	if (of->mem != NULL)
		out->mem = of->mem + begin;
	return HF_OK;
}

/* foreign.c -- containers that are known by their magic and not read: they are reported, lest they pass for
 * data.
 * SPDX-License-Identifier: Apache-2.0 */
#include "walk_priv.h"

static bool always(const struct hf_src *src)
{
	return src->size > 512;
}

static hf_err refuse(struct hf__box *box, uint64_t *used)
{
	*used = box->src.size;
	return hf__fail(box, HF_ERR_IMAGE_KIND, "containers of this kind are not supported");
}

#define HF__FOREIGN(id, text, ...) \
	const struct hf__format hf__foreign_##id = { \
		text, HF__WRAPPER, { __VA_ARGS__ }, always, NULL, refuse \
	};

HF__FOREIGN(btrfs, "btrfs", { "_BHRfS_M", 8, 0x10040 })
HF__FOREIGN(xfs, "xfs", { "XFSB", 4, 0 })
HF__FOREIGN(f2fs, "f2fs", { "\x10\x20\xf5\xf2", 4, 1024 })
HF__FOREIGN(erofs, "erofs", { "\xe2\xe1\xf5\xe0", 4, 1024 })
HF__FOREIGN(cramfs, "cramfs", { "\x45\x3d\xcd\x28", 4, 0 }, { "\x28\xcd\x3d\x45", 4, 0 })
HF__FOREIGN(romfs, "romfs", { "-rom1fs-", 8, 0 })
HF__FOREIGN(ntfs, "ntfs", { "NTFS    ", 8, 3 })
HF__FOREIGN(exfat, "exfat", { "EXFAT   ", 8, 3 })
HF__FOREIGN(luks, "luks", { "LUKS\xba\xbe", 6, 0 })
HF__FOREIGN(lzip, "lzip", { "LZIP\x01", 5, 0 })
HF__FOREIGN(rar, "rar", { "Rar!\x1a\x07", 6, 0 })
HF__FOREIGN(cab, "cab", { "MSCF\0\0\0\0", 8, 0 })
HF__FOREIGN(android_sparse, "android-sparse", { "\x3a\xff\x26\xed", 4, 0 })
HF__FOREIGN(android_boot, "android-boot", { "ANDROID!", 8, 0 })
HF__FOREIGN(trx, "trx", { "HDR0", 4, 0 })
HF__FOREIGN(qcow, "qcow", { "QFI\xfb", 4, 0 })

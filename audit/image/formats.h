/* formats.h -- every container, as X(variable), in the order in which they are tried: where a file could be
 * taken for two, the one with the stronger proof stands first.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__FORMATS_H
#define HF__FORMATS_H
#include "walk_priv.h"

#define HF__FORMATS(X) \
	X(hf__format_squashfs) \
	X(hf__format_ubi) \
	X(hf__format_ubifs) \
	X(hf__format_jffs2) \
	X(hf__format_dtb) \
	X(hf__format_uimage) \
	X(hf__format_bzimage) \
	X(hf__format_zimage) \
	X(hf__format_zboot) \
	X(hf__format_ikconfig) \
	X(hf__format_mcuboot) \
	X(hf__format_wolfboot) \
	X(hf__format_hfb) \
	X(hf__format_suit) \
	X(hf__format_rpm) \
	X(hf__format_xz) \
	X(hf__format_gzip) \
	X(hf__format_zstd) \
	X(hf__format_bzip2) \
	X(hf__format_lz4) \
	X(hf__format_lz4_legacy) \
	X(hf__format_lzop) \
	X(hf__format_7z) \
	X(hf__format_ar) \
	X(hf__format_iso) \
	X(hf__format_tar) \
	X(hf__format_cpio) \
	X(hf__format_zip) \
	X(hf__foreign_luks) \
	X(hf__foreign_btrfs) \
	X(hf__foreign_xfs) \
	X(hf__foreign_f2fs) \
	X(hf__foreign_erofs) \
	X(hf__foreign_cramfs) \
	X(hf__foreign_romfs) \
	X(hf__foreign_ntfs) \
	X(hf__foreign_exfat) \
	X(hf__foreign_lzip) \
	X(hf__foreign_rar) \
	X(hf__foreign_cab) \
	X(hf__foreign_android_sparse) \
	X(hf__foreign_android_boot) \
	X(hf__foreign_trx) \
	X(hf__foreign_qcow) \
	X(hf__format_ext) \
	X(hf__format_gpt) \
	X(hf__format_fat) \
	X(hf__format_mbr) \
	X(hf__format_hex) \
	X(hf__format_lzma)

#define HF__DECLARE_FORMAT(name) extern const struct hf__format name;
HF__FORMATS(HF__DECLARE_FORMAT)
#undef HF__DECLARE_FORMAT
#endif

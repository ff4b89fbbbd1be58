/* identity_priv.h -- shared by the files of core/identity.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_IDENTITY_PRIV_H
#define HF_IDENTITY_PRIV_H
#include <stddef.h>

/* Core includes no <string.h> (it must build freestanding); every C implementation has these three. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

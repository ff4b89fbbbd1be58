/* walk_target.h -- the walk as a fuzz target sees it: small caps, and a visitor that reads every content.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_TEST_FUZZ_WALK_TARGET_H
#define HOLDFAST_TEST_FUZZ_WALK_TARGET_H
#include <stddef.h>
#include <stdint.h>

/* Walk the bytes twice, by memory and by reads; abort when the two differ or a promise is broken. */
void walk_target_run(const uint8_t *data, size_t size);
#endif

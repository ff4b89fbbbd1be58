/* fuzz.h -- the entry point every fuzz target defines; libFuzzer or replay.c calls it.
 * A target is pure: the same bytes do the same thing, and it keeps nothing between calls.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_TEST_FUZZ_H
#define HOLDFAST_TEST_FUZZ_H
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#endif

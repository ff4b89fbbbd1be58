/* release_world.h -- what the fuzz targets of releases verify against: the maker, log, witnesses and
 * device of the unit tests (release_rig.h), made once; nothing of it changes from one input to the next.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_RELEASE_WORLD_H
#define FUZZ_RELEASE_WORLD_H
#include "release_rig.h"
#include "fuzz.h"

/* A good release, logged; its device as it was when it knew policy 1 only. */
struct rig *release_world(void);
/* Wrong result: ends the program, as a finding. */
void release_expect(bool holds);
#endif

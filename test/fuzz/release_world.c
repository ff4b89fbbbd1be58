/* release_world.c -- see release_world.h. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "release_world.h"

void release_expect(bool holds)
{
	if (!holds)
		abort();
}

static void make(struct rig *r)
{
	rig_start(r);
	rig_good(r, 2, 1);
	release_expect(rig_device(r, NULL) == HF_OK && rig_verify(r) == HF_OK);
	release_expect(rig_device(r, NULL) == HF_OK);
}

struct rig *release_world(void)
{
	static struct rig now,
		first; /* copied back to the same place, so what it borrows from itself stays */

	if (first.log.size == 0) {
		make(&now);
		memcpy(&first, &now, sizeof(now));
	}
	memcpy(&now.trust, &first.trust, sizeof(now.trust));
	now.log.size = first.log.size;
	return &now;
}

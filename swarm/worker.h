/* worker.h -- one process of the swarm.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_WORKER_H
#define HF_SWARM_WORKER_H
#include "device.h"

/* Returns its exit status when the phase is SWARM_QUIT. */
int swarm_worker_run(const struct swarm_opts *o, struct swarm_shared *shared, unsigned index,
		     struct device *devices);
#endif

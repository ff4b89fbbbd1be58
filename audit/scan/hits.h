/* hits.h -- readers of the bytes around one hit of the automaton.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HITS_H
#define HITS_H
#include "scan_priv.h"

/* Stands the literal alone, when it must? */
bool hf__scan_hit_alone(struct hf__scan_job *job, const struct hf__scan_hit *hit);
/* A name with a dot that is no example, or an address that others can be reached at. */
bool hf__scan_host_is_public(hf_bytes host);
/* "Linux version 6.1.0-18 (builder@host) ..." */
HF_MUST_CHECK hf_err hf__scan_put_banner(struct hf__scan_job *job, const struct hf__scan_hit *hit);
/* bootdelay=, bootargs= and the keyed stop of a U-Boot environment; `action` is HF__ACT_*. */
HF_MUST_CHECK hf_err hf__scan_put_uboot(struct hf__scan_job *job, const struct hf__scan_hit *hit,
					unsigned action);
#endif

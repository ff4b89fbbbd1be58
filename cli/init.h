/* init.h -- parts of `holdfast init`: what was chosen, and the people with their policy.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_H
#define INIT_H
#include "cli.h"
#include "maker.h"

struct init_people {
	size_t n;
	const char *name[HF_DEPLOY_OPERATORS_MAX];
	hf_bytes release; /* JSON of --release-policy, empty: none */
};
/* Judge the options; words in `why`. */
bool init_choices(const struct cli_args *args, struct hf_deploy *d, struct init_people *people,
		  struct hf_why *why);
/* Operator keys, root keys of the policy, policy 1, one folder for each person. */
void init_people(struct maker *m, const struct hf_deploy *d, const struct init_people *people,
		 const struct maker_key *station_ca, const struct maker_key *server_ca);
#endif

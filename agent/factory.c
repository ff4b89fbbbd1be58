/* `factory`: the device's side of a production order (identity.md s10).
 * SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include <stdio.h>

int agent_cmd_factory(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)fprintf(stderr, "usage: holdfast-agent factory VERB --dir STATE ...\n");
	return 2;
}

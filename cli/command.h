/* command.h -- shared by the verbs of `holdfast command`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_H
#define COMMAND_H
#include "mission.h"

enum { COMMAND_WAIT_S = 30 };

#define LIFE \
	{ \
		"life", "SECONDS", "how long it may be executed (default 600)" \
	}
#define CLASS \
	{ \
		"class", "CLASS", "read, act, danger or erase: for operations of an application" \
	}
#define WAIT \
	{ \
		"wait", "SECONDS", "for the receipt (default 30)" \
	}
#define FORCE \
	{ \
		"force", NULL, "also danger to a quarantined device" \
	}

/* What run and new are asked for. */
struct command_order {
	const char *dev, *op;
	unsigned cls;
	long life_s, wait_s;
	uint8_t args_mem[MISSION_ARGS_MAX];
	struct hf_out args;
};
/* From the words on the command line. Prints the usage error. */
bool command_read_order(const struct cli_args *args, struct command_order *o);
/* Danger to a device that is under suspicion wants a second thought. */
bool command_is_safe(struct session *s, const struct command_order *o);

/* cmd_receipts.c */
extern const struct cli_opt command_receipts_opts[];
int command_receipts(const struct cli_args *args);

/* cmd_together.c: several people, one after the other. */
extern const struct cli_opt command_new_opts[], command_sign_opts[], command_send_opts[];
int command_new(const struct cli_args *args);
int command_sign(const struct cli_args *args);
int command_send(const struct cli_args *args);
/* Send a signed command 'release' to the device in args[0]. True once the device has answered that it obeys;
 * else an error was printed. */
bool command_release(const struct cli_args *args, const char *file);
#endif

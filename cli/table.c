/* table.c -- the commands, in the order of a device's life.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "verbs.h"

const struct cli_verb cli_verbs[] = {
	{ .name = "init", .run = cli_cmd_init, .args = "DIR", .min_args = 1, .max_args = 1, .opts = cli_init_opts,
	  .summary = "make a deployment: keys, certificates, trust policy, configuration", .text = cli_init_text },
	{ .name = "up", .run = cli_cmd_up, .args = "DIR", .min_args = 1, .max_args = 1, .opts = cli_up_opts,
	  .summary = "run control plane and broker on this machine, in the foreground", .text = cli_up_text },
	{ .name = "product", .subs = cli_product_verbs, .summary = "add, list or show product lines" },
	{ .name = "order", .subs = cli_order_verbs, .summary = "production orders: make, sign, send, reconcile" },
	{ .name = "device", .subs = cli_device_verbs, .summary = "claim, list, show or throw out devices" },
	{ .name = "command", .subs = cli_command_verbs, .summary = "order a device to do something, alone or together" },
	{ .name = "operator", .subs = cli_operator_verbs, .summary = "list, add, renew or remove operators" },
	{ .name = "event", .subs = cli_event_verbs, .summary = "read the event journal" },
	{ .name = "status", .run = cli_cmd_status, .args = "", .opts = cli_status_opts,
	  .summary = "show how the control plane is" },
	{ .name = "backup", .run = cli_cmd_backup, .args = "DIR FILE", .min_args = 2, .max_args = 2,
	  .summary = "write a consistent copy of the registry while it runs" },
	{ 0 },
};

/* verbs.h -- second tables, and verbs that have a file of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VERBS_H
#define VERBS_H
#include "cli.h"

extern const struct cli_verb cli_device_verbs[], cli_command_verbs[], cli_operator_verbs[], cli_order_verbs[],
	cli_event_verbs[], cli_ca_verbs[], cli_log_verbs[], cli_release_verbs[], cli_station_verbs[],
	cli_monitor_verbs[], cli_audit_verbs[], cli_audit_feed_verbs[];
extern const struct cli_opt cli_claim_opts[], cli_data_opts[], cli_look_opts[],
	cli_order_new_opts[], cli_order_station_opts[], cli_status_opts[], cli_verify_opts[];
extern const struct cli_opt cli_vouch_opts[];
int cli_cmd_vouch(const struct cli_args *args);
int cli_cmd_trust(const struct cli_args *args);
extern const char cli_verify_text[];
int cli_cmd_verify(const struct cli_args *args);
extern const struct cli_opt cli_audit_opts[];
extern const char cli_audit_text[];
int cli_cmd_audit(const struct cli_args *args);
int cli_cmd_claim(const struct cli_args *args);
int cli_cmd_order_new(const struct cli_args *args);
extern const struct cli_opt cli_order_pack_opts[];
int cli_cmd_order_pack(const struct cli_args *args);
int cli_cmd_order_show(const struct cli_args *args);
int cli_cmd_order_station(const struct cli_args *args);
int cli_cmd_look(const struct cli_args *args);
extern const struct cli_opt cli_ca_sign_opts[];
int cli_cmd_ca_sign(const struct cli_args *args);
int cli_cmd_ca_install(const struct cli_args *args);
int cli_cmd_data(const struct cli_args *args);
int cli_cmd_status(const struct cli_args *args);
#endif

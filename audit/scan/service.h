/* service.h -- steps shared by the readers of what a system starts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_H
#define SERVICE_H
#include "scan_priv.h"

struct hf__scan_service {
	unsigned source; /* HF_SOURCE_* */
	unsigned flags;  /* HF_SERVICEF_* known so far */
	hf_bytes command, unit, user, when;
	hf_bytes where; /* the part of the text it was read from; for offset and length */
};
/* The program that a shell command runs: past exec, env, nohup, start-stop-daemon, busybox. Empty when the
 * command is a keyword or an assignment. */
hf_bytes hf__scan_program_of(hf_bytes command);
/* Does it start a service that speaks in the clear (telnet, rlogin, rsh, tftp, ftp)? */
bool hf__scan_is_clear(hf_bytes command);
/* Does it fetch something and hand it to a shell, or make it executable? */
bool hf__scan_fetches_and_runs(hf_bytes command);
/* A shell on a console without a login: sh, or getty with -n -l sh or --autologin. */
bool hf__scan_is_open_shell(hf_bytes command);
/* Send it: name, clear and fetching flags are found here. */
HF_MUST_CHECK hf_err hf__scan_put_service(const struct hf__scan_job *job, const struct hf__scan_service *s);
HF_MUST_CHECK hf_err hf__scan_put_listener(const struct hf__scan_job *job, hf_bytes name, hf_bytes address,
					   hf_bytes where, bool udp);

HF_MUST_CHECK hf_err hf__scan_inittab(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_inetd(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_script(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_unit(struct hf__scan_job *job);
HF_MUST_CHECK hf_err hf__scan_cron(struct hf__scan_job *job);
#endif

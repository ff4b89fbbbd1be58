/* service.c -- inittab, inetd, start scripts: what runs without being asked.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "service.h"

enum { LINES_MAX = 4096, COMMANDS_MAX = 20000 };

/* ---- inittab: sysvinit "id:levels:action:process", busybox "tty::action:process" ---- */

static bool is_active(hf_bytes action)
{
	static const char *const started[] = { "respawn",  "wait",    "once",     "boot",
					       "bootwait", "sysinit", "askfirst", NULL };

	return hf_span_in(action, started);
}

static hf_err put_inittab_line(struct hf__scan_job *job, hf_bytes line)
{
	struct hf__scan_service s = { .source = HF_SOURCE_INITTAB, .where = line };
	hf_bytes rest = line, id, levels, action;

	if (!hf_span_part(&rest, ':', &id) || !hf_span_part(&rest, ':', &levels) ||
	    !hf_span_part(&rest, ':', &action) || !is_active(action))
		return HF_OK;
	s.command = hf_span_trim(rest);
	s.unit = id.len > 0 ? id : HF_STR("inittab");
	s.when = action;
	if ((hf_span_is(action, "respawn") || hf_span_is(action, "askfirst")) &&
	    hf__scan_is_open_shell(s.command))
		s.flags |= HF_SERVICEF_SHELL;
	return s.command.len > 0 ? hf__scan_put_service(job, &s) : HF_OK;
}

hf_err hf__scan_inittab(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len > 0 && line.ptr[0] != '#')
			HF_TRY(put_inittab_line(job, line));
	}
	return HF_OK;
}

/* ---- inetd.conf: service type protocol wait user program arguments ---- */

static hf_err put_inetd_line(struct hf__scan_job *job, hf_bytes line)
{
	struct hf__scan_service s = { .source = HF_SOURCE_INETD, .where = line };
	hf_bytes rest = line, word[5], program;

	for (int i = 0; i < 5; i++)
		if (!hf__scan_word(&rest, &word[i]))
			return HF_OK;
	if (!hf__scan_word(&rest, &program))
		return HF_OK;
	if (hf_span_is(hf_span_base(program), "tcpd") &&
	    rest.len > 0) /* a wrapper: the program is its first argument */
		program = rest;
	s.unit = word[0];
	s.user = word[4];
	s.command = hf_span_is(program, "internal")
			    ? word[0]
			    : (hf_bytes){ program.ptr, (size_t)(line.ptr + line.len - program.ptr) };
	HF_TRY(hf__scan_put_service(job, &s));
	return hf__scan_put_listener(job, hf_span_base(hf__scan_program_of(s.command)), HF_STR("*"), line,
				     hf_span_begins(word[2], "udp"));
}

static hf_err scan_xinetd(struct hf__scan_job *job)
{
	struct hf__scan_service s = { .source = HF_SOURCE_INETD };
	hf_bytes rest = job->text, line, name, value;

	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (hf_span_begins(line, "service ")) {
			s = (struct hf__scan_service){ .source = HF_SOURCE_INETD,
						       .where = line,
						       .unit = hf_span_trim(hf_span_from(line, 8)) };
		} else if (hf_span_is(line, "}") && s.unit.len > 0) {
			if (s.command.len == 0)
				s.command = s.unit;
			HF_TRY(hf__scan_put_service(job, &s));
			s = (struct hf__scan_service){ 0 };
		} else if (hf__scan_pair(line, '=', &name, &value)) {
			if (hf_span_is(name, "server"))
				s.command = value;
			else if (hf_span_is(name, "user"))
				s.user = value;
			else if (hf_span_is(name, "disable") && hf_span_is(value, "yes"))
				s.flags |= HF_SERVICEF_DISABLED;
		}
	}
	return HF_OK;
}

hf_err hf__scan_inetd(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	if (hf_span_find(job->name, "/xinetd.d/") != SIZE_MAX || hf_span_is(job->base, "xinetd.conf"))
		return scan_xinetd(job);
	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len > 0 && line.ptr[0] != '#')
			HF_TRY(put_inetd_line(job, line));
	}
	return HF_OK;
}

/* ---- start scripts ---- */

struct script {
	struct hf__scan_job *job;
	unsigned source, flags;
	unsigned commands;
};

static bool ends_command(hf_bytes b, size_t i)
{
	uint8_t c = b.ptr[i];

	return c == ';' || c == '&' || c == '|' ||
	       (c == '#' && (i == 0 || b.ptr[i - 1] == ' ' || b.ptr[i - 1] == '\t'));
}

/* Where the simple command at the front ends: at ; & | or a comment, outside quotes. */
static size_t command_len(hf_bytes b)
{
	uint8_t quote = 0;
	size_t i = 0;

	for (; i < b.len; i++) {
		uint8_t c = b.ptr[i];

		if (quote != 0)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (ends_command(b, i))
			break;
	}
	return i;
}

static bool next_command(hf_bytes *rest, hf_bytes *command)
{
	size_t n = command_len(*rest);

	if (rest->len == 0)
		return false;
	*command = hf_span_trim(hf_span_upto(*rest, n));
	*rest = n < rest->len && rest->ptr[n] == '#' ? (hf_bytes){ 0 } : hf_span_from(*rest, n + 1);
	return true;
}

/* Only what checks ask for is said of a script's commands: clear-text daemons, and shells on a line. */
static hf_err put_script_line(struct script *script, hf_bytes line)
{
	hf_bytes rest = line, command;

	while (script->commands < COMMANDS_MAX && next_command(&rest, &command)) {
		struct hf__scan_service s = { .source = script->source,
					      .flags = script->flags,
					      .command = command,
					      .unit = script->job->base,
					      .where = line };

		script->commands++;
		if (hf_span_begins(command, "procd_set_param command "))
			s.command = hf_span_from(command, 24);
		if (s.command.len > 0 && (hf__scan_is_clear(s.command) || s.command.len != command.len))
			HF_TRY(hf__scan_put_service(script->job, &s));
	}
	return HF_OK;
}

/* S50name in a folder of an init that runs whatever begins with S and two digits. */
static bool runs_by_name(hf_bytes base)
{
	return base.len > 3 && base.ptr[0] == 'S' && base.ptr[1] >= '0' && base.ptr[1] <= '9' &&
	       base.ptr[2] >= '0' && base.ptr[2] <= '9';
}

hf_err hf__scan_script(struct hf__scan_job *job)
{
	bool init_d = hf_span_find(job->name, "/init.d/") != SIZE_MAX;
	bool procd = hf_span_find(job->text, "USE_PROCD") != SIZE_MAX;
	bool direct = !init_d || runs_by_name(job->base) || hf_span_is(job->base, "rcS");
	struct script script = { .job = job,
				 .source = procd ? HF_SOURCE_PROCD : HF_SOURCE_RC,
				 .flags = direct ? 0 : HF_SERVICEF_TEMPLATE };
	struct hf__scan_service self = { .source = script.source,
					 .flags = script.flags,
					 .unit = job->base,
					 .where = hf_span_upto(job->text, 1) };
	hf_bytes rest = job->text, line;

	if (hf__scan_fetches_and_runs(job->text))
		self.flags |= HF_SERVICEF_FETCHRUN;
	HF_TRY(hf__scan_put_service(job, &self));
	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len > 0 && line.ptr[0] != '#')
			HF_TRY(put_script_line(&script, line));
	}
	return HF_OK;
}

/* ---- which reader ---- */

static bool is_start_script(const struct hf__scan_job *job)
{
	static const char *const names[] = { "rcS", "rc.local", "rc.sysinit", "rc", NULL };

	if (job->kind != HF_KIND_SCRIPT && job->kind != HF_KIND_TEXT)
		return false;
	if (hf_span_in(job->base, names) && hf_span_find(job->name, "/etc/") != SIZE_MAX)
		return true;
	return hf_span_find(job->name, "/etc/init.d/") != SIZE_MAX ||
	       hf_span_find(job->name, "/rc.d/init.d/") != SIZE_MAX;
}

hf_err hf__scan_services(struct hf__scan_job *job)
{
	if (job->text.len == 0)
		return HF_OK;
	if (hf_span_is(job->base, "inittab"))
		return hf__scan_inittab(job);
	if (hf_span_is(job->base, "inetd.conf") || hf_span_find(job->name, "/xinetd.d/") != SIZE_MAX ||
	    hf_span_is(job->base, "xinetd.conf"))
		return hf__scan_inetd(job);
	if (is_start_script(job))
		return hf__scan_script(job);
	HF_TRY(hf__scan_unit(job));
	return hf__scan_cron(job);
}

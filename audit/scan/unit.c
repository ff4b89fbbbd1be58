/* unit.c -- systemd units, udev rules that run programs, and the links that enable what is only shipped.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "service.h"

enum { LINES_MAX = 4096 };

static bool is_unit(const struct hf__scan_job *job)
{
	static const char *const kinds[] = { ".service", ".socket", ".timer", ".conf", NULL };
	bool place = hf_span_find(job->name, "/systemd/system/") != SIZE_MAX ||
		     hf_span_find(job->name, "/systemd/user/") != SIZE_MAX;

	for (size_t i = 0; place && kinds[i] != NULL; i++)
		if (hf_span_ends(job->base, kinds[i]))
			return true;
	return false;
}

/* A drop-in "x.service.d/y.conf" speaks for x.service. */
static hf_bytes unit_name(const struct hf__scan_job *job)
{
	hf_bytes dir;

	if (!hf_span_ends(job->base, ".conf"))
		return job->base;
	dir = hf_span_base(hf_span_upto(job->name, job->name.len - job->base.len - 1));
	return hf_span_ends(dir, ".d") ? hf_span_upto(dir, dir.len - 2) : job->base;
}

struct unit {
	struct hf__scan_job *job;
	struct hf__scan_service s;
	bool install, any_command;
};

static hf_err put_exec(struct unit *u, hf_bytes line, hf_bytes value)
{
	while (value.len > 0 && value.ptr[0] != 0 && strchr("@-+!:", value.ptr[0]) != NULL)
		value = hf_span_from(value, 1);
	if (value.len == 0)
		return HF_OK; /* empties the list */
	u->s.command = value;
	u->s.where = line;
	u->any_command = true;
	if (hf__scan_is_open_shell(value))
		u->s.flags |= HF_SERVICEF_SHELL;
	return HF_OK;
}

static hf_err put_unit_key(struct unit *u, hf_bytes line, hf_bytes name, hf_bytes value)
{
	if (hf_span_is(name, "ExecStart"))
		return put_exec(u, line, value);
	if (hf_span_is(name, "User"))
		u->s.user = value;
	else if (hf_span_is(name, "OnCalendar"))
		u->s.when = value;
	else if (hf_span_is(name, "WantedBy") || hf_span_is(name, "RequiredBy") ||
		 hf_span_is(name, "Alias") || hf_span_is(name, "Also"))
		u->install = true;
	else if (hf_span_is(name, "ListenStream"))
		return hf__scan_put_listener(u->job, u->s.unit, value, line, false);
	else if (hf_span_is(name, "ListenDatagram"))
		return hf__scan_put_listener(u->job, u->s.unit, value, line, true);
	return HF_OK;
}

static hf_err scan_unit_text(struct hf__scan_job *job)
{
	struct unit u = { .job = job, .s = { .source = HF_SOURCE_UNIT, .unit = unit_name(job) } };
	hf_bytes rest = job->text, line, name, value;

	u.s.where = hf_span_upto(job->text, 1);
	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != ';' &&
		    hf__scan_pair(line, '=', &name, &value))
			HF_TRY(put_unit_key(&u, line, name, value));
	}
	/* What has a name with @ or an [Install] section runs only when something wants it. */
	if (u.install || hf_span_find(u.s.unit, "@.") != SIZE_MAX)
		u.s.flags |= HF_SERVICEF_TEMPLATE;
	return hf__scan_put_service(job, &u.s);
}

/* RUN+="program arguments" */
static hf_err scan_udev(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&rest, &line); n++) {
		struct hf__scan_service s = { .source = HF_SOURCE_UDEV, .unit = job->base, .where = line };
		size_t at = hf_span_find(line, "RUN+=\"");
		const uint8_t *end;

		if (at == SIZE_MAX || hf_span_begins(hf_span_trim(line), "#"))
			continue;
		s.command = hf_span_from(line, at + 6);
		end = memchr(s.command.ptr != NULL ? s.command.ptr : (const uint8_t *)"", '"', s.command.len);
		if (end == NULL)
			continue;
		s.command = hf_span_upto(s.command, (size_t)(end - s.command.ptr));
		HF_TRY(hf__scan_put_service(job, &s));
	}
	return HF_OK;
}

hf_err hf__scan_unit(struct hf__scan_job *job)
{
	if (is_unit(job))
		return scan_unit_text(job);
	if (hf_span_ends(job->base, ".rules") && hf_span_find(job->name, "/udev/rules.d/") != SIZE_MAX)
		return scan_udev(job);
	return HF_OK;
}

static bool is_start_link(hf_bytes base)
{
	return base.len > 3 && base.ptr[0] == 'S' && base.ptr[1] >= '0' && base.ptr[1] <= '9' &&
	       base.ptr[2] >= '0' && base.ptr[2] <= '9';
}

static bool in_runlevel(hf_bytes name)
{
	for (int level = '2'; level <= '5'; level++) {
		char folder[] = "/rcX.d/";

		folder[3] = (char)level;
		if (hf_span_find(name, folder) != SIZE_MAX)
			return true;
	}
	return hf_span_find(name, "/rcS.d/") != SIZE_MAX || hf_span_find(name, "/etc/rc.d/S") != SIZE_MAX;
}

hf_err hf__scan_link(struct hf__scan_job *job)
{
	struct hf__scan_service s = { .source = HF_SOURCE_WANTS };
	bool wants = hf_span_find(job->name, ".wants/") != SIZE_MAX ||
		     hf_span_find(job->name, ".requires/") != SIZE_MAX;

	if (job->node->type != HF_NODE_LINK)
		return HF_OK;
	if (wants && hf_span_find(job->name, "/systemd/") != SIZE_MAX)
		s.unit = job->base; /* an instance "getty@tty1.service" keeps its own name */
	else if (in_runlevel(job->name) && is_start_link(job->base))
		s.unit = hf_span_base(job->node->link);
	else
		return HF_OK;
	s.command = s.unit;
	return hf__scan_put_service(job, &s);
}

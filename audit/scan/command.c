/* command.c -- what a line of shell runs. No shell is imitated: the first program of each simple command is
 * enough to know what is started.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "service.h"

static const char *const wrappers[] = { "exec",
					"nohup",
					"env",
					"sudo",
					"command",
					"time",
					"nice",
					"ionice",
					"setsid",
					"then",
					"do",
					"else",
					"if",
					"while",
					"until",
					"!",
					"{",
					"(",
					"eval",
					"respawn",
					"limit",
					"trap",
					"busybox",
					"toybox",
					"/bin/busybox",
					"/usr/bin/busybox",
					NULL };
static const char *const clear[] = { "telnetd",  "in.telnetd", "utelnetd", "rshd",      "in.rshd",
				     "rlogind",  "in.rlogind", "rexecd",   "in.rexecd", "tftpd",
				     "in.tftpd", "atftpd",     "ftpd",     "in.ftpd",   "vsftpd",
				     "proftpd",  "pure-ftpd",  "bftpd",    "uftpd",     "tcpsvd-ftpd",
				     NULL };
static const char *const shells[] = {
	"sh", "bash", "ash", "dash", "ksh", "zsh", "-sh", "-bash", "-ash", NULL
};
static const char *const fetchers[] = { "wget",          "curl",  "tftp",   "ftpget",
					"uclient-fetch", "fetch", "aria2c", NULL };

static bool is_assignment(hf_bytes word)
{
	const uint8_t *eq = word.len > 0 ? memchr(word.ptr, '=', word.len) : NULL;

	return eq != NULL && eq > word.ptr && memchr(word.ptr, '/', (size_t)(eq - word.ptr)) == NULL &&
	       word.ptr[0] != '-';
}

/* start-stop-daemon names it with -x, -a, --exec or --startas. */
static hf_bytes daemon_of(hf_bytes rest)
{
	static const char *const names[] = { "-x", "-a", "--exec", "--startas", NULL };
	hf_bytes word;

	while (hf__scan_word(&rest, &word)) {
		if (hf_span_begins(word, "--exec=") || hf_span_begins(word, "--startas="))
			return hf_span_from(word, hf_span_find(word, "=") + 1);
		if (hf_span_in(word, names) && hf__scan_word(&rest, &word))
			return word;
	}
	return (hf_bytes){ 0 };
}

hf_bytes hf__scan_program_of(hf_bytes command)
{
	hf_bytes rest = command, word;

	for (unsigned i = 0; i < 16 && hf__scan_word(&rest, &word); i++) {
		if (word.len == 0 || is_assignment(word) || hf_span_in(word, wrappers) ||
		    (i > 0 && word.ptr[0] == '-'))
			continue;
		if (hf_span_is(hf_span_base(word), "start-stop-daemon"))
			return daemon_of(rest);
		while (word.len > 0 && strchr("(@-+!:|{", word.ptr[0]) != NULL && word.ptr[0] != 0)
			word = hf_span_from(word, 1); /* marks of systemd and of subshells */
		return word;
	}
	return (hf_bytes){ 0 };
}

bool hf__scan_is_clear(hf_bytes command)
{
	hf_bytes base = hf_span_base(hf__scan_program_of(command));

	if (hf_span_in(base, clear))
		return true;
	return hf_span_is(base, "dnsmasq") && hf_span_find(command, "--enable-tftp") != SIZE_MAX;
}

static bool hands_to_shell(hf_bytes rest)
{
	static const char *const ways[] = { "| sh",        "|sh",      "| bash",  "|bash",     "| /bin/sh",
					    "|/bin/sh",    "| ash",    "&& sh",   "; sh",      "; ./",
					    "&& ./",       "chmod +x", "chmod 7", "chmod a+x", "| sudo sh",
					    "| sudo bash", "$(cat",    "`cat",    NULL };

	for (size_t i = 0; ways[i] != NULL; i++)
		if (hf_span_find(rest, ways[i]) != SIZE_MAX)
			return true;
	return false;
}

/* A fetcher as a word of its own at `at`, with arguments. */
static bool is_word_at(hf_bytes command, size_t at, size_t len)
{
	if (at > 0 && (command.ptr[at - 1] == 0 || strchr(" \t\n/;&|(`'\"", command.ptr[at - 1]) == NULL))
		return false;
	return command.len > at + len && (command.ptr[at + len] == ' ' || command.ptr[at + len] == '\t');
}

/* sh -c "$(curl ...)" */
static bool is_substituted(hf_bytes command, size_t at)
{
	return at >= 2 && command.ptr[at - 1] == '(' && command.ptr[at - 2] == '$' &&
	       hf_span_find(hf_span_upto(command, at), "sh ") != SIZE_MAX;
}

bool hf__scan_fetches_and_runs(hf_bytes command)
{
	for (size_t i = 0; fetchers[i] != NULL; i++) {
		size_t at = hf_span_find(command, fetchers[i]);

		if (at == SIZE_MAX || !is_word_at(command, at, strlen(fetchers[i])))
			continue;
		if (hands_to_shell(hf_span_from(command, at)) || is_substituted(command, at))
			return true;
	}
	return false;
}

/* With a script or a command behind it, a shell is none for people. */
static bool is_interactive(hf_bytes command, hf_bytes program)
{
	size_t at = program.len > 0 ? (size_t)(program.ptr - command.ptr) + program.len : command.len;
	hf_bytes rest = hf_span_trim(hf_span_from(command, at)), word;

	return !hf__scan_word(&rest, &word) || hf_span_is(word, "-l") || hf_span_is(word, "-i") ||
	       hf_span_is(word, "--login");
}

bool hf__scan_is_open_shell(hf_bytes command)
{
	static const char *const open[] = { "--autologin", " -a root",     "-l /bin/sh",
					    "-l /bin/ash", "-l /bin/bash", NULL };
	hf_bytes program = hf__scan_program_of(command), base = hf_span_base(program);

	while (hf_span_begins(base, "-"))
		base = hf_span_from(base, 1);
	if (hf_span_in(base, shells))
		return is_interactive(command, program);
	if (hf_span_find(base, "getty") == SIZE_MAX)
		return false;
	for (size_t i = 0; open[i] != NULL; i++)
		if (hf_span_find(command, open[i]) != SIZE_MAX)
			return true;
	return false;
}

hf_err hf__scan_put_service(const struct hf__scan_job *job, const struct hf__scan_service *s)
{
	struct hf_fact fact = { .kind = HF_FACT_SERVICE };
	hf_bytes program = hf_span_base(hf__scan_program_of(s->command));

	fact.num[HF_SERVICE_SOURCE] = s->source;
	fact.num[HF_SERVICE_FLAGS] = s->flags | (hf__scan_is_clear(s->command) ? HF_SERVICEF_CLEAR : 0u) |
				     (hf__scan_fetches_and_runs(s->command) ? HF_SERVICEF_FETCHRUN : 0u);
	if (s->where.ptr != NULL && job->text.ptr != NULL && s->where.ptr >= job->text.ptr)
		fact.num[HF_SERVICE_OFFSET] = (uint64_t)(s->where.ptr - job->text.ptr);
	fact.num[HF_SERVICE_LENGTH] = s->where.len;
	fact.text[HF_SERVICE_NAME] = program.len > 0 ? program : s->unit;
	fact.text[HF_SERVICE_COMMAND] = hf_span_upto(s->command, 512);
	fact.text[HF_SERVICE_UNIT] = s->unit;
	fact.text[HF_SERVICE_USER] = s->user;
	fact.text[HF_SERVICE_WHEN] = s->when;
	return hf__scan_put(job, &fact);
}

/* "23", "*:23", "0.0.0.0:23", "[::]:23", "192.0.2.1:80", "/run/x.sock" */
static bool read_address(hf_bytes a, hf_bytes *host, uint64_t *port)
{
	const uint8_t *colon = a.len > 0 ? memrchr(a.ptr, ':', a.len) : NULL;

	*host = (hf_bytes){ 0 };
	if (hf__scan_number(a, port))
		return true;
	if (colon == NULL)
		return false;
	*host = hf_span_upto(a, (size_t)(colon - a.ptr));
	return hf__scan_number(hf_span_from(a, host->len + 1), port);
}

hf_err hf__scan_put_listener(const struct hf__scan_job *job, hf_bytes name, hf_bytes address, hf_bytes where,
			     bool udp)
{
	static const char *const everywhere[] = { "", "*", "0.0.0.0", "::", "[::]", "0", "any", "all", NULL };
	struct hf_fact fact = { .kind = HF_FACT_LISTENER };
	uint64_t port = 0;
	hf_bytes host = { 0 };
	bool all;

	if (address.len == 0 || address.ptr[0] == '/' || address.ptr[0] == '@' || address.ptr[0] == '%')
		return HF_OK; /* a socket of the file system */
	if (!read_address(address, &host, &port))
		host = address;
	all = hf_span_in(host, everywhere);
	fact.num[HF_LISTENER_PORT] = port;
	fact.num[HF_LISTENER_FLAGS] = (all ? HF_LISTENERF_ALL : 0u) | (udp ? HF_LISTENERF_UDP : 0u);
	fact.num[HF_LISTENER_OFFSET] = (uint64_t)(where.ptr - job->text.ptr);
	fact.num[HF_LISTENER_LENGTH] = where.len;
	fact.text[HF_LISTENER_ADDRESS] = address;
	fact.text[HF_LISTENER_NAME] = name;
	fact.text[HF_LISTENER_EVIDENCE] = hf_span_upto(where, 200);
	return hf__scan_put(job, &fact);
}

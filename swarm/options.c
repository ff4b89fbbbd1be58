/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "swarm.h"

static const char usage[] =
	"usage: holdfast-swarm --server-ca FILE --ca-cert FILE --ca-key FILE [options]\n"
	"Plays many devices against a broker, each with a certificate of its own from a test CA.\n"
	"  --host NAME --port N       broker (localhost 8883); NAME must be in its certificate\n"
	"  --server-ca FILE           certificate the broker must chain to\n"
	"  --ca-cert FILE --ca-key FILE  test CA for the devices, PEM, key without passphrase\n"
	"  --devices N --workers N    how many, in how many processes (100, 1)\n"
	"  --phases LIST              ramp,hold:S,steady:S,storm:S,resume:S,clone:S,slow:S,revoke:N,stop\n"
	"                             (ramp,steady:10,stop); S = seconds, at most\n"
	"  --rate N                   connects a second while ramping (200)\n"
	"  --window N --payload N     messages outstanding per device, their bytes (1, 100)\n"
	"  --spread S                 after storm and resume each waits up to S seconds first (0)\n"
	"  --budget N                 budget class given to the plugin: 1, 2, 3 (3)\n"
	"  --plugin-socket PATH       play the bus for the broker plugin there\n"
	"  --watch NAME=PID           CPU time and memory of a process; may be repeated\n"
	"  --csv FILE --seed N --domain NAME\n";

enum {
	OPT_FIRST = 256,
	OPT_HOST = OPT_FIRST,
	OPT_PORT,
	OPT_SERVER_CA,
	OPT_CA_CERT,
	OPT_CA_KEY,
	OPT_DEVICES,
	OPT_WORKERS,
	OPT_PHASES,
	OPT_RATE,
	OPT_WINDOW,
	OPT_PAYLOAD,
	OPT_BUDGET,
	OPT_PLUGIN,
	OPT_WATCH,
	OPT_CSV,
	OPT_SEED,
	OPT_DOMAIN,
	OPT_HELP,
	OPT_SPREAD,
};

static const struct option options[] = {
	{ "host", 1, NULL, OPT_HOST },
	{ "port", 1, NULL, OPT_PORT },
	{ "server-ca", 1, NULL, OPT_SERVER_CA },
	{ "ca-cert", 1, NULL, OPT_CA_CERT },
	{ "ca-key", 1, NULL, OPT_CA_KEY },
	{ "devices", 1, NULL, OPT_DEVICES },
	{ "workers", 1, NULL, OPT_WORKERS },
	{ "phases", 1, NULL, OPT_PHASES },
	{ "rate", 1, NULL, OPT_RATE },
	{ "window", 1, NULL, OPT_WINDOW },
	{ "payload", 1, NULL, OPT_PAYLOAD },
	{ "budget", 1, NULL, OPT_BUDGET },
	{ "plugin-socket", 1, NULL, OPT_PLUGIN },
	{ "watch", 1, NULL, OPT_WATCH },
	{ "csv", 1, NULL, OPT_CSV },
	{ "seed", 1, NULL, OPT_SEED },
	{ "spread", 1, NULL, OPT_SPREAD },
	{ "domain", 1, NULL, OPT_DOMAIN },
	{ "help", 0, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	enum swarm_phase kind;
	uint32_t amount; /* default */
} phases[] = {
	{ "ramp", SWARM_RAMP, 600 },   { "hold", SWARM_HOLD, 10 },      { "steady", SWARM_STEADY, 10 },
	{ "storm", SWARM_STORM, 300 }, { "resume", SWARM_RESUME, 300 }, { "clone", SWARM_CLONE, 10 },
	{ "slow", SWARM_SLOW, 10 },    { "revoke", SWARM_REVOKE, 100 }, { "stop", SWARM_STOP, 30 },
};

const char *swarm_phase_name(enum swarm_phase kind)
{
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (phases[i].kind == kind)
			return phases[i].name;
	return "wait";
}

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end = NULL;
	unsigned long long v = strtoull(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

static bool read_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (!read_number(text, min, max, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool read_phase(struct swarm_opts *o, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text);

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (strlen(phases[i].name) != len || strncmp(phases[i].name, text, len) != 0)
			continue;
		if (o->n_phases == SWARM_PHASES_MAX)
			return false;
		o->phase[o->n_phases].kind = phases[i].kind;
		o->phase[o->n_phases].amount = phases[i].amount;
		o->n_phases++;
		return colon == NULL || read_u32(colon + 1, 1, 1000000, &o->phase[o->n_phases - 1].amount);
	}
	return false;
}

static bool read_phases(struct swarm_opts *o, char *list)
{
	o->n_phases = 0;
	for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ","))
		if (!read_phase(o, word))
			return false;
	return o->n_phases > 0;
}

static bool read_watch(struct swarm_opts *o, const char *text)
{
	const char *equals = strchr(text, '=');
	uint64_t pid = 0;

	if (equals == NULL || equals == text || o->n_watch == SWARM_WATCH_MAX ||
	    (size_t)(equals - text) >= sizeof(o->watch[0].name) ||
	    !read_number(equals + 1, 1, INT32_MAX, &pid))
		return false;
	memcpy(o->watch[o->n_watch].name, text, (size_t)(equals - text));
	o->watch[o->n_watch].name[equals - text] = '\0';
	o->watch[o->n_watch++].pid = (int)pid;
	return true;
}

static bool read_text(struct swarm_opts *o, int option, const char *value)
{
	const char **where[] = {
		[OPT_HOST - OPT_FIRST] = &o->host,
		[OPT_SERVER_CA - OPT_FIRST] = &o->server_ca,
		[OPT_CA_CERT - OPT_FIRST] = &o->ca_cert,
		[OPT_CA_KEY - OPT_FIRST] = &o->ca_key,
		[OPT_PLUGIN - OPT_FIRST] = &o->plugin_socket,
		[OPT_CSV - OPT_FIRST] = &o->csv,
		[OPT_DOMAIN - OPT_FIRST] = &o->domain,
		[OPT_HELP - OPT_FIRST] = NULL,
	};

	if (where[option - OPT_FIRST] == NULL)
		return false;
	*where[option - OPT_FIRST] = value;
	return true;
}

static const struct {
	int option;
	uint32_t min, max;
	size_t at;
} numbers[] = {
	{ OPT_DEVICES, 1, SWARM_DEVICES_MAX, offsetof(struct swarm_opts, devices) },
	{ OPT_WORKERS, 1, SWARM_WORKERS_MAX, offsetof(struct swarm_opts, workers) },
	{ OPT_RATE, 1, 1000000, offsetof(struct swarm_opts, rate) },
	{ OPT_WINDOW, 1, SWARM_WINDOW_MAX, offsetof(struct swarm_opts, window) },
	{ OPT_PAYLOAD, 1, 4096, offsetof(struct swarm_opts, payload) },
	{ OPT_BUDGET, 1, 3, offsetof(struct swarm_opts, budget) },
	{ OPT_SPREAD, 0, 3600, offsetof(struct swarm_opts, spread) },
};

static bool read_option(struct swarm_opts *o, int option, char *value)
{
	uint32_t port = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].option == option)
			return read_u32(value, numbers[i].min, numbers[i].max,
					(uint32_t *)(void *)((char *)o + numbers[i].at));
	switch (option) {
	case OPT_PORT:
		if (!read_u32(value, 1, 65535, &port))
			return false;
		o->port = (uint16_t)port;
		return true;
	case OPT_PHASES:
		return read_phases(o, value);
	case OPT_WATCH:
		return read_watch(o, value);
	case OPT_SEED:
		return read_number(value, 0, UINT64_MAX, &o->seed);
	default:
		return read_text(o, option, value);
	}
}

int swarm_options(int argc, char **argv, struct swarm_opts *o)
{
	static char standard[] = "ramp,steady:10,stop";
	int option, at = 0;

	*o = (struct swarm_opts){ .host = "localhost",
				  .port = 8883,
				  .domain = "swarm.test",
				  .devices = 100,
				  .rate = 200,
				  .window = 1,
				  .payload = 100,
				  .workers = 1,
				  .budget = 3,
				  .seed = (uint64_t)time(NULL) };
	while ((option = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (option == '?' || !read_option(o, option, optarg)) {
			if (option != '?')
				fprintf(stderr, "holdfast-swarm: --%s: bad value '%s'\n", options[at].name,
					optarg);
			return 2;
		}
	}
	if (optind != argc || o->server_ca == NULL || o->ca_cert == NULL || o->ca_key == NULL) {
		fputs(usage, stderr);
		return 2;
	}
	return o->n_phases > 0 || read_phases(o, standard) ? 0 : 2;
}

/* swarm.h -- what the processes of holdfast-swarm share: options, counters in shared memory, the phase.
 * One parent prints, plays the bus for the plugin when asked, and steps through the phases; each worker
 * holds its part of the devices on one epoll set, because one process may not have descriptors for all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_H
#define HF_SWARM_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <holdfast/base.h>

enum {
	SWARM_WORKERS_MAX = 16,
	SWARM_PHASES_MAX = 32,
	SWARM_WATCH_MAX = 8,
	SWARM_DEVICES_MAX = 1000000,
	SWARM_WINDOW_MAX = 64,
	SWARM_BUCKETS = 128, /* of latency, four for each doubling of microseconds */
};

enum swarm_phase {
	SWARM_WAIT,   /* do nothing new */
	SWARM_RAMP,   /* all connect, at --rate */
	SWARM_HOLD,   /* stay, keep alive */
	SWARM_STEADY, /* publish with --window outstanding */
	SWARM_STORM,  /* all links cut, all return as fast as they can */
	SWARM_RESUME, /* all close in order and return with their TLS session */
	SWARM_CLONE,  /* pairs of clients take one name over in turn */
	SWARM_SLOW,   /* one device in ten publishes and never reads */
	SWARM_REVOKE, /* the parent revokes, one at a time; needs --plugin-socket */
	SWARM_STOP,   /* all close in order */
	SWARM_QUIT,
};

struct swarm_opts {
	const char *host;
	uint16_t port;
	const char *server_ca, *ca_cert, *ca_key;
	const char *csv;           /* NULL: standard output */
	const char *plugin_socket; /* NULL: somebody else feeds the plugin */
	const char *domain;
	uint32_t devices, rate, window, payload, workers, budget, spread;
	uint64_t seed;
	struct {
		enum swarm_phase kind;
		uint32_t amount; /* seconds, or how many devices to revoke */
	} phase[SWARM_PHASES_MAX];
	size_t n_phases;
	struct {
		char name[32];
		int pid;
	} watch[SWARM_WATCH_MAX];
	size_t n_watch;
};
/* Exit status 2 with a line on stderr when the command line is wrong. */
int swarm_options(int argc, char **argv, struct swarm_opts *o);
const char *swarm_phase_name(enum swarm_phase kind);

enum swarm_count {
	SWARM_CONNECTS, /* CONNACK 0 */
	SWARM_RESUMED,  /* of these, with a resumed TLS session */
	SWARM_LATER,    /* closed without CONNACK */
	SWARM_REFUSED,  /* CONNACK other than 0 */
	SWARM_LOST,     /* live session ended by the other side, no reason given */
	SWARM_KICKS,    /* DISCONNECT 152 */
	SWARM_PUBLISHES,
	SWARM_PUBACK_0,
	SWARM_PUBACK_16,
	SWARM_PUBACK_135,
	SWARM_COMMANDS, /* messages that came down */
	SWARM_COUNTS,
};

struct swarm_worker_shared {
	_Atomic uint64_t count[SWARM_COUNTS];
	_Atomic uint64_t latency[SWARM_BUCKETS];
	_Atomic int64_t up;
};
struct swarm_shared {
	_Atomic int phase;
	_Atomic uint32_t turn; /* raised at each change of phase */
	_Atomic bool failed;
	struct swarm_worker_shared worker[SWARM_WORKERS_MAX];
	_Atomic int64_t gone_us[]; /* per device: when the broker threw it out */
};

int64_t swarm_now_us(void);
#endif

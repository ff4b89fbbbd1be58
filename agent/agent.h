/* agent.h -- holdfast-agent, the device daemon: which process holds which power, and what they say.
 *
 *              fork+exec of one binary from one table (main.c)
 *   main ──── key    all private keys, records, identity machine, commands, sealing; no network
 *        ├─── net    TLS, MQTT, EST; no key: its handshakes are signed by key
 *        ├─── app    the Unix socket for applications; no key, no network
 *        ├─── upd    judges heads of the log and bundles, keeps the policy chain; no network, no key
 *        └─── tamper heartbeats; the tamper policy comes later
 *
 *   net ──ask──> key ──look──> net        key decides, net carries: net asks what is wanted and brings
 * events;
 *   app ──ask──> key ──deliver─> app      "look" only says: ask again. Nothing is lost when a message is:
 *   key ──do───> main                     every process asks anew after its own start, and once a minute.
 *   net ──head, bundle──> upd ──report──> net
 *   tamper ──heartbeat──> net
 *
 * Promise: no process both sees the network and holds a private key; each enters its sandbox before it reads
 * foreign bytes. A restart of any process, or of all by kill -9, loses no receipt, no alarm and no identity.
 * State directory: provision.hfp (public), agent.conf, records/ and trust/ (port/linux, 0700), app.sock, all
 * made by `holdfast-agent provision`; an older one gets its trust/ when the agent starts.
 * Bodies of messages are deterministic CBOR, one array each, written and read in msg.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_H
#define HF_AGENT_H
#include <hf/conf.h>
#include <hf/ipc.h>
#include <hf/loop.h>
#include <hf/why.h>
#include <holdfast/renew.h>

enum {
	AGENT_PATH_CAP = 512,
	AGENT_HOST_CAP = 254,
	AGENT_TOPIC_CAP = 96,      /* "class/id": what follows hf/1/{dev}/-/up/ or dn/ */
	AGENT_PAYLOAD_CAP = 65536, /* of one message up or down */
	AGENT_CALL_MS = 30000,     /* a slow secure element may take seconds for one signature */
};
/* A clock before this release cannot be right; raised with every release. */
#define AGENT_BUILD_S 1767225600 /* 2026-01-01 */
#define AGENT_VERSION "0.1.0"

/* ---- descriptors, fixed by the process table ------------------------------------------------------ */
enum { KEY_FD_NET = 3, KEY_FD_APP = 4, KEY_FD_LOOK = 5, KEY_FD_DELIVER = 6, KEY_FD_DO = 7 };
enum { NET_FD_KEY = 3, NET_FD_LOOK = 4, NET_FD_TAMPER = 5, NET_FD_UPD = 6 };
enum { UPD_FD_NET = 3 };
enum { APP_FD_KEY = 3, APP_FD_DELIVER = 4, APP_FD_LISTEN = 5 };
enum { TAMPER_FD_NET = 3 };

/* ---- messages: net asks key ----------------------------------------------------------------------- */
enum {
	/* [] -> struct agent_want: what the identity machine wants of the network now. */
	MSG_WANT = 1,
	/* [X] -> [CSR DER, Authorization or ""]: a request for the wanted key, bound to this TLS channel. */
	MSG_CSR = 2,
	/* [certificate DER, server MAC or h'']: the answer. Errors: claim's, renew's. */
	MSG_CERT = 3,
	/* [kind, retry_after_s]: the request ended otherwise; kind = HF_RENEW_WAIT, _REFUSED or _FAILED. */
	MSG_EST_END = 4,
	/* [slot, accepted, server certificate notAfter]: an MQTT session began, or was refused (CONNACK
	 * 135). */
	MSG_SESSION = 5,
	/* []: the session ended. */
	MSG_SESSION_END = 6,
	/* [] -> struct agent_up or [] when nothing waits: the next message to publish, most important
	 * first. */
	MSG_PULL = 7,
	/* [token, PUBACK reason]: what became of it. */
	MSG_SENT = 8,
	/* [class/id, payload]: a message came down. */
	MSG_DOWN = 9,
	/* Signatures for TLS: HF_IPC_KEY_PUB, HF_IPC_KEY_SIGN with these numbers. */
	AGENT_KEY_SLOT0 = 0,
	AGENT_KEY_SLOT1 = 1,
	AGENT_KEY_IDEVID = 2,
};
struct agent_want {
	uint64_t now_s; /* max(clock, time floor): judge server certificates by it */
	uint64_t boot_count;
	bool request;          /* ask the EST server now ... */
	bool renew;            /* ... by simplereenroll with `request_key`, else simpleenroll */
	int request_key;       /* key number and ... */
	hf_bytes request_cert; /* ... certificate for that TLS session; -1 and empty = none */
	bool in_session; /* key believes that a session stands: after a restart of either it may be wrong */
	int session;     /* slot for MQTT, -1 = none possible */
	char dev[HF_DEV_LEN + 1];
	hf_bytes session_cert;
	uint64_t keepalive_s, heartbeat_s; /* agent.conf's, or what config.set made of them */
};
/* One message up. `app_ack`: keep it until an ack came down, PUBACK alone is not enough (key does). */
struct agent_up {
	uint64_t token;
	char topic[AGENT_TOPIC_CAP];
	int qos;
	uint32_t expiry_s;
	hf_bytes payload;
};

/* ---- key tells net, app, main --------------------------------------------------------------------- */
enum {
	MSG_LOOK = 32,        /* []: ask MSG_WANT and MSG_PULL again */
	MSG_DELIVER = 33,     /* [cti, op, args]: a command for an application (app keeps no state) */
	MSG_DO_REBOOT = 34,   /* [dev, signed command]: verify it again, run the configured reboot command */
	MSG_DO_IDENTIFY = 35, /* [seconds]: run the configured identify command */
	MSG_DO_LOG = 36,      /* [level] */
	MSG_HEARTBEAT = 37,   /* tamper to net: [state, epoch, armed, ring sequence, policy version] */
};

/* ---- app asks key --------------------------------------------------------------------------------- */
enum {
	MSG_APP_TELE = 64,   /* [id, payload]: for the server's eyes too */
	MSG_APP_DATA = 65,   /* [stream, payload]: sealed to the data owners */
	MSG_APP_RESULT = 66, /* [cti, status, result]: the end of a delivered command, HF_STATUS_* */
	MSG_APP_OPS = 67,    /* [[op, class]...]: what the connected applications take, all of them */
	MSG_APP_STATUS = 68, /* [] -> JSON text */
	MSG_APP_POLL = 69,   /* []: a person is waiting: try the server now */
	MSG_APP_CONFIG = 70, /* name -> value: a setting made by config.set */
};

/* ---- net asks upd: a report (doc/protocol/upd.md) comes back --------------------------------------- */
enum {
	MSG_UPD_VERIFY = 96, /* [D and content address, bundle] */
	MSG_UPD_HEAD = 97,   /* HFH1 */
};

/* ---- agent.conf ----------------------------------------------------------------------------------- */
struct agent_conf {
	uint64_t log_level;
	uint64_t clock; /* enum hf_linux_clock */
	uint64_t heartbeat_s;
	uint64_t keepalive_s;
	uint64_t board;           /* revision, for the condition of a release */
	char user[64];            /* run the children as this user when started as root */
	char app_group[64];       /* group that may use app.sock */
	char key[AGENT_PATH_CAP]; /* "software", or a tpm2: URI for keys made from now on */
	char reboot_command[AGENT_PATH_CAP];
	char identify_command[AGENT_PATH_CAP];
};
extern const struct hf_conf_key agent_conf_keys[];
extern const size_t agent_n_conf_keys;

/* What every role starts with; read before the sandbox is entered. */
struct agent {
	char dir[AGENT_PATH_CAP];
	struct agent_conf conf;
};
HF_MUST_CHECK hf_err agent_open(struct agent *a, const char *dir, struct hf_why *why);
/* What one line alone cannot tell: key store, user, group, paths. Errors: HF_ERR_CONF_VALUE. */
HF_MUST_CHECK hf_err agent_judge(const struct agent_conf *c, struct hf_why *why);

/* ---- roles: each runs until its supervisor ends it, and returns an exit status ---------------------- */
int agent_main_run(const struct agent *a, char *self);
int agent_keyproc(const struct agent *a);
int agent_netproc(const struct agent *a);
int agent_updproc(const struct agent *a);
int agent_appproc(const struct agent *a);
int agent_tamperproc(const struct agent *a);

/* Verbs of the command line; arguments after the verb. 0 done, 1 failed, 2 usage. */
int agent_cmd_provision(int argc, char **argv);
int agent_cmd_status(int argc, char **argv);
int agent_cmd_poll(int argc, char **argv);
int agent_cmd_verify(int argc, char **argv);
int agent_cmd_factory(int argc, char **argv);
int agent_cmd_reset(int argc, char **argv);
#endif

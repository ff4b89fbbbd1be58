/* broker.h -- how Mosquitto is configured and started: one file, one environment, no other knob.
 * Promise: hf_broker_write makes mosquitto.conf, openssl.cnf and device-cas.pem in `dir` exactly as
 * doc/broker.md pins them, each replaced whole. Nothing here runs the broker.
 * Thread rule: pure functions over their arguments and the file system.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BROKER_H
#define HF_BROKER_H
#include <hf/why.h>

enum { HF_BROKER_PATH_MAX = 1024, HF_BROKER_CAS_MAX = 64 };

struct hf_broker_conf {
	const char *dir;            /* where the three files go; exists */
	const char *program;        /* NULL: "mosquitto", then /usr/sbin/mosquitto */
	const char *plugin;         /* absolute path of holdfast_mosquitto.so */
	const char *plugin_socket;  /* the bus listens there */
	const char *mqtt_socket;    /* the broker makes it */
	const char *listen_address; /* NULL: every address */
	uint16_t port;              /* 8883 */
	const char *cert;           /* server leaf only, PEM */
	const char *key;            /* PEM, unencrypted: Mosquitto reads it itself */
	const char *const *cas;     /* PEM files: Root, Operational and Device-ID CAs, never the Server CA */
	size_t n_cas;
	uint32_t max_connections; /* 0: 110000 */
	const char *user;         /* NULL: no line. Started as root, Mosquitto otherwise becomes `mosquitto`,
				     * who may read neither `key` nor the sockets' folder. */
};

/* Write the three files. Errors: HF_ERR_BROKER_CONF (a value Mosquitto would misread: control character,
 * blank at an end, relative path, too long), HF_ERR_BROKER_FILE (read or write failed). */
HF_MUST_CHECK hf_err hf_broker_write(const struct hf_broker_conf *conf, struct hf_why *why);

struct hf_broker_start {
	char program[HF_BROKER_PATH_MAX];
	char conf_path[HF_BROKER_PATH_MAX];
	char openssl_env[HF_BROKER_PATH_MAX]; /* "OPENSSL_CONF=..." for the child's environment */
	char *argv[4];                        /* program, "-c", conf_path, NULL */
};
/* How to start what was written. Errors: HF_ERR_BROKER_ABSENT when no program is found. */
HF_MUST_CHECK hf_err hf_broker_start_command(const struct hf_broker_conf *conf, struct hf_broker_start *start,
					     struct hf_why *why);
#endif

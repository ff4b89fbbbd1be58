/* broker_conf -- writes the broker configuration for system tests with the control plane's own code, so
 * that what is tested is what is shipped, and prints how to start the broker.
 * usage: broker_conf DIR PLUGIN PORT CERT KEY USER CA...
 * The sockets are DIR/plugin.sock and DIR/mqtt.sock.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <hf/broker.h>

enum { FIRST_CA = 7 };

int main(int argc, char **argv)
{
	struct hf_broker_conf c = { 0 };
	struct hf_broker_start start;
	struct hf_why why = { 0 };
	char plugin_socket[HF_BROKER_PATH_MAX], mqtt_socket[HF_BROKER_PATH_MAX];

	if (argc <= FIRST_CA) {
		fputs("usage: broker_conf DIR PLUGIN PORT CERT KEY USER CA...\n", stderr);
		return 2;
	}
	snprintf(plugin_socket, sizeof(plugin_socket), "%s/plugin.sock", argv[1]);
	snprintf(mqtt_socket, sizeof(mqtt_socket), "%s/mqtt.sock", argv[1]);
	c = (struct hf_broker_conf){ .dir = argv[1],
				     .plugin = argv[2],
				     .plugin_socket = plugin_socket,
				     .mqtt_socket = mqtt_socket,
				     .listen_address = "127.0.0.1",
				     .port = (uint16_t)strtoul(argv[3], NULL, 10),
				     .cert = argv[4],
				     .key = argv[5],
				     .user = argv[6],
				     .cas = (const char *const *)(argv + FIRST_CA),
				     .n_cas = (size_t)(argc - FIRST_CA) };
	if (hf_broker_write(&c, &why) != HF_OK || hf_broker_start_command(&c, &start, &why) != HF_OK) {
		fprintf(stderr, "broker_conf: %s\n", hf_why_text(&why));
		return 1;
	}
	printf("%s\n%s\n%s\n", start.program, start.conf_path, start.openssl_env);
	return 0;
}

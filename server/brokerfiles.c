/* brokerfiles.c -- what Mosquitto is started with: our plugin, its own leaf, the CAs of devices.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/ca.h>
#include "server.h"

static bool is_file(const char *path)
{
	return access(path, R_OK) == 0;
}

/* Configured, beside us, in a build folder, or in the library folder of an installation. */
static hf_err find_plugin(const struct server *s, const char *self, char plugin[static HF_DEPLOY_PATH_MAX],
			  struct hf_why *why)
{
	static const char *const beside[] = { "holdfast_mosquitto.so", "../plugin/holdfast_mosquitto.so",
					      "../lib/holdfast/holdfast_mosquitto.so",
					      "../lib/x86_64-linux-gnu/holdfast_mosquitto.so" };
	char folder[HF_DEPLOY_PATH_MAX];
	char *slash;

	snprintf(plugin, HF_DEPLOY_PATH_MAX, "%s", s->deploy.plugin);
	if (plugin[0] != '\0')
		return is_file(plugin) ? HF_OK : hf_why_errno(why, HF_ERR_FILE_ABSENT, "plugin = %s", plugin);
	snprintf(folder, sizeof(folder), "%s", self);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		HF_TRY(hf_deploy_path(plugin, folder, beside[i], why));
		if (is_file(plugin))
			return HF_OK;
	}
	return hf_why_set(why, HF_ERR_FILE_ABSENT,
			  "holdfast_mosquitto.so is not beside holdfastd; set 'plugin'");
}

struct cas {
	char path[HF_BROKER_CAS_MAX][HF_DEPLOY_PATH_MAX];
	const char *list[HF_BROKER_CAS_MAX];
	size_t n;
	const struct server *s;
};

static hf_err add_ca(struct cas *cas, const char *name, struct hf_why *why)
{
	if (cas->n == HF_BROKER_CAS_MAX)
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "too many product lines");
	HF_TRY(hf_deploy_path(cas->path[cas->n], cas->s->dir, name, why));
	cas->list[cas->n] = cas->path[cas->n];
	cas->n++;
	return HF_OK;
}

static hf_err add_line_ca(void *ctx, const struct hf_deploy_line *line, struct hf_why *why)
{
	struct cas *cas = ctx;
	char name[96];

	if (!server_has_ca(cas->s, line->line))
		return HF_OK;
	snprintf(name, sizeof(name), "ca/deviceid-%s.crt", line->line);
	return add_ca(cas, name, why);
}

static hf_err write_broker(const struct server *s, const char *self, struct cas *cas,
			   struct hf_broker_start *start, struct hf_why *why)
{
	char dir[HF_DEPLOY_PATH_MAX], plugin[HF_DEPLOY_PATH_MAX], cert[HF_DEPLOY_PATH_MAX],
		key[HF_DEPLOY_PATH_MAX];
	char host[HF_DEPLOY_HOST_MAX];
	struct hf_broker_conf conf = { .dir = dir,
				       .plugin = plugin,
				       .plugin_socket = s->plugin_socket,
				       .mqtt_socket = s->mqtt_socket,
				       .listen_address = host,
				       .cert = cert,
				       .key = key,
				       .program =
					       s->deploy.mosquitto[0] != '\0' ? s->deploy.mosquitto : NULL };

	HF_TRY(find_plugin(s, self, plugin, why));
	HF_TRY(hf_deploy_path(dir, s->dir, "broker", why));
	HF_TRY(hf_deploy_path(cert, s->dir, "tls/broker.crt", why));
	HF_TRY(hf_deploy_path(key, s->dir, "tls/broker.key", why));
	HF_TRY(add_ca(cas, "root/root.crt", why));
	HF_TRY(hf_ca_op_check(s->dir, why));
	unsigned last = hf_deploy_op_generation(s->dir);
	for (unsigned n = last; n > 0 && n + HF_DEPLOY_OP_LIVE > last; n--) {
		char name[HF_DEPLOY_OP_NAME_CAP];

		hf_deploy_op_name(name, n, ".crt");
		HF_TRY(add_ca(cas, name, why));
	}
	HF_TRY(server_lines(s, add_line_ca, cas, why));
	if (!hf_deploy_split_listen(s->deploy.mqtt_listen, host, &conf.port))
		return hf_why_set(why, HF_ERR_DEPLOY_VALUE, "mqtt-listen");
	conf.cas = cas->list;
	conf.n_cas = cas->n;
	/* Started as root, Mosquitto would become `mosquitto`, who may not read our keys. */
	if (geteuid() == 0)
		conf.user = s->deploy.user[0] != '\0' ? s->deploy.user : "root";
	HF_TRY(hf_broker_write(&conf, why));
	return hf_broker_start_command(&conf, start, why);
}

hf_err server_write_broker(const struct server *s, const char *self, struct hf_broker_start *start,
			   struct hf_why *why)
{
	struct cas *cas = calloc(1, sizeof(*cas));
	hf_err err;

	if (cas == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "broker");
	cas->s = s;
	err = write_broker(s, self, cas, start, why);
	free(cas);
	return err;
}

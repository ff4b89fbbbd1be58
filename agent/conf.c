/* agent.conf and the state directory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include <grp.h>
#include <hf/file.h>
#include <hf/keyuri.h>
#include <pwd.h>
#include <stdio.h>

static const char *const level_choices[] = { "err", "warn", "info", "debug", NULL };
static const char *const clock_choices[] = { "never", "synced", "always", NULL };

#define TEXT_KEY(member, key, otherwise, words) \
	{ \
		.name = (key), .type = HF_CONF_TEXT, .offset = offsetof(struct agent_conf, member), \
		.cap = sizeof(((struct agent_conf *)0)->member), .standard = (otherwise), .help = (words) \
	}

const struct hf_conf_key agent_conf_keys[] = {
	{ .name = "log-level",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct agent_conf, log_level),
	  .standard = "info",
	  .choices = level_choices,
	  .help = "Least level that is written; the command log.level changes it while the agent runs." },
	{ .name = "clock",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct agent_conf, clock),
	  .standard = "never",
	  .choices = clock_choices,
	  .help = "When the wall clock may judge commands: synced = the machine runs authenticated time "
		  "(NTS), "
		  "always = a battery clock that was set so." },
	{ .name = "heartbeat",
	  .type = HF_CONF_DURATION,
	  .offset = offsetof(struct agent_conf, heartbeat_s),
	  .min = 1,
	  .max = 86400,
	  .standard = "60s",
	  .help = "Time between two heartbeats; after three missing ones the server suspects the device." },
	{ .name = "keepalive",
	  .type = HF_CONF_DURATION,
	  .offset = offsetof(struct agent_conf, keepalive_s),
	  .min = 5,
	  .max = 3600,
	  .standard = "300s",
	  .help = "MQTT keep alive: after one and a half times this the broker knows that the device is "
		  "gone." },
	{ .name = "board",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct agent_conf, board),
	  .max = UINT32_MAX,
	  .standard = "0",
	  .help = "Revision of the board: a release may name those it is for." },
	TEXT_KEY(user, "user", "", "When started as root, run the processes as this user; empty: stay."),
	TEXT_KEY(app_group, "app-group", "", "Group that may use app.sock; empty: the agent's user only."),
	TEXT_KEY(key, "key", "software", "Where new identity keys are made: software, or a tpm2: URI."),
	TEXT_KEY(reboot_command, "reboot-command", "/sbin/reboot", "Program that the command reboot runs."),
	TEXT_KEY(identify_command, "identify-command", "",
		 "Program that the command identify runs with the number of seconds; empty: log it."),
};
const size_t agent_n_conf_keys = sizeof(agent_conf_keys) / sizeof(agent_conf_keys[0]);

static hf_err refuse(struct hf_why *why, const char *key, const char *value, const char *words)
{
	return hf_why_set(why, HF_ERR_CONF_VALUE, "%s = %s: %s", key, value, words);
}

hf_err agent_judge(const struct agent_conf *c, struct hf_why *why)
{
	struct hf_keyuri_why words = { "" };

	if (hf_keystore_check(c->key, &words) != HF_OK)
		return refuse(why, "key", c->key, words.text);
	if (c->user[0] != '\0' && getpwnam(c->user) == NULL)
		return refuse(why, "user", c->user, "no such user");
	if (c->app_group[0] != '\0' && getgrnam(c->app_group) == NULL)
		return refuse(why, "app-group", c->app_group, "no such group");
	if (c->reboot_command[0] != '/')
		return refuse(why, "reboot-command", c->reboot_command, "an absolute path is needed");
	if (c->identify_command[0] != '\0' && c->identify_command[0] != '/')
		return refuse(why, "identify-command", c->identify_command, "an absolute path is needed");
	return HF_OK;
}

hf_err agent_open(struct agent *a, const char *dir, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	hf_err err;

	if (snprintf(a->dir, sizeof(a->dir), "%s", dir) >= (int)sizeof(a->dir) ||
	    hf_path_join(path, sizeof(path), dir, "agent.conf") != HF_OK)
		return hf_why_set(why, HF_ERR_AGENT_STATE, "%s: path is too long", dir);
	err = hf_conf_read(path, agent_conf_keys, agent_n_conf_keys, &a->conf, why);
	if (err == HF_ERR_FILE_ABSENT)
		return hf_why_set(
			why, HF_ERR_AGENT_STATE,
			"%s is not an agent's state directory: make it with holdfast-agent provision", dir);
	if (err != HF_OK)
		return err;
	err = agent_judge(&a->conf, why);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

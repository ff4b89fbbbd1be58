/* `provision`: makes a state directory. The label's secret is made here, on the device, and shown once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/linux.h>
#include <holdfast/claim.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *dir, *file, *key;
	bool json;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--dir") == 0)
			o->dir = argv[++i];
		else if (strcmp(argv[i], "--file") == 0)
			o->file = argv[++i];
		else if (strcmp(argv[i], "--key") == 0)
			o->key = argv[++i];
		else
			return false;
	}
	return o->dir != NULL && o->file != NULL;
}

/* agent.conf with every key and its standard value as a comment. */
static hf_err make_conf(const struct options *o, struct agent_conf *conf, struct hf_why *why)
{
	HF_TRY(hf_conf_parse("agent.conf", (hf_bytes){ NULL, 0 }, agent_conf_keys, agent_n_conf_keys, conf,
			     why));
	if (o->key != NULL && snprintf(conf->key, sizeof(conf->key), "%s", o->key) >= (int)sizeof(conf->key))
		return hf_why_set(why, HF_ERR_AGENT_STATE, "--key is too long");
	return agent_judge(conf, why);
}

static hf_err write_conf(const struct agent_conf *conf, const char *path, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);

	HF_TRY(hf_conf_print(agent_conf_keys, agent_n_conf_keys, conf, &text));
	return hf_file_create(path, hf_buf_bytes(&text), 0644, why);
}

/* The secret S: made once. A second provisioning finds it and refuses. */
static hf_err make_secret(const char *records, char text[static HF_CLAIM_TEXT_LEN + 1], struct hf_why *why)
{
	struct hf_claim_secret s HF_AUTO(hf_claim_wipe) = { { 0 } };
	struct hf_port port HF_AUTO(hf_linux_close) = HF_LINUX_PORT_NONE;
	hf_err err = hf_linux_open(&port, records);

	if (err == HF_OK)
		err = hf_port_random(&port, s.b, sizeof(s.b));
	if (err == HF_OK)
		err = hf_port_create_secret(&port, HF_REC_CLAIM, HF_ARR(s.b));
	if (err == HF_OK)
		err = hf_claim_print(&s, text);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s: %s", records, hf_err_text(err));
}

static hf_err provision(const struct options *o, char text[static HF_CLAIM_TEXT_LEN + 1], struct hf_why *why)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROVISION_CEILING);
	char path[AGENT_PATH_CAP], records[AGENT_PATH_CAP];
	struct agent_conf conf = { .log_level = 0 };
	struct hf_provision p;
	hf_err err;

	HF_TRY(make_conf(o, &conf, why));
	HF_TRY(hf_file_read(o->file, &file, why));
	err = hf_provision_read(hf_buf_bytes(&file), &p);
	if (err != HF_OK)
		return hf_why_set(why, err, "%s is not a provisioning file: %s", o->file, hf_err_text(err));
	HF_TRY(hf_dir_create(o->dir, 0711, why));
	HF_TRY(hf_path_join(path, sizeof(path), o->dir, "provision.hfp"));
	if (hf_file_exists(path))
		return hf_why_set(why, HF_ERR_AGENT_PROVISIONED, "%s is provisioned already", o->dir);
	HF_TRY(hf_path_join(records, sizeof(records), o->dir, "records"));
	HF_TRY(hf_dir_create(records, 0700, why));
	HF_TRY(make_secret(records, text, why));
	HF_TRY(hf_path_join(path, sizeof(path), o->dir, "trust"));
	HF_TRY(hf_dir_create(path, 0700, why));
	HF_TRY(hf_path_join(path, sizeof(path), o->dir, "agent.conf"));
	if (!hf_file_exists(path))
		HF_TRY(write_conf(&conf, path, why));
	/* Last, because its presence says that all is there. */
	HF_TRY(hf_path_join(path, sizeof(path), o->dir, "provision.hfp"));
	return hf_file_create(path, hf_buf_bytes(&file), 0644, why);
}

int agent_cmd_provision(int argc, char **argv)
{
	struct options o = { NULL, NULL, NULL, false };
	char text[HF_CLAIM_TEXT_LEN + 1] = "";
	struct hf_why why = { HF_OK, "" };

	if (!read_options(argc, argv, &o)) {
		(void)fprintf(
			stderr,
			"usage: holdfast-agent provision --dir STATE --file LINE.hfp [--key URI] [--json]\n");
		return 2;
	}
	if (provision(&o, text, &why) != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: provision: %s\n", hf_why_text(&why));
		return 1;
	}
	if (o.json)
		(void)printf("{\"claim\":\"%s\"}\n", text);
	else
		(void)printf("%s\n", text);
	(void)fprintf(stderr,
		      "holdfast-agent: print this claim code on the device; whoever has it may claim it\n");
	hf_wipe(text, sizeof(text));
	return 0;
}

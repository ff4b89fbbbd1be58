/* `reset`: somebody stands at a released device (its button, its console) and lets the next owner claim it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/file.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *dir;
	bool fresh, json;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--fresh") == 0)
			o->fresh = true;
		else if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			o->dir = argv[++i];
		else
			return false;
	}
	return o->dir != NULL;
}

static hf_err reset(const struct options *o, char text[static HF_CLAIM_TEXT_LEN + 1], struct hf_why *why)
{
	struct hf_claim_secret s HF_AUTO(hf_claim_wipe) = { { 0 } };
	struct hf_port port HF_AUTO(hf_linux_close) = HF_LINUX_PORT_NONE;
	static struct agent a;
	char records[AGENT_PATH_CAP];
	hf_err err;

	HF_TRY(agent_open(&a, o->dir, why));
	HF_TRY(hf_path_join(records, sizeof(records), o->dir, "records"));
	err = hf_linux_open(&port, records);
	if (err == HF_OK)
		err = o->fresh ? key_release_fresh(&port, &s) : key_release_reset(&port);
	if (err == HF_OK && o->fresh)
		err = hf_claim_print(&s, text);
	if (err == HF_ERR_PORT_ABSENT)
		err = HF_ERR_AGENT_RELEASED;
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s: %s", o->dir, hf_err_text(err));
}

int agent_cmd_reset(int argc, char **argv)
{
	struct options o = { .dir = NULL };
	char text[HF_CLAIM_TEXT_LEN + 1] = "";
	struct hf_why why = { HF_OK, "" };

	if (!read_options(argc, argv, &o)) {
		(void)fprintf(stderr, "usage: holdfast-agent reset --dir STATE [--fresh] [--json]\n");
		return 2;
	}
	if (reset(&o, text, &why) != HF_OK) {
		(void)fprintf(stderr, "holdfast-agent: reset: %s\n", hf_why_text(&why));
		return 1;
	}
	if (o.fresh && o.json)
		(void)printf("{\"claim\":\"%s\"}\n", text);
	else if (o.fresh)
		(void)printf("%s\n", text);
	else
		(void)fprintf(stderr, "holdfast-agent: for an hour, on this boot, the printed code counts\n");
	hf_wipe(text, sizeof(text));
	return 0;
}

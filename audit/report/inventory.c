/* What the image holds, whoever finds it good or bad: the supplier of capability manifests.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/factscan.h>
#include "report_priv.h"

enum { MODE_SUID_SGID = 06000 };

static bool is_privileged(const struct hf_fact *f)
{
	return f->num[HF_FILE_TYPE] == HF_NODE_FILE &&
	       ((f->num[HF_FILE_MODE] & MODE_SUID_SGID) != 0 || f->text[HF_FILE_CAPS].len > 0);
}

static bool is_device(const struct hf_fact *f)
{
	return f->num[HF_FILE_TYPE] == HF_NODE_CHAR || f->num[HF_FILE_TYPE] == HF_NODE_BLOCK;
}

static bool is_executable(const struct hf_fact *f)
{
	return f->num[HF_FILE_KIND] == HF_KIND_ELF || f->num[HF_FILE_KIND] == HF_KIND_SCRIPT;
}

static bool is_module(const struct hf_fact *f)
{
	return f->num[HF_FILE_KIND] == HF_KIND_MODULE;
}

static void put_file(struct hf_json_out *j, const struct hf_fact *f)
{
	bool mode = (f->num[HF_FILE_KNOWN] & HF_KNOWN_MODE) != 0;
	bool owner = (f->num[HF_FILE_KNOWN] & HF_KNOWN_OWNER) != 0;

	hf_json_open(j, NULL, '{');
	if (f->text[HF_FILE_CAPS].len > 0)
		hf_json_put_hex(j, "capabilities", f->text[HF_FILE_CAPS]);
	if (owner)
		hf_json_put_uint(j, "gid", f->num[HF_FILE_GID]);
	if (mode)
		hf_json_put_uint(j, "mode", f->num[HF_FILE_MODE]);
	hf__json_bytes(j, "path", f->path);
	if (f->text[HF_FILE_SHA256].len > 0)
		hf_json_put_hex(j, "sha256", f->text[HF_FILE_SHA256]);
	if (owner)
		hf_json_put_uint(j, "uid", f->num[HF_FILE_UID]);
	hf_json_close(j);
}

static void put_files(struct hf_json_out *j, const char *name, const struct hf_model *m,
		      bool (*wanted)(const struct hf_fact *f))
{
	hf_json_open(j, name, '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_FILE, i);

		if (wanted(f))
			put_file(j, f);
	}
	hf_json_close(j);
}

static void put_accounts(struct hf_json_out *j, const struct hf_model *m)
{
	static const char *const states[] = { "unknown", "locked", "empty", "shadowed", "usable", "plain" };

	hf_json_open(j, "accounts", '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_ACCOUNT); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_ACCOUNT, i);
		uint64_t state = f->num[HF_ACCOUNT_STATE];

		hf_json_open(j, NULL, '{');
		hf__json_bytes(j, "name", f->text[HF_ACCOUNT_NAME]);
		hf_json_put_text(j, "password", states[state < 6 ? state : 0]);
		hf__json_bytes(j, "path", f->path);
		hf__json_bytes(j, "shell", f->text[HF_ACCOUNT_SHELL]);
		if (f->num[HF_ACCOUNT_SOURCE] == HF_ACCOUNTS_PASSWD)
			hf_json_put_uint(j, "uid", f->num[HF_ACCOUNT_UID]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

/* Public keys of authorities in the distribution's bundle are not the maker's. */
static void put_keys(struct hf_json_out *j, const struct hf_model *m)
{
	static const char *const classes[] = { "unknown",    "private",     "encrypted",
					       "authorized", "certificate", "token" };

	hf_json_open(j, "keys", '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_KEY); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_KEY, i);
		uint64_t kind = f->num[HF_KEY_CLASS];

		if ((f->num[HF_KEY_FLAGS] & HF_KEYF_BUNDLE) != 0)
			continue;
		hf_json_open(j, NULL, '{');
		hf_json_put_text(j, "class", classes[kind < 6 ? kind : 0]);
		hf__json_bytes(j, "name", f->text[HF_KEY_NAME]);
		hf__json_bytes(j, "path", f->path);
		hf_json_put_hex(j, "spki", f->text[HF_KEY_SPKI]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

static void put_listeners(struct hf_json_out *j, const struct hf_model *m)
{
	hf_json_open(j, "listeners", '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_LISTENER); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_LISTENER, i);

		hf_json_open(j, NULL, '{');
		hf__json_bytes(j, "address", f->text[HF_LISTENER_ADDRESS]);
		hf__json_bytes(j, "name", f->text[HF_LISTENER_NAME]);
		hf__json_bytes(j, "path", f->path);
		hf_json_put_uint(j, "port", f->num[HF_LISTENER_PORT]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

/* What is started by whom; hooks of udev, cron and rc are services too. */
static void put_services(struct hf_json_out *j, const struct hf_model *m)
{
	hf_json_open(j, "services", '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_SERVICE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_SERVICE, i);

		hf_json_open(j, NULL, '{');
		hf__json_bytes(j, "command", f->text[HF_SERVICE_COMMAND]);
		hf__json_bytes(j, "name", f->text[HF_SERVICE_NAME]);
		hf__json_bytes(j, "path", f->path);
		hf__json_bytes(j, "unit", f->text[HF_SERVICE_UNIT]);
		hf__json_bytes(j, "user", f->text[HF_SERVICE_USER]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

void hf__json_inventory(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "inventory", '{');
	put_accounts(j, in->model);
	put_files(j, "devices", in->model, is_device);
	put_files(j, "executables", in->model, is_executable);
	put_keys(j, in->model);
	put_listeners(j, in->model);
	put_files(j, "modules", in->model, is_module);
	put_files(j, "privileged", in->model, is_privileged);
	put_services(j, in->model);
	hf_json_close(j);
}

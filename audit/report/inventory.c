/* What the image holds, whoever finds it good or bad: the supplier of capability manifests.
 * SPDX-License-Identifier: Apache-2.0 */
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

void hf__json_inventory(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "inventory", '{');
	put_files(j, "devices", in->model, is_device);
	put_files(j, "executables", in->model, is_executable);
	put_files(j, "modules", in->model, is_module);
	put_files(j, "privileged", in->model, is_privileged);
	hf_json_close(j);
}

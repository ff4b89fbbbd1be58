/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/file.h>
#include <holdfast/cbor.h>
#include "hfd.h"
#include "print.h"

enum { HFD_CEILING = MISSION_INNER_MAX + 64 };

bool hfd_write(const char *path, const char *dev, hf_bytes inner, bool fresh)
{
	uint8_t mem[HFD_CEILING];
	struct hf_out out = HF_OUT(mem);
	struct hf_why why = { 0 };
	struct hf_cborw w;
	hf_err err;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_text(&w, HF_STR("hfd1"));
	hf_cbor_put_text(&w, session_text(dev));
	hf_cbor_put_bytes(&w, inner);
	err = hf_cbor_finish(&w);
	if (err == HF_OK)
		err = fresh ? hf_file_create(path, hf_out_bytes(&out), 0644, &why)
			    : hf_file_replace(path, hf_out_bytes(&out), 0644, &why);
	return err == HF_OK ||
	       cli_fail("%s", why.text[0] != '\0' ? hf_why_text(&why) : hf_err_text(err)) == CLI_DONE;
}

void hfd_drop(struct hfd *h)
{
	hf_buf_free(&h->file);
}

bool hfd_read(const char *path, struct hfd *h)
{
	struct hf_why why = { 0 };
	struct hf_cborr r;
	hf_bytes dev, inner;

	h->file = HF_BUF(HFD_CEILING);
	if (hf_file_read(path, &h->file, &why) != HF_OK)
		return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
	hf_cbor_reader(&r, hf_buf_bytes(&h->file));
	hf_cbor_expect_array(&r, 3);
	hf_cbor_expect_text(&r, HF_STR("hfd1"));
	hf_cbor_read_text(&r, &dev);
	hf_cbor_read_bytes(&r, &inner);
	if (hf_cbor_done(&r) != HF_OK || dev.len != HF_DEV_LEN || hf_command_read(inner, &h->c) != HF_OK ||
	    !hf_bytes_equal(dev, h->c.claims.aud))
		return cli_fail("%s: no command file", path) == CLI_DONE;
	memcpy(h->dev, dev.ptr, HF_DEV_LEN);
	h->dev[HF_DEV_LEN] = '\0';
	return true;
}

/* Everything shown comes from the signed claims, nothing from the file around them. */
void hfd_show(const struct hf_command *c, FILE *to)
{
	struct hf_buf args HF_AUTO(hf_buf_free) = HF_BUF(16384);
	char when[32];

	fprintf(to, "device      %.*s\noperation   %.*s\n", (int)c->claims.aud.len,
		(const char *)c->claims.aud.ptr, (int)c->claims.op.len, (const char *)c->claims.op.ptr);
	fprintf(to, "arguments   %s\n",
		print_cbor(c->claims.args, &args) == HF_OK ? hf_buf_text(&args) : "?");
	fprintf(to, "class       %s\nuntil       %s UTC\nsignatures  %zu\n",
		mission_class_word(c->claims.cls), session_time((int64_t)c->claims.exp, when), c->n);
}

/* The reply key of a command whose receipt is fetched by another run of this program. */
bool hfd_reply_path(const struct session *s, const uint8_t *cti, char path[static SESSION_PATH_MAX])
{
	char name[64] = "commands/";

	for (size_t i = 0; i < HF_COMMAND_CTI_LEN; i++)
		snprintf(name + 9 + 2 * i, 3, "%02x", cti[i]);
	return session_path(s, name, path);
}

bool hfd_keep_reply(const struct mission *m)
{
	char folder[SESSION_PATH_MAX], path[SESSION_PATH_MAX];
	struct hf_why why = { 0 };

	if (!session_path(m->s, "commands", folder) || !hfd_reply_path(m->s, m->cti, path))
		return false;
	if (hf_dir_create(folder, 0700, &why) == HF_OK &&
	    hf_file_create(path, (hf_bytes){ m->reply.b, m->reply.len }, 0600, &why) == HF_OK)
		return true;
	return cli_fail("%s", hf_why_text(&why)) == CLI_DONE;
}

/* Absent for everybody but the one who began the command: then the result stays sealed. */
void hfd_take_reply(struct mission *m)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_KEY_CAP);
	char path[SESSION_PATH_MAX];

	if (!hfd_reply_path(m->s, m->cti, path) || hf_file_read_secret(path, &file, NULL) != HF_OK ||
	    file.len != 32)
		return;
	memcpy(m->reply.b, file.ptr, 32);
	m->reply.len = 32;
}

/* The code lets a co-signer compare what was agreed on with what the file says. */

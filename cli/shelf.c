/* shelf.c -- files of the shelf.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shelf.h"

hf_err shelf_fail(struct shelf *s, hf_err err, const char *format, ...)
{
	char text[HF_WHY_CAP];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return hf_why_add(&s->why, err, "%s", text);
}

static hf_err path_of(struct shelf *s, const char *name, char path[static CLI_PATH_MAX])
{
	hf_err err = hf_path_join(path, CLI_PATH_MAX, s->dir, name);

	return err == HF_OK ? HF_OK : hf_why_set(&s->why, err, "%s", s->dir);
}

hf_err shelf_make_dir(struct shelf *s, const char *name)
{
	char path[CLI_PATH_MAX];

	HF_TRY(path_of(s, name, path));
	return hf_dir_create(path, 0755, &s->why);
}

hf_err shelf_open(const struct cli_args *args, bool fresh, struct shelf *s)
{
	const char *dir = cli_option(args, "dir");

	*s = (struct shelf){ .args = args };
	if (dir == NULL)
		dir = getenv("HOLDFAST_RELEASES");
	if (dir == NULL)
		dir = ".";
	if (dir[0] == '\0' || strlen(dir) >= sizeof(s->dir))
		return hf_why_set(&s->why, HF_ERR_FILE_PATH, "--dir: '%s'", dir);
	memcpy(s->dir, dir, strlen(dir) + 1);
	if (fresh || hf_file_exists(dir))
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_FILE_ABSENT, "%s: no such folder", dir);
}

hf_err shelf_make(struct shelf *s)
{
	HF_TRY(hf_dir_create(s->dir, 0755, &s->why));
	HF_TRY(shelf_make_dir(s, "objects"));
	HF_TRY(shelf_make_dir(s, "releases"));
	return shelf_make_dir(s, "policies");
}

int shelf_end(struct shelf *s, hf_err err)
{
	const char *reason = hf_release_reason(err);
	char code[8];

	if (err == HF_OK)
		return CLI_DONE;
	if (s->why.err != err)
		(void)hf_why_set(&s->why, err, "%s", "");
	hf_err_name(err, code);
	if (err == HF_ERR_VERIFY_IMAGE)
		reason = "E_IMAGE";
	(void)cli_fail("%s: %s: %s", s->args->verb->name, reason != NULL ? reason : code,
		       hf_why_text(&s->why));
	return hf_err_class(err) == HF_CLASS_MACHINE || err == HF_ERR_FILE_ABSENT ? CLI_IO : CLI_FAILED;
}

hf_err shelf_read(struct shelf *s, const char *name, struct hf_buf *out)
{
	char path[CLI_PATH_MAX];

	HF_TRY(path_of(s, name, path));
	return hf_file_read(path, out, &s->why);
}

hf_err shelf_replace(struct shelf *s, const char *name, hf_bytes data)
{
	char path[CLI_PATH_MAX];

	HF_TRY(path_of(s, name, path));
	return hf_file_replace(path, data, 0644, &s->why);
}

bool shelf_has(struct shelf *s, const char *name)
{
	char path[CLI_PATH_MAX];

	return hf_path_join(path, sizeof(path), s->dir, name) == HF_OK && hf_file_exists(path);
}

void shelf_hex(hf_bytes b, char *out)
{
	for (size_t i = 0; i < b.len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", b.ptr[i]);
}

static void object_name(hf_bytes hash, char out[static SHELF_NAME_MAX])
{
	(void)snprintf(out, SHELF_NAME_MAX, "objects/");
	shelf_hex(hash, out + 8);
}

hf_err shelf_put(struct shelf *s, hf_bytes object, uint8_t hash[static HF_SHA256_LEN])
{
	char name[SHELF_NAME_MAX];

	HF_TRY(hf_crypto_sha256(&object, 1, hash));
	object_name((hf_bytes){ hash, HF_SHA256_LEN }, name);
	return shelf_has(s, name) ? HF_OK : shelf_replace(s, name, object);
}

hf_err shelf_get(struct shelf *s, hf_bytes hash, struct hf_buf *out)
{
	char name[SHELF_NAME_MAX];
	uint8_t is[HF_SHA256_LEN];
	hf_bytes content;

	object_name(hash, name);
	HF_TRY(shelf_read(s, name, out));
	content = hf_buf_bytes(out);
	HF_TRY(hf_crypto_sha256(&content, 1, is));
	return hf_bytes_equal(HF_ARR(is), hash) ? HF_OK
						: hf_why_set(&s->why, HF_ERR_SHELF_DAMAGED, "%s", name);
}

void shelf_release_name(const char *d, const char *name, char out[static SHELF_NAME_MAX])
{
	(void)snprintf(out, SHELF_NAME_MAX, "releases/%.64s%s%.64s", d, name[0] != '\0' ? "/" : "", name);
}

hf_err shelf_find(struct shelf *s, const char *text, char d[static SHELF_HEX])
{
	size_t len = strlen(text), found = 0;
	char path[CLI_PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	d[0] = '\0';
	if (len < 8 || len >= SHELF_HEX || strspn(text, "0123456789abcdef") != len)
		return hf_why_set(&s->why, HF_ERR_SHELF_NAME,
				  "'%s' is no release: 8 to 64 digits of D (0-9, a-f) are needed", text);
	HF_TRY(path_of(s, "releases", path));
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strlen(entry->d_name) == SHELF_HEX - 1 && strncmp(entry->d_name, text, len) == 0) {
			memcpy(d, entry->d_name, SHELF_HEX);
			found++;
		}
	if (dir != NULL)
		(void)closedir(dir);
	if (found == 1)
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_SHELF_NAME, "%s: %s release in %s", text,
			  found == 0 ? "no" : "more than one", path);
}

hf_err shelf_envelope(struct shelf *s, const char *d, struct hf_buf *file, struct hf_envelope *e)
{
	char name[SHELF_NAME_MAX], is[SHELF_HEX];

	shelf_release_name(d, "envelope", name);
	HF_TRY(shelf_read(s, name, file));
	hf_err err = hf_envelope_read(hf_buf_bytes(file), e);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", name);
	shelf_hex(HF_ARR(e->d), is);
	return strcmp(is, d) == 0 ? HF_OK : hf_why_set(&s->why, HF_ERR_SHELF_DAMAGED, "%s", name);
}

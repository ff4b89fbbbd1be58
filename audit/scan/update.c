/* update.c -- what updaters accept: the configuration of each that is common on devices.
 * Says for each updater whether it demands signatures, from which URL it fetches, whether it refuses old
 * releases, and which anchor it trusts. The judge joins them per tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/json.h>
#include "setting.h"

static hf_err put_sign(struct hf__scan_job *job, const char *updater, bool demands, hf_bytes where)
{
	return hf__scan_put_setting(job, HF_SUBJECT_UPDSIGN, demands ? HF_STATE_YES : HF_STATE_NO,
				    HF__TEXT(updater), where, hf__scan_offset_of(job, where));
}

static hf_err put_rollback(struct hf__scan_job *job, const char *updater, bool refuses)
{
	return hf__scan_put_setting(job, HF_SUBJECT_ROLLBACK, refuses ? HF_STATE_YES : HF_STATE_NO,
				    HF__TEXT(updater), (hf_bytes){ 0 }, 0);
}

static hf_err put_anchor(struct hf__scan_job *job, const char *updater, hf_bytes path)
{
	return hf__scan_put_setting(job, HF_SUBJECT_ANCHOR, HF_STATE_UNKNOWN, HF__TEXT(updater), path,
				    hf__scan_offset_of(job, path));
}

static hf_err put_url(struct hf__scan_job *job, const char *updater, hf_bytes url)
{
	if (!hf_span_begins(url, "http://") && !hf_span_begins(url, "ftp://") &&
	    !hf_span_begins(url, "tftp://") && !hf_span_begins(url, "https://"))
		return HF_OK;
	return hf__scan_put_setting(job, HF_SUBJECT_UPDURL,
				    hf_span_begins(url, "https://") ? HF_STATE_YES : HF_STATE_NO,
				    HF__TEXT(updater), url, hf__scan_offset_of(job, url));
}

/* A line that is neither empty nor a comment. */
static bool next_line(hf_bytes *rest, hf_bytes *line)
{
	while (hf_span_line(rest, line)) {
		*line = hf_span_trim(*line);
		if (line->len > 0 && line->ptr[0] != '#' && !hf_span_begins(*line, "//"))
			return true;
	}
	return false;
}

static hf_err scan_rauc(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line, section = { 0 }, name, value, keyring = { 0 };
	bool floor = false;

	while (next_line(&rest, &line)) {
		if (line.ptr[0] == '[')
			section = line;
		else if (hf__scan_pair(line, '=', &name, &value)) {
			if (hf_span_is(section, "[keyring]") &&
			    (hf_span_is(name, "path") || hf_span_is(name, "directory")))
				keyring = value;
			floor = floor || hf_span_is(name, "min-bundle-version");
		}
	}
	HF_TRY(put_sign(job, "rauc", keyring.len > 0, keyring));
	if (keyring.len > 0)
		HF_TRY(put_anchor(job, "rauc", keyring));
	return put_rollback(job, "rauc", floor);
}

/* name = "value"; of libconfig */
static hf_bytes config_value(hf_bytes value)
{
	if (value.len > 0 && value.ptr[value.len - 1] == ';')
		value.len--;
	return hf__scan_unquote(hf_span_trim(value));
}

/* libconfig's public-key-file, or -k among the arguments of the daemon in conf.d or /etc/default. */
static bool swupdate_key(hf_bytes line, hf_bytes *key)
{
	size_t option = hf_span_find(line, "-k ");
	hf_bytes name, value;

	if (hf__scan_pair(line, '=', &name, &value) && hf_span_is(name, "public-key-file")) {
		*key = config_value(value);
		return true;
	}
	if (option == SIZE_MAX)
		return false;
	value = hf_span_from(line, option + 3);
	return hf__scan_word(&value, key);
}

static hf_err scan_swupdate(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line, name, value, key = { 0 };
	bool floor = hf_span_find(job->text, "no-downgrading") != SIZE_MAX;

	while (next_line(&rest, &line))
		if (!swupdate_key(line, &key) && hf__scan_pair(line, '=', &name, &value) &&
		    hf_span_is(name, "url"))
			HF_TRY(put_url(job, "swupdate", config_value(value)));
	HF_TRY(put_sign(job, "swupdate", key.len > 0, key));
	if (key.len > 0)
		HF_TRY(put_anchor(job, "swupdate", key));
	return put_rollback(job, "swupdate", floor);
}

static hf_bytes text_of(const struct hf_json *v)
{
	const char *text = hf_json_text(v, "");

	return HF__TEXT(text);
}

static hf_err put_mender(struct hf__scan_job *job, const struct hf_json *root)
{
	const struct hf_json *one = hf_json_get(root, "ArtifactVerifyKey");
	const struct hf_json *all = hf_json_get(root, "ArtifactVerifyKeys");
	const struct hf_json *servers = hf_json_get(root, "Servers");
	hf_bytes key = text_of(one != NULL ? one : hf_json_at(all, 0));

	/* Texts of the tree lie outside the file: they have no offset. */
	HF_TRY(hf__scan_put_setting(job, HF_SUBJECT_UPDSIGN, key.len > 0 ? HF_STATE_YES : HF_STATE_NO,
				    HF_STR("mender"), key, 0));
	for (size_t i = 0; i < hf_json_n(servers) && i < 16; i++) {
		hf_bytes url = text_of(hf_json_get(hf_json_at(servers, i), "ServerURL"));

		HF_TRY(hf__scan_put_setting(job, HF_SUBJECT_UPDURL,
					    hf_span_begins(url, "http://") ? HF_STATE_NO : HF_STATE_YES,
					    HF_STR("mender"), url, 0));
	}
	if (hf_span_begins(text_of(hf_json_get(root, "ServerURL")), "http://"))
		return hf__scan_put_setting(job, HF_SUBJECT_UPDURL, HF_STATE_NO, HF_STR("mender"),
					    text_of(hf_json_get(root, "ServerURL")), 0);
	return HF_OK;
}

static hf_err scan_mender(struct hf__scan_job *job)
{
	struct hf_json *root = NULL;
	struct hf_why why = { 0 };
	hf_err err;

	if (hf_json_parse(job->text, &root, &why) != HF_OK)
		return hf__scan_put_setting(job, HF_SUBJECT_UPDSIGN, HF_STATE_UNKNOWN, HF_STR("mender"),
					    HF_STR("not JSON"), 0);
	err = put_mender(job, root);
	hf_json_free(root);
	return err;
}

static hf_err scan_opkg(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line, word, where = { 0 };
	bool checks = false;

	while (next_line(&rest, &line)) {
		hf_bytes left = line;

		if (!hf__scan_word(&left, &word))
			continue;
		if (hf_span_is(word, "option") && hf__scan_word(&left, &word) &&
		    hf_span_is(word, "check_signature")) {
			checks = !hf_span_is(hf_span_trim(left), "0");
			where = line;
		} else if (hf_span_begins(word, "src") && hf__scan_word(&left, &word) &&
			   hf__scan_word(&left, &word)) {
			HF_TRY(put_url(job, "opkg", word));
		}
	}
	/* Feeds may stand in files of their own: only the main file says what is checked. */
	return hf_span_is(job->base, "opkg.conf") ? put_sign(job, "opkg", checks, where) : HF_OK;
}

static hf_err scan_apt(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	while (next_line(&rest, &line)) {
		size_t url;
		bool trusted = (hf_span_begins(line, "deb") &&
				(hf_span_find(line, "trusted=yes") != SIZE_MAX ||
				 hf_span_find(line, "allow-insecure=yes") != SIZE_MAX)) ||
			       hf_span_is_nocase(line, "Trusted: yes") ||
			       (hf_span_find(line, "AllowUnauthenticated") != SIZE_MAX &&
				hf_span_find(line, "true") != SIZE_MAX) ||
			       (hf_span_find(line, "AllowInsecureRepositories") != SIZE_MAX &&
				hf_span_find(line, "true") != SIZE_MAX);

		if (!trusted)
			continue;
		HF_TRY(put_sign(job, "apt", false, line));
		url = hf_span_find(line,
				    "http://"); /* signed lists may come over http; unsigned ones must not */
		if (url != SIZE_MAX) {
			hf_bytes left = hf_span_from(line, url), word;

			(void)hf__scan_word(&left, &word);
			HF_TRY(put_url(job, "apt", word));
		}
	}
	return HF_OK;
}

/* Releases for our own agent are signed and counted upwards, whatever the file says. */
static hf_err scan_own(struct hf__scan_job *job)
{
	HF_TRY(put_sign(job, "holdfast", true, (hf_bytes){ 0 }));
	return put_rollback(job, "holdfast", true);
}

hf_err hf__scan_updates(struct hf__scan_job *job)
{
	const struct {
		bool here;
		hf_err (*scan)(struct hf__scan_job *);
	} readers[] = {
		{ hf_span_ends(job->name, "/rauc/system.conf"), scan_rauc },
		{ hf_span_is(job->base, "swupdate.cfg") || hf_span_ends(job->name, "/default/swupdate") ||
			  hf_span_find(job->name, "/swupdate/conf.d/") != SIZE_MAX,
		  scan_swupdate },
		{ hf_span_is(job->base, "mender.conf"), scan_mender },
		{ hf_span_is(job->base, "opkg.conf") ||
			  (hf_span_find(job->name, "/etc/opkg/") != SIZE_MAX &&
			   hf_span_ends(job->base, ".conf")),
		  scan_opkg },
		{ hf_span_find(job->name, "/etc/apt/") != SIZE_MAX, scan_apt },
		{ hf_span_ends(job->name, "/holdfast/agent.conf"), scan_own },
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].here)
			return readers[i].scan(job);
	return HF_OK;
}

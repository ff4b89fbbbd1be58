/* check_priv.c -- who owns what, and which files lend out rights. Only where the container told owners and
 * modes: an unpacked folder has lost them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_priv[];
extern const size_t hf_n_rules_priv;

enum { SETUID = 06000, STICKY = 01000, WORLD = 0002, EXEC = 0111 };

static bool knows(const struct hf_fact *f, unsigned what)
{
	return (f->num[HF_FILE_KNOWN] & what) == what;
}

/* Files that are setuid in every distribution; without a list of the owner's they weigh less. */
static bool is_usual(hf_bytes name)
{
	static const char *const usual[] = { "su",
					     "sudo",
					     "passwd",
					     "chsh",
					     "chfn",
					     "mount",
					     "umount",
					     "newgrp",
					     "gpasswd",
					     "ping",
					     "ping6",
					     "chage",
					     "expiry",
					     "crontab",
					     "ssh-agent",
					     "unix_chkpwd",
					     "wall",
					     "write",
					     "dbus-daemon-launch-helper",
					     "ssh-keysign",
					     "fusermount3",
					     "fusermount",
					     "pkexec",
					     "busybox.suid",
					     "utempter",
					     NULL };

	return hf_span_in(hf_span_base(name), usual);
}

static void run_setuid(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		bool lends = (f->num[HF_FILE_MODE] & SETUID) != 0 || f->text[HF_FILE_CAPS].len > 0;
		struct hf__chk_where at = { .path = f->path };

		if (f->num[HF_FILE_TYPE] != HF_NODE_FILE || (f->num[HF_FILE_MODE] & EXEC) == 0)
			continue;
		if (!knows(f, HF_KNOWN_MODE | HF_KNOWN_OWNER))
			hf_unknown(c, rule, f->path, "the container does not tell owners and setuid bits");
		else if (!lends || hf_allows(c, HF_ALLOW_SUID, f->text[HF_FILE_NAME]))
			hf_pass(c, rule);
		else {
			at.severity = !hf_allow_listed(c, HF_ALLOW_SUID) && is_usual(f->text[HF_FILE_NAME])
					      ? HF_SEV_LOW
					      : 0;
			hf__chk_report(c, rule, &at, "mode %04llo, owner %llu:%llu%s",
				       (unsigned long long)f->num[HF_FILE_MODE],
				       (unsigned long long)f->num[HF_FILE_UID],
				       (unsigned long long)f->num[HF_FILE_GID],
				       f->text[HF_FILE_CAPS].len > 0 ? ", capabilities" : "");
		}
	}
}

static void run_world(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		uint64_t mode = f->num[HF_FILE_MODE], type = f->num[HF_FILE_TYPE];
		struct hf__chk_where at = { .path = f->path };

		if ((type != HF_NODE_FILE && type != HF_NODE_DIR) || f->text[HF_FILE_TREE].len == 0)
			continue;
		if (!knows(f, HF_KNOWN_MODE))
			hf_unknown(c, rule, f->path, "the container does not tell modes");
		else if ((mode & WORLD) == 0 || (type == HF_NODE_DIR && (mode & STICKY) != 0))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%s, mode %04llo",
				       type == HF_NODE_DIR ? "folder" : "file", (unsigned long long)mode);
	}
}

static bool is_executable(const struct hf_fact *f)
{
	uint64_t kind = f->num[HF_FILE_KIND];

	return f->num[HF_FILE_TYPE] == HF_NODE_FILE && (f->num[HF_FILE_MODE] & EXEC) != 0 &&
	       (kind == HF_KIND_ELF || kind == HF_KIND_SCRIPT);
}

/* Owned by somebody other than root who may write it. World-writable ones are PRIV-002. */
static void run_service_owned(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		uint64_t mode = f->num[HF_FILE_MODE], uid = f->num[HF_FILE_UID], gid = f->num[HF_FILE_GID];
		struct hf__chk_where at = { .path = f->path };

		if (!is_executable(f))
			continue;
		if (!knows(f, HF_KNOWN_MODE | HF_KNOWN_OWNER))
			hf_unknown(c, rule, f->path, "the container does not tell owners");
		else if ((uid != 0 && (mode & 0200) != 0) || (gid != 0 && (mode & 0020) != 0))
			hf__chk_report(c, rule, &at, "owner %llu:%llu, mode %04llo", (unsigned long long)uid,
				       (unsigned long long)gid, (unsigned long long)mode);
		else
			hf_pass(c, rule);
	}
}

static void run_devices(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;
	bool told = false;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		uint64_t type = f->num[HF_FILE_TYPE];
		struct hf__chk_where at = { .path = f->path };

		told = told || knows(f, HF_KNOWN_OWNER);
		if (type != HF_NODE_CHAR && type != HF_NODE_BLOCK)
			continue;
		if (hf_span_begins(f->text[HF_FILE_NAME], "/dev/") ||
		    hf_span_begins(f->text[HF_FILE_NAME], "/lib/udev/devices/"))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%s device",
				       type == HF_NODE_CHAR ? "character" : "block");
	}
	if (!told && hf_model_n(m, HF_FACT_FILE) > 0)
		hf_unknown(c, rule, (hf_bytes){ 0 }, "the inputs do not tell owners, so devices may be lost");
}

/* Some element of the name begins with a dot. */
static bool is_hidden(hf_bytes name)
{
	for (size_t i = 0; i + 1 < name.len; i++)
		if (name.ptr[i] == '/' && name.ptr[i + 1] == '.')
			return true;
	return false;
}

static void run_hidden(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		struct hf__chk_where at = { .path = f->path };

		if (f->num[HF_FILE_TYPE] != HF_NODE_FILE || !is_hidden(f->text[HF_FILE_NAME]) ||
		    hf_span_has(f->text[HF_FILE_NAME], "/.git/") ||
		    hf_span_has(f->text[HF_FILE_NAME], "/.build-id/"))
			continue;
		if (f->text[HF_FILE_SHA256].len == 0)
			hf_unknown(c, rule, f->path, "hidden, and could not be read");
		else if (f->num[HF_FILE_KIND] == HF_KIND_ELF || is_executable(f))
			hf__chk_report(c, rule, &at, "hidden executable");
		else
			hf_pass(c, rule);
	}
}

#define RIGHTS "EN303645:5.6-7 EN18031:ACM"
const struct hf_rule hf_rules_priv[] = {
	{ "PRIV-001", HF_SEV_HIGH, 250, "a file lends out rights that the policy does not allow",
	  "remove the setuid bit or capability, or add the file to [allow] suid", RIGHTS, run_setuid },
	{ "PRIV-002", HF_SEV_HIGH, 732, "everybody may write a file or folder",
	  "take the write bit of others away (chmod o-w); shared folders need the sticky bit", RIGHTS,
	  run_world },
	{ "PRIV-003", HF_SEV_HIGH, 732, "a program can be changed by an account other than root",
	  "let root own it and take the write bits of others away", RIGHTS, run_service_owned },
	{ "PRIV-004", HF_SEV_MEDIUM, 732, "a device node lies outside /dev",
	  "remove it: it opens the device to whoever can reach that folder", RIGHTS, run_devices },
	{ "PRIV-005", HF_SEV_MEDIUM, 912, "an executable is hidden by its name",
	  "find out who put it there; programs belong into bin folders", "", run_hidden },
};
const size_t hf_n_rules_priv = sizeof(hf_rules_priv) / sizeof(hf_rules_priv[0]);

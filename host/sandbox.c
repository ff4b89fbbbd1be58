/* The order matters: the user first, as it needs privileges; no_new_privs before Landlock and seccomp, as
 * they need it; seccomp last, as it forbids all the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "sandbox_priv.h"

enum { GROUPS_MAX = 64 };

static hf_err find_group(const char *name, gid_t *gid, struct hf_why *why)
{
	const struct group *gr;

	if (name == NULL)
		return HF_OK;
	gr = getgrnam(name);
	if (gr == NULL)
		return hf_why_set(why, HF_ERR_SANDBOX_USER, "no group \"%s\"", name);
	*gid = gr->gr_gid;
	return HF_OK;
}

static hf_err change_user(const struct hf_sandbox *s, struct hf_why *why)
{
	gid_t groups[GROUPS_MAX], gid;
	int n = GROUPS_MAX;
	const struct passwd *pw;
	uid_t uid;

	if (s->user == NULL || geteuid() != 0)
		return HF_OK;
	pw = getpwnam(s->user);
	if (pw == NULL)
		return hf_why_set(why, HF_ERR_SANDBOX_USER, "no user \"%s\"", s->user);
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	HF_TRY(find_group(s->group, &gid, why));
	if (getgrouplist(s->user, gid, groups, &n) < 0)
		return hf_why_set(why, HF_ERR_SANDBOX_USER, "user \"%s\" is in too many groups", s->user);
	if (setgroups((size_t)n, groups) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_USER, "become \"%s\"", s->user);
	/* A way back would make all of the above decoration. */
	if (uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return hf_why_set(why, HF_ERR_SANDBOX_USER, "could become root again");
	return HF_OK;
}

static hf_err set_limit(int what, uint64_t value, const char *name, struct hf_why *why)
{
	struct rlimit l = { value, value };

	if (setrlimit((__rlimit_resource_t)what, &l) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_LIMIT, "limit of %s to %llu", name,
				    (unsigned long long)value);
	return HF_OK;
}

static hf_err set_limits(const struct hf_sandbox *s, struct hf_why *why)
{
	HF_TRY(set_limit(RLIMIT_CORE, 0, "core files", why));
	if (s->max_fds != 0)
		HF_TRY(set_limit(RLIMIT_NOFILE, s->max_fds, "open files", why));
	if (s->max_memory != 0)
		HF_TRY(set_limit(RLIMIT_AS, s->max_memory, "memory", why));
	if (s->max_cpu_s != 0)
		HF_TRY(set_limit(RLIMIT_CPU, s->max_cpu_s, "processor time", why));
	if (s->no_files)
		HF_TRY(set_limit(RLIMIT_FSIZE, 0, "file size", why));
	return HF_OK;
}

static hf_err set_flags(int death_signal, pid_t parent, struct hf_why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_USER, "prctl");
	/* Changing the user cleared it. */
	if (death_signal != 0 && prctl(PR_SET_PDEATHSIG, death_signal) != 0)
		return hf_why_errno(why, HF_ERR_SANDBOX_USER, "prctl");
	if (death_signal != 0 && getppid() != parent)
		(void)raise(death_signal);
	return HF_OK;
}

hf_err hf_sandbox_enter(const struct hf_sandbox *s, struct hf_why *why)
{
	pid_t parent = getppid();
	int death_signal = 0;

	(void)prctl(PR_GET_PDEATHSIG, &death_signal);
	HF_TRY(set_limits(s, why));
	HF_TRY(change_user(s, why));
	HF_TRY(set_flags(death_signal, parent, why));
	HF_TRY(hf__sandbox_landlock(s, why));
	return hf__sandbox_seccomp(s->powers, why);
}

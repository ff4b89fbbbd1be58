/* See upd.h. core judges; this file brings it the device's state, clock and name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "upd.h"
#include <hf/file.h>
#include <hf/sandbox.h>
#include <hf/linux.h>
#include <hf/pki.h>
#include <holdfast/cbor.h>
#include <string.h>
#include <time.h>

enum { BUSY_TRIES = 200, BUSY_MS = 25 }; /* another question takes milliseconds */

struct session {
	struct hf_port port;
	struct hf_trust trust;
	struct hf_clock clock;
};

static void end_session(struct session **s)
{
	hf_linux_close(&(*s)->port);
}

static hf_err state_path(const struct agent *a, char path[static AGENT_PATH_CAP])
{
	return hf_path_join(path, AGENT_PATH_CAP, a->dir, "trust");
}

hf_err upd_make_state(const struct agent *a, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];

	HF_TRY(state_path(a, path));
	return hf_file_exists(path) ? HF_OK : hf_dir_create(path, 0700, why);
}

hf_err upd_seal(const struct agent *a, uint64_t max_fds, struct hf_why *why)
{
	char state[AGENT_PATH_CAP];
	const struct hf_sandbox_path paths[] = { { state, true } };
	const struct hf_sandbox s = {
		.powers = HF_SANDBOX_AGENT_KEY,
		.user = a->conf.user[0] != '\0' ? a->conf.user : NULL,
		.paths = paths,
		.n_paths = 1,
		.max_fds = max_fds,
	};

	HF_TRY(state_path(a, state));
	return hf_sandbox_enter(&s, why);
}

static hf_err name_device(struct upd_device *u)
{
	HF_TRY(hf_pki_uuid5(hf_pki_uuid_dns, u->provision.domain, u->vendor));
	return hf_pki_uuid5(u->vendor, u->provision.line, u->class_id);
}

hf_err upd_open(struct upd_device *u, const struct agent *a, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	hf_err err;

	u->agent = a;
	u->file = HF_BUF(HF_PROVISION_CEILING);
	HF_TRY(hf_path_join(path, sizeof(path), a->dir, "provision.hfp"));
	HF_TRY(hf_file_read(path, &u->file, why));
	err = hf_provision_read(hf_buf_bytes(&u->file), &u->provision);
	if (err == HF_OK)
		err = name_device(u);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err open_port(const struct upd_device *u, struct hf_port *port)
{
	const struct timespec pause = { 0, BUSY_MS * 1000000L };
	char path[AGENT_PATH_CAP];
	hf_err err = HF_ERR_PORT_BUSY;

	HF_TRY(state_path(u->agent, path));
	for (int i = 0; i < BUSY_TRIES && err == HF_ERR_PORT_BUSY; i++) {
		err = hf_linux_open(port, path);
		if (err == HF_ERR_PORT_BUSY)
			(void)nanosleep(&pause, NULL);
	}
	return err;
}

static hf_err begin(const struct upd_device *u, struct session *s, struct hf_out *scratch, struct hf_why *why)
{
	hf_err err = open_port(u, &s->port);

	memset(&s->trust, 0, sizeof(s->trust));
	s->clock = (struct hf_clock){ .quality = HF_CLOCK_NONE };
	if (err == HF_OK) {
		s->port.build_s = AGENT_BUILD_S;
		s->port.clock = (enum hf_linux_clock)u->agent->conf.clock;
		err = hf_port_clock(&s->port, &s->clock);
	}
	if (err == HF_OK)
		err = hf_trust_start(&s->trust, &s->port, u->provision.policy, scratch);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s/trust: %s", u->agent->dir, hf_err_text(err));
}

/* What will not mend by itself is a verdict: the owner must hear of it. */
static bool is_final(hf_err err)
{
	return err != HF_OK && hf_err_class(err) != HF_CLASS_MACHINE;
}

static uint64_t trusted_now(const struct session *s)
{
	return s->clock.quality == HF_CLOCK_TRUSTED && s->clock.unix_s > 0 ? (uint64_t)s->clock.unix_s : 0;
}

/* Being late is only reported, so any clock is good enough to say it. */
static void believe(const struct session *s, struct upd_report *r)
{
	uint64_t now = s->clock.quality != HF_CLOCK_NONE && s->clock.unix_s > 0 ? (uint64_t)s->clock.unix_s
										  : s->trust.quorum_time;

	r->policy_number = s->trust.policy.number;
	r->quorum_time = s->trust.quorum_time;
	r->head_size = s->trust.newest.head.size;
	r->head_time = s->trust.newest.time;
	r->stale = hf_trust_is_stale(&s->trust, now);
	r->floor = UPD_FLOOR;
}

static unsigned count_keys(hf_key_set set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

static void judge(const struct upd_device *u, struct session *s, hf_bytes bundle, struct hf_out *scratch,
		  struct upd_report *r)
{
	const struct hf_device_facts device = {
		.vendor = HF_ARR(u->vendor),
		.class_id = HF_ARR(u->class_id),
		.component = HF_COMPONENT_MAIN,
		.floor = UPD_FLOOR,
		.board = u->agent->conf.board,
		.agent_level = UPD_LEVEL,
		.now = trusted_now(s),
	};
	struct hf_release release = { .install = HF_VERDICT_NO };

	r->verdict = hf_bundle_verify(bundle, &s->trust, &device, scratch, &release);
	r->n_links = release.n_links;
	memcpy(r->d, release.d, sizeof(r->d));
	if (r->verdict != HF_OK)
		return;
	if (!hf_verdict_is_yes(release.install)) { /* links only: nothing to install */
		r->has_release = false;
		return;
	}
	r->sequence = release.manifest.sequence;
	r->n_signers = count_keys(release.signers);
	r->n_witnesses = count_keys(release.proof.witnesses);
}

hf_err upd_verify(const struct upd_device *u, hf_bytes bundle, struct upd_report *r, struct hf_why *why)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	static struct session store; /* the state alone is 14 KiB */
	struct session *s HF_AUTO(end_session) = &store;
	struct hf_out scratch = HF_OUT(mem);
	hf_err err;

	*r = (struct upd_report){ .has_release = true };
	store.port = HF_LINUX_PORT_NONE;
	HF_TRY(hf_crypto_sha256(&bundle, 1, r->address));
	err = begin(u, s, &scratch, why);
	if (err == HF_OK)
		judge(u, s, bundle, &scratch, r);
	else if (is_final(err))
		r->verdict = err;
	else
		return err;
	believe(s, r);
	return is_final(r->verdict) || r->verdict == HF_OK ? HF_OK : r->verdict;
}

/* Heads come for each policy that the fleet may hold; those of another policy are not for this device. */
static hf_err hear(struct session *s, hf_bytes head, struct upd_report *r)
{
	hf_err err = hf_trust_hear(&s->trust, head, trusted_now(s));

	if (err != HF_OK && !is_final(err))
		return err;
	if (err != HF_ERR_PROOF_NONE)
		r->head_err = err;
	return HF_OK;
}

hf_err upd_hear(const struct upd_device *u, hf_bytes head, struct upd_report *r, struct hf_why *why)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	static struct session store;
	struct session *s HF_AUTO(end_session) = &store;
	struct hf_out scratch = HF_OUT(mem);
	hf_err err;

	store.port = HF_LINUX_PORT_NONE;
	err = begin(u, s, &scratch, why);
	if (err == HF_OK && head.len > 0)
		err = hear(s, head, r);
	if (is_final(err))
		r->head_err = err;
	else
		HF_TRY(err);
	believe(s, r);
	return HF_OK;
}

const char *upd_reason(hf_err verdict)
{
	const char *name = hf_release_reason(verdict);

	if (verdict == HF_OK)
		return "good";
	return name != NULL ? name : hf_err_text(verdict);
}

static void put_text(struct hf_cborw *w, int64_t key, const char *text)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_text(w, (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

static void put_uint(struct hf_cborw *w, int64_t key, uint64_t v)
{
	hf_cbor_put_key(w, key);
	hf_cbor_put_uint(w, v);
}

hf_err upd_report_write(const struct upd_report *r, struct hf_out *out)
{
	const hf_bytes none = { NULL, 0 };
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, 12);
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, r->has_release ? HF_ARR(r->d) : none);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_bytes(&w, r->has_release ? HF_ARR(r->address) : none);
	put_uint(&w, 3, (uint64_t)r->verdict);
	put_text(&w, 4, r->has_release ? upd_reason(r->verdict) : "");
	put_uint(&w, 5, r->sequence);
	put_uint(&w, 6, r->policy_number);
	put_uint(&w, 7, r->quorum_time);
	put_uint(&w, 8, r->head_size);
	put_uint(&w, 9, r->head_time);
	put_uint(&w, 10, (uint64_t)r->head_err);
	hf_cbor_put_key(&w, 11);
	hf_cbor_put_bool(&w, r->stale);
	put_uint(&w, 12, r->floor);
	return hf_cbor_finish(&w);
}

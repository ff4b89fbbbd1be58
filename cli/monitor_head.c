/* monitor_head.c -- the head that the log shows, and every signature on it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include <holdfast/proof.h>
#include "monitor.h"

/* One head against one policy. */
struct judged {
	int log;  /* index of the log's key, -1: not a log of this policy */
	bool bad; /* a witness of the policy stands under it with a wrong signature */
	struct hf_proof_result device, monitor;
	bool device_met, monitor_met;
};

static int find_log(const struct monitor *m, const struct hf_policy *p, const struct log_head *h)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if ((p->logs >> i & 1) != 0 &&
		    (!m->s.begun || memcmp(p->key[i].pub.ptr, m->s.log, sizeof(m->s.log)) == 0) &&
		    hf_checkpoint_verify(p->key[i].pub.ptr, &h->head, h->sig) == HF_OK)
			return (int)i;
	return -1;
}

static int find_witness(const struct hf_policy *p, const uint8_t hash[static HF_SHA256_LEN])
{
	for (size_t i = 0; i < p->n_keys; i++) {
		uint8_t is[HF_SHA256_LEN];

		if (p->key[i].role == HF_ROLE_WITNESS && hf_crypto_sha256(&p->key[i].pub, 1, is) == HF_OK &&
		    memcmp(is, hash, sizeof(is)) == 0)
			return (int)i;
	}
	return -1;
}

/* Every cosignature is verified, not only as many as a device needs. */
static hf_err put_good(const struct hf_policy *p, const uint8_t *log, const struct log_head *h, bool *bad,
		       struct hf_out *cosigs)
{
	hf_key_set seen = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct log_cosignature *c = &h->cosignature[i];
		int at = find_witness(p, c->witness);

		if (at < 0)
			continue;
		if ((seen >> at & 1) != 0 ||
		    hf_cosignature_verify(log, &h->head, c->time, p->key[at].pub.ptr, c->sig) != HF_OK) {
			*bad = true;
			continue;
		}
		seen |= (hf_key_set)1 << at;
		HF_TRY(hf_cosig_put((uint8_t)at, c->time, c->sig, cosigs));
	}
	return HF_OK;
}

static bool is_met(const struct hf_policy *p, hf_bytes quorum, int log, const struct log_head *h,
		   hf_bytes cosigs, struct hf_proof_result *result)
{
	*result = (struct hf_proof_result){ .head = h->head };
	return quorum.len > 0 &&
	       hf_witness_verify(p, quorum, (uint8_t)log, cosigs, (uint64_t)time(NULL), result) == HF_OK;
}

static hf_err judge(const struct monitor *m, const struct hf_policy *p, const struct log_head *h,
		    struct judged *j)
{
	uint8_t mem[HF_PROOF_MAX_COSIGS * HF_COSIG_LEN];
	struct hf_out cosigs = HF_OUT(mem);

	*j = (struct judged){ .log = find_log(m, p, h) };
	if (j->log < 0)
		return HF_OK;
	HF_TRY(put_good(p, p->key[j->log].pub.ptr, h, &j->bad, &cosigs));
	j->device_met = is_met(p, p->witness, j->log, h, hf_out_bytes(&cosigs), &j->device);
	j->monitor_met = is_met(p, p->monitor.len > 0 ? p->monitor : p->witness, j->log, h,
				hf_out_bytes(&cosigs), &j->monitor);
	return HF_OK;
}

hf_err monitor_keep(struct monitor *m, const char *name, hf_bytes text)
{
	char path[MONITOR_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), m->dir, name));
	return hf_file_replace(path, text, 0644, &m->why);
}

/* Which policy is this head under? The one in force, or, until the log has followed, the one before. */
static hf_err judge_all(struct monitor *m, const struct log_head *h, struct judged *j, struct hf_policy **p)
{
	struct judged old = { .log = -1 };

	*p = &m->p[0];
	HF_TRY(judge(m, &m->p[0], h, j));
	if (j->device_met || m->p[1].number == 0)
		return HF_OK;
	HF_TRY(judge(m, &m->p[1], h, &old));
	if (old.log < 0 || (!old.device_met && j->log >= 0))
		return HF_OK;
	*p = &m->p[1];
	*j = old;
	return HF_OK;
}

static hf_err report(struct monitor *m, const struct log_head *h, const struct judged *j)
{
	uint64_t now = (uint64_t)time(NULL);
	char text[MONITOR_TEXT_MAX];

	if (j->monitor_met)
		m->s.unmet_since = 0;
	else if (m->s.unmet_since == 0)
		m->s.unmet_since = now;
	(void)snprintf(text, sizeof(text), "head of size %llu: %s quorum of witnesses is not met",
		       (unsigned long long)h->head.size, j->device_met ? "the monitors'" : "the");
	HF_TRY(monitor_stand(m, MONITOR_QUORUM,
			     m->s.unmet_since != 0 && now - m->s.unmet_since >= m->patience_s, text));
	return monitor_stand(m, MONITOR_COSIGNATURE, j->bad,
			     "a witness of the policy stands under the head with a wrong signature");
}

/* Also when no head comes at all: the newest good one grows old. */
static hf_err report_age(struct monitor *m)
{
	uint64_t now = (uint64_t)time(NULL);
	char text[MONITOR_TEXT_MAX];
	bool stale =
		m->s.head_time != 0 && now > m->s.head_time && now - m->s.head_time > m->p[0].stale_after_s;

	(void)snprintf(text, sizeof(text), "the newest cosigned head is %llu s old, the policy allows %llu",
		       (unsigned long long)(now - m->s.head_time), (unsigned long long)m->p[0].stale_after_s);
	return monitor_stand(m, MONITOR_STALE, stale, text);
}

static hf_err take(struct monitor *m, const struct log_head *h, hf_bytes text, bool *good)
{
	struct hf_policy *p = NULL;
	struct judged j;

	HF_TRY(judge_all(m, h, &j, &p));
	HF_TRY(monitor_stand(m, MONITOR_LOG_SIGNATURE, j.log < 0,
			     "the head is not signed by the log that is watched"));
	if (j.log < 0)
		return HF_OK;
	HF_TRY(report(m, h, &j));
	*good = j.device_met;
	if (!*good)
		return HF_OK;
	m->s.begun = true;
	memcpy(m->s.log, p->key[j.log].pub.ptr, sizeof(m->s.log));
	if (h->head.size < m->s.size) {
		HF_TRY(monitor_stand(m, MONITOR_FORK, true,
				     "the log shows a smaller tree than before; evidence is kept"));
		HF_TRY(monitor_keep(m, "contradiction", text));
		return HF_ERR_MONITOR_FORK;
	}
	if (j.device.quorum_time > m->s.head_time)
		m->s.head_time = j.device.quorum_time;
	return HF_OK;
}

hf_err monitor_head(struct monitor *m, struct hf_tree_head *head, bool *good)
{
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	static struct log_head h; /* a program watches one log */
	int status = 0;
	hf_err err = log_client_ask(&m->log, "get-tree-head", (hf_bytes){ 0 }, &status, &answer);

	*good = false;
	if (err == HF_OK && status == 200)
		err = log_text_head(hf_buf_bytes(&answer), &h);
	else if (err == HF_OK)
		err = hf_why_set(&m->why, HF_ERR_LOG_WAIT, "get-tree-head: status %d", status);
	if (err == HF_OK)
		err = take(m, &h, hf_buf_bytes(&answer), good);
	HF_TRY(report_age(m));
	HF_TRY(err);
	*head = h.head;
	return *good ? monitor_keep(m, "head.new", hf_buf_bytes(&answer)) : HF_OK;
}

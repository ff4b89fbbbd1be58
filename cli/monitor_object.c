/* monitor_object.c -- one leaf: who put it there, what stands behind it, and is that what it should be?
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/logfront.h>
#include "monitor.h"
#include "shelf.h"
#include "statements.h"

enum { NOT_FOUND = 404, AT_SIG = 32, AT_PUBLISHER = 96 };

hf_err monitor_fetch(struct monitor *m, const char *folder, const uint8_t *hash, struct hf_buf *out,
		     bool *found)
{
	char path[80], hex[SHELF_HEX];
	int status = 0;

	shelf_hex((hf_bytes){ hash, HF_SHA256_LEN }, hex);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, hex);
	HF_TRY(log_client_ask(&m->log, path, (hf_bytes){ 0 }, &status, out));
	*found = status == 200;
	return *found || status == NOT_FOUND
		       ? HF_OK
		       : hf_why_set(&m->why, HF_ERR_LOG_REFUSED, "%s: the log answered %d", path, status);
}

/* ---- policies ---- */

hf_err monitor_use_policies(struct monitor *m)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];

	m->p[1] = (struct hf_policy){ 0 };
	for (int i = 0; i < 2; i++) {
		hf_bytes in = hf_buf_bytes(&m->s.policy[i]), payload = { 0 };
		struct hf_out scratch = HF_OUT(mem);
		struct hf_statement s;

		if (in.len == 0 && i == 1)
			continue;
		HF_TRY(hf_statement_read(in, &s));
		HF_TRY(hf_policy_read(s.sign.payload, &m->p[i]));
		HF_TRY(hf_statement_check(in, HF_STR("hf/policy/1"), &m->p[i], m->p[i].root, 0, &scratch,
					  &payload));
	}
	return HF_OK;
}

hf_err monitor_adopt(struct monitor *m, hf_bytes statement)
{
	struct hf_buf old = m->s.policy[1];

	m->s.policy[1] = m->s.policy[0];
	m->s.policy[0] = old;
	hf_buf_reset(&m->s.policy[0]);
	HF_TRY(hf_buf_put(&m->s.policy[0], statement));
	return monitor_use_policies(m);
}

static hf_err judge_policy(struct monitor *m, uint64_t index, hf_bytes object, const uint8_t *d)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_statement st;
	struct hf_policy next;

	HF_TRY(hf_statement_read(object, &st));
	if (hf_policy_read(st.sign.payload, &next) == HF_OK && next.number <= m->p[0].number &&
	    (next.number < m->p[0].number || memcmp(next.hash, m->p[0].hash, sizeof(next.hash)) == 0))
		return monitor_say(m, MONITOR_OLD_POLICY, &index, d, "policy %llu",
				   (unsigned long long)next.number);
	if (hf_policy_open_next(object, &m->p[0], &scratch, &next) != HF_OK)
		return monitor_say(m, MONITOR_BAD_POLICY, &index, d,
				   "a policy that does not follow policy %llu",
				   (unsigned long long)m->p[0].number);
	HF_TRY(monitor_say(m, MONITOR_POLICY, &index, d, "policy %llu replaces policy %llu",
			   (unsigned long long)next.number, (unsigned long long)m->p[0].number));
	return monitor_adopt(m, object);
}

/* ---- other statements ---- */

static hf_err judge_revocation(struct monitor *m, uint64_t index, hf_bytes object, const uint8_t *d)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	hf_bytes payload = { 0 }, quorum = { 0 };
	struct revocation r;
	char hex[SHELF_HEX];
	hf_err err = revocation_read(statement_payload(object), &r);

	if (err == HF_OK)
		err = hf_policy_release(&m->p[0], r.class_id, &quorum);
	if (err == HF_OK)
		err = hf_statement_check(object, HF_STR("hf/revocation/1"), &m->p[0], quorum, 0, &scratch,
					 &payload);
	if (err != HF_OK)
		return monitor_say(m, MONITOR_UNSIGNED, &index, d, "a revocation below its quorum: %s",
				   hf_err_text(err));
	shelf_hex(r.d, hex);
	return monitor_say(m, MONITOR_REVOKED, &index, d, "%s is withdrawn: %.*s", hex, (int)r.reason.len,
			   (const char *)r.reason.ptr);
}

static hf_err judge_statement(struct monitor *m, uint64_t index, hf_bytes object, const uint8_t *d)
{
	struct hf_statement st;

	HF_TRY(hf_statement_read(object, &st));
	if (hf_bytes_equal(st.type, HF_STR("hf/policy/1")))
		return judge_policy(m, index, object, d);
	if (hf_bytes_equal(st.type, HF_STR("hf/revocation/1")))
		return judge_revocation(m, index, object, d);
	if (hf_bytes_equal(st.type, HF_STR("hf/ca-key/1")))
		return monitor_say(m, MONITOR_CA_KEY, &index, d, "a key of the enrolment CA changed");
	return monitor_say(m, MONITOR_UNKNOWN_TYPE, &index, d, "a statement of type '%.*s'", (int)st.type.len,
			   (const char *)st.type.ptr);
}

/* ---- the leaf ---- */

static const uint8_t *find_publisher(const struct hf_policy *p, const uint8_t *hash)
{
	for (size_t i = 0; i < p->n_keys; i++) {
		uint8_t is[HF_SHA256_LEN];

		if ((p->publishers >> i & 1) != 0 && hf_crypto_sha256(&p->key[i].pub, 1, is) == HF_OK &&
		    memcmp(is, hash, sizeof(is)) == 0)
			return p->key[i].pub.ptr;
	}
	return NULL;
}

static hf_err judge_publisher(struct monitor *m, uint64_t index, const uint8_t *leaf)
{
	const uint8_t *pub = find_publisher(&m->p[0], leaf + AT_PUBLISHER);

	if (pub == NULL)
		pub = find_publisher(&m->p[1], leaf + AT_PUBLISHER);
	if (pub == NULL)
		return monitor_say(m, MONITOR_PUBLISHER, &index, NULL, "by a key that is no publisher");
	if (hf_leaf_verify(leaf, pub, leaf + AT_SIG) != HF_OK)
		return monitor_say(m, MONITOR_PUBLISHER, &index, NULL, "the publisher did not sign it");
	return HF_OK;
}

static hf_err judge_plan(struct monitor *m, uint64_t index, const uint8_t *d)
{
	char hex[SHELF_HEX];

	shelf_hex((hf_bytes){ d, HF_SHA256_LEN }, hex);
	if (m->planned == NULL || monitor_has_line(&m->planned_file, hex))
		return HF_OK;
	return monitor_say(m, MONITOR_UNPLANNED, &index, d, "nobody planned this");
}

hf_err monitor_leaf(struct monitor *m, uint64_t index, const uint8_t leaf[static HF_LEAF_LEN])
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	uint8_t d[HF_SHA256_LEN], checksum[HF_SHA256_LEN];
	struct hf_statement st;
	bool found = false;

	HF_TRY(judge_publisher(m, index, leaf));
	HF_TRY(monitor_fetch(m, "leafobj", leaf, &object, &found));
	if (!found)
		return monitor_say(m, MONITOR_NO_OBJECT, &index, NULL, "the log shows nothing behind it");
	if (hf_log_object_digest(hf_buf_bytes(&object), d) != HF_OK ||
	    hf_leaf_checksum(d, checksum) != HF_OK || memcmp(checksum, leaf, sizeof(checksum)) != 0)
		return monitor_say(m, MONITOR_WRONG_OBJECT, &index, NULL,
				   "what the log shows behind it is something else");
	HF_TRY(judge_plan(m, index, d));
	if (hf_statement_read(hf_buf_bytes(&object), &st) == HF_OK)
		return judge_statement(m, index, hf_buf_bytes(&object), d);
	return monitor_judge_release(m, index, hf_buf_bytes(&object));
}

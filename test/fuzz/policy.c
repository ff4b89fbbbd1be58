/* Fuzz target: payloads of trust policies. A policy that parsed keeps its promise: every quorum names
 * existing keys of its role, can be met by them, and never by nobody.
 * SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

static void check_quorum(const struct hf_policy *p, hf_bytes quorum, int role)
{
	hf_key_set named = 0, all = hf_policy_role(p, role);

	release_expect(hf_quorum_keys(p, quorum, &named) == HF_OK && named != 0 && (named & ~all) == 0);
	release_expect(hf_verdict_is_yes(hf_quorum_met(p, quorum, named)));
	release_expect(!hf_verdict_is_yes(hf_quorum_met(p, quorum, 0)));
	release_expect(!hf_verdict_is_yes(hf_quorum_met(p, quorum, ~named)));
}

static void check_keys(const struct hf_policy *p)
{
	release_expect(p->n_keys > 0 && p->n_keys <= HF_POLICY_MAX_KEYS);
	for (size_t i = 0; i < p->n_keys; i++) {
		const struct hf_policy_key *key = &p->key[i];

		release_expect(key->role >= HF_ROLE_ROOT && key->role <= HF_ROLE_NAMED &&
			       key->not_after >= 0);
		release_expect(hf_policy_find(p, HF_ARR(key->kid)) == (int)i);
	}
}

static void check_classes(const struct hf_policy *p)
{
	static const uint8_t other[HF_POLICY_UUID_LEN] = { 1 };
	const hf_bytes classes[] = { HF_ARR(rig_class), HF_ARR(rig_second), HF_ARR(other) };
	hf_bytes quorum;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (hf_policy_release(p, classes[i], &quorum) == HF_OK)
			check_quorum(p, quorum, HF_ROLE_RELEASE);
		if (hf_policy_rebuilder(p, classes[i], &quorum) == HF_OK)
			check_quorum(p, quorum, HF_ROLE_REBUILDER);
	}
	release_expect(!hf_verdict_is_yes(hf_policy_any_release(p, 0)));
}

static void judge(const struct hf_policy *p)
{
	hf_bytes order = { 0 };

	check_keys(p);
	check_quorum(p, p->root, HF_ROLE_ROOT);
	if (p->witness.len > 0)
		check_quorum(p, p->witness, HF_ROLE_WITNESS);
	if (p->monitor.len > 0)
		check_quorum(p, p->monitor, HF_ROLE_WITNESS);
	release_expect((p->publishers & ~hf_policy_role(p, HF_ROLE_PUBLISHER)) == 0);
	release_expect((p->logs & ~hf_policy_role(p, HF_ROLE_LOG)) == 0);
	if (hf_policy_named(p, HF_STR("order"), &order) == HF_OK)
		check_quorum(p, order, HF_ROLE_NAMED);
	check_classes(p);
}

/* The same as a signed statement: what follows policy 1 is number 2 and names its hash. */
static void follow(hf_bytes in)
{
	struct rig *r = release_world();
	const struct hf_policy *first = &r->trust.policy;
	static struct hf_policy next;

	if (hf_policy_open_next(in, first, &r->scratch, &next) != HF_OK) {
		release_expect(next.n_keys == 0);
		return;
	}
	release_expect(next.number == 2 && hf_bytes_equal(next.previous, HF_ARR(first->hash)));
	judge(&next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_policy policy;
	hf_bytes in = { data, size };

	if (hf_policy_read(in, &policy) == HF_OK)
		judge(&policy);
	else
		release_expect(policy.n_keys == 0 && policy.root.ptr == NULL);
	follow(in);
	return 0;
}

/* policy_class.c -- delegations [[classes, Q], ...]: whom to ask for a class of devices.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

static bool has_class(struct hf_cborr *r, hf_bytes class_id, size_t *n)
{
	bool found = false;

	hf_cbor_read_array(r, n);
	if (*n > HF_POLICY_MAX_CLASSES)
		hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
	for (size_t i = 0; i < *n && hf_cbor_error(r) == HF_OK; i++) {
		hf_bytes id = { 0 };

		hf_cbor_read_bytes(r, &id);
		if (id.len != HF_POLICY_UUID_LEN)
			hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
		found = found || hf_bytes_equal(id, class_id);
	}
	hf_cbor_end(r);
	return found;
}

/* One entry of a list [[classes, Q], ...]: does it name the class, or, with an empty one, every class? */
static bool read_entry(struct hf_cborr *r, hf_bytes class_id, bool *exact, hf_bytes *quorum)
{
	size_t classes = 0;

	hf_cbor_expect_array(r, 2);
	*exact = has_class(r, class_id, &classes);
	hf_cbor_capture(r, quorum);
	hf_cbor_end(r);
	return hf_cbor_error(r) == HF_OK && (*exact || classes == 0);
}

/* The quorum of a class: the entry that names it, else the one that names none. */
static hf_err find_class(hf_bytes list, hf_bytes class_id, hf_bytes *quorum)
{
	struct hf_cborr r;
	size_t n = 0;
	bool found = false;

	hf_cbor_reader(&r, list);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes value = { 0 };
		bool exact = false;

		if (read_entry(&r, class_id, &exact, &value) && !found)
			*quorum = value;
		found = found || exact;
	}
	return hf_cbor_done(&r);
}

/* How often the list names a class; with an empty one, how many entries name none. */
static size_t count_class(hf_bytes list, hf_bytes class_id)
{
	struct hf_cborr r;
	size_t n = 0, classes = 0, count = 0;

	hf_cbor_reader(&r, list);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_cbor_expect_array(&r, 2);
		hf_cbor_read_array(&r, &classes);
		count += classes == 0 && class_id.len == 0 ? 1 : 0;
		for (size_t c = 0; c < classes && hf_cbor_error(&r) == HF_OK; c++) {
			hf_bytes id = { 0 };

			hf_cbor_read_bytes(&r, &id);
			count += id.len > 0 && hf_bytes_equal(id, class_id) ? 1 : 0;
		}
		hf_cbor_end(&r);
		hf_cbor_skip(&r);
		hf_cbor_end(&r);
	}
	return count;
}

/* Two entries for one class would leave open which quorum counts. */
static hf_err check_classes(struct hf_cborr *r, hf_bytes list)
{
	size_t classes = 0;

	hf_cbor_read_array(r, &classes);
	if (classes > HF_POLICY_MAX_CLASSES || (classes == 0 && count_class(list, (hf_bytes){ 0 }) != 1))
		return HF_ERR_POLICY_FORMAT;
	for (size_t i = 0; i < classes && hf_cbor_error(r) == HF_OK; i++) {
		hf_bytes id = { 0 };

		hf_cbor_read_bytes(r, &id);
		if (hf_cbor_error(r) == HF_OK && (id.len != HF_POLICY_UUID_LEN || count_class(list, id) != 1))
			return HF_ERR_POLICY_FORMAT;
	}
	hf_cbor_end(r);
	return HF_OK;
}

hf_err hf__policy_check_delegations(const struct hf_policy *p, hf_bytes list, int role)
{
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, list);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes quorum = { 0 };

		hf_cbor_expect_array(&r, 2);
		HF_TRY(check_classes(&r, list));
		hf_cbor_capture(&r, &quorum);
		hf_cbor_end(&r);
		if (hf_cbor_error(&r) == HF_OK)
			HF_TRY(hf__quorum_check(p, quorum, role));
	}
	return hf_cbor_done(&r);
}

static hf_err quorum_of(hf_bytes list, hf_bytes class_id, hf_bytes *quorum)
{
	*quorum = (hf_bytes){ 0 };
	if (class_id.len != HF_POLICY_UUID_LEN || list.len == 0)
		return HF_ERR_POLICY_ABSENT;
	HF_TRY(find_class(list, class_id, quorum));
	return quorum->len > 0 ? HF_OK : HF_ERR_POLICY_ABSENT;
}

hf_err hf_policy_release(const struct hf_policy *policy, hf_bytes class_id, hf_bytes *quorum)
{
	return quorum_of(policy->release, class_id, quorum);
}

hf_err hf_policy_rebuilder(const struct hf_policy *policy, hf_bytes class_id, hf_bytes *quorum)
{
	return quorum_of(policy->rebuilder, class_id, quorum);
}

struct hf_verdict hf_policy_any_release(const struct hf_policy *policy, hf_key_set signers)
{
	struct hf_verdict verdict = HF_VERDICT_NO;
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, policy->release);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes quorum = { 0 };

		hf_cbor_expect_array(&r, 2);
		hf_cbor_skip(&r);
		hf_cbor_capture(&r, &quorum);
		hf_cbor_end(&r);
		if (hf_verdict_is_yes(hf_quorum_met(policy, quorum, signers)))
			verdict = HF_VERDICT_YES;
	}
	return verdict;
}

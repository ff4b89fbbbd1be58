/* The model of the server: the rules of identity.md s4, s7, s8 and s9 in their shortest form.
 * SPDX-License-Identifier: Apache-2.0 */
#include "identity_server.h"

static void quarantine(struct server *s, const char *why)
{
	if (!s->quarantined)
		s->why = why;
	s->quarantined = true;
}

static int row_by_key(const struct server *s, const uint8_t *pub)
{
	for (int i = 0; i < s->n_rows; i++)
		if (memcmp(s->rows[i].leaf.pub, pub, HF_P256_POINT_LEN) == 0)
			return i;
	return -1;
}

static int row_by_serial(const struct server *s, const uint8_t *serial)
{
	for (int i = 0; i < s->n_rows; i++)
		if (memcmp(s->rows[i].leaf.serial, serial, HF_SERIAL_LEN) == 0)
			return i;
	return -1;
}

static int issue(struct server *s, const uint8_t *pub, int parent)
{
	struct row *r = &s->rows[s->n_rows];

	assert_true(s->n_rows < MAX_CERTS);
	memset(r, 0, sizeof(*r));
	r->parent = parent;
	r->leaf.serial[0] = 0x40;
	r->leaf.serial[15] = (uint8_t)(s->n_rows + 1);
	memcpy(r->leaf.dev, DEV, sizeof(DEV));
	memcpy(r->leaf.pub, pub, HF_P256_POINT_LEN);
	r->leaf.not_before = s->now_s - 300;
	r->leaf.not_after = r->leaf.not_before + s->life_s;
	memset(r->der, s->n_rows + 1, sizeof(r->der));
	r->leaf.der = HF_ARR(r->der);
	return s->n_rows++;
}

static bool usable(const struct server *s, int i)
{
	return s->rows[i].state <= CONFIRMED && s->now_s < s->rows[i].leaf.not_after;
}

/* Is another certificate of the device still good? Then an enrolment waits for the owner's word. */
static bool any_usable(const struct server *s)
{
	for (int i = 0; i < s->n_rows; i++)
		if (usable(s, i))
			return true;
	return false;
}

enum hf_renew_kind server_enrol(struct server *s, const uint8_t *pub, struct hf_leaf *leaf)
{
	int i = row_by_key(s, pub);

	if (s->quarantined)
		return HF_RENEW_WAIT;
	if (i < 0 && any_usable(s))
		return HF_RENEW_WAIT;
	if (i < 0) {
		for (int j = 0; j < s->n_rows; j++)
			s->rows[j].state = VOID; /* a new lineage: the old one is revoked */
		i = issue(s, pub, -1);
	}
	*leaf = s->rows[i].leaf;
	return HF_RENEW_CERT;
}

/* The parent asks for another child: possible while the one it has was never seen. */
static enum hf_renew_kind replace_child(struct server *s, int parent)
{
	for (int i = 0; i < s->n_rows; i++) {
		struct row *child = &s->rows[i];

		if (child->parent != parent || child->state == VOID)
			continue;
		if (child->state != ISSUED || s->rows[parent].children_voided == 3) {
			quarantine(s, "fork: a second child");
			return HF_RENEW_REFUSED;
		}
		child->state = VOID;
		s->rows[parent].children_voided++;
	}
	return HF_RENEW_CERT;
}

enum hf_renew_kind server_renew(struct server *s, const struct hf_leaf *with, const uint8_t *pub,
				struct hf_leaf *leaf)
{
	int parent = row_by_serial(s, with->serial), i = row_by_key(s, pub);

	if (s->quarantined)
		return HF_RENEW_WAIT;
	if (s->n_tries < MAX_TRIES)
		s->tries[s->n_tries++] = s->now_s;
	if (parent < 0 || s->rows[parent].state == VOID)
		return HF_RENEW_REFUSED;
	if (i >= 0 && s->rows[i].parent == parent && s->rows[i].state <= CONFIRMED) {
		*leaf = s->rows[i].leaf; /* idempotent: a lost answer */
		return HF_RENEW_CERT;
	}
	if (s->rows[parent].state == SUPERSEDED) {
		quarantine(s, "superseded certificate at EST");
		return HF_RENEW_REFUSED;
	}
	if (s->now_s > s->rows[parent].leaf.not_after + HF_RENEW_GRACE_S)
		return HF_RENEW_REFUSED;
	if (replace_child(s, parent) != HF_RENEW_CERT)
		return HF_RENEW_REFUSED;
	*leaf = s->rows[issue(s, pub, parent)].leaf;
	return HF_RENEW_CERT;
}

bool server_connect(struct server *s, const struct hf_leaf *with)
{
	int i = row_by_serial(s, with->serial);

	if (i >= 0 && s->rows[i].state == SUPERSEDED)
		quarantine(s, "superseded certificate at the broker");
	if (i < 0 || s->quarantined || !usable(s, i))
		return false;
	if (s->rows[i].state == ISSUED)
		s->rows[i].state = SEEN;
	return true;
}

void server_endorse(struct server *s, hf_bytes object)
{
	for (int i = 0; i < s->n_endorsements; i++)
		if (hf_bytes_equal((hf_bytes){ s->endorsements[i], s->endorsement_len[i] }, object))
			return; /* repeats are dropped */
	assert_true(s->n_endorsements < MAX_CERTS * 2);
	memcpy(s->endorsements[s->n_endorsements], object.ptr, object.len);
	s->endorsement_len[s->n_endorsements++] = object.len;
}

void server_hello(struct server *s, hf_bytes object, const struct hf_leaf *with, struct hf_out *ack)
{
	int i = row_by_serial(s, with->serial);
	struct hf_hello h;

	assert_int_equal(hf_hello_open(object, s->rows[i].leaf.pub, &h), HF_OK);
	assert_memory_equal(h.serial, with->serial, HF_SERIAL_LEN);
	if (h.boot_count < s->boot_count)
		quarantine(s, "boot counter fell");
	s->boot_count = h.boot_count;
	if (h.promoted) {
		s->rows[i].state = CONFIRMED;
		for (int p = s->rows[i].parent; p >= 0; p = s->rows[p].parent)
			if (s->rows[p].state <= CONFIRMED)
				s->rows[p].state = SUPERSEDED;
	}
	assert_int_equal(hf_hello_ack_write(object, (uint64_t)s->now_s, ack), HF_OK);
}

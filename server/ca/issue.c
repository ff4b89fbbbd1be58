/* issue.c -- composing a certificate from a profile, a public key and a name; nothing else is taken over.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <holdfast/cbor.h>
#include <hf/loop.h>
#include "ca_priv.h"

enum { BACKDATE_S = 300, DAY_S = 86400 };

struct issue {
	uint64_t profile, life_s;
	uint8_t pub[HF_P256_POINT_LEN];
	char name[HF_PKI_NAME_MAX + 1], line[HF_DEPLOY_NAME_MAX + 1];
};

static void copy_text(hf_bytes t, char *out, size_t cap)
{
	size_t n = t.len < cap ? t.len : cap - 1; /* the reader already bounds it */

	memcpy(out, t.ptr, n);
	out[n] = 0;
}

static hf_err read_issue(hf_bytes body, struct issue *i)
{
	struct hf_cborr r;
	hf_bytes name = { NULL, 0 }, line = { NULL, 0 };

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 5);
	hf_cbor_read_uint_max(&r, 100, &i->profile);
	hf_cbor_read_fixed(&r, i->pub, sizeof(i->pub));
	hf_cbor_read_text_max(&r, sizeof(i->name) - 1, &name);
	hf_cbor_read_text_max(&r, sizeof(i->line) - 1, &line);
	hf_cbor_read_uint_max(&r, 398 * DAY_S, &i->life_s);
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	copy_text(name, i->name, sizeof(i->name));
	copy_text(line, i->line, sizeof(i->line));
	return name.len ? HF_OK : HF_ERR_CA_REQUEST;
}

static struct hf__line *find_line(struct hf_caproc *p, const char *name)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (strcmp(p->line[i].name, name) == 0)
			return &p->line[i];
	return NULL;
}

/* Names go into certificates: only what our own alphabets hold. */
static hf_err name_fits(const struct issue *i)
{
	size_t want = i->profile == HF_PKI_LDEVID ? 16 : i->profile == HF_PKI_IDEVID ? 26 : 0;

	if (!want)
		return hf_deploy_is_name(i->name) ? HF_OK : HF_ERR_CA_REQUEST;
	return strlen(i->name) == want && strspn(i->name, "abcdefghijklmnopqrstuvwxyz234567") == want
		       ? HF_OK
		       : HF_ERR_CA_REQUEST;
}

static hf_err write_reply(const struct hf_pki_spec *spec, hf_bytes der, struct hf_out *reply)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, reply);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, (hf_bytes){ spec->serial, HF_PKI_SERIAL_LEN });
	hf_cbor_put_int(&w, spec->not_before);
	hf_cbor_put_int(&w, spec->not_after);
	hf_cbor_put_bytes(&w, der);
	return hf_cbor_finish(&w);
}

static hf_err issue(struct hf_caproc *p, const struct issue *i, struct hf_out *reply)
{
	uint8_t der_mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(der_mem);
	uint8_t serial[HF_PKI_SERIAL_LEN];
	char cn[HF_PKI_NAME_MAX + 4], uri[HF_PKI_URI_MAX + 1];
	int64_t now = hf_now_unix();
	const struct hf__line *line = find_line(p, i->line);
	const struct hf__issuer *ca = &p->op;
	struct hf_pki_spec spec = { .profile = (enum hf_pki_profile)i->profile,
				    .curve = HF_CURVE_P256,
				    .pub = i->pub,
				    .serial = serial,
				    .not_before = now - BACKDATE_S,
				    .cn = i->name };

	HF_TRY(name_fits(i));
	HF_TRY(hf_crypto_p256_check(i->pub));
	if (getrandom(serial, sizeof(serial), 0) != sizeof(serial))
		return HF_ERR_PORT_RANDOM;
	hf_pki_serial_fix(serial);
	if (spec.profile == HF_PKI_LDEVID) {
		if (i->life_s < 7 * DAY_S || !line)
			return HF_ERR_CA_REQUEST;
		(void)snprintf(cn, sizeof(cn), "hf-%s", i->name);
		(void)snprintf(uri, sizeof(uri), "spiffe://%s/d/%s", p->deploy.domain, i->name);
		spec.cn = cn;
		spec.uri = uri;
		spec.not_after = now + (int64_t)i->life_s;
	} else if (spec.profile == HF_PKI_IDEVID) {
		if (!line || !line->has_ca)
			return HF_ERR_CA_KEY;
		ca = &line->ca;
		spec.oid = line->oid;
		spec.not_after = HF_PKI_FOREVER;
	} else {
		ca = &p->station;
		spec.not_after = now + HF_CA_PERSON_LIFE_S;
	}
	HF_TRY(hf_pki_issue_by(ca->ready, &spec, &der));
	return write_reply(&spec, hf_out_bytes(&der), reply);
}

hf_err hf__issue_device(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct issue i;

	HF_TRY(read_issue(body, &i));
	if (i.profile != HF_PKI_LDEVID && i.profile != HF_PKI_IDEVID)
		return HF_ERR_CA_PROFILE;
	return issue(ctx, &i, reply);
}

hf_err hf__issue_person(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct issue i;

	HF_TRY(read_issue(body, &i));
	if (i.profile != HF_PKI_OPERATOR && i.profile != HF_PKI_STATION)
		return HF_ERR_CA_PROFILE;
	return issue(ctx, &i, reply);
}

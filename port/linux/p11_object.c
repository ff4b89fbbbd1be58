/* p11_object.c -- private keys on a token: found by name, made, and their public halves read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/random.h>
#include "p11_priv.h"

enum { NEW_ID_LEN = 8, TEMPLATE_MAX = 12, VALUE_MAX = 128 };

static const struct {
	int curve;
	uint8_t params[10]; /* CKA_EC_PARAMS: the curve's OID as DER */
	size_t params_len;
	size_t point_len;
} curves[] = {
	{ HF_CURVE_P256,
	  { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 },
	  10,
	  HF_P256_POINT_LEN },
	{ HF_CURVE_P384, { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 }, 7, HF_P384_POINT_LEN },
};

/* PKCS#11 wants pointers to variables for everything, also for what it only reads. */
struct template
{
	CK_ATTRIBUTE rows[TEMPLATE_MAX];
	CK_ULONG n;
};
static void add(struct template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	t->rows[t->n++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const CK_KEY_TYPE ec = CKK_EC;
static const CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY;

/* How many objects fit; `object` gets the first. */
static CK_RV count(const struct hf__p11_session *s, struct template *t, CK_OBJECT_HANDLE *object, CK_ULONG *n)
{
	CK_OBJECT_HANDLE found[2] = { 0, 0 };
	CK_RV rv = s->p11->C_FindObjectsInit(s->handle, t->rows, t->n);

	*n = 0;
	if (rv != CKR_OK)
		return rv;
	rv = s->p11->C_FindObjects(s->handle, found, 2, n);
	(void)s->p11->C_FindObjectsFinal(s->handle);
	*object = found[0];
	return rv;
}

static struct template by_name(const struct hf__p11_uri *uri, const CK_OBJECT_CLASS *class)
{
	struct template t = { .n = 0 };

	add(&t, CKA_CLASS, class, sizeof(*class));
	add(&t, CKA_KEY_TYPE, &ec, sizeof(ec));
	if (uri->object[0] != '\0')
		add(&t, CKA_LABEL, uri->object, strlen(uri->object));
	if (uri->id_len > 0)
		add(&t, CKA_ID, uri->id, uri->id_len);
	return t;
}

static CK_RV read_value(const struct hf__p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			struct hf_out *out)
{
	CK_ATTRIBUTE row = { type, out->ptr, out->cap };
	CK_RV rv = s->p11->C_GetAttributeValue(s->handle, object, &row, 1);

	out->len = rv == CKR_OK && row.ulValueLen <= out->cap ? row.ulValueLen : 0;
	return rv;
}

/* The point as PKCS#11 says (an OCTET STRING) or as some tokens do (bare). */
static bool read_public(const struct hf__p11_session *s, CK_OBJECT_HANDLE object, struct hf_hwkey *half)
{
	uint8_t params_mem[VALUE_MAX], point_mem[VALUE_MAX];
	struct hf_out params = HF_OUT(params_mem), point = HF_OUT(point_mem);
	const uint8_t *at = point_mem;

	if (read_value(s, object, CKA_EC_PARAMS, &params) != CKR_OK ||
	    read_value(s, object, CKA_EC_POINT, &point) != CKR_OK)
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (params.len != curves[i].params_len ||
		    memcmp(params_mem, curves[i].params, params.len) != 0)
			continue;
		if (point.len == curves[i].point_len + 2 && at[0] == 0x04 && at[1] == curves[i].point_len) {
			at += 2;
			point.len -= 2;
		}
		if (point.len != curves[i].point_len || at[0] != 4)
			return false;
		half->curve = curves[i].curve;
		memcpy(half->pub, at, point.len);
		return true;
	}
	return false;
}

/* The public object has the private one's id; where there is none, the private one may tell. */
static hf_err find_public(const struct hf__p11_session *s, CK_OBJECT_HANDLE private_key,
			  struct hf_hwkey *half, struct hf_keyuri_why *why)
{
	uint8_t id_mem[VALUE_MAX];
	struct hf_out id = HF_OUT(id_mem);
	struct template t = { .n = 0 };
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG n = 0;

	if (read_value(s, private_key, CKA_ID, &id) == CKR_OK && id.len > 0) {
		add(&t, CKA_CLASS, &public_class, sizeof(public_class));
		add(&t, CKA_ID, id.ptr, id.len);
		if (count(s, &t, &object, &n) == CKR_OK && n == 1 && read_public(s, object, half))
			return HF_OK;
	}
	if (read_public(s, private_key, half))
		return HF_OK;
	return hf__keyuri_say(why, HF_ERR_KEYURI_CURVE,
			      "no public key on P-256 or P-384 beside the private key");
}

hf_err hf__p11_find(const struct hf__p11_session *s, const struct hf__p11_uri *uri,
		    CK_OBJECT_HANDLE *private_key, struct hf_hwkey *public_half, struct hf_keyuri_why *why)
{
	struct template t = by_name(uri, &private_class);
	CK_ULONG n = 0;
	CK_RV rv = count(s, &t, private_key, &n);

	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_FindObjects", rv);
	if (n == 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_ABSENT, "no such private key on the token%s",
				      uri->pin_file[0] == '\0' ? "; most tokens show it only with pin-source="
							       : "");
	if (n > 1)
		return hf__keyuri_say(why, HF_ERR_KEYURI_ABSENT, "several private keys fit; add id=");
	return find_public(s, *private_key, public_half, why);
}

static hf_err check_free(const struct hf__p11_session *s, const struct hf__p11_uri *uri,
			 struct hf_keyuri_why *why)
{
	struct template t = by_name(uri, &private_class);
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG n = 0;
	CK_RV rv = count(s, &t, &object, &n);

	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_FindObjects", rv);
	return n == 0 ? HF_OK : hf__keyuri_say(why, HF_ERR_KEYURI_EXISTS, "the token has such a private key");
}

hf_err hf__p11_generate(const struct hf__p11_session *s, const struct hf__p11_uri *uri, int curve,
			struct hf_keyuri_why *why)
{
	size_t which = curve == HF_CURVE_P384 ? 1 : 0;
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	struct template pub = { .n = 0 }, priv = { .n = 0 };
	CK_OBJECT_HANDLE made[2];
	uint8_t id[NEW_ID_LEN];
	CK_RV rv;

	HF_TRY(check_free(s, uri, why));
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return HF_ERR_PORT_RANDOM;
	add(&pub, CKA_EC_PARAMS, curves[which].params, curves[which].params_len);
	add(&pub, CKA_TOKEN, &yes, sizeof(yes));
	add(&pub, CKA_VERIFY, &yes, sizeof(yes));
	add(&priv, CKA_TOKEN, &yes, sizeof(yes));
	add(&priv, CKA_PRIVATE, &yes, sizeof(yes));
	add(&priv, CKA_SENSITIVE, &yes, sizeof(yes));
	add(&priv, CKA_EXTRACTABLE, &no, sizeof(no));
	add(&priv, CKA_SIGN, &yes, sizeof(yes));
	for (struct template *t = &pub; t != NULL; t = t == &pub ? &priv : NULL) {
		add(t, CKA_LABEL, uri->object, strlen(uri->object));
		add(t, CKA_ID, uri->id_len > 0 ? uri->id : id, uri->id_len > 0 ? uri->id_len : sizeof(id));
	}
	rv = s->p11->C_GenerateKeyPair(s->handle, &mechanism, pub.rows, pub.n, priv.rows, priv.n, &made[0],
				       &made[1]);
	return rv == CKR_OK ? HF_OK : hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_GenerateKeyPair", rv);
}

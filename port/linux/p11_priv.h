/* p11_priv.h -- shared by the PKCS#11 files: the URI, the session, the objects.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_P11_PRIV_H
#define HF_P11_PRIV_H
#include <p11-kit/pkcs11.h>
#include "keyuri_priv.h"

enum { HF__P11_ID_CAP = 32, HF__P11_TEXT_CAP = 64, HF__P11_PATH_CAP = 512 };

/* RFC 7512 s2.3, as far as it names a private key. Empty text matches everything. */
struct hf__p11_uri {
	char token[HF__P11_TEXT_CAP + 1], manufacturer[HF__P11_TEXT_CAP + 1], model[HF__P11_TEXT_CAP + 1],
		serial[HF__P11_TEXT_CAP + 1], object[HF__P11_TEXT_CAP + 1];
	uint8_t id[HF__P11_ID_CAP];
	size_t id_len; /* 0 = any */
	bool has_slot;
	unsigned long slot;
	char module[HF__P11_PATH_CAP], pin_file[HF__P11_PATH_CAP];
};
HF_MUST_CHECK hf_err hf__p11_parse(const char *rest, struct hf__p11_uri *uri, struct hf_keyuri_why *why);

/* A session with the one token that fits, logged in when the URI has a PIN file. */
struct hf__p11_session {
	CK_FUNCTION_LIST *p11;
	CK_SESSION_HANDLE handle;
};
HF_MUST_CHECK hf_err hf__p11_open(const struct hf__p11_uri *uri, bool write, struct hf__p11_session *session,
				  struct hf_keyuri_why *why);
void hf__p11_close(struct hf__p11_session *session);
hf_err hf__p11_said(struct hf_keyuri_why *why, hf_err err, const char *act, CK_RV rv);

/* The one private key that the URI names, and its public half.
 * Errors: HF_ERR_KEYURI_ABSENT (none, or two), _CURVE, _MODULE. */
HF_MUST_CHECK hf_err hf__p11_find(const struct hf__p11_session *session, const struct hf__p11_uri *uri,
				  CK_OBJECT_HANDLE *private_key, struct hf_hwkey *public_half,
				  struct hf_keyuri_why *why);
/* HF_ERR_KEYURI_EXISTS when an object of this name is there. */
HF_MUST_CHECK hf_err hf__p11_generate(const struct hf__p11_session *session, const struct hf__p11_uri *uri,
				      int curve, struct hf_keyuri_why *why);
#endif

/* p11_session.c -- from a PKCS#11 URI to a logged-in session.
 * Modules are never finalised: another key of this process may be using them, and some do not survive it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include "p11_priv.h"

enum { SLOTS_MAX = 64, PIN_MAX = 256 };

static const struct {
	CK_RV rv;
	const char *text;
} names[] = {
	{ CKR_PIN_INCORRECT, "wrong PIN" },
	{ CKR_PIN_LOCKED, "PIN is locked" },
	{ CKR_PIN_LEN_RANGE, "PIN has another length" },
	{ CKR_TOKEN_NOT_PRESENT, "no token in the slot" },
	{ CKR_TOKEN_WRITE_PROTECTED, "token is write-protected" },
	{ CKR_USER_NOT_LOGGED_IN, "not logged in" },
	{ CKR_DEVICE_REMOVED, "token was removed" },
	{ CKR_MECHANISM_INVALID, "token does not know the mechanism" },
};

hf_err hf__p11_said(struct hf_keyuri_why *why, hf_err err, const char *act, CK_RV rv)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].rv == rv)
			return hf__keyuri_say(why, err, "%s: %s", act, names[i].text);
	return hf__keyuri_say(why, err, "%s: rv 0x%lx", act, rv);
}

/* The standard lets nobody call C_Initialize from two threads at once, also where it is a repetition. */
static pthread_mutex_t initialize_lock = PTHREAD_MUTEX_INITIALIZER;

static CK_RV initialize(CK_FUNCTION_LIST *p11)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv;

	pthread_mutex_lock(&initialize_lock);
	rv = p11->C_Initialize(&args);
	pthread_mutex_unlock(&initialize_lock);
	return rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : rv;
}

static hf_err load_module(const char *path, CK_FUNCTION_LIST **p11, struct hf_keyuri_why *why)
{
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get_list = NULL;
	CK_RV rv;

	if (module == NULL)
		return hf__keyuri_say(why, HF_ERR_KEYURI_MODULE, "%s", dlerror());
	*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	if (get_list == NULL || get_list(p11) != CKR_OK || *p11 == NULL) {
		(void)dlclose(module);
		return hf__keyuri_say(why, HF_ERR_KEYURI_MODULE, "%s: not a PKCS#11 module", path);
	}
	rv = initialize(*p11);
	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_Initialize", rv);
	return HF_OK;
}

/* Fields of a token are padded with blanks, not terminated. */
static bool field_fits(const char *want, const unsigned char *field, size_t cap)
{
	size_t n = strlen(want);

	if (n == 0)
		return true;
	if (n > cap || memcmp(want, field, n) != 0)
		return false;
	while (n < cap && field[n] == ' ')
		n++;
	return n == cap;
}

static bool token_fits(const struct hf__p11_uri *uri, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	return (!uri->has_slot || uri->slot == slot) && (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
	       field_fits(uri->token, info->label, sizeof(info->label)) &&
	       field_fits(uri->manufacturer, info->manufacturerID, sizeof(info->manufacturerID)) &&
	       field_fits(uri->model, info->model, sizeof(info->model)) &&
	       field_fits(uri->serial, info->serialNumber, sizeof(info->serialNumber));
}

static hf_err find_slot(CK_FUNCTION_LIST *p11, const struct hf__p11_uri *uri, CK_SLOT_ID *slot,
			struct hf_keyuri_why *why)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	unsigned found = 0;
	CK_RV rv = p11->C_GetSlotList(CK_TRUE, slots, &n);

	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_GetSlotList", rv);
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info;

		if (p11->C_GetTokenInfo(slots[i], &info) != CKR_OK || !token_fits(uri, slots[i], &info))
			continue;
		*slot = slots[i];
		found++;
	}
	if (found == 1)
		return HF_OK;
	return hf__keyuri_say(why, HF_ERR_KEYURI_TOKEN, "%u tokens fit", found);
}

struct pin {
	uint8_t b[PIN_MAX];
};
static void wipe_pin(struct pin *pin)
{
	hf_wipe(pin, sizeof(*pin));
}

static hf_err login(const struct hf__p11_session *session, const char *path, struct hf_keyuri_why *why)
{
	struct pin pin HF_AUTO(wipe_pin) = { { 0 } };
	struct hf_out out = HF_OUT(pin.b);
	CK_RV rv;

	HF_TRY(hf__keyuri_read(path, &out, why));
	while (out.len > 0 && (pin.b[out.len - 1] == '\n' || pin.b[out.len - 1] == '\r'))
		out.len--;
	if (out.len == 0)
		return hf__keyuri_say(why, HF_ERR_KEYURI_PIN, "%s: empty", path);
	rv = session->p11->C_Login(session->handle, CKU_USER, pin.b, out.len);
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN
		       ? HF_OK
		       : hf__p11_said(why, HF_ERR_KEYURI_PIN, "C_Login", rv);
}

hf_err hf__p11_open(const struct hf__p11_uri *uri, bool write, struct hf__p11_session *session,
		    struct hf_keyuri_why *why)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
	CK_SLOT_ID slot = 0;
	hf_err err;
	CK_RV rv;

	*session = (struct hf__p11_session){ 0 };
	HF_TRY(load_module(uri->module, &session->p11, why));
	HF_TRY(find_slot(session->p11, uri, &slot, why));
	rv = session->p11->C_OpenSession(slot, flags, NULL, NULL, &session->handle);
	if (rv != CKR_OK)
		return hf__p11_said(why, HF_ERR_KEYURI_MODULE, "C_OpenSession", rv);
	if (uri->pin_file[0] == '\0')
		return HF_OK;
	err = login(session, uri->pin_file, why);
	if (err != HF_OK)
		hf__p11_close(session);
	return err;
}

void hf__p11_close(struct hf__p11_session *session)
{
	if (session->handle != 0)
		(void)session->p11->C_CloseSession(session->handle);
	session->handle = 0;
}

/* password.c -- what a password field says before anything is tried: state, scheme, cost.
 * SPDX-License-Identifier: Apache-2.0 */
#include <crypt.h>
#include <string.h>
#include "known.h"

static const struct {
	const char *prefix;
	unsigned scheme;
} schemes[] = {
	{ "$1$", HF_SCHEME_MD5 },      { "$apr1$", HF_SCHEME_MD5 },    { "$md5", HF_SCHEME_MD5 },
	{ "$5$", HF_SCHEME_SHA256 },   { "$6$", HF_SCHEME_SHA512 },    { "$2a$", HF_SCHEME_BCRYPT },
	{ "$2b$", HF_SCHEME_BCRYPT },  { "$2y$", HF_SCHEME_BCRYPT },   { "$2x$", HF_SCHEME_BCRYPT },
	{ "$y$", HF_SCHEME_YESCRYPT }, { "$gy$", HF_SCHEME_YESCRYPT }, { "$7$", HF_SCHEME_SCRYPT },
	{ "$sha1$", HF_SCHEME_SHA1 },  { "{SHA}", HF_SCHEME_SHA1 },    { "_", HF_SCHEME_DES },
};

static bool in_alphabet(hf_bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.ptr[i];

		if (!((c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
			return false;
	}
	return true;
}

/* Old DES: 13 characters, of which two are salt. */
static bool is_des(hf_bytes field)
{
	return field.len == 13 && in_alphabet(field);
}

static unsigned scheme_of(hf_bytes field)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (hf_span_begins(field, schemes[i].prefix))
			return schemes[i].scheme;
	return is_des(field) ? HF_SCHEME_DES : HF_SCHEME_OTHER;
}

static bool crypt_takes(hf_bytes field)
{
	char text[256];
	int verdict;

	if (field.len >= sizeof(text) || memchr(field.ptr, 0, field.len) != NULL)
		return false;
	memcpy(text, field.ptr, field.len);
	text[field.len] = '\0';
	verdict = crypt_checksalt(text);
	return verdict != CRYPT_SALT_INVALID;
}

unsigned hf__scan_password_state(hf_bytes field, unsigned *scheme)
{
	*scheme = HF_SCHEME_OTHER;
	if (field.len == 0)
		return HF_PASSWORD_EMPTY;
	if (hf_span_is(field, "x"))
		return HF_PASSWORD_SHADOWED;
	if (field.ptr[0] == '!' || field.ptr[0] == '*')
		return HF_PASSWORD_LOCKED;
	*scheme = scheme_of(field);
	/* Two letters of salt and nothing behind them are no hash: nobody can log in with it. */
	if (*scheme == HF_SCHEME_OTHER || !crypt_takes(field))
		return hf_span_begins(field, "$apr1$") || hf_span_begins(field, "{SHA}")
			       ? HF_PASSWORD_USABLE
			       : HF_PASSWORD_LOCKED;
	return HF_PASSWORD_USABLE;
}

/* The number behind `mark`, 0 when there is none. */
static uint64_t number_behind(hf_bytes hash, const char *mark)
{
	size_t at = hf_span_find(hash, mark), n = 0;
	hf_bytes rest = at == SIZE_MAX ? (hf_bytes){ 0 } : hf_span_from(hash, at + strlen(mark));
	uint64_t v = 0;

	while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
		n++;
	if (n > 0 && !hf__scan_number(hf_span_upto(rest, n), &v))
		v = UINT64_MAX;
	return v;
}

static int digit64(uint8_t c)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *at = memchr(digits, c, 64);

	return at == NULL ? 64 : (int)(at - digits);
}

/* "j9T": flavour, log2 N - 1, r - 1; the default is N = 4096, r = 32. More letters are further parameters. */
static bool yescrypt_is_costly(hf_bytes hash)
{
	hf_bytes rest = hash, part = { 0 };
	int log_n, r;

	(void)hf_span_part(&rest, '$', &part);
	(void)hf_span_part(&rest, '$', &part);
	(void)hf_span_part(&rest, '$', &part);
	if (part.len != 3)
		return true;
	log_n = digit64(part.ptr[1]) + 1;
	r = digit64(part.ptr[2]) + 1;
	return log_n > 20 || ((uint64_t)1 << log_n) * (unsigned)r > (uint64_t)8 * 4096 * 32;
}

bool hf__scan_hash_is_costly(hf_bytes hash)
{
	switch (scheme_of(hash)) {
	case HF_SCHEME_BCRYPT:
		return number_behind(hf_span_from(hash, 3), "$") > 12;
	case HF_SCHEME_YESCRYPT:
		return yescrypt_is_costly(hash);
	case HF_SCHEME_SCRYPT:
		return hash.len < 4 || digit64(hash.ptr[3]) > 14;
	case HF_SCHEME_SHA1:
		return number_behind(hash, "$sha1$") > 1000000;
	default:
		return number_behind(hash, "rounds=") > 1000000;
	}
}

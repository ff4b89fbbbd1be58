/* known.c -- trying public passwords. The list lies disguised in the program, see make_literals.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <holdfast/crypto.h>
#include "automaton.h"
#include "known.h"
#include "passwords.inc"

enum {
	CACHE = 64,
	HASH_MAX = 256,
	DEFAULT_MS = 10000,
	FILE_MS = 8000, /* all hashes of a file together: below the time that a file may take */
	PASSWORD_MAX = 128,
};

struct tried {
	uint8_t digest[HF_SHA256_LEN];
	unsigned result;
	hf_bytes password;
};
struct hf__scan_known {
	uint8_t list[sizeof(passwords)];
	hf_bytes own, more;
	unsigned ms;
	uint64_t file_until; /* CPU time at which this file's share is used up */
	struct tried cache[CACHE];
	size_t n_tried;
	struct crypt_data crypt;
};

hf_err hf__scan_known_new(hf_bytes more, unsigned ms, struct hf__scan_known **out)
{
	struct hf__scan_known *k = calloc(1, sizeof(*k));

	*out = k;
	if (k == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < sizeof(passwords); i++)
		k->list[i] = passwords[i] ^ HF__DISGUISE;
	k->own = HF_ARR(k->list);
	k->more = more;
	k->ms = ms == 0 ? DEFAULT_MS : ms;
	return HF_OK;
}

void hf__scan_known_free(struct hf__scan_known *k)
{
	free(k);
}

static uint64_t cpu_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void hf__scan_known_begin(struct hf__scan_known *k)
{
	k->file_until = cpu_ms() + FILE_MS;
}

static bool fits(struct hf__scan_known *k, const char *hash, hf_bytes password)
{
	char word[PASSWORD_MAX];
	const char *made;

	if (password.len >= sizeof(word))
		return false;
	if (password.len > 0)
		memcpy(word, password.ptr, password.len);
	word[password.len] = '\0';
	made = crypt_r(word, hash, &k->crypt);
	return made != NULL && strcmp(made, hash) == 0;
}

/* One list; false when the time is over. */
static bool try_list(struct hf__scan_known *k, const char *hash, hf_bytes list, uint64_t until,
		     struct tried *t)
{
	hf_bytes word;

	while (t->result != HF_KNOWNPW_YES && hf_span_line(&list, &word)) {
		if (cpu_ms() > until)
			return false;
		if (fits(k, hash, word)) {
			t->result = HF_KNOWNPW_YES;
			t->password = word;
		}
	}
	return true;
}

static void try_all(struct hf__scan_known *k, hf_bytes hash, struct tried *t)
{
	uint64_t until = cpu_ms() + k->ms;
	char text[HASH_MAX];

	if (until > k->file_until)
		until = k->file_until;
	t->result = HF_KNOWNPW_UNTRIED;
	if (hash.len == 0 || hash.len >= sizeof(text) || memchr(hash.ptr, 0, hash.len) != NULL)
		return;
	memcpy(text, hash.ptr, hash.len);
	text[hash.len] = '\0';
	t->result = HF_KNOWNPW_COSTLY;
	if (hf__scan_hash_is_costly(hash))
		return;
	t->result = HF_KNOWNPW_NO;
	if (fits(k, text, (hf_bytes){ 0 })) {
		t->result = HF_KNOWNPW_YES; /* the empty password is on every list */
		t->password = (hf_bytes){ 0 };
	} else if (!try_list(k, text, k->own, until, t) || !try_list(k, text, k->more, until, t)) {
		t->result = HF_KNOWNPW_COSTLY;
	}
}

unsigned hf__scan_known_try(struct hf__scan_known *k, hf_bytes hash, hf_bytes *password)
{
	struct tried *slot;
	uint8_t digest[HF_SHA256_LEN];

	*password = (hf_bytes){ 0 };
	if (hf_crypto_sha256(&hash, 1, digest) != HF_OK)
		return HF_KNOWNPW_UNTRIED;
	for (size_t i = 0; i < k->n_tried && i < CACHE; i++)
		if (memcmp(k->cache[i].digest, digest, sizeof(digest)) == 0) {
			*password = k->cache[i].password;
			return k->cache[i].result;
		}
	slot = &k->cache[k->n_tried++ % CACHE];
	*slot = (struct tried){ 0 };
	memcpy(slot->digest, digest, sizeof(digest));
	try_all(k, hash, slot);
	*password = slot->password;
	return slot->result;
}

static bool on_list(hf_bytes list, hf_bytes plain)
{
	hf_bytes word;

	while (hf_span_line(&list, &word))
		if (hf_bytes_equal(word, plain))
			return true;
	return false;
}

unsigned hf__scan_known_plain(const struct hf__scan_known *k, hf_bytes plain)
{
	return plain.len == 0 || on_list(k->own, plain) || on_list(k->more, plain) ? HF_KNOWNPW_YES
										   : HF_KNOWNPW_NO;
}

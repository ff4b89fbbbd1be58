/* Fuzz target: key URIs from configuration files and command lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/keyuri.h>

/* A PIN in a URI would show up in process lists and logs. */
static bool shows_pin(const char *uri)
{
	const char *query = strchr(uri, '?');

	return strncmp(uri, "pkcs11:", 7) == 0 && query != NULL &&
	       (strstr(query, "?pin-value=") != NULL || strstr(query, "&pin-value=") != NULL);
}

static bool is_known(const char *uri)
{
	return strncmp(uri, "file:", 5) == 0 || strncmp(uri, "tpm2:", 5) == 0 ||
	       strncmp(uri, "pkcs11:", 7) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uri[HF_KEYURI_MAX + 8] = { 0 };
	struct hf_keyuri_why why;
	hf_err err;

	memset(&why, 'x', sizeof(why));
	if (size >= sizeof(uri))
		return 0;
	if (size > 0)
		memcpy(uri, data, size);
	err = hf_keyuri_check(uri, &why);
	if (err != HF_OK && err != HF_ERR_KEYURI_SYNTAX && err != HF_ERR_KEYURI_KIND)
		__builtin_trap();
	if (err == HF_OK && (strlen(uri) > HF_KEYURI_MAX || shows_pin(uri) || !is_known(uri)))
		__builtin_trap();
	if (memchr(why.text, 0, sizeof(why.text)) == NULL || hf_keyuri_check(uri, NULL) != err)
		__builtin_trap();
	return 0;
}

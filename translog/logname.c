/* logname.c -- names of tiles (C2SP tlog-tiles) and the two lines of a state file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <hf/logstore.h>

enum { GROUPS_MAX = 7 };

hf_err hf_log_tile_name(int level, uint64_t n, unsigned width, char out[static 96])
{
	char groups[64] = "";
	char part[12];
	size_t len = 0;

	if (level > 63 || width == 0 || width > HF_LOG_TILE || n >> 56)
		return HF_ERR_LOG_NAME;
	for (uint64_t scale = 1;; scale *= 1000) { /* from the last group to the first */
		int k = snprintf(part, sizeof(part), "%s%03u%s", scale > 1 ? "x" : "",
				 (unsigned)(n / scale % 1000), scale > 1 ? "/" : "");
		memmove(groups + k, groups, len + 1);
		memcpy(groups, part, (size_t)k);
		len += (size_t)k;
		if (n / scale < 1000)
			break;
	}
	if (level < 0)
		(void)snprintf(out, 96, "tile/entries/%s", groups);
	else
		(void)snprintf(out, 96, "tile/%d/%s", level, groups);
	len = strlen(out);
	if (width < HF_LOG_TILE)
		(void)snprintf(out + len, 96 - len, ".p/%u", width);
	return HF_OK;
}

/* The decimal at the front; at most `max` digits. */
static bool take_number(hf_bytes *text, size_t max, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	for (; n < text->len && n < max && text->ptr[n] >= '0' && text->ptr[n] <= '9'; n++)
		*value = *value * 10 + (uint64_t)(text->ptr[n] - '0');
	text->ptr += n;
	text->len -= n;
	return n > 0;
}

static bool take(hf_bytes *text, const char *word)
{
	size_t n = strlen(word);

	if (text->len < n || memcmp(text->ptr, word, n) != 0)
		return false;
	text->ptr += n;
	text->len -= n;
	return true;
}

static bool take_groups(hf_bytes *text, uint64_t *n)
{
	uint64_t group;

	*n = 0;
	for (int i = 0; i < GROUPS_MAX; i++) {
		bool more = take(text, "x");

		if (!take_number(text, 3, &group))
			return false;
		*n = *n * 1000 + group;
		if (!more)
			return true;
		if (!take(text, "/"))
			return false;
	}
	return false;
}

hf_err hf_log_tile_read_name(hf_bytes text, int *level, uint64_t *n, unsigned *width)
{
	hf_bytes rest = text;
	uint64_t number = 0;
	char back[96];

	*width = HF_LOG_TILE;
	*level = -1;
	if (!take(&rest, "entries")) {
		if (!take_number(&rest, 2, &number))
			return HF_ERR_LOG_NAME;
		*level = (int)number;
	}
	if (!take(&rest, "/") || !take_groups(&rest, n))
		return HF_ERR_LOG_NAME;
	if (take(&rest, ".p/")) {
		if (!take_number(&rest, 3, &number) || number == 0 || number >= HF_LOG_TILE)
			return HF_ERR_LOG_NAME;
		*width = (unsigned)number;
	}
	/* One spelling each: what we would write ourselves. */
	HF_TRY(hf_log_tile_name(*level, *n, *width, back));
	return rest.len == 0 && strlen(back) == text.len + 5 && memcmp(back + 5, text.ptr, text.len) == 0
		       ? HF_OK
		       : HF_ERR_LOG_NAME;
}

bool hf_log_tile_exists(uint64_t size, int level, uint64_t n, unsigned width)
{
	unsigned shift = level < 0 ? 0 : 8 * (unsigned)level;
	uint64_t count = shift > 56 ? 0 : size >> shift; /* hashes of this level */

	if (n < count / HF_LOG_TILE)
		return true;
	return n == count / HF_LOG_TILE && width <= count % HF_LOG_TILE;
}

hf_err hf_log_state_write(const char *path, const struct hf_tree_head *head, struct hf_why *why)
{
	uint8_t hex[2 * HF_MERKLE_LEN];
	struct hf_out out = HF_OUT(hex);
	char text[160];
	int n;

	HF_TRY(hf_hex_encode(HF_ARR(head->root.b), &out));
	n = snprintf(text, sizeof(text), "size=%llu\nroot_hash=%.64s\n", (unsigned long long)head->size,
		     (const char *)hex);
	return hf_file_replace(path, (hf_bytes){ (const uint8_t *)text, (size_t)n }, 0644, why);
}

hf_err hf_log_state_read(const char *path, struct hf_tree_head *head, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(256);
	struct hf_out root = HF_OUT(head->root.b);
	hf_bytes rest, hex;

	*head = (struct hf_tree_head){ 0 };
	HF_TRY(hf_file_read(path, &text, why));
	rest = hf_buf_bytes(&text);
	if (!take(&rest, "size=") || !take_number(&rest, 19, &head->size) || !take(&rest, "\nroot_hash=") ||
	    rest.len != 65 || rest.ptr[64] != '\n' || head->size > HF_CHECKPOINT_MAX_NUMBER)
		return hf_why_set(why, HF_ERR_LOG_STATE, "%s", path);
	hex = (hf_bytes){ rest.ptr, 64 };
	if (hf_hex_decode(hex, &root) != HF_OK)
		return hf_why_set(why, HF_ERR_LOG_STATE, "%s", path);
	return HF_OK;
}

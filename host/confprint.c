/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/conf.h>

static void number_text(const struct hf_conf_key *key, const void *field, char *out, size_t cap)
{
	uint64_t v;
	const char *unit = "";

	memcpy(&v, field, sizeof(v));
	if (key->type == HF_CONF_DURATION) {
		unit = "s";
		if (v > 0 && v % 86400 == 0) {
			v /= 86400;
			unit = "d";
		} else if (v > 0 && v % 3600 == 0) {
			v /= 3600;
			unit = "h";
		} else if (v > 0 && v % 60 == 0) {
			v /= 60;
			unit = "m";
		}
	}
	(void)snprintf(out, cap, "%llu%s", (unsigned long long)v, unit);
}

static void value_text(const struct hf_conf_key *key, const void *values, char *out, size_t cap)
{
	const char *field = (const char *)values + key->offset;
	uint64_t choice;
	bool flag;

	switch (key->type) {
	case HF_CONF_TEXT:
		(void)snprintf(out, cap, "%s", field);
		break;
	case HF_CONF_BOOL:
		memcpy(&flag, field, sizeof(flag));
		(void)snprintf(out, cap, "%s", flag ? "yes" : "no");
		break;
	case HF_CONF_CHOICE:
		memcpy(&choice, field, sizeof(choice));
		(void)snprintf(out, cap, "%s", key->choices[choice]);
		break;
	default:
		number_text(key, field, out, cap);
		break;
	}
}

hf_err hf_conf_print(const struct hf_conf_key *keys, size_t n, const void *values, struct hf_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char value[HF_CONF_LINE_MAX];
		bool is_standard;

		value_text(&keys[i], values, value, sizeof(value));
		is_standard = keys[i].standard != NULL && strcmp(value, keys[i].standard) == 0;
		if (keys[i].help != NULL)
			HF_TRY(hf_buf_printf(out, "# %s\n", keys[i].help));
		HF_TRY(hf_buf_printf(out, "%s%s = %s\n\n", is_standard ? "#" : "", keys[i].name, value));
	}
	return HF_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <hf/why.h>

__attribute__((format(printf, 3, 0))) static void set_text(struct hf_why *why, hf_err err, const char *fmt,
							   va_list ap)
{
	why->err = err;
	why->text[0] = 0;
	if (fmt[0] != 0)
		(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	if (why->text[0] == 0)
		(void)snprintf(why->text, sizeof(why->text), "%s", hf_err_text(err));
}

hf_err hf_why_set(struct hf_why *why, hf_err err, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return err;
	va_start(ap, fmt);
	set_text(why, err, fmt, ap);
	va_end(ap);
	return err;
}

hf_err hf_why_errno(struct hf_why *why, hf_err err, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list ap;

	if (why == NULL)
		return err;
	va_start(ap, fmt);
	set_text(why, err, fmt, ap);
	va_end(ap);
	used = strlen(why->text);
	(void)snprintf(why->text + used, sizeof(why->text) - used, ": %s", strerror(saved));
	return err;
}

hf_err hf_why_add(struct hf_why *why, hf_err err, const char *fmt, ...)
{
	char below[HF_WHY_CAP] = "";
	size_t used;
	va_list ap;

	if (why == NULL)
		return err;
	if (why->text[0] == 0 || why->err != err)
		(void)hf_why_set(why, err, "%s", hf_err_text(err));
	memcpy(below, why->text, sizeof(below));
	va_start(ap, fmt);
	set_text(why, err, fmt, ap);
	va_end(ap);
	used = strlen(why->text);
	/* Too long is cut at the end: the outer acts say where, the inner text only what. */
	(void)snprintf(why->text + used, sizeof(why->text) - used, ": %.*s", (int)sizeof(below), below);
	return err;
}

const char *hf_why_text(const struct hf_why *why)
{
	if (why == NULL)
		return "no reason given";
	return why->text[0] != 0 ? why->text : hf_err_text(why->err);
}
